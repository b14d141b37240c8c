//! An invocation may go to other threads, touch any number of interfaces, and cross with others; what it touched stays
//! as long as it lives, and what is leased for longer.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use common::{block_on, gateway, unloader, watched};
use lmms::{BlockingInterface, Interface, Invocation, Lease, Reason, Unload};

macro_rules! interfaces {
    ($($Name:ident)*) => {
        $(
            struct $Name(u64);

            #[lmms::interface]
            impl $Name {
                #[load]
                fn load() -> Self {
                    Self(stringify!($Name).len() as u64)
                }

                #[operation]
                fn value(&self) -> u64 {
                    self.0
                }
            }
        )*
    };
}

// Each test has its own, for they run at once.
interfaces! {
    Many1 Many22 Many333 Many4444 Many55555 Many666666 Many7777777 Many88888888 Many999999999 Many0000000000
    Shared1 Shared2 Shared3 Shared4 Shared5 Shared6 Shared7 Shared8
    Crossed1 Crossed2
    Outlived
    Looked
    Moved
}

fn holds<T: Interface>() -> u64 {
    gateway().interface(T::NAME).unwrap().status().holds
}

fn unloads<T: Interface>() -> bool {
    match block_on(unloader().unload_module(T::NAME)).unwrap() {
        Unload::Unloaded { .. } => true,
        Unload::Blocked(Reason::ActiveReference) => false,
        unload => panic!("{unload:?}"),
    }
}

#[test]
fn it_is_send_and_sync_and_so_are_its_futures() {
    fn is_send_and_sync<T: Send + Sync>() {}
    fn is_send<T: Send>(_: &T) {}
    is_send_and_sync::<Invocation>();
    is_send_and_sync::<Lease<Moved>>();
    is_send_and_sync::<lmms::Gateway>();
    is_send_and_sync::<lmms::LoadError>();
    is_send_and_sync::<lmms::Error>();
    let invocation = Invocation::enter();
    is_send(&invocation.get_async::<Moved>());
    is_send(&invocation.lease_async::<Moved>());
    let gateway = gateway();
    is_send(&gateway.execute(b""));
    is_send(&gateway.unload_module("moved"));
    is_send(&gateway.sweep());
    is_send(&gateway.start());
    is_send(&async {
        let moved = invocation.get_async::<Moved>().await.unwrap();
        tokio::task::yield_now().await;
        moved.value()
    });
}

#[test]
fn each_has_a_number_of_its_own() {
    let threads: Vec<_> =
        (0..4).map(|_| thread::spawn(|| (0..1000).map(|_| Invocation::enter().id()).collect::<Vec<_>>())).collect();
    let mut ids: Vec<_> = threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 4000);
}

macro_rules! for_each_of_many {
    ($f:ident $(, $argument:expr)?) => {
        [
            $f::<Many1>($($argument)?),
            $f::<Many22>($($argument)?),
            $f::<Many333>($($argument)?),
            $f::<Many4444>($($argument)?),
            $f::<Many55555>($($argument)?),
            $f::<Many666666>($($argument)?),
            $f::<Many7777777>($($argument)?),
            $f::<Many88888888>($($argument)?),
            $f::<Many999999999>($($argument)?),
            $f::<Many0000000000>($($argument)?),
        ]
    };
}

#[test]
fn it_touches_more_interfaces_than_it_has_room_for_inside() {
    fn address<T: BlockingInterface>(invocation: &Invocation) -> usize {
        std::ptr::from_ref(invocation.get::<T>().unwrap()).addr()
    }
    let invocation = Invocation::enter();
    let first = for_each_of_many!(address, &invocation);
    for _ in 0..3 {
        assert_eq!(for_each_of_many!(address, &invocation), first, "the same instances");
        // A younger invocation takes over the stamps, so that this one has to look them up.
        let younger = Invocation::enter();
        assert_eq!(for_each_of_many!(address, &younger), first);
    }
    assert_eq!(for_each_of_many!(holds), [1; 10], "one hold each, however often it was touched");
    assert_eq!(invocation.get::<Many0000000000>().unwrap().value(), 14);
    assert_eq!(for_each_of_many!(unloads), [false; 10]);
    drop(invocation);
    assert_eq!(for_each_of_many!(holds), [0; 10], "each given back, inside or not");
    assert_eq!(for_each_of_many!(unloads), [true; 10]);
}

