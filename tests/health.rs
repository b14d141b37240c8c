//! What `lmms.health` finds: each finding is there when its cause is, and gone when what it says was done (ARCH-07's
//! troubleshooting).

mod common;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block_on, resident, unloader};
use lmms::testing::ManualClock;
use lmms::{Cache, Config, Finding, FindingCode, Gateway, Interface, Invocation};

/// Tests take turns, for what is loaded and called is so for the process. Each begins with nothing loaded, hot, or of late.
struct Turn {
    // First, so that time goes on before the next turn.
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

const MINUTE: u64 = 60;

impl Turn {
    fn take() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        FAILS.store(false, Ordering::SeqCst);
        let turn = Self { clock: ManualClock::install(), _turn: turn };
        turn.pass(365 * 86_400);
        let _ = block_on(unloader().sweep());
        assert_eq!(resident(&unloader()), [""; 0]);
        turn
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

/// A gateway, and the variables it was started with.
struct Function {
    vars: BTreeMap<&'static str, String>,
    gateway: Gateway,
}

impl Function {
    fn start(vars: &[(&'static str, &str)]) -> Self {
        let vars = vars.iter().map(|(variable, value)| (*variable, (*value).to_owned())).collect();
        Self { gateway: Gateway::new(config(&vars)).unwrap(), vars }
    }

    fn finds(&self, code: FindingCode) -> Option<Finding> {
        self.gateway.health().findings.into_iter().find(|finding| finding.code == code)
    }

    #[track_caller]
    fn found(&self, code: FindingCode) -> Finding {
        self.finds(code).unwrap_or_else(|| panic!("not {code}: {:#?}", self.gateway.health()))
    }

    /// Does what a finding says.
    #[track_caller]
    fn heed(&mut self, finding: &Finding) {
        let setting = finding.setting.as_ref().unwrap();
        self.vars.insert(setting.variable, setting.value.clone());
        self.gateway.reconfigure(config(&self.vars));
    }

    /// Finds it, and no longer when what it says was done.
    #[track_caller]
    fn finds_until_heeded(&mut self, code: FindingCode, concerns: &[&str]) {
        let finding = self.found(code);
        assert_eq!(finding.concerns, concerns);
        self.heed(&finding);
        assert_eq!(self.finds(code), None);
    }

    fn call(&self, names: &str, number: usize) {
        let (interface, operation) = names.split_once('.').unwrap();
        let arguments = format!(r#"{{"number":{number}}}"#);
        block_on(self.gateway.execute_operation(interface, operation, arguments.as_bytes())).unwrap();
    }
}

fn config(vars: &BTreeMap<&'static str, String>) -> Config {
    Config::from_vars(|name| vars.get(name).map(Into::into)).unwrap()
}

fn touch<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

macro_rules! blocks {
    ($($Name:ident)*) => {$(
        struct $Name(Vec<u8>);

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self(common::block(20))
            }

            #[operation]
            fn byte(&self, number: usize) -> u8 {
                self.0[number]
            }
        }
    )*};
}

// What holds enough to be told of.
blocks! { Heavy Other }

macro_rules! numbers {
    ($($Name:ident)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            fn same(&self, number: usize) -> usize {
                number
            }

            #[operation(cached)]
            fn pure(&self, number: usize) -> usize {
                number
            }

            /// So many KiB.
            #[operation(cached)]
            fn text(&self, number: usize) -> String {
                "text".repeat(number * 256)
            }
        }
    )*};
}

// One for each test: what was called, and what hit, is counted for as long as the process runs.
numbers! { Often Seldom Steady Uncached Evicted Large Once }

static FAILS: AtomicBool = AtomicBool::new(false);

struct Failing;

#[lmms::interface]
impl Failing {
    #[load]
    fn load() -> Result<Self, &'static str> {
        if FAILS.load(Ordering::SeqCst) { Err("on purpose") } else { Ok(Self) }
    }
}

#[cfg(target_os = "linux")]
mod memory {
    //! What is measured, is on Linux.
    use super::*;

    #[test]
    fn unloading_that_is_switched_off_keeps_what_is_idle() {
        let turn = Turn::take();
        let mut function = Function::start(&[("ENABLE_MODULE_UNLOADING", "false"), ("MIN_RESIDENT_MODULES", "0")]);
        touch::<Heavy>();
        turn.pass(29);
        assert_eq!(function.finds(FindingCode::UnloadingDisabled), None);
        turn.pass(1);
        function.finds_until_heeded(FindingCode::UnloadingDisabled, &["heavy"]);
        assert_eq!(block_on(function.gateway.sweep()).unloaded, ["heavy"]);
    }

