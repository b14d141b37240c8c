//! What is hot stays until it has cooled (acceptance 9).

use super::*;

// One for each test: heat stays.
heated! { Undecayed Decayed Blazing Unheated Refused Failing Shared Doubled }

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
    // It was counted all the same: switched on, it acts on what has happened.
    touch::<Unheated>();
    turn.pass(30_000);
    blocked::<Unheated>(&start(without_floor()), Reason::HotPath);
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

heated! { Typed Looked }

/// Answers from the cache of results alone.
struct Served;

#[lmms::interface]
impl Served {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation(cached)]
    fn run(&self) -> u8 {
        7
    }
}

#[test]
fn typed_traffic_that_nobody_looks_at_stays_hot() {
    let turn = Turn::take();
    // A floor that keeps all: no pass has anything to come back for.
    let gateway = start(Config::default());
    let typed = |times| {
        let invocation = Invocation::enter();
        let instance = invocation.get::<Typed>().unwrap();
        (0..times).for_each(|_| assert_eq!(instance.number(7), 7));
    };
    typed(1);
    turn.pass(31_000);
    sweeps(&gateway, &[]);
    for _ in 0..2 * 3_600 {
        typed(100);
        sweeps(&gateway, &[]);
        turn.pass(1_000);
    }
    (0..PLAIN.len()).for_each(touch_plain);
    turn.pass(31_000);
    // It was used longest ago.
    blocked::<Typed>(&gateway, Reason::HotPath);
    sweeps(&gateway, &["a", "b", "c", "d", "e"]);
}

#[test]
fn where_nothing_is_unloaded_heat_is_looked_at_all_the_same() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_unloading(false));
    for _ in 0..3_000 {
        let invocation = Invocation::enter();
        let instance = invocation.get::<Looked>().unwrap();
        (0..100).for_each(|_| assert_eq!(instance.number(7), 7));
        sweeps(&gateway, &[]);
        turn.pass(1_000);
    }
    assert!(gateway.check_fast_path("looked.number").unwrap().is_fast());
}

#[test]
fn answers_from_the_cache_keep_nothing_loaded() {
    let turn = Turn::take();
    let gateway = start(without_floor());
    calls::<Served>(&gateway, "run", b"{}", 300);
    assert!(gateway.check_fast_path("served.run").unwrap().is_fast());
    turn.pass(30_000);
    sweeps(&gateway, &["served"]);
    calls::<Served>(&gateway, "run", b"{}", 300);
    assert_eq!(resident(&gateway), [""; 0]);
}
