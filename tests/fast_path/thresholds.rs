//! Another threshold shifts the tiers in proportion, wherever it comes from, and none is 0 (acceptance 18 and 22).

use super::*;

macro_rules! declaring {
    ($($Name:ident $threshold:literal)*) => {$(
        struct $Name;

        #[lmms::interface(fast_path_threshold = $threshold)]
        impl $Name {
            #[load]
            fn load() -> Self {
                Self
            }

            #[operation]
            fn double(&self, number: u32) -> u32 {
                number * 2
            }

            #[operation(cached)]
            fn cached(&self, number: u32) -> u32 {
                number * 2
            }
        }
    )*};
}

declaring! { Thirty 30 Hundred 100 Many 300 One 1 }

/// Of an operation called so often, by a threshold.
fn expected(calls: u32, threshold: u32) -> Tier {
    match calls {
        calls if calls <= threshold / 5 => Tier::Cold,
        calls if calls <= threshold => Tier::Warm,
        calls if calls <= 4 * threshold => Tier::Hot,
        _ => Tier::Blazing,
    }
}

#[track_caller]
fn shifted(gateway: &Gateway, names: &str, threshold: u32, mut call: impl FnMut() -> bool) {
    let hits = || gateway.operation_stats(names).unwrap().zafp_hits;
    let before = hits();
    let mut by_name = 0;
    assert_eq!(gateway.check_fast_path(names).unwrap().calls, 0);
    for number in 1..=4 * threshold + 10 {
        by_name += u64::from(call() && number > threshold);
        let found = gateway.check_fast_path(names).unwrap();
        assert_eq!(found.threshold, threshold);
        assert_eq!(found.tier, expected(number, threshold), "{names}, T = {threshold}: {number}, {found:?}");
        assert_eq!(hits() - before, by_name);
    }
}

fn environment(vars: &[(&str, &str)]) -> Config {
    let var = |name: &str| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    Config::from_vars(var).unwrap().with_unloading(false)
}

#[test]
fn a_threshold_of_code_or_environment_shifts_all_boundaries() {
    let turn = Turn::take();
    for calls in [30, 100, 1, 4, 7] {
        let text = calls.to_string();
        let of_environment = environment(&[("FAST_PATH_THRESHOLD", &text)]);
        let prefixed = environment(&[("FAST_PATH_THRESHOLD", "9"), ("LMMS_FAST_PATH_THRESHOLD", &text)]);
        let of_code = threshold(environment(&[("FAST_PATH_THRESHOLD", "9")]), calls);
        for config in [of_environment, prefixed, of_code] {
            let gateway = start(config);
            turn.cool();
            shifted(&gateway, "plain.double", calls, || ask(&gateway, DOUBLE.request()).is_ok());
            turn.cool();
            shifted(&gateway, "plain.double", calls, || {
                typed(|plain: &Plain| plain.double(7));
                false
            });
        }
    }
}

#[test]
fn a_declared_threshold_shifts_those_of_its_interface_alone() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    for (interface, threshold) in [("thirty", 30), ("hundred", 100), ("one", 1)] {
        let operation = Operation::new(interface, "double", r#"{"number":7}"#);
        shifted(&gateway, &operation.names(), threshold, || ask(&gateway, operation.request()).is_ok());
    }
    assert_eq!(gateway.check_fast_path("plain.double").unwrap().threshold, 50);
}

#[test]
fn a_declared_threshold_holds_for_typed_calls() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    shifted(&gateway, "thirty.double", 30, || {
        typed(|thirty: &Thirty| thirty.double(7));
        false
    });
    shifted(&gateway, "hundred.double", 100, || {
        typed(|hundred: &Hundred| hundred.double(7));
        false
    });
    shifted(&gateway, "one.double", 1, || {
        typed(|one: &One| one.double(7));
        false
    });
}

#[test]
fn a_declared_threshold_holds_for_what_is_answered_from_the_cache() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    for (interface, threshold) in [("thirty", 30), ("one", 1), ("hundred", 100), ("many", 300)] {
        let operation = Operation::new(interface, "cached", r#"{"number":7}"#);
        shifted(&gateway, &operation.names(), threshold, || ask(&gateway, operation.request()).is_ok());
    }
}

#[test]
fn what_declares_a_threshold_heats_again_when_it_has_cooled() {
    let turn = Turn::take();
    let gateway = start(keeping());
    for _ in 0..1_201 {
        typed(|many: &Many| many.double(7));
    }
    let tier = || gateway.check_fast_path("many.double").unwrap().tier;
    assert_eq!(tier(), Tier::Blazing);
    turn.pass(300);
    assert_eq!(gateway.check_fast_path("many.double").unwrap().calls, 600);
    for _ in 0..600 {
        typed(|many: &Many| many.double(7));
    }
    assert_eq!(tier(), Tier::Hot);
    typed(|many: &Many| many.double(7));
    assert_eq!(tier(), Tier::Blazing);
}

#[test]
fn a_configured_threshold_wins_over_a_declared_one() {
    let _turn = Turn::take();
    let gateway = start(threshold(keeping(), 20));
    for interface in ["thirty", "hundred", "one"] {
        let operation = Operation::new(interface, "double", r#"{"number":7}"#);
        shifted(&gateway, &operation.names(), 20, || ask(&gateway, operation.request()).is_ok());
    }
}

#[test]
fn without_the_fast_path_nothing_is_hot_and_the_answers_are_the_same() {
    let turn = Turn::take();
    let off = [keeping().with_fast_path(false), environment(&[("ENABLE_FAST_PATH", "false")])];
    let one = Operation::new("one", "double", r#"{"number":7}"#);
    for gateway in off.map(start) {
        turn.cool();
        for operation in [&DOUBLE, &one] {
            let counted = Counted::from_now(&gateway, operation);
            for number in 1..=500 {
                assert_eq!(ask(&gateway, operation.request()), Ok("14".to_owned()));
                let found = gateway.check_fast_path(&operation.names()).unwrap();
                assert_eq!(
                    (found.tier, found.route),
                    (expected(number, found.threshold).min(Tier::Warm), Route::Whole)
                );
                assert!(!found.is_fast());
            }
            let counts = counted.so_far();
            assert_eq!((counts.calls, counts.zafp_hits, counts.timed[2..].to_vec()), (500, 0, vec![0, 0]));
        }
        // Typed ones, too, and what was counted is what a gateway with the fast path goes by.
        for _ in 0..500 {
            typed(|plain: &Plain| plain.double(7));
        }
        assert_eq!(gateway.check_fast_path("plain.double").unwrap().tier, Tier::Warm);
        assert_eq!(start(keeping()).check_fast_path("plain.double").unwrap().tier, Tier::Blazing);
    }
}

#[test]
fn a_threshold_is_at_least_1() {
    for variable in ["FAST_PATH_THRESHOLD", "LMMS_FAST_PATH_THRESHOLD"] {
        for value in ["0", "-5", "-0", "00", "1.5", "many", "4294967296", "5 0"] {
            let config = Config::from_vars(|name| (name == variable).then(|| value.into()));
            let error = config.unwrap_err();
            assert_eq!((error.variable(), error.value()), (variable, value));
            assert_eq!(error.expected(), "a whole number of calls, 1 or more");
        }
        let config = Config::from_vars(|name| (name == variable).then(|| "1".into()));
        assert_eq!(config.unwrap().fast_path_threshold(), 1);
    }
    // In code there is no way to write it.
    let _: fn(Config, std::num::NonZeroU32) -> Config = Config::with_fast_path_threshold;
}