    #[test]
    fn heat_that_never_cools_keeps_what_nobody_calls() {
        let turn = Turn::take();
        let mut function = Function::start(&[("LMMS_HEAT_HALF_LIFE", "0"), ("MIN_RESIDENT_MODULES", "0")]);
        (0..51).for_each(|number| function.call("heavy.byte", number));
        touch::<Other>();
        turn.pass(15 * MINUTE - 1);
        assert_eq!(function.finds(FindingCode::HotKeepsIdle), None);
        turn.pass(1);
        let finding = function.found(FindingCode::HotKeepsIdle);
        assert_eq!(finding.concerns, ["heavy.byte"]);
        function.heed(&finding);
        turn.pass(5 * MINUTE);
        assert_eq!(function.finds(FindingCode::HotKeepsIdle), None);
    }

    #[test]
    fn a_grace_period_of_a_day_keeps_what_loads_in_no_time() {
        let turn = Turn::take();
        let mut function = Function::start(&[("UNLOAD_GRACE_PERIOD", "86400"), ("MIN_RESIDENT_MODULES", "0")]);
        touch::<Heavy>();
        turn.pass(MINUTE);
        assert_eq!(function.finds(FindingCode::GraceTooLong), None);
        // A thousand times as long as the load, however slow the machine.
        turn.pass(10 * 60 * MINUTE);
        function.finds_until_heeded(FindingCode::GraceTooLong, &["heavy"]);
    }

    #[test]
    fn a_floor_keeps_what_nobody_uses() {
        let turn = Turn::take();
        let mut function = Function::start(&[("MIN_RESIDENT_MODULES", "4")]);
        touch::<Heavy>();
        turn.pass(15 * MINUTE - 1);
        assert_eq!(function.finds(FindingCode::FloorTooHigh), None);
        turn.pass(1);
        function.finds_until_heeded(FindingCode::FloorTooHigh, &["heavy"]);
        assert_eq!(block_on(function.gateway.sweep()).unloaded, ["heavy"]);
    }

    #[test]
    fn a_lease_that_is_kept_for_longer_than_invocations_run() {
        let turn = Turn::take();
        let function = Function::start(&[("MIN_RESIDENT_MODULES", "0")]);
        let lease = Invocation::enter().lease::<Heavy>().unwrap();
        turn.pass(15 * MINUTE - 1);
        assert_eq!(function.finds(FindingCode::HeldForLong), None);
        turn.pass(1);
        assert_eq!(function.found(FindingCode::HeldForLong).concerns, ["heavy"]);
        // Used by another one, it would be loaded without it.
        touch::<Heavy>();
        assert_eq!(function.finds(FindingCode::HeldForLong), None);
        turn.pass(15 * MINUTE);
        assert!(function.finds(FindingCode::HeldForLong).is_some());
        drop(lease);
        turn.pass(MINUTE);
        assert_eq!(function.finds(FindingCode::HeldForLong), None);
    }

    #[test]
    fn entries_of_a_cache_that_keep_what_nobody_uses() {
        static FOR_EVER: LazyLock<Cache<u8, u8>> = LazyLock::new(|| Cache::builder(10).build());
        static FOR_A_WHILE: LazyLock<Cache<u8, u8>> =
            LazyLock::new(|| Cache::builder(10).ttl(Duration::from_secs(60)).build());
        let turn = Turn::take();
        let function = Function::start(&[("MIN_RESIDENT_MODULES", "0")]);
        touch::<Heavy>();
        FOR_A_WHILE.insert_depending_on::<Heavy>(1, 1);
        turn.pass(15 * MINUTE);
        // It has expired, though no sweep has taken it out.
        assert_eq!(function.finds(FindingCode::CacheEntryKeeps), None);
        FOR_A_WHILE.clear();
        FOR_EVER.insert_depending_on::<Heavy>(1, 1);
        assert_eq!(function.found(FindingCode::CacheEntryKeeps).concerns, ["heavy"]);
        FOR_EVER.clear();
        assert_eq!(function.finds(FindingCode::CacheEntryKeeps), None);
    }

    #[test]
    fn what_was_loaded_at_the_start_and_is_not_used() {
        // What loads at once is told apart inexactly: which of them bytes are counted for differs from start to start.
        assert!((0..100).any(|_| is_found_at_start()), "never found");
    }

    fn is_found_at_start() -> bool {
        let _turn = Turn::take();
        let function = Function::start(&[("LAZY_LOADING_ENABLED", "false")]);
        block_on(function.gateway.start()).unwrap();
        assert_eq!(function.finds(FindingCode::LoadedAtStart), None);
        (0..20).for_each(|_| touch::<Other>());
        let Some(finding) = function.finds(FindingCode::LoadedAtStart) else { return false };
        assert!(finding.concerns.contains(&"heavy".to_owned()), "{finding:?}");
        assert!(!finding.concerns.contains(&"other".to_owned()), "{finding:?}");
        assert_eq!(finding.setting.unwrap().variable, "LAZY_LOADING_ENABLED");
        touch::<Heavy>();
        touch::<Failing>();
        for touch in NUMBERS {
            touch();
        }
        assert_eq!(function.finds(FindingCode::LoadedAtStart), None);
        true
    }

