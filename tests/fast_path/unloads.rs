//! A route leads to the slot, never to an instance: whatever was unloaded since, the next call reloads and is right
//! (acceptance 20).

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use super::*;
use common::watched;

macro_rules! counting {
    ($($Name:ident $(, $async:tt, $await:tt)?;)*) => {$(
        /// Knows by which load it came, and says so as long as it lives.
        struct $Name(u64);

        impl Drop for $Name {
            fn drop(&mut self) {
                self.0 = u64::MAX;
            }
        }

        #[lmms::interface]
        impl $Name {
            #[load]
            $($async)? fn load() -> Self {
                static LOADS: AtomicU64 = AtomicU64::new(0);
                $(tokio::task::yield_now().$await;)?
                Self(LOADS.fetch_add(1, Ordering::SeqCst) + 1)
            }

            #[operation]
            fn load_of(&self) -> u64 {
                self.0
            }

            #[operation]
            async fn load_of_later(&self) -> u64 {
                tokio::task::yield_now().await;
                self.0
            }
        }
    )*};
}

counting! { Sync; Async, async, await; Shared; Contended; }

/// Unloads what nobody uses, be it hot or not, when it is told to.
fn unloading() -> Config {
    Config::default().with_grace_period(Duration::ZERO).with_min_resident(0)
}

fn loads(gateway: &Gateway, interface: &str) -> u64 {
    gateway.interface(interface).unwrap().status().loads
}

fn unload(gateway: &Gateway, interface: &str) {
    gateway.reconfigure(unloading().with_fast_path(false));
    match block_on(gateway.unload_module(interface)).unwrap() {
        Unload::Unloaded { hook_error: None, .. } => {}
        unload => panic!("{unload:?}"),
    }
    gateway.reconfigure(unloading());
}

/// The next calls are dispatched directly, to the instance of one more load.
#[track_caller]
fn reloads_once(gateway: &Gateway, operation: &Operation) {
    let (counted, before) = (Counted::from_now(gateway, operation), loads(gateway, operation.interface));
    assert!(!gateway.interface(operation.interface).unwrap().status().resident);
    for _ in 0..3 {
        assert_eq!(ask(gateway, operation.request()), Ok((before + 1).to_string()));
    }
    assert_eq!(loads(gateway, operation.interface), before + 1);
    assert_eq!((counted.so_far().calls, counted.so_far().zafp_hits), (3, 3));
}

#[test]
fn after_a_forced_unload_a_hot_route_reloads_and_is_right() {
    let turn = Turn::take();
    let gateway = start(unloading());
    for names in ["sync.load_of", "sync.load_of_later", "async.load_of", "async.load_of_later"] {
        let (interface, name) = names.split_once('.').unwrap();
        let operation = Operation::new(interface, name, "{}");
        for tier in [Tier::Hot, Tier::Blazing] {
            turn.bring(&gateway, &operation, tier);
            operation.call(&gateway, 3);
            for _ in 0..3 {
                unload(&gateway, interface);
                reloads_once(&gateway, &operation);
            }
        }
    }
}

#[test]
fn after_a_sweep_a_shutdown_and_a_reconfiguration_too() {
    let turn = Turn::take();
    let gateway = start(unloading());
    let operation = Operation::new("sync", "load_of", "{}");
    turn.bring(&gateway, &operation, Tier::Hot);
    operation.call(&gateway, 3);

    gateway.reconfigure(unloading().with_fast_path(false));
    assert!(block_on(gateway.sweep()).unloaded.contains(&"sync"));
    gateway.reconfigure(unloading());
    reloads_once(&gateway, &operation);

    assert!(block_on(gateway.shutdown(Duration::from_secs(20))).unloaded.contains(&"sync"));
    reloads_once(&gateway, &operation);

    // What was hot is warm by this threshold, and then hot again.
    gateway.reconfigure(threshold(unloading(), 80));
    assert_eq!(gateway.check_fast_path("sync.load_of").unwrap().tier, Tier::Warm);
    let loaded = loads(&gateway, "sync");
    assert!(matches!(block_on(gateway.unload_module("sync")), Ok(Unload::Unloaded { .. })));
    assert_eq!(ask(&gateway, operation.request()), Ok((loaded + 1).to_string()));
    gateway.reconfigure(threshold(unloading().with_fast_path(false), 20));
    let _ = block_on(gateway.unload_module("sync"));
    gateway.reconfigure(threshold(unloading(), 20));
    reloads_once(&gateway, &operation);
}

#[test]
fn two_gateways_in_turns_on_one_thread() {
    let turn = Turn::take();
    let gateways = [start(unloading()), start(threshold(unloading(), 1_000)), start(unloading().with_fast_path(false))];
    let operation = Operation::new("shared", "load_of", "{}");
    turn.bring(&gateways[0], &operation, Tier::Hot);
    operation.call(&gateways[0], 2);
    for _ in 0..3 {
        for (gateway, hits) in gateways.iter().zip([1, 0, 0]) {
            let (counted, before) = (Counted::from_now(gateway, &operation), loads(gateway, "shared"));
            // One of those that hold it for less than hot.
            let _ = block_on(gateways[2].unload_module("shared"));
            assert_eq!(ask(gateway, operation.request()), Ok((before + 1).to_string()));
            assert_eq!(counted.so_far().zafp_hits, hits);
            let _ = block_on(gateways[1].unload_module("shared"));
            assert_eq!(ask(&gateways[0], operation.request()), Ok((before + 2).to_string()));
        }
    }
}

#[test]
fn threads_that_call_while_it_is_unloaded_again_and_again() {
    let turn = Turn::take();
    let (gateway, unloader) = (start(unloading()), unloader());
    let operation = Operation::new("contended", "load_of", "{}");
    turn.bring(&gateway, &operation, Tier::Blazing);
    let (before, counted) = (loads(&gateway, "contended"), Counted::from_now(&gateway, &operation).so_far());
    assert_eq!(counted.calls, 0);
    let seen = watched(move || {
        let is_over = AtomicBool::new(false);
        let request = operation.request();
        let caller = || {
            let (mut last, mut calls) = (0, 0_u64);
            while !is_over.load(Ordering::Relaxed) {
                let load: u64 = ask(&gateway, &request).unwrap().parse().unwrap();
                // Never of an instance that is gone.
                assert!(last <= load && load < u64::MAX, "{load} after {last}");
                (last, calls) = (load, calls + 1);
            }
            (last, calls)
        };
        thread::scope(|scope| {
            let callers = [scope.spawn(caller), scope.spawn(caller), scope.spawn(caller)];
            let mut unloads = 0;
            while unloads < 50 {
                unloads +=
                    u64::from(matches!(block_on(unloader.unload_module("contended")), Ok(Unload::Unloaded { .. })));
                thread::yield_now();
            }
            is_over.store(true, Ordering::Relaxed);
            callers.map(|caller| caller.join().unwrap())
        })
    });
    let last = seen.iter().map(|(last, _)| *last).max().unwrap();
    assert!(last >= before + 45, "{last} after {before}");
}
