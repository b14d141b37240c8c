//! `LMMS_ADAPTIVE_HEAT`: the threshold follows the mix of calls, and what it says is hot is protected (acceptance 18, 9).

#[path = "../common/mod.rs"]
mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use common::{block_on, resident, unloader, watched};
use lmms::testing::ManualClock;
use lmms::{Config, FastPath, Gateway, Invocation, Reason, Tier, Unload};
use serde_json::Value;

/// Tests take turns, for the mix is that of the process. Each begins with all heat gone and nothing loaded.
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
        let turn = Self { clock: ManualClock::install(), _turn: turn };
        turn.pass(365 * 86_400);
        turn
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

macro_rules! interfaces {
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

interfaces! { A B C D E F G H }

const MIX: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

struct Cached;

#[lmms::interface]
impl Cached {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    fn run(&self) {}
}

struct Declaring;

#[lmms::interface(fast_path_threshold = 20)]
impl Declaring {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn run(&self) {}
}

fn adaptive() -> Config {
    Config::default().with_adaptive_heat(true).with_min_resident(0)
}

fn start(config: Config) -> Gateway {
    Gateway::new(config).unwrap()
}

fn call(gateway: &Gateway, interface: &str, times: u32) {
    for _ in 0..times {
        block_on(gateway.execute_operation(interface, "run", b"{}")).unwrap();
    }
}

/// Calls the interfaces of the mix, one after the other in turns, so often each, and lets the threshold follow.
fn play(turn: &Turn, gateway: &Gateway, calls: [u32; 8]) {
    for round in 0..calls.into_iter().max().unwrap() {
        for (interface, calls) in MIX.into_iter().zip(calls) {
            call(gateway, interface, u32::from(round < calls));
        }
    }
    turn.pass(1);
    let _ = block_on(gateway.sweep());
}

fn check(gateway: &Gateway, interface: &str) -> FastPath {
    gateway.check_fast_path(&format!("{interface}.run")).unwrap()
}

fn hot(gateway: &Gateway) -> Vec<&'static str> {
    MIX.into_iter().filter(|interface| check(gateway, interface).is_fast()).collect()
}

fn stats(gateway: &Gateway) -> Value {
    let stats = block_on(gateway.execute(br#"{"interface":"lmms","operation":"stats"}"#)).unwrap();
    serde_json::from_slice(&stats).unwrap()
}

#[track_caller]
fn has_threshold(gateway: &Gateway, threshold: u32) {
    assert_eq!(check(gateway, "a").threshold, threshold);
    assert_eq!(stats(gateway)["fast_path_threshold"], threshold);
}

mod mix;
mod running;
