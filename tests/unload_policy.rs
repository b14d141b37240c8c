//! What keeps an interface loaded, for how long, and what a sweep takes once nothing does (acceptance 7, 9 to 12, 14, 16).

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

#[test]
fn an_operation_in_flight_keeps_its_interface_until_it_ends_in_whatever_way() {
    let turn = Turn::take();
    let gateway = gateway();
    let arguments = |end: &str| format!(r#"{{"end":"{end}"}}"#).into_bytes();
    for end in ["ok", "error", "panic", "cancelled"] {
        touch::<Worker>();
        (0..8).for_each(touch_plain);
        assert_eq!(resident(&gateway).len(), 9);
        let arguments = arguments(end);
        let mut operation = Box::pin(gateway.execute_operation("worker", "work", &arguments));
        assert!(poll(operation.as_mut()).is_pending());
        turn.pass(31_000);
        blocked::<Worker>(&gateway, Reason::ActiveReference);
        // Else one of them would go when it ends, and the floor would keep it.
        (0..8).for_each(touch_plain);
        match end {
            "cancelled" => drop(operation),
            _ => {
                GATE.add_permits(1);
                let Poll::Ready(outcome) = poll(operation.as_mut()) else { panic!("it may end") };
                let code = outcome.map_err(|error| error.code());
                match end {
                    "ok" => assert_eq!(code.unwrap(), b"7"),
                    "error" => assert_eq!(code.unwrap_err(), ErrorCode::OperationFailed),
                    _ => assert_eq!(code.unwrap_err(), ErrorCode::OperationPanicked),
                }
            }
        }
        blocked::<Worker>(&gateway, Reason::GracePeriod);
        turn.pass(29_999);
        blocked::<Worker>(&gateway, Reason::GracePeriod);
        turn.pass(1);
        unloaded::<Worker>(&gateway);
    }
}

struct Worker;

static GATE: Semaphore = Semaphore::const_new(0);

#[lmms::interface]
impl Worker {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    async fn work(&self, end: &str) -> Result<u8, String> {
        GATE.acquire().await.unwrap().forget();
        match end {
            "ok" => Ok(7),
            "error" => Err("on purpose".to_owned()),
            _ => panic!("on purpose"),
        }
    }
}

#[test]
fn a_lease_keeps_its_interface_until_it_is_dropped() {
    let turn = Turn::take();
    let gateway = gateway();
    (1..9).for_each(touch_plain);
    let lease = Invocation::enter().lease::<A>().unwrap();
    turn.pass(31_000);
    blocked::<A>(&gateway, Reason::ActiveReference);
    let again = lease.clone();
    drop(lease);
    blocked::<A>(&gateway, Reason::ActiveReference);
    // A sweep passes over it as well, and takes one that was used later.
    sweeps(&gateway, &["b"]);
    touch::<B>();

    // Its end is a use.
    drop(again);
    blocked::<A>(&gateway, Reason::GracePeriod);
    turn.pass(30_000);
    unloaded::<A>(&gateway);
}

#[test]
fn a_sweep_returns_to_what_was_in_use() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    let invocation = Invocation::enter();
    invocation.get::<A>().unwrap();
    let lease = Invocation::enter().lease::<B>().unwrap();
    turn.pass(MINUTE);
    sweeps(&gateway, &[]);
    drop(invocation);
    turn.pass(1_000);
    drop(lease);
    // Nothing says that they ended but the time of their last use.
    turn.pass(28_999);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["a"]);
    turn.pass(999);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["b"]);
}

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

// One for each test: heat stays.
heated! { Undecayed Decayed Blazing Unheated Refused Failing Shared Doubled }

fn calls<T: Interface>(gateway: &Gateway, operation: &str, arguments: &[u8], times: usize) {
    for _ in 0..times {
        let _ = block_on(gateway.execute_operation(T::NAME, operation, arguments));
    }
}

const NUMBER: &[u8] = br#"{"number":7}"#;