    #[test]
    fn a_start_that_loads_nothing_loads_nothing_in_vain() {
        let _turn = Turn::take();
        let function = Function::start(&[]);
        block_on(function.gateway.start()).unwrap();
        touch::<Heavy>();
        (0..40).for_each(|_| touch::<Other>());
        assert_eq!(function.finds(FindingCode::LoadedAtStart), None);
        assert_eq!(function.finds(FindingCode::PreloadedInVain), None);
    }

    fn budget(mib: u64) -> String {
        (common::rss().div_ceil(1 << 20) + mib).to_string()
    }

    /// So that it is known what a load needs.
    fn learn_needs(turn: &Turn) {
        touch::<Heavy>();
        touch::<Other>();
        turn.pass(MINUTE);
        let _ = block_on(unloader().sweep());
        assert_eq!(resident(&unloader()), [""; 0]);
    }

    #[test]
    fn a_budget_in_which_two_take_turns() {
        let turn = Turn::take();
        learn_needs(&turn);
        let mut function = Function::start(&[("LMMS_MEMORY_BUDGET_MB", &budget(30)), ("MIN_RESIDENT_MODULES", "0")]);
        let take_turns = || {
            for _ in 0..8 {
                touch::<Heavy>();
                touch::<Other>();
            }
        };
        take_turns();
        let finding = function.found(FindingCode::BudgetTooSmall);
        assert_eq!(finding.concerns.len(), 2, "{finding:?}");
        function.heed(&finding);
        take_turns();
        assert_eq!(resident(&function.gateway), ["heavy", "other"]);
        // It tells of the last minutes.
        turn.pass(10 * MINUTE);
        assert_eq!(function.finds(FindingCode::BudgetTooSmall), None);
    }

    #[test]
    fn a_load_that_does_not_fit_into_the_budget() {
        let turn = Turn::take();
        learn_needs(&turn);
        let mut function = Function::start(&[("LMMS_MEMORY_BUDGET_MB", &budget(5))]);
        touch::<Heavy>();
        let finding = function.found(FindingCode::OverBudget);
        assert_eq!(finding.concerns, ["heavy"]);
        function.heed(&finding);
        turn.pass(5 * MINUTE);
        assert_eq!(function.finds(FindingCode::OverBudget), None);
    }
}

const NUMBERS: [fn(); 7] = [
    touch::<Often>,
    touch::<Seldom>,
    touch::<Steady>,
    touch::<Uncached>,
    touch::<Evicted>,
    touch::<Large>,
    touch::<Once>,
];

/// Three times unloaded, and used again five seconds later.
fn come_back(turn: &Turn, function: &Function) {
    touch::<Often>();
    for _ in 0..3 {
        turn.pass(10);
        assert_eq!(block_on(function.gateway.sweep()).unloaded, ["often"]);
        turn.pass(5);
        touch::<Often>();
    }
}

#[test]
fn a_grace_period_that_ends_before_the_next_use() {
    let turn = Turn::take();
    let mut function = Function::start(&[("UNLOAD_GRACE_PERIOD", "10"), ("MIN_RESIDENT_MODULES", "0")]);
    come_back(&turn, &function);
    let finding = function.found(FindingCode::GraceTooShort);
    assert_eq!(finding.setting.unwrap().value, "16");
    function.finds_until_heeded(FindingCode::GraceTooShort, &["often"]);
}

#[test]
fn what_came_back_long_ago_is_forgotten() {
    let turn = Turn::take();
    let function = Function::start(&[("UNLOAD_GRACE_PERIOD", "10"), ("MIN_RESIDENT_MODULES", "0")]);
    come_back(&turn, &function);
    assert!(function.finds(FindingCode::GraceTooShort).is_some());
    turn.pass(5 * MINUTE);
    assert_eq!(function.finds(FindingCode::GraceTooShort), None);
}

#[test]
fn what_comes_back_late_was_worth_unloading() {
    let turn = Turn::take();
    let function = Function::start(&[("UNLOAD_GRACE_PERIOD", "10"), ("MIN_RESIDENT_MODULES", "0")]);
    touch::<Often>();
    for _ in 0..5 {
        turn.pass(10);
        assert_eq!(block_on(function.gateway.sweep()).unloaded, ["often"]);
        turn.pass(60);
        touch::<Often>();
    }
    assert_eq!(function.finds(FindingCode::GraceTooShort), None);
}

