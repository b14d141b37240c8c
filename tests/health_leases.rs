//! What an interface leases for itself is in use as long as that interface is: `lmms.health` does not call it forgotten. In a
//! process of its own, for what is leased is in nobody else's way.
#![cfg(target_os = "linux")]

mod common;

use std::time::Duration;

use common::block_on;
use lmms::testing::ManualClock;
use lmms::{Config, FindingCode, Gateway, Lease, Load, LoadError};

/// Holds enough to be told of.
struct Heavy(Vec<u8>);

#[lmms::interface]
impl Heavy {
    #[load]
    fn load() -> Self {
        Self(common::block(20))
    }
}

/// Is all that uses it.
struct Index(Lease<Heavy>);

#[lmms::interface]
impl Index {
    #[load]
    async fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        load.lease_async().await.map(Self)
    }
}

/// And uses that in turn.
struct Search(Lease<Index>);

#[lmms::interface]
impl Search {
    #[load]
    async fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        load.lease_async().await.map(Self)
    }

    #[operation]
    fn byte(&self, number: usize) -> u8 {
        self.0.0.0[number]
    }
}

#[test]
fn what_is_leased_is_used_as_long_as_who_leases_it() {
    const MINUTE: Duration = Duration::from_secs(60);
    let clock = ManualClock::install();
    let gateway = Gateway::new(Config::default()).unwrap();
    let held = || gateway.health().findings.into_iter().find(|finding| finding.code == FindingCode::HeldForLong);
    for _ in 0..20 {
        block_on(gateway.execute_operation("search", "byte", br#"{"number":7}"#)).unwrap();
        clock.advance(MINUTE);
        assert_eq!(held(), None);
    }
    // Nobody uses any of them, and the floor keeps them.
    clock.advance(13 * MINUTE);
    assert_eq!(held(), None);
    clock.advance(MINUTE);
    assert_eq!(held().unwrap().concerns, ["heavy", "index"]);
}