#[test]
fn a_hot_operation_keeps_its_interface_for_ever_without_decay() {
    let turn = Turn::take();
    let gateway = start(without_floor().with_heat_half_life(Duration::ZERO));
    calls::<Undecayed>(&gateway, "number", NUMBER, 50);
    turn.pass(30_000);
    // WARM.
    unloaded::<Undecayed>(&gateway);
    calls::<Undecayed>(&gateway, "number", NUMBER, 1);
    for _ in 0..24 {
        turn.pass(60 * MINUTE);
        blocked::<Undecayed>(&gateway, Reason::HotPath);
        sweeps(&gateway, &[]);
    }
}

#[test]
fn a_hot_operation_cools_and_its_interface_goes_at_its_half_life() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    calls::<Decayed>(&gateway, "number", NUMBER, 51);
    // Heat counts in whole seconds: it may have been counted up to a second before now.
    turn.pass(299_000);
    blocked::<Decayed>(&gateway, Reason::HotPath);
    sweeps(&gateway, &[]);
    turn.pass(1_000);
    sweeps(&gateway, &["decayed"]);
}

#[test]
fn the_hotter_an_operation_the_longer_it_takes_to_cool_up_to_a_limit() {
    let turn = Turn::take();
    let gateway = start(without_floor().with_heat_half_life(Duration::from_secs(60)));
    // 201, 100, 50. And of the last, 3200 count: what was hot once is not protected for ever.
    for (times, half_lives) in [(201, 2), (4_000, 6)] {
        calls::<Blazing>(&gateway, "number", NUMBER, times);
        turn.pass(half_lives * MINUTE - 1_000);
        blocked::<Blazing>(&gateway, Reason::HotPath);
        sweeps(&gateway, &[]);
        turn.pass(1_000);
        sweeps(&gateway, &["blazing"]);
        turn.pass(60 * MINUTE);
    }
}

#[test]
fn what_is_hot_still_has_its_grace_period_when_it_has_cooled() {
    let turn = Turn::take();
    let gateway = start(without_floor().with_heat_half_life(Duration::from_secs(10)));
    calls::<Doubled>(&gateway, "number", NUMBER, 51);
    turn.pass(10_000);
    blocked::<Doubled>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
    turn.pass(19_999);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["doubled"]);
}

#[test]
fn without_the_fast_path_nothing_is_hot() {
    let turn = Turn::take();
    let gateway = start(without_floor().with_fast_path(false));
    calls::<Unheated>(&gateway, "number", NUMBER, 500);
    turn.pass(30_000);
    unloaded::<Unheated>(&gateway);
    // Nor was it counted for when it is switched on.
    touch::<Unheated>();
    turn.pass(30_000);
    unloaded::<Unheated>(&start(without_floor()));
}

#[test]
fn a_call_that_was_refused_does_not_heat() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    touch::<Refused>();
    calls::<Refused>(&gateway, "number", br#"{"number":700}"#, 100);
    calls::<Refused>(&gateway, "number", b"{}", 100);
    calls::<Refused>(&gateway, "numbr", NUMBER, 100);
    calls::<Refused>(&gateway, "number", &vec![b' '; lmms::MAX_PAYLOAD + 1], 100);
    turn.pass(30_000);
    unloaded::<Refused>(&gateway);

    // One that fails was called, and so does heat.
    calls::<Refused>(&gateway, "fail", b"{}", 51);
    turn.pass(30_000);
    blocked::<Refused>(&gateway, Reason::HotPath);
    turn.pass(300_000);
    unloaded::<Refused>(&gateway);
}

/// Loads when it is told to.
struct Unreliable;

static LOADS_FAIL: Mutex<bool> = Mutex::new(true);

#[lmms::interface]
impl Unreliable {
    #[load]
    fn load() -> Result<Self, String> {
        if *LOADS_FAIL.lock().unwrap() { Err("on purpose".to_owned()) } else { Ok(Self) }
    }

    #[operation]
    fn run(&self) {}
}

#[test]
fn a_call_that_never_came_to_its_interface_does_not_heat() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    calls::<Unreliable>(&gateway, "run", b"{}", 100);
    *LOADS_FAIL.lock().unwrap() = false;
    call(&gateway, "unreliable", "run");
    turn.pass(30_000);
    unloaded::<Unreliable>(&gateway);
}

