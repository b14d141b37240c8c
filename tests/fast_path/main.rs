//! The fast path: which call is in which tier, and that tiers differ in what they cost alone (acceptance 18 to 20).

#[path = "../common/mod.rs"]
mod common;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block_on, gateway, unloader};
use lmms::testing::ManualClock;
use lmms::{BlockingInterface, Config, Error, ErrorCode, Gateway, Invocation, Route, Tier, Unload};
use serde_json::Value;

/// Tests take turns, for heat is counted once for the process and cools by its clock. Each begins with all of it gone.
struct Turn {
    // First, so that time goes on before the next turn.
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

const DAY: Duration = Duration::from_secs(86_400);

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = Self { _turn: TURN.lock().unwrap_or_else(PoisonError::into_inner), clock: ManualClock::install() };
        turn.cool();
        // What was blazing counts again when somebody has noticed that it is not.
        let gateway = gateway();
        for interface in gateway.interfaces() {
            for operation in interface.operations() {
                let found = gateway.check_fast_path(&format!("{}.{operation}", interface.name()));
                assert_eq!(found.unwrap().calls, 0);
            }
        }
        turn
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// Far more half-lives than there can be calls to forget.
    fn cool(&self) {
        self.clock.advance(DAY);
    }

    /// Sees to it that the next call of an operation is in `tier`.
    fn bring(&self, gateway: &Gateway, operation: &Operation, tier: Tier) {
        self.cool();
        let threshold = gateway.check_fast_path(&operation.names()).unwrap().threshold;
        let before = match tier {
            Tier::Cold => 0,
            Tier::Warm => threshold / 5,
            Tier::Hot => threshold,
            Tier::Blazing => 4 * threshold,
        };
        operation.call(gateway, before as usize);
        assert_eq!(gateway.check_fast_path(&operation.names()).unwrap().calls, before);
    }
}

const TIERS: [Tier; 4] = [Tier::Cold, Tier::Warm, Tier::Hot, Tier::Blazing];

/// An operation, and arguments that it takes.
struct Operation {
    interface: &'static str,
    name: &'static str,
    arguments: &'static str,
}

impl Operation {
    const fn new(interface: &'static str, name: &'static str, arguments: &'static str) -> Self {
        Self { interface, name, arguments }
    }

    fn names(&self) -> String {
        format!("{}.{}", self.interface, self.name)
    }

    fn request(&self) -> String {
        let Self { interface, name, arguments } = self;
        format!(r#"{{"interface":"{interface}","operation":"{name}","args":{arguments}}}"#)
    }

    fn call(&self, gateway: &Gateway, times: usize) {
        let request = self.request();
        for _ in 0..times {
            let _ = block_on(gateway.execute(request.as_bytes()));
        }
    }
}

/// The defaults, but nothing is unloaded, however long a test lets pass.
fn keeping() -> Config {
    Config::default().with_unloading(false)
}

fn start(config: Config) -> Gateway {
    Gateway::new(config).unwrap()
}

fn threshold(config: Config, calls: u32) -> Config {
    config.with_fast_path_threshold(calls.try_into().unwrap())
}

fn typed<T: BlockingInterface, R>(call: impl FnOnce(&T) -> R) -> R {
    call(Invocation::enter().get::<T>().unwrap())
}

/// What a request comes to, as its client sees it.
type Answer = Result<String, String>;

fn answer(outcome: Result<Vec<u8>, Error>) -> Answer {
    match outcome {
        Ok(answer) => Ok(String::from_utf8(answer).unwrap()),
        Err(error) => Err(serde_json::to_string(&error).unwrap()),
    }
}

fn ask(gateway: &Gateway, request: impl AsRef<[u8]>) -> Answer {
    answer(block_on(gateway.execute(request.as_ref())))
}

/// As ARCH-07 has it, for T = 50.
fn tier_of(call: u32) -> Tier {
    match call {
        0..=10 => Tier::Cold,
        11..=50 => Tier::Warm,
        51..=200 => Tier::Hot,
        _ => Tier::Blazing,
    }
}

/// What was counted of an operation by name since it was looked at first.
struct Counted<'a> {
    gateway: &'a Gateway,
    names: String,
    before: Counts,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counts {
    calls: u64,
    zafp_hits: u64,
    errors: u64,
    cache_hits: u64,
    cache_misses: u64,
    /// By tier, coldest first.
    timed: [u64; 4],
}

impl<'a> Counted<'a> {
    fn from_now(gateway: &'a Gateway, operation: &Operation) -> Self {
        let names = operation.names();
        let before = Self::read(gateway, &names);
        Self { gateway, names, before }
    }

    fn read(gateway: &Gateway, names: &str) -> Counts {
        let stats = gateway.operation_stats(names).unwrap();
        Counts {
            calls: stats.calls,
            zafp_hits: stats.zafp_hits,
            errors: stats.errors,
            cache_hits: stats.cache_hits,
            cache_misses: stats.cache_misses,
            timed: TIERS.map(|tier| stats.latency(tier).map_or(0, |latency| latency.count)),
        }
    }

    fn so_far(&self) -> Counts {
        let (now, before) = (Self::read(self.gateway, &self.names), self.before);
        Counts {
            calls: now.calls - before.calls,
            zafp_hits: now.zafp_hits - before.zafp_hits,
            errors: now.errors - before.errors,
            cache_hits: now.cache_hits - before.cache_hits,
            cache_misses: now.cache_misses - before.cache_misses,
            timed: std::array::from_fn(|tier| now.timed[tier] - before.timed[tier]),
        }
    }
}

/// What most tests call.
struct Plain;

#[lmms::interface]
impl Plain {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn double(&self, number: u32) -> u32 {
        number * 2
    }

    #[operation]
    fn other(&self) {}
}

const DOUBLE: Operation = Operation::new("plain", "double", r#"{"number":7}"#);

mod asking;
mod cooling;
mod hostile;
mod latency;
mod same_answers;
mod spellings;
mod thresholds;
mod tiers;
mod unloads;
