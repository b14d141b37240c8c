//! `LAZY_LOADING_ENABLED=false` loads everything at the start, so that operations load nothing (acceptance 5).

mod common;

use std::error::Error as _;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{block_on, gateway, resident};
use lmms::{Config, Gateway, Lease, Load, LoadError, Reason, StartError, Unload};

struct Base;

#[lmms::interface]
impl Base {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn one(&self) -> u32 {
        1
    }
}

// Before `Base` by name, so that it pulls it in.
struct Above {
    base: Lease<Base>,
}

#[lmms::interface]
impl Above {
    #[load]
    fn load(load: &Load<'_>) -> Result<Self, LoadError> {
        Ok(Self { base: load.lease()? })
    }

    #[operation]
    fn two(&self) -> u32 {
        self.base.one() + 1
    }
}

struct Remote;

#[lmms::interface]
impl Remote {
    #[load]
    async fn load() -> Self {
        tokio::task::yield_now().await;
        Self
    }

    #[operation]
    async fn three(&self) -> u32 {
        3
    }
}

static MISSING: AtomicBool = AtomicBool::new(true);

struct Settings;

#[lmms::interface]
impl Settings {
    #[load]
    fn load() -> io::Result<Self> {
        if MISSING.load(Ordering::Relaxed) {
            return Err(io::Error::other("no such file"));
        }
        Ok(Self)
    }

    #[operation]
    fn four(&self) -> u32 {
        4
    }
}

// One test: the figures are those of the process.
#[test]
fn everything_loads_at_the_start_and_nothing_after() {
    let lazy = gateway();
    block_on(lazy.start()).unwrap();
    assert!(resident(&lazy).is_empty());

    let config = Config::default().with_lazy_loading(false).with_grace_period(Duration::ZERO).with_min_resident(0);
    let gateway = Gateway::new(config).unwrap();
    assert_eq!(gateway.stats().ligs_loads, 0, "before the start");

    let error = block_on(gateway.start()).unwrap_err();
    assert_eq!(error.to_string(), "interface `settings` failed to load: no such file");
    assert!(matches!(&error, StartError::Load(error) if error.source().unwrap().is::<io::Error>()));

    MISSING.store(false, Ordering::Relaxed);
    block_on(gateway.start()).unwrap();
    assert_eq!(resident(&gateway), ["above", "base", "remote", "settings"]);
    assert_eq!(gateway.stats().ligs_loads, 4);

    for (interface, operation, answer) in
        [("base", "one", "1"), ("above", "two", "2"), ("remote", "three", "3"), ("settings", "four", "4")]
    {
        for _ in 0..3 {
            let found = block_on(gateway.execute_operation(interface, operation, b"{}")).unwrap();
            assert_eq!(found, answer.as_bytes());
        }
    }
    assert_eq!(gateway.stats().ligs_loads, 4);

    // What was loaded at the start stays, however long nobody uses it.
    let unload = block_on(gateway.unload_module("base")).unwrap();
    assert!(matches!(unload, Unload::Blocked(Reason::Disabled)), "{unload:?}");

    // A second start finds everything there.
    block_on(gateway.start()).unwrap();
    assert_eq!(gateway.stats().ligs_loads, 4);
}