#[test]
fn operations_heat_each_for_itself() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    for (operation, arguments) in [("number", NUMBER), ("other", b"{}"), ("fail", b"{}")] {
        calls::<Failing>(&gateway, operation, arguments, 50);
    }
    turn.pass(30_000);
    unloaded::<Failing>(&gateway);
}

/// Hot after fewer calls than others.
struct Eager;

#[lmms::interface(fast_path_threshold = 7)]
impl Eager {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn run(&self) {}
}

#[test]
fn a_declared_threshold_wins_over_the_default_and_loses_to_a_configured_one() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    calls::<Eager>(&gateway, "run", b"{}", 7);
    turn.pass(30_000);
    unloaded::<Eager>(&gateway);
    calls::<Eager>(&gateway, "run", b"{}", 1);
    turn.pass(30_000);
    blocked::<Eager>(&gateway, Reason::HotPath);

    let of_environment = |name: &str| (name == "FAST_PATH_THRESHOLD").then(|| "10".into());
    let of_environment = Config::from_vars(of_environment).unwrap().with_min_resident(0);
    let of_code = of_environment.clone().with_fast_path_threshold(12.try_into().unwrap());
    for config in [of_environment, of_code] {
        let (gateway, most) = (start(config.clone()), config.fast_path_threshold());
        turn.pass(60 * MINUTE);
        calls::<Eager>(&gateway, "run", b"{}", most as usize);
        turn.pass(30_000);
        unloaded::<Eager>(&gateway);
        calls::<Eager>(&gateway, "run", b"{}", 1);
        turn.pass(30_000);
        blocked::<Eager>(&gateway, Reason::HotPath);
    }
}

#[test]
fn gateways_judge_by_thresholds_of_their_own_and_forget_nothing_for_each_other() {
    let turn = Turn::take();
    let threshold = |calls| without_floor().with_fast_path_threshold(calls).with_heat_half_life(Duration::ZERO);
    let (low, high) = (start(threshold(1.try_into().unwrap())), start(threshold(100.try_into().unwrap())));
    calls::<Shared>(&high, "number", NUMBER, 60);
    turn.pass(30_000);
    blocked::<Shared>(&low, Reason::HotPath);
    unloaded::<Shared>(&high);
    calls::<Shared>(&high, "number", NUMBER, 41);
    // What is more than it can tell apart is not taken from the other.
    calls::<Shared>(&low, "number", NUMBER, 3);
    turn.pass(30_000);
    blocked::<Shared>(&low, Reason::HotPath);
    blocked::<Shared>(&high, Reason::HotPath);
}

#[test]
fn the_grace_period_ends_to_the_millisecond_and_a_use_begins_it_anew() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    touch::<A>();
    turn.pass(29_999);
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
    turn.pass(1);
    unloaded::<A>(&gateway);

    touch::<A>();
    turn.pass(29_999);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["a"]);

    touch::<A>();
    turn.pass(29_900);
    sweeps(&gateway, &[]);
    // From here on until 59.9 s. To look whether it is there is no use, to look at it is.
    assert!(gateway.interface("a").unwrap().status().resident);
    assert!(Invocation::enter().resident::<A>().is_some());
    turn.pass(100);
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
    turn.pass(29_899);
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
    turn.pass(1);
    sweeps(&gateway, &["a"]);
}

#[test]
fn the_grace_period_is_the_configured_one() {
    let turn = Turn::take();
    for seconds in [0, 15, 60] {
        let gateway = start(without_floor().with_grace_period(Duration::from_secs(seconds)));
        touch::<A>();
        touch::<B>();
        if seconds > 0 {
            turn.pass(seconds * 1_000 - 1);
            blocked::<A>(&gateway, Reason::GracePeriod);
            sweeps(&gateway, &[]);
            turn.pass(1);
        }
        unloaded::<A>(&gateway);
        sweeps(&gateway, &["b"]);
    }
    // As far off as can be told.
    let gateway = start(without_floor().with_grace_period(Duration::MAX));
    touch::<A>();
    turn.pass(u64::from(u32::MAX));
    blocked::<A>(&gateway, Reason::GracePeriod);
    sweeps(&gateway, &[]);
}

