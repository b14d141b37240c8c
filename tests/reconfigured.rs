//! Reconfigured while it answers: each call goes by the one configuration or the other, all answers are right, and the last
//! one holds (acceptance 22).

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use common::{block_on, resident, unloader, watched};
use lmms::testing::ManualClock;
use lmms::{Config, Gateway, Invocation, Reason, Tier, Unload};
use serde_json::Value;

/// Tests take turns, for what is loaded and hot is so for the process. Each begins with neither.
struct Turn {
    // First, so that time goes on before the next turn.
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = Self { clock: ManualClock::install(), _turn: turn };
        turn.clock.advance(Duration::from_secs(365 * 86_400));
        let gateway = unloader();
        let _ = block_on(gateway.sweep());
        for operation in ["numbers.double", "numbers.square", "numbers.later", "other.name"] {
            assert_eq!(gateway.check_fast_path(operation).unwrap().calls, 0);
        }
        turn
    }
}

static COMPUTED: AtomicU64 = AtomicU64::new(0);

struct Numbers {
    one: u64,
}

#[lmms::interface]
impl Numbers {
    #[load]
    fn load() -> Self {
        Self { one: 1 }
    }

    #[operation]
    fn double(&self, number: u64) -> u64 {
        number * 2 * self.one
    }

    #[operation(cached)]
    fn square(&self, number: u64) -> u64 {
        COMPUTED.fetch_add(1, Ordering::SeqCst);
        number * number * self.one
    }

    #[operation(cached)]
    async fn later(&self, number: u64) -> Result<u64, String> {
        tokio::task::yield_now().await;
        if number.is_multiple_of(7) { Err(format!("{number} is refused")) } else { Ok(number * 3 * self.one) }
    }
}

struct Other;

#[lmms::interface]
impl Other {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn name(&self) -> &'static str {
        "other"
    }
}

fn threshold(config: Config, calls: u32) -> Config {
    config.with_fast_path_threshold(calls.try_into().unwrap())
}