/// Two threads of one invocation may each take a hold at the same moment; all are given back.
#[test]
fn one_invocation_on_two_threads() {
    macro_rules! all {
        ($invocation:ident) => {
            $invocation.get::<Shared1>().unwrap().value()
                + $invocation.get::<Shared2>().unwrap().value()
                + $invocation.get::<Shared3>().unwrap().value()
                + $invocation.get::<Shared4>().unwrap().value()
                + $invocation.get::<Shared5>().unwrap().value()
                + $invocation.get::<Shared6>().unwrap().value()
                + $invocation.get::<Shared7>().unwrap().value()
                + $invocation.get::<Shared8>().unwrap().value()
        };
    }
    watched(|| {
        for _ in 0..500 {
            let invocation = Invocation::enter();
            let start = Barrier::new(2);
            thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| {
                        start.wait();
                        assert_eq!(all!(invocation), 8 * 7);
                    });
                }
            });
            assert!((1..=2).contains(&holds::<Shared1>()) && (1..=2).contains(&holds::<Shared8>()));
            assert!(!unloads::<Shared1>() && !unloads::<Shared8>());
            // It ends on another thread than the one that entered it.
            thread::spawn(move || drop(invocation)).join().unwrap();
            assert_eq!((holds::<Shared1>(), holds::<Shared8>()), (0, 0));
            assert!(unloads::<Shared1>() && unloads::<Shared8>());
        }
    });
}

#[test]
fn two_that_cross() {
    let (one, two) = (Invocation::enter(), Invocation::enter());
    let a = one.get::<Crossed1>().unwrap();
    let b = two.get::<Crossed2>().unwrap();
    assert!(std::ptr::eq(a, two.get::<Crossed1>().unwrap()));
    assert!(std::ptr::eq(b, one.get::<Crossed2>().unwrap()));
    for _ in 0..3 {
        assert!(std::ptr::eq(a, one.get::<Crossed1>().unwrap()));
        assert!(std::ptr::eq(a, two.get::<Crossed1>().unwrap()));
    }
    assert_eq!((holds::<Crossed1>(), holds::<Crossed2>()), (2, 2));
    drop(one);
    assert!(!unloads::<Crossed1>() && !unloads::<Crossed2>());
    assert_eq!(two.get::<Crossed1>().unwrap().value() + b.value(), 16);
    drop(two);
    assert!(unloads::<Crossed1>() && unloads::<Crossed2>());
}

#[test]
fn a_lease_outlives_it_and_a_clone_outlives_the_lease() {
    let lease = {
        let invocation = Invocation::enter();
        invocation.lease::<Outlived>().unwrap()
    };
    assert_eq!((lease.value(), holds::<Outlived>()), (8, 1));
    let leases = vec![lease.clone(); 7];
    assert_eq!(holds::<Outlived>(), 8);
    drop(lease);
    assert!(!unloads::<Outlived>());
    let threads: Vec<_> = leases.into_iter().map(|lease| thread::spawn(move || lease.value())).collect();
    assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u64>(), 7 * 8);
    assert_eq!(holds::<Outlived>(), 0);
    assert!(unloads::<Outlived>());
}

#[test]
fn looking_never_loads() {
    let status = || gateway().interface("looked").unwrap().status();
    let invocation = Invocation::enter();
    assert!(invocation.resident::<Looked>().is_none());
    assert!(!status().resident && status().loads == 0);

    let value = invocation.get::<Looked>().unwrap();
    let other = Invocation::enter();
    assert!(std::ptr::eq(other.resident::<Looked>().unwrap(), value));
    drop(invocation);
    // To look is to touch.
    assert!(!unloads::<Looked>());
    drop(other);
    assert!(unloads::<Looked>());
    assert!(Invocation::enter().resident::<Looked>().is_none());
    assert_eq!(status().loads, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_may_be_held_across_await_on_any_thread() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let unloader = Arc::new(unloader());
    let task = |number: u32| {
        let unloader = Arc::clone(&unloader);
        async move {
            for _ in 0..50 {
                let invocation = Invocation::enter();
                let moved = invocation.get_async::<Moved>().await.unwrap();
                if number.is_multiple_of(2) {
                    let _ = unloader.unload_module("moved").await.unwrap();
                }
                tokio::task::yield_now().await;
                assert!(std::ptr::eq(invocation.get::<Moved>().unwrap(), moved));
                SEEN.fetch_add(moved.value() as usize, Ordering::SeqCst);
            }
        }
    };
    let tasks: Vec<_> = (0..8).map(|number| tokio::spawn(task(number))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(SEEN.load(Ordering::SeqCst), 8 * 50 * 5);
    assert!(unloads::<Moved>());
}