macro_rules! declared {
    ($($Name:ident $seconds:literal;)*) => {$(
        struct $Name;

        #[lmms::interface(grace_period = $seconds)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }
        }
    )*};
}

declared! {
    AtOnce 0;
    Brief 5;
    Long 60;
}

#[test]
fn a_declared_grace_period_wins_over_the_default_and_loses_to_a_configured_one() {
    let turn = Turn::take();
    let load = || {
        touch::<AtOnce>();
        touch::<Brief>();
        touch::<A>();
        touch::<Long>();
    };
    let gateway = start(without_floor());
    load();
    sweeps(&gateway, &["at_once"]);
    for (after, gone) in [(5_000, "brief"), (30_000, "a"), (60_000, "long")] {
        turn.pass(1);
        let before = [0, 5_000, 30_000].into_iter().filter(|before| *before < after).max().unwrap();
        turn.pass(after - before - 2);
        sweeps(&gateway, &[]);
        turn.pass(1);
        sweeps(&gateway, &[gone]);
    }

    let of_environment = |name: &str| (name == "UNLOAD_GRACE_PERIOD").then(|| "15".into());
    let of_environment = Config::from_vars(of_environment).unwrap().with_min_resident(0);
    for config in [of_environment.clone(), of_environment.with_grace_period(Duration::from_secs(20))] {
        let seconds = config.grace_period().as_secs();
        let gateway = start(config);
        load();
        turn.pass(seconds * 1_000 - 1);
        sweeps(&gateway, &[]);
        turn.pass(1);
        sweeps(&gateway, &["at_once", "brief", "a", "long"]);
    }
}

#[test]
fn as_many_as_the_floor_stay_and_the_least_recently_used_go_in_that_order() {
    let turn = Turn::take();
    let gateway = gateway();
    for (loaded, gone) in [(8, 0), (9, 1), (12, 4)] {
        // Not used in the order of their names or of their loads.
        (0..loaded).for_each(touch_plain);
        for step in 0..loaded {
            turn.pass(1);
            touch_plain(order(step, loaded));
        }
        turn.pass(30_000);
        let expected: Vec<_> = (0..gone).map(|step| PLAIN[order(step, loaded)]).collect();
        sweeps(&gateway, &expected);
        assert_eq!(resident(&gateway).len(), 8);
        turn.pass(60 * MINUTE);
        sweeps(&gateway, &[]);
        let _ = sweep(&unloader());
    }
}

/// An order of `0..count` that is none of names or loads. Five is no divisor of any `count` here.
fn order(step: usize, count: usize) -> usize {
    (step * 5 + 3) % count
}

#[test]
fn of_two_used_at_the_same_time_the_one_loaded_first_goes() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_min_resident(1));
    for number in [2, 0, 1] {
        touch_plain(number);
    }
    turn.pass(30_000);
    sweeps(&gateway, &["c", "a"]);
}

#[test]
fn a_direct_unload_leaves_as_many_as_the_floor_too() {
    let turn = Turn::take();
    let gateway = gateway();
    (0..9).for_each(touch_plain);
    turn.pass(30_000);
    // Whichever is asked for.
    unloaded::<E>(&gateway);
    for _ in 0..2 {
        blocked::<A>(&gateway, Reason::MinResident);
        turn.pass(60 * MINUTE);
    }
    touch::<L>();
    unloaded::<A>(&gateway);
    blocked::<B>(&gateway, Reason::MinResident);
}

#[test]
fn what_is_in_use_or_pinned_counts_as_loaded() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_min_resident(2));
    let lease = Invocation::enter().lease::<A>().unwrap();
    let second = Invocation::enter().lease::<B>().unwrap();
    touch::<C>();
    turn.pass(30_000);
    sweeps(&gateway, &["c"]);
    touch::<C>();
    drop(second);
    turn.pass(30_000);
    sweeps(&gateway, &["b"]);
    drop(lease);
}