fn ask(gateway: &Gateway, names: &str, arguments: &str) -> Result<String, String> {
    let (interface, operation) = names.split_once('.').unwrap();
    let request = format!(r#"{{"interface":"{interface}","operation":"{operation}","args":{arguments}}}"#);
    let answer = block_on(gateway.execute(request.as_bytes()));
    answer.map(|answer| String::from_utf8(answer).unwrap()).map_err(|error| error.to_string())
}

fn stats(gateway: &Gateway) -> Value {
    serde_json::from_str(&ask(gateway, "lmms.stats", "{}").unwrap()).unwrap()
}

/// Configurations that differ in all that can be changed.
fn configurations() -> Vec<Config> {
    let (plain, hour) = (Config::default(), Duration::from_secs(3_600));
    vec![
        plain.clone(),
        threshold(plain.clone(), 1),
        plain.clone().with_fast_path(false).with_result_cache(0),
        threshold(plain.clone(), u32::MAX).with_grace_period(Duration::ZERO).with_min_resident(0),
        plain.clone().with_adaptive_heat(true).with_heat_half_life(Duration::ZERO),
        plain.clone().with_result_cache(64 << 20).with_result_ttl(Some(hour)).with_grace_period(hour),
        plain.clone().with_result_cache(1).with_unloading(false),
        plain.clone().with_result_cache(4_096).with_memory_budget(Some(1 << 40)),
        plain.clone().with_memory_budget(Some(1)).with_result_ttl(Some(Duration::from_millis(1))),
        threshold(plain, 3).with_min_resident(100).with_heat_half_life(hour),
    ]
}

#[test]
fn ten_thousand_times_back_and_forth_while_threads_call() {
    let _turn = Turn::take();
    watched(|| {
        let configurations = configurations();
        let gateway = Gateway::new(configurations[0].clone()).unwrap();
        let (is_over, rounds) = (AtomicBool::new(false), AtomicU64::new(0));
        thread::scope(|scope| {
            for seed in 0..3 {
                let (gateway, is_over, rounds) = (&gateway, &is_over, &rounds);
                scope.spawn(move || {
                    for number in (seed..).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                        let number = number % 50;
                        let arguments = format!(r#"{{"number":{number}}}"#);
                        let asked = |operation| ask(gateway, operation, &arguments);
                        assert_eq!(asked("numbers.double"), Ok((number * 2).to_string()));
                        assert_eq!(asked("numbers.square"), Ok((number * number).to_string()));
                        let later = match number % 7 {
                            0 => Err(format!("`numbers.later` failed: {number} is refused")),
                            _ => Ok((number * 3).to_string()),
                        };
                        assert_eq!(asked("numbers.later"), later);
                        assert_eq!(ask(gateway, "other.name", "{}"), Ok("\"other\"".to_owned()));
                        assert_eq!(Invocation::enter().get::<Numbers>().unwrap().double(number), number * 2);
                        match number {
                            0 => drop(stats(gateway)),
                            1 => drop(gateway.invalidate_results("numbers").unwrap()),
                            2 => drop(block_on(gateway.unload_module("numbers")).unwrap()),
                            _ => {}
                        }
                        rounds.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            for index in (0..).take_while(|index| *index < 10_000 || rounds.load(Ordering::Relaxed) < 3_000) {
                // In an order that puts each after each other.
                let next = &configurations[(index * 7 + index / 10) % configurations.len()];
                gateway.reconfigure(next.clone());
                assert_eq!(gateway.config(), *next);
                // On a machine that is busy, this takes milliseconds.
                if index % 64 == 0 {
                    thread::yield_now();
                }
            }
            is_over.store(true, Ordering::Relaxed);
        });
        // What comes last is what holds, to the letter.
        takes_effect(&gateway);
    });
    // A budget is the process's: the next gateway begins without.
    let _ = Gateway::new(Config::default()).unwrap();
}

/// Of each that can be changed: it is so now, whatever it was before.
fn takes_effect(gateway: &Gateway) {
    let quiet = Config::default().with_unloading(false);
    let double = || ask(gateway, "numbers.double", r#"{"number":2}"#).unwrap();
    let hits = || gateway.operation_stats("numbers.double").unwrap().zafp_hits;
    let check = || gateway.check_fast_path("numbers.double").unwrap();

    gateway.reconfigure(threshold(quiet.clone(), 1));
    (0..10).for_each(|_| drop(double()));
    let before = hits();
    double();
    assert_eq!((check().tier, check().threshold, hits() - before), (Tier::Blazing, 1, 1));

    gateway.reconfigure(quiet.clone().with_fast_path(false));
    double();
    assert_eq!((check().tier, hits() - before), (Tier::Warm, 1));

    gateway.reconfigure(threshold(quiet.clone(), u32::MAX));
    double();
    assert_eq!((check().tier, hits() - before), (Tier::Cold, 1));

    let square = || ask(gateway, "numbers.square", r#"{"number":3}"#).unwrap();
    let held = || stats(gateway)["result_cache"]["entries"].clone();
    gateway.reconfigure(quiet.clone().with_result_cache(0));
    let computed = COMPUTED.load(Ordering::SeqCst);
    (0..2).for_each(|_| drop(square()));
    assert_eq!((COMPUTED.load(Ordering::SeqCst) - computed, held()), (2, 0.into()));
    gateway.reconfigure(quiet);
    (0..2).for_each(|_| drop(square()));
    assert_eq!((COMPUTED.load(Ordering::SeqCst) - computed, held()), (3, 1.into()));
}

#[test]
fn each_change_takes_effect_at_once() {
    let _turn = Turn::take();
    takes_effect(&Gateway::new(Config::default()).unwrap());
}

#[test]
fn grace_period_floor_and_unloading_take_effect_at_once() {
    let turn = Turn::take();
    let gateway = Gateway::new(Config::default()).unwrap();
    let load = || drop(ask(&gateway, "other.name", "{}").unwrap());
    let unload = || block_on(gateway.unload_module("other")).unwrap();
    let blocked = |reason| matches!(unload(), Unload::Blocked(found) if found == reason);
    load();
    assert!(blocked(Reason::GracePeriod));
    gateway.reconfigure(Config::default().with_grace_period(Duration::ZERO));
    assert!(blocked(Reason::MinResident));
    gateway.reconfigure(Config::default().with_unloading(false).with_grace_period(Duration::ZERO).with_min_resident(0));
    assert!(blocked(Reason::Disabled));
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    // Nothing was due by the old one, and a sweep looked already.
    gateway.reconfigure(Config::default().with_grace_period(Duration::from_secs(5)).with_min_resident(0));
    turn.clock.advance(Duration::from_millis(4_999));
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    gateway.reconfigure(Config::default().with_grace_period(Duration::from_secs(4)).with_min_resident(0));
    assert_eq!(block_on(gateway.sweep()).unloaded, ["other"]);

    // And what is hot is so by the new threshold.
    let config = Config::default().with_min_resident(0).with_grace_period(Duration::ZERO);
    gateway.reconfigure(threshold(config.clone(), 5));
    // With the first one, six.
    (0..5).for_each(|_| load());
    assert!(blocked(Reason::HotPath));
    gateway.reconfigure(threshold(config, 6));
    assert_eq!(block_on(gateway.sweep()).unloaded, ["other"]);
    assert_eq!(resident(&gateway), [""; 0]);
}

/// Holds enough to be worth unloading.
#[cfg(target_os = "linux")]
struct Large(Vec<u8>);

#[cfg(target_os = "linux")]
#[lmms::interface]
impl Large {
    #[load]
    fn load() -> Self {
        Self(common::block(16))
    }

    #[operation]
    fn len(&self) -> usize {
        self.0.len()
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_budget_takes_effect_at_once_and_goes_again() {
    let _turn = Turn::take();
    let gateway = Gateway::new(Config::default()).unwrap();
    let is_resident = || resident(&gateway).contains(&"large");
    ask(&gateway, "large.len", "{}").unwrap();
    // A process is never as small as this: what nobody uses goes, in its grace period and below the floor.
    gateway.reconfigure(Config::default().with_memory_budget(Some(1)));
    ask(&gateway, "numbers.double", r#"{"number":1}"#).unwrap();
    assert!(!is_resident());
    gateway.reconfigure(Config::default());
    ask(&gateway, "large.len", "{}").unwrap();
    ask(&gateway, "other.name", "{}").unwrap();
    assert!(is_resident());
}