#[test]
fn a_load_that_fails_again_and_again_until_it_succeeds() {
    let _turn = Turn::take();
    let function = Function::start(&[]);
    FAILS.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(function.finds(FindingCode::LoadFails), None);
        Invocation::enter().get::<Failing>().err().unwrap();
    }
    assert_eq!(function.found(FindingCode::LoadFails).concerns, ["failing"]);
    FAILS.store(false, Ordering::SeqCst);
    touch::<Failing>();
    assert_eq!(function.finds(FindingCode::LoadFails), None);
}

#[test]
fn a_fast_path_that_is_switched_off_while_much_is_called() {
    let _turn = Turn::take();
    let mut function = Function::start(&[("ENABLE_FAST_PATH", "false")]);
    (0..50).for_each(|number| function.call("often.same", number));
    assert_eq!(function.finds(FindingCode::FastPathDisabled), None);
    function.call("often.same", 50);
    function.finds_until_heeded(FindingCode::FastPathDisabled, &["often.same"]);
}

#[test]
fn a_threshold_that_the_traffic_does_not_reach() {
    let _turn = Turn::take();
    let mut function = Function::start(&[("FAST_PATH_THRESHOLD", "1000")]);
    (0..50).for_each(|number| function.call("seldom.same", number));
    assert_eq!(function.finds(FindingCode::ThresholdTooHigh), None);
    function.call("seldom.same", 50);
    function.finds_until_heeded(FindingCode::ThresholdTooHigh, &["seldom.same"]);
    assert!(function.gateway.check_fast_path("seldom.same").unwrap().is_fast());
}

#[test]
fn a_half_life_by_which_a_call_each_second_never_adds_up() {
    let turn = Turn::take();
    let mut function = Function::start(&[("LMMS_HEAT_HALF_LIFE", "5")]);
    for number in 0..200 {
        assert_eq!(function.finds(FindingCode::HeatCoolsTooFast), None);
        function.call("steady.same", number);
        turn.pass(1);
    }
    function.finds_until_heeded(FindingCode::HeatCoolsTooFast, &["steady.same"]);
}

#[test]
fn a_cache_of_results_that_is_switched_off() {
    let _turn = Turn::take();
    let mut function = Function::start(&[("LMMS_RESULT_CACHE_MB", "0")]);
    (0..99).for_each(|_| function.call("uncached.pure", 1));
    assert_eq!(function.finds(FindingCode::ResultCacheDisabled).filter(concerns("uncached.pure")), None);
    function.call("uncached.pure", 1);
    let finding = function.found(FindingCode::ResultCacheDisabled);
    assert!(concerns("uncached.pure")(&finding));
    function.heed(&finding);
    assert_eq!(function.finds(FindingCode::ResultCacheDisabled), None);
}

fn concerns(names: &str) -> impl Fn(&Finding) -> bool {
    move |finding| finding.concerns.iter().any(|concerned| concerned == names)
}

#[test]
fn a_cache_of_results_in_which_nothing_stays_for_long() {
    let _turn = Turn::take();
    let mut function = Function::start(&[("LMMS_RESULT_CACHE_MB", "1")]);
    // 20 to 120 KiB each, again and again: each has gone by the time it is asked for.
    (0..99).for_each(|number| function.call("evicted.text", 20 + number % 100));
    assert_eq!(function.finds(FindingCode::ResultCacheTooSmall), None);
    (99..200).for_each(|number| function.call("evicted.text", 20 + number % 100));
    function.finds_until_heeded(FindingCode::ResultCacheTooSmall, &[]);
}

#[test]
fn results_that_are_too_heavy_to_be_kept() {
    let _turn = Turn::take();
    let mut function = Function::start(&[("LMMS_RESULT_CACHE_MB", "1")]);
    // The most is 128 KiB.
    (0..9).for_each(|number| function.call("large.text", 200 + number));
    assert_eq!(function.finds(FindingCode::ResultsTooHeavy), None);
    function.call("large.text", 250);
    function.finds_until_heeded(FindingCode::ResultsTooHeavy, &[]);
    (0..20).for_each(|_| function.call("large.text", 250));
    assert_eq!(function.finds(FindingCode::ResultsTooHeavy), None);
    assert_eq!(function.gateway.stats().cache_hits, 19);
}

#[test]
fn results_that_nobody_asks_for_again() {
    let _turn = Turn::take();
    let function = Function::start(&[]);
    (0..100).for_each(|number| function.call("once.pure", number));
    let few = || {
        let findings = function.gateway.health().findings;
        findings
            .into_iter()
            .filter(|finding| finding.code == FindingCode::FewCacheHits)
            .any(|f| concerns("once.pure")(&f))
    };
    assert!(few());
    (0..6).for_each(|_| function.call("once.pure", 1));
    assert!(!few());
}
