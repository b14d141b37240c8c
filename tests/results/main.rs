//! Results of `#[operation(cached)]`: what is kept, for how long, for whom, and what is never kept (acceptance 21).

#[path = "../common/mod.rs"]
mod common;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use common::{block_on, poll, resident, unloader, watched};
use lmms::testing::ManualClock;
use lmms::{Config, Error, ErrorCode, Gateway, Invocation};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// Tests take turns, for all look at what is loaded and computed, and at the clock. Each begins with nothing loaded.
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
        assert_eq!(resident(&unloader()), [""; 0]);
        COMPUTED.store(0, Ordering::SeqCst);
        let turn = Self { clock: ManualClock::install(), _turn: turn };
        // So that nothing is hot, which would keep it loaded.
        turn.pass(86_400_000);
        turn
    }

    fn pass(&self, millis: u64) {
        self.clock.advance(Duration::from_millis(millis));
    }
}

/// How often the operations of these tests computed something, in this turn.
static COMPUTED: AtomicUsize = AtomicUsize::new(0);

fn computing<T>(result: T) -> T {
    COMPUTED.fetch_add(1, Ordering::SeqCst);
    result
}

fn computed() -> usize {
    COMPUTED.load(Ordering::SeqCst)
}

fn start(config: Config) -> Gateway {
    Gateway::new(config).unwrap()
}

/// The defaults, but for what results may take.
fn bytes(bytes: usize) -> Config {
    Config::default().with_result_cache(bytes)
}

/// What a request comes to, as its client sees it.
type Answer = Result<String, String>;

fn answer(outcome: Result<Vec<u8>, Error>) -> Answer {
    match outcome {
        Ok(answer) => Ok(String::from_utf8(answer).unwrap()),
        Err(error) => Err(serde_json::to_string(&error).unwrap()),
    }
}

fn request(names: &str, arguments: &str) -> String {
    let (interface, operation) = names.split_once('.').unwrap();
    format!(r#"{{"interface":"{interface}","operation":"{operation}","args":{arguments}}}"#)
}

/// Asks an operation, as `numbers.square`.
fn ask(gateway: &Gateway, names: &str, arguments: &str) -> Answer {
    answer(block_on(gateway.execute(request(names, arguments).as_bytes())))
}

#[track_caller]
fn is_error(answer: &Answer, code: ErrorCode, message: &str) {
    let error: Value = serde_json::from_str(answer.as_ref().unwrap_err()).unwrap();
    assert_eq!((error["code"].as_str(), error["message"].as_str()), (Some(code.as_str()), Some(message)));
}

fn all_stats(gateway: &Gateway) -> Value {
    serde_json::from_str(&ask(gateway, "lmms.stats", "{}").unwrap()).unwrap()
}

/// `result_cache` of `lmms.stats`.
fn stats(gateway: &Gateway) -> Value {
    all_stats(gateway)["result_cache"].clone()
}

fn entries(gateway: &Gateway) -> u64 {
    stats(gateway)["entries"].as_u64().unwrap()
}

fn held(gateway: &Gateway) -> usize {
    stats(gateway)["bytes"].as_u64().unwrap() as usize
}

/// What most tests call: each takes a number, and what it computes has as many digits as that.
struct Numbers;

#[lmms::interface]
impl Numbers {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    fn same(&self, number: u64) -> u64 {
        computing(number)
    }

    #[operation(cached)]
    fn again(&self, number: u64) -> u64 {
        computing(number)
    }

    #[operation(cached(weight = 4))]
    fn heavy(&self, number: u64) -> u64 {
        computing(number)
    }

    #[operation(cached(ttl = 5))]
    fn five_seconds(&self, number: u64) -> u64 {
        computing(number)
    }

    #[operation(cached)]
    fn text(&self, length: usize) -> String {
        computing("x".repeat(length))
    }

    #[operation]
    fn never(&self, number: u64) -> u64 {
        computing(number)
    }
}

/// Another interface with an operation of the same name.
struct Others;

#[lmms::interface]
impl Others {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    fn same(&self, number: u64) -> u64 {
        computing(number + 1)
    }
}

/// Computes when it is let.
struct Gated;

static GATE: Semaphore = Semaphore::const_new(0);

#[lmms::interface]
impl Gated {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    async fn double(&self, number: u64) -> Result<u64, String> {
        computing(());
        GATE.acquire().await.unwrap().forget();
        match number {
            0 => Err("nothing to double".to_owned()),
            1 => panic!("nothing to be had of 1"),
            number => Ok(number * 2),
        }
    }

    #[operation(cached(ttl = 5))]
    async fn double_for_a_while(&self, number: u64) -> u64 {
        computing(());
        GATE.acquire().await.unwrap().forget();
        number * 2
    }
}

mod bounds;
mod errors;
mod figures;
mod hits;
mod invalidation;
mod keys;
mod single_flight;
mod spellings;
mod ttl;
