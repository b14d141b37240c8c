//! What a memory budget does where memory is short for other reasons than what is loaded, or where threads race for it.
#![cfg(target_os = "linux")]

mod common;

use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use common::{block, block_on, resident, rss, unloader, watched};
use lmms::testing::ManualClock;
use lmms::{Cache, Config, Gateway, Invocation, Lease, Unload};

const MIB: u64 = 1 << 20;

/// Tests take turns: a budget is the process's. Each begins with nothing loaded.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let unloader = unloader();
    let _ = block_on(unloader.sweep());
    assert_eq!(resident(&unloader), [""; 0]);
    turn
}

fn with_budget(bytes: u64) -> Gateway {
    Gateway::new(Config::default().with_memory_budget(Some(bytes))).unwrap()
}

/// Allocates much and holds nothing.
struct Work;

#[lmms::interface]
impl Work {
    #[load]
    fn load() -> Self {
        Self
    }

    /// The allocator keeps most of what this frees, for a small block above it stays.
    #[operation]
    fn litter(&self) -> usize {
        let blocks: Vec<_> = (0..60_000).map(|_| black_box(vec![1_u8; 1_000])).collect();
        static KEPT: Mutex<Vec<Vec<u8>>> = Mutex::new(Vec::new());
        KEPT.lock().unwrap().push(vec![2; 1_000]);
        blocks.len()
    }
}

struct Idle(Vec<u8>);

#[lmms::interface]
impl Idle {
    #[load]
    fn load() -> Self {
        Self(block(8))
    }

    #[operation]
    fn len(&self) -> usize {
        self.0.len()
    }
}

#[test]
fn what_operations_leave_free_is_given_back_before_anything_goes() {
    let _turn = turn();
    Invocation::enter().get::<Idle>().unwrap();
    Invocation::enter().get::<Work>().unwrap();
    let gateway = with_budget(rss() + 24 * MIB);
    let invocation = Invocation::enter();
    let request = br#"{"interface":"work","operation":"litter"}"#;
    block_on(gateway.execute_in(&invocation, request, &mut Vec::new())).unwrap();
    drop(invocation);
    let swept = block_on(gateway.sweep());
    assert!(swept.unloaded.is_empty(), "{:?}", swept.unloaded);
    assert_eq!(resident(&gateway), ["idle", "work"]);
}

#[test]
fn an_unload_is_not_credited_with_what_was_free_before() {
    let _turn = turn();
    let gateway = unloader();
    Invocation::enter().get::<Work>().unwrap();
    Invocation::enter().get::<Idle>().unwrap();
    Invocation::enter().get::<Work>().unwrap().litter();
    match block_on(gateway.unload_module("idle")).unwrap() {
        Unload::Unloaded { bytes, .. } => assert!((6 * MIB..20 * MIB).contains(&bytes), "{bytes}"),
        unload => panic!("{unload:?}"),
    }
}

macro_rules! small {
    ($($Name:ident)*) => {
        $(
            struct $Name(#[allow(dead_code, reason = "it is held")] Vec<u8>);

            #[lmms::interface]
            impl $Name {
                #[load]
                fn load() -> Self {
                    Self(vec![1; 400 << 10])
                }
            }
        )*

        fn load_small_ones() {
            $(Invocation::enter().get::<$Name>().unwrap();)*
        }
    };
}

small! {
    A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9 D0 D1 D2 D3 D4 D5 D6 D7 D8 D9
    E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 G0 G1 G2 G3 G4 G5 G6 G7 G8 G9 H0 H1 H2 H3 H4 H5 H6 H7 H8 H9
}

struct Large(#[allow(dead_code, reason = "it is held")] Vec<u8>);

#[lmms::interface(memory_mb = 28)]
impl Large {
    #[load]
    fn load() -> Self {
        Self(block(28))
    }
}

#[test]
fn many_small_ones_make_room_for_a_large_one() {
    let _turn = turn();
    load_small_ones();
    // Each of them is less than a sixty-fourth of what is short, and together they are more than all of it.
    let gateway = with_budget(rss() + 3 * MIB);
    Invocation::enter().get::<Large>().unwrap();
    let left = resident(&gateway).len();
    assert!(left < 40, "{left} are loaded still");
}

/// Asks for an interface when it is dropped.
struct Asks;

impl Drop for Asks {
    fn drop(&mut self) {
        // Whether it loads or is a cycle, it must not wait for the load that waits for this.
        let _ = Invocation::enter().get::<Large>();
    }
}

#[test]
fn what_expires_while_room_is_made_may_ask_for_what_is_loaded() {
    let _turn = turn();
    let clock = ManualClock::install();
    let cache = Cache::builder(1).ttl(Duration::from_secs(1)).build();
    cache.insert((), Arc::new(Asks));
    clock.advance(Duration::from_secs(2));
    let _gateway = with_budget(rss() + MIB);
    watched(|| {
        let _ = Invocation::enter().get::<Large>().unwrap();
    });
    assert!(cache.is_empty());
}

struct Needed;

#[lmms::interface]
impl Needed {
    #[load]
    fn load() -> Self {
        Self
    }
}

#[test]
fn what_comes_to_be_depended_on_at_the_last_moment_stays() {
    static ENTRIES: LazyLock<Cache<(), u64>> = LazyLock::new(|| Cache::builder(1).build());
    let _turn = turn();
    // Everything is due at once, by age or by the budget: only the entry keeps it.
    for gateway in [unloader(), with_budget(1)] {
        let end = Instant::now() + Duration::from_secs(1);
        let is_over = AtomicBool::new(false);
        let generation = || Lease::generation(&Invocation::enter().lease::<Needed>().unwrap());
        thread::scope(|scope| {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    let _ = block_on(gateway.sweep());
                }
            });
            while Instant::now() < end {
                let invocation = Invocation::enter();
                let before = Lease::generation(&invocation.lease::<Needed>().unwrap());
                ENTRIES.insert_depending_on::<Needed>((), before);
                drop(invocation);
                thread::yield_now();
                if generation() != before {
                    is_over.store(true, Ordering::Relaxed);
                    panic!("it was unloaded although an entry depended on it");
                }
                ENTRIES.clear();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        let _ = block_on(unloader().sweep());
    }
}