#[test]
fn reasons_are_reported_in_their_order_and_go_away_one_by_one() {
    let turn = Turn::take();
    let gateway = gateway();
    let unloads = gateway.stats().lugs_unloads;
    let cache = Cache::builder(1).build();
    cache.insert_depending_on::<Ordered>("key", "value");
    (0..7).for_each(touch_plain);
    let lease = {
        let invocation = Invocation::enter();
        calls::<Ordered>(&gateway, "number", NUMBER, 51);
        invocation.lease::<Ordered>().unwrap()
    };
    assert_eq!(resident(&gateway).len(), 8);
    blocked::<Ordered>(&gateway, Reason::ActiveReference);
    drop(lease);
    blocked::<Ordered>(&gateway, Reason::CacheDependency);
    cache.clear();
    blocked::<Ordered>(&gateway, Reason::HotPath);
    turn.pass(299_000);
    (0..7).for_each(touch_plain);
    touch::<Ordered>();
    turn.pass(1_000);
    blocked::<Ordered>(&gateway, Reason::GracePeriod);
    turn.pass(29_000);
    blocked::<Ordered>(&gateway, Reason::MinResident);
    assert_eq!(gateway.stats().lugs_unloads, unloads);
    touch_plain(7);
    unloaded::<Ordered>(&gateway);
    assert_eq!(gateway.stats().lugs_unloads, unloads + 1);
}

heated! { Ordered }

/// Holds memory that was written to.
struct Heavy(Vec<u8>);

const HEAVY: usize = 32 << 20;

#[lmms::interface]
impl Heavy {
    #[load]
    fn load() -> Self {
        Self(vec![0xA5; HEAVY])
    }

