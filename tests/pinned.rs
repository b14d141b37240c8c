//! What is pinned is never unloaded, however long it was idle and however short memory is (acceptance 13).

mod common;

use std::time::Duration;

use common::{block_on, gateway, resident};
use lmms::testing::ManualClock;
use lmms::{Config, Gateway, Interface, Invocation, Reason, Unload};

struct Core;

#[lmms::interface(pinned, grace_period = 0)]
impl Core {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) {
        panic!("it is pinned");
    }
}

struct Other;

#[lmms::interface(grace_period = 0)]
impl Other {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn run(&self) {}
}

#[test]
fn what_is_pinned_is_never_unloaded() {
    let clock = ManualClock::install();
    let info = gateway();
    assert!(info.interface("core").unwrap().is_pinned());
    assert!(!info.interface("other").unwrap().is_pinned());

    // It is pinned, not preloaded.
    assert_eq!(resident(&info), [""; 0]);
    Invocation::enter().get::<Core>().unwrap();
    let usual = Config::default().with_min_resident(0);
    let configs = [usual.clone().with_grace_period(Duration::ZERO), usual.with_memory_budget(Some(1))];
    for config in configs {
        let gateway = Gateway::new(config).unwrap();
        for _ in 0..60 {
            clock.advance(Duration::from_secs(60));
            // Under pressure, too: nothing fits into a byte.
            block_on(gateway.execute_operation("other", "run", b"{}")).unwrap();
            let _ = block_on(gateway.sweep());
            assert_eq!(resident(&gateway), ["core"]);
            let unload = block_on(gateway.unload_module(Core::NAME)).unwrap();
            assert!(matches!(unload, Unload::Blocked(Reason::Pinned)), "{unload:?}");
        }
    }
    assert_eq!(info.interface("core").unwrap().status().loads, 1);
}
