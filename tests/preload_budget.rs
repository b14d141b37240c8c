//! Under a memory budget, preloading ends before it would unload what it has just loaded.
#![cfg(target_os = "linux")]

mod common;

use std::sync::{Barrier, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block, block_on, resident, rss, watched};
use lmms::{Config, Gateway, Preload};

const MIB: u64 = 1 << 20;

/// Tests take turns, for a budget is the process's. Each begins with nothing loaded.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let unloader = common::unloader();
    let _ = block_on(unloader.shutdown(Duration::from_secs(20)));
    assert_eq!(resident(&unloader), [""; 0]);
    turn
}

/// A gateway that has preloaded these, with so much room.
fn preloaded(room: u64, names: &[&str]) -> Gateway {
    let preload = Preload::Only(names.iter().map(|name| (*name).to_owned()).collect());
    let config = Config::default().with_memory_budget(Some(rss() + room * MIB)).with_preload(preload);
    let gateway = Gateway::new(config).unwrap();
    watched(move || {
        block_on(gateway.start()).unwrap();
        gateway
    })
}

macro_rules! blocks {
    ($($Name:ident ($mib:literal $(, $option:ident $(= $value:literal)?)*))*) => {$(
        struct $Name(Vec<u8>);

        #[lmms::interface($($option $(= $value)?),*)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self(block($mib))
            }

            #[operation]
            fn len(&self) -> usize {
                self.0.len()
            }
        }
    )*};
}

blocks! {
    A(16, memory_mb = 16)
    B(16, memory_mb = 16)
    C(16, memory_mb = 16)
    Small(1, memory_mb = 1)
    NeverLoaded(1)
    Unknown(1)
    UnknownToo(1)
}

static MEETING: Barrier = Barrier::new(2);

macro_rules! side_by_side {
    ($($Name:ident)*) => {$(
        struct $Name(#[expect(dead_code)] Vec<u8>);

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                MEETING.wait();
                let block = block(16);
                MEETING.wait();
                Self(block)
            }
        }
    )*};
}

side_by_side!(Left Right);

#[test]
fn what_does_not_fit_stays_lazy_and_nothing_goes_for_it() {
    let _turn = turn();
    let before = common::gateway().stats();
    // In the order of names, and of what nothing is known, a quarter of the budget would have to be free.
    let gateway = preloaded(40, &["never_loaded", "c", "small", "b", "a"]);
    assert_eq!(resident(&gateway), ["a", "b", "small"]);
    assert_eq!(gateway.stats().lugs_unloads, before.lugs_unloads);
    assert_eq!(gateway.stats().over_budget_loads, before.over_budget_loads);
    // A request gets it all the same, as always.
    block_on(gateway.execute_operation("c", "len", b"{}")).unwrap();
    assert!(resident(&gateway).contains(&"c"));
    assert!(gateway.stats().lugs_unloads > before.lugs_unloads);
}

#[test]
fn where_the_guess_was_too_much_the_next_one_loads_after_it() {
    let _turn = turn();
    // Not both at once: each is taken for a quarter of the budget.
    let gateway = preloaded(rss() / MIB, &["unknown", "unknown_too"]);
    assert_eq!(resident(&gateway), ["unknown", "unknown_too"]);
}

#[test]
fn with_room_for_both_they_load_at_once() {
    let _turn = turn();
    let gateway = preloaded(1024, &["left", "right"]);
    assert_eq!(resident(&gateway), ["left", "right"]);
    let status = |name: &str| gateway.interface(name).unwrap().status();
    let (left, right) = (status("left"), status("right"));
    let needed = left.needed_bytes + right.needed_bytes;
    // Two that end at the same moment are each taken for both: too much, never too little.
    assert!((30 * MIB..80 * MIB).contains(&needed), "two of 16 MiB need {} MiB", needed / MIB);
}