    #[operation]
    fn sum(&self) -> u64 {
        self.0.iter().step_by(4096).map(|byte| u64::from(*byte)).sum()
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_call_after_an_unload_is_right_and_what_an_unload_gave_back_is_measured() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    let right = (0xA5 * HEAVY / 4096).to_string().into_bytes();
    let least = 30 << 20;
    for round in 0..3 {
        let before = gateway.stats();
        assert_eq!(call(&gateway, "heavy", "sum"), right);
        let after = gateway.stats();
        assert_eq!(after.ligs_loads, before.ligs_loads + 1);
        assert_eq!(after.reloads, before.reloads + u64::from(round > 0));
        let held = gateway.interface("heavy").unwrap().status().bytes;
        assert!(held >= least, "{held}");

        turn.pass(30_000);
        let reported = match round {
            0 => sweep(&gateway).reclaimed_bytes,
            _ => match unload::<Heavy>(&gateway) {
                Unload::Unloaded { bytes, hook_error: None, .. } => bytes,
                unload => panic!("{unload:?}"),
            },
        };
        assert!(reported >= least, "{reported}");
        let done = gateway.stats();
        assert_eq!(done.lugs_unloads, before.lugs_unloads + 1);
        assert_eq!(done.reclaimed_bytes, before.reclaimed_bytes + reported);
    }
}

#[test]
fn what_became_due_while_nothing_ran_goes_at_the_end_of_the_next_request() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_min_resident(1));
    for number in [3, 1, 2] {
        call(&gateway, PLAIN[number], "name");
        turn.pass(1);
    }
    assert_eq!(resident(&gateway), ["b", "c", "d"]);
    // Frozen.
    turn.pass(10 * MINUTE);
    assert_eq!(resident(&gateway), ["b", "c", "d"]);
    assert_eq!(call(&gateway, "a", "name"), br#""a""#);
    assert_eq!(resident(&gateway), ["a"]);

    touch::<B>();
    turn.pass(10 * MINUTE);
    block_on(gateway.execute(br#"{"interface":"c","operation":"name"}"#)).unwrap();
    assert_eq!(resident(&gateway), ["c"]);

    // A request that fails ends as well.
    touch::<B>();
    turn.pass(10 * MINUTE);
    block_on(gateway.execute(br#"{"interface":"none","operation":"name"}"#)).unwrap_err();
    assert_eq!(resident(&gateway), ["b"]);
}

#[test]
fn within_an_invocation_nothing_is_swept() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    touch::<B>();
    turn.pass(10 * MINUTE);
    let mut reply = Vec::new();
    {
        let invocation = Invocation::enter();
        let request = br#"{"interface":"a","operation":"name"}"#;
        block_on(gateway.execute_in(&invocation, request, &mut reply)).unwrap();
    }
    assert_eq!(resident(&gateway), ["a", "b"]);
    sweeps(&gateway, &["b"]);
}

#[test]
fn what_is_switched_off_never_goes_even_if_memory_is_short() {
    let turn = Turn::take();
    let gateway = start(without_floor().with_unloading(false).with_memory_budget(Some(1)));
    for (number, name) in PLAIN.iter().enumerate() {
        call(&gateway, name, "name");
        turn.pass(60 * MINUTE);
        sweeps(&gateway, &[]);
        assert_eq!(resident(&gateway).len(), number + 1);
    }
    blocked::<A>(&gateway, Reason::Disabled);
}

macro_rules! hooked {
    ($($Name:ident $hook:expr;)*) => {$(
        struct $Name;

        #[lmms::interface]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[unload]
            fn unload(self) -> io::Result<()> {
                HOOKS.fetch_add(1, Ordering::SeqCst);
                $hook
            }
        }
    )*};
}

static HOOKS: AtomicUsize = AtomicUsize::new(0);

hooked! {
    Fails Err(io::Error::other("disk full"));
    Panics panic!("lost the file");
    Works Ok(());
}

#[test]
fn a_sweep_tells_what_it_did_and_no_hook_stops_it() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    let before = HOOKS.load(Ordering::SeqCst);
    touch::<Fails>();
    turn.pass(1);
    touch::<A>();
    turn.pass(1);
    touch::<Panics>();
    turn.pass(1);
    touch::<Works>();
    turn.pass(30_000);
    let swept = sweep(&gateway);
    assert_eq!(swept.unloaded, ["fails", "a", "panics", "works"]);
    let said: Vec<_> = swept.hook_errors.iter().map(|error| (error.interface(), error.to_string())).collect();
    assert_eq!(
        said,
        [
            ("fails", "the unload hook of interface `fails` failed: disk full".to_owned()),
            ("panics", "the unload hook of interface `panics` panicked: lost the file".to_owned()),
        ]
    );
    assert_eq!(HOOKS.load(Ordering::SeqCst), before + 3);
    assert_eq!(resident(&gateway), [""; 0]);
    sweeps(&gateway, &[]);
}

#[test]
fn gateways_of_one_process_sweep_each_by_its_own_rules() {
    let turn = Turn::take();
    let patient = start(without_floor().with_grace_period(Duration::from_secs(60)));
    let eager = start(Config::default().with_grace_period(Duration::ZERO).with_min_resident(1));
    touch::<A>();
    touch::<B>();
    touch::<C>();
    sweeps(&patient, &[]);
    sweeps(&eager, &["a", "b"]);
    sweeps(&patient, &[]);
    touch::<D>();
    turn.pass(60_000);
    // The other one's floor is nothing to it, and what it took is not looked for again.
    sweeps(&patient, &["c", "d"]);
    sweeps(&eager, &[]);
    touch::<A>();
    sweeps(&eager, &[]);
    turn.pass(60_000);
    sweeps(&eager, &[]);
    sweeps(&patient, &["a"]);
}

/// An async unload hook that waits.
struct Slow;

static SLOW: Semaphore = Semaphore::const_new(0);

#[lmms::interface]
impl Slow {
    #[load]
    async fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) {
        SLOW.acquire().await.unwrap().forget();
    }
}

