//! What a reconfiguration leaves as it is: what was counted, what was loaded at the start, and another gateway's budget.

mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block_on, unloader};
use lmms::testing::ManualClock;
use lmms::{Config, Gateway, Invocation};

/// Tests take turns: the clock and the budget are the process's.
fn turn() -> (MutexGuard<'static, ()>, ManualClock) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // The clock last, so that it is dropped first.
    (turn, ManualClock::install())
}

macro_rules! plain {
    ($($Name:ident)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            fn run(&self) {}
        }
    )*};
}

plain! { Counted Eager }

fn half_life(seconds: u64) -> Config {
    Config::default().with_heat_half_life(Duration::from_secs(seconds))
}

#[test]
fn another_half_life_takes_nothing_of_what_was_counted() {
    let (_turn, clock) = turn();
    for (before, after) in [(0, 300), (3_600, 60)] {
        let gateway = Gateway::new(half_life(before)).unwrap();
        for _ in 0..120 {
            block_on(gateway.execute_operation("counted", "run", b"{}")).unwrap();
        }
        clock.advance(Duration::from_secs(900));
        let calls = || gateway.check_fast_path("counted.run").unwrap().calls;
        let counted = calls();
        gateway.reconfigure(half_life(after));
        assert_eq!(calls(), counted, "{before} to {after}");
        clock.advance(Duration::from_secs(after));
        assert_eq!(calls(), counted / 2);
        clock.advance(Duration::from_secs(86_400));
    }
}

#[test]
fn what_was_loaded_at_the_start_stays() {
    let (_turn, clock) = turn();
    let config = Config::default().with_min_resident(0);
    let gateway = Gateway::new(config.clone().with_lazy_loading(false)).unwrap();
    block_on(gateway.start()).unwrap();
    gateway.reconfigure(config);
    assert!(!gateway.config().lazy_loading());
    clock.advance(Duration::from_secs(3_600));
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    assert!(gateway.interface("eager").unwrap().status().resident);
    // For the tests after this one.
    let _ = block_on(unloader().sweep());
}

/// Holds enough to be worth unloading.
#[cfg(target_os = "linux")]
struct Large(#[allow(dead_code, reason = "held")] Vec<u8>);

#[cfg(target_os = "linux")]
#[lmms::interface]
impl Large {
    #[load]
    fn load() -> Self {
        Self(common::block(16))
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_older_gateway_leaves_the_budget_of_a_newer_one() {
    let (_turn, _clock) = turn();
    let older = Gateway::new(Config::default()).unwrap();
    // A process is never as small as this: each load goes over it.
    let newer = Gateway::new(Config::default().with_memory_budget(Some(1))).unwrap();
    older.reconfigure(older.config().with_fast_path(false));
    Invocation::enter().get::<Large>().unwrap();
    let _ = block_on(newer.sweep());
    assert!(!newer.interface("large").unwrap().status().resident);

    // One that asks for another budget than before sets it.
    older.reconfigure(older.config().with_memory_budget(Some(1 << 40)));
    Invocation::enter().get::<Large>().unwrap();
    let _ = block_on(newer.sweep());
    assert!(older.interface("large").unwrap().status().resident);
    let _ = block_on(unloader().sweep());
}
