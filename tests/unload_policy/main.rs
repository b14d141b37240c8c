//! What keeps an interface loaded, for how long, and what a sweep takes once nothing does (acceptance 7, 9 to 12, 14, 16).

#[path = "../common/mod.rs"]
mod common;

use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use common::{block_on, gateway, poll, resident, unloader, watched};
use lmms::testing::ManualClock;
use lmms::{
    BlockingInterface, Cache, Config, ErrorCode, Gateway, Interface, Invocation, LoadError, Reason, Swept, Unload,
};
use tokio::sync::Semaphore;

/// Tests take turns, for all look at what is loaded and at the clock. Each begins with nothing loaded.
struct Turn {
    // First, so that time goes on before the next turn.
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = block_on(unloader().sweep());
        assert_eq!(resident(&gateway()), [""; 0]);
        Self { clock: ManualClock::install(), _turn: turn }
    }

    fn pass(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }
}

const MINUTE: u64 = 60_000;

/// The defaults, but for the floor.
fn without_floor() -> Config {
    Config::default().with_min_resident(0)
}

fn start(config: Config) -> Gateway {
    Gateway::new(config).unwrap()
}

fn call(gateway: &Gateway, interface: &str, operation: &str) -> Vec<u8> {
    block_on(gateway.execute_operation(interface, operation, b"{}")).unwrap()
}

fn touch<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

fn unload<T: Interface>(gateway: &Gateway) -> Unload {
    block_on(gateway.unload_module(T::NAME)).unwrap()
}

#[track_caller]
fn blocked<T: Interface>(gateway: &Gateway, reason: Reason) {
    match unload::<T>(gateway) {
        Unload::Blocked(found) => assert_eq!(found, reason),
        unload => panic!("{unload:?}"),
    }
}

#[track_caller]
fn unloaded<T: Interface>(gateway: &Gateway) {
    match unload::<T>(gateway) {
        Unload::Unloaded { hook_error: None, .. } => {}
        unload => panic!("{unload:?}"),
    }
}

fn sweep(gateway: &Gateway) -> Swept {
    block_on(gateway.sweep())
}

#[track_caller]
fn sweeps(gateway: &Gateway, expected: &[&str]) {
    let swept = sweep(gateway);
    assert_eq!(swept.unloaded, expected);
    assert!(swept.hook_errors.is_empty(), "{:?}", swept.hook_errors);
}

macro_rules! plain {
    ($($Name:ident)*) => {
        $(
            struct $Name;

            #[lmms::interface]
            impl $Name {
                #[load]
                fn load() -> Self {
                    Self
                }

                #[operation]
                fn name(&self) -> &'static str {
                    Self::NAME
                }
            }
        )*

        /// Uses the one of that number, and so loads it.
        fn touch_plain(number: usize) {
            const TOUCH: &[fn()] = &[$(touch::<$Name>),*];
            TOUCH[number]();
        }

        const PLAIN: &[&str] = &[$($Name::NAME),*];
    };
}

plain! { A B C D E F G H I J K L }

macro_rules! heated {
    ($($Name:ident)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            fn number(&self, number: u8) -> u8 {
                number
            }

            #[operation]
            fn other(&self) {}

            #[operation]
            fn fail(&self) -> Result<(), String> {
                Err("on purpose".to_owned())
            }
        }
    )*};
}

const NUMBER: &[u8] = br#"{"number":7}"#;

fn calls<T: Interface>(gateway: &Gateway, operation: &str, arguments: &[u8], times: usize) {
    for _ in 0..times {
        let _ = block_on(gateway.execute_operation(T::NAME, operation, arguments));
    }
}

mod floor;
mod grace;
mod heat;
mod in_use;
mod order;
mod sweeps;