#[test]
fn one_sweep_goes_on_at_a_time_and_one_given_up_is_made_good_by_the_next() {
    let turn = Turn::take();
    let (gateway, other) = (start(without_floor()), start(without_floor()));
    touch::<Slow>();
    turn.pass(1);
    touch::<A>();
    turn.pass(30_000);
    {
        let mut sweeping = pin!(gateway.sweep());
        assert!(poll(sweeping.as_mut()).is_pending());
        sweeps(&gateway, &[]);
        sweeps(&other, &[]);
        assert_eq!(resident(&gateway), ["a"]);
    }
    sweeps(&gateway, &["a"]);
    assert_eq!(resident(&gateway), [""; 0]);
}

/// Two that load each other when they go, so often that nobody waits for the end.
struct Ping;
struct Pong;

static ROUNDS: AtomicUsize = AtomicUsize::new(0);

fn instead<T: BlockingInterface>() -> Result<(), LoadError> {
    match ROUNDS.fetch_add(1, Ordering::SeqCst) {
        0..1_000 => Invocation::enter().get::<T>().map(drop),
        _ => Ok(()),
    }
}

#[lmms::interface]
impl Ping {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        instead::<Pong>()
    }
}

#[lmms::interface]
impl Pong {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        instead::<Ping>()
    }
}

#[test]
fn a_sweep_ends_although_hooks_load_what_is_due_at_once() {
    let _turn = Turn::take();
    touch::<Ping>();
    assert_eq!(sweep(&unloader()).unloaded[0], "ping");
    assert!(ROUNDS.swap(1_000, Ordering::SeqCst) < 10);
}

/// Its load calls by name, which sweeps, on this very thread.
struct Caller;

#[lmms::interface]
impl Caller {
    #[load]
    fn load() -> Self {
        call(&unloader(), "a", "name");
        Self
    }
}

/// Its unload hook asks for the one that is being loaded.
struct Needy;

#[lmms::interface]
impl Needy {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), LoadError> {
        Invocation::enter().get::<Caller>().map(drop)
    }
}

#[test]
fn a_hook_that_a_load_swept_cannot_wait_for_that_load() {
    let _turn = Turn::take();
    watched(|| {
        touch::<Needy>();
        // The error is the hook's: the load goes on.
        touch::<Caller>();
        assert!(resident(&gateway()).contains(&"caller"));
    });
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((word ^ word >> 31) % end as u64).unwrap()
    }
}

#[test]
fn whatever_was_used_when_a_sweep_takes_the_least_recently_used_down_to_the_floor() {
    let turn = Turn::take();
    let mut random = Random(4);
    for round in 0..500 {
        let (floor, grace) = (random.below(14), random.below(40));
        let config = Config::default().with_min_resident(floor).with_grace_period(Duration::from_millis(grace as u64));
        let gateway = start(config);
        // Used at times of their own, none at the same.
        let mut uses: Vec<usize> = Vec::new();
        for _ in 0..random.below(40) {
            let number = random.below(PLAIN.len());
            turn.pass(1 + random.below(3) as u64);
            touch_plain(number);
            uses.retain(|used| *used != number);
            uses.push(number);
        }
        let idle = |number: usize| gateway.interface(PLAIN[number]).unwrap().status().idle;
        let due: Vec<_> = uses.iter().filter(|number| idle(**number).as_millis() >= grace as u128).collect();
        let most = uses.len().saturating_sub(floor);
        let expected: Vec<_> = due.iter().take(most).map(|number| PLAIN[**number]).collect();
        let swept = sweep(&gateway);
        assert_eq!(swept.unloaded, expected, "round {round}: floor {floor}, grace {grace} ms, used {uses:?}");
        // What is left goes at the times that are left, and not before.
        let mut left: Vec<_> = uses.into_iter().filter(|number| !expected.contains(&PLAIN[*number])).collect();
        for _ in 0..45 {
            turn.pass(1);
            let due = left.first().is_some_and(|oldest| idle(*oldest).as_millis() >= grace as u128);
            let expected = if due && left.len() > floor { vec![PLAIN[left.remove(0)]] } else { Vec::new() };
            assert_eq!(sweep(&gateway).unloaded, expected, "round {round}");
        }
        let _ = sweep(&unloader());
    }
}
