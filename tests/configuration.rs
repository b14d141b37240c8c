//! A wrong value in the environment stops the start, and says which variable, which value, and what was expected
//! (acceptance 24).

use std::env;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::process::Command;
use std::time::Duration;

use lmms::{Config, ConfigError, Gateway};

fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_vars(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
}

type Switch = (&'static str, fn(&Config) -> bool);

const SWITCHES: [Switch; 3] = [
    ("LAZY_LOADING_ENABLED", Config::lazy_loading),
    ("ENABLE_MODULE_UNLOADING", Config::unloading),
    ("ENABLE_FAST_PATH", Config::fast_path),
];

#[test]
fn without_variables_the_defaults_hold() {
    let config = config(&[]).unwrap();
    assert_eq!(config, Config::default());
    assert!(config.lazy_loading() && config.unloading());
}

#[test]
fn a_switch_is_read_in_any_case_and_touches_nothing_else() {
    for (index, (name, get)) in SWITCHES.into_iter().enumerate() {
        for (value, expected) in [
            ("true", true),
            ("True", true),
            ("TRUE", true),
            ("1", true),
            (" true ", true),
            ("false", false),
            ("False", false),
            ("FALSE", false),
            ("0", false),
            ("false\n", false),
        ] {
            let config = config(&[(name, value)]).unwrap();
            assert_eq!(get(&config), expected, "{name}={value:?}");
            for (_, (other, get)) in SWITCHES.into_iter().enumerate().filter(|(other, _)| *other != index) {
                assert!(get(&config), "{name}={value:?} changed {other}");
            }
        }
    }
}

#[test]
fn the_prefixed_name_wins_and_an_empty_value_is_none() {
    for (name, get) in SWITCHES {
        let prefixed = format!("LMMS_{name}");
        let read = |vars: &[(&str, &str)]| get(&config(vars).unwrap());
        assert!(!read(&[(&prefixed, "false")]));
        assert!(!read(&[(&prefixed, "false"), (name, "true")]));
        assert!(read(&[(&prefixed, "true"), (name, "false")]));
        // Even over one that is wrong: it is not read.
        assert!(!read(&[(&prefixed, "false"), (name, "nonsense")]));
        assert!(read(&[(name, "")]));
        assert!(!read(&[(&prefixed, ""), (name, "false")]));
    }
}

#[test]
fn a_wrong_value_is_named_with_its_variable_and_what_was_expected() {
    for (name, _) in SWITCHES {
        for variable in [name.to_owned(), format!("LMMS_{name}")] {
            for value in ["yes", "on", "2", "-1", "truee", "t", " ", "true false", "трue"] {
                let error = config(&[(&variable, value)]).unwrap_err();
                assert_eq!(
                    error.to_string(),
                    format!("{variable}=`{value}` is not understood: expected `true` or `false`")
                );
                assert_eq!(error.variable(), variable);
                assert_eq!(error.value(), value);
                assert_eq!(error.expected(), "`true` or `false`");
            }
        }
    }
}

const MIB: u64 = 1 << 20;

#[test]
fn numbers_are_read_each_into_its_own_setting() {
    let read = |name: &str, value: &str| config(&[(name, value)]).unwrap();
    let default = Config::default();
    assert_eq!(default.grace_period(), Duration::from_secs(30));
    assert_eq!(default.min_resident(), 8);
    assert_eq!(default.fast_path_threshold(), 50);
    assert_eq!(default.heat_half_life(), Duration::from_secs(300));
    assert_eq!(default.memory_budget(), None);
    assert!(!default.adaptive_heat());
    assert_eq!(default.result_cache(), 16 << 20);
    assert_eq!(default.result_ttl(), None);

    let threshold = |calls: u32| NonZeroU32::new(calls).unwrap();
    let hour = Duration::from_secs(3_600);
    for (name, value, expected) in [
        ("UNLOAD_GRACE_PERIOD", "3600", default.clone().with_grace_period(hour)),
        ("UNLOAD_GRACE_PERIOD", "0", default.clone().with_grace_period(Duration::ZERO)),
        // Not the same as to leave it to what interfaces declare.
        ("UNLOAD_GRACE_PERIOD", "30", default.clone().with_grace_period(Duration::from_secs(30))),
        ("MIN_RESIDENT_MODULES", "0", default.clone().with_min_resident(0)),
        ("MIN_RESIDENT_MODULES", " 12\n", default.clone().with_min_resident(12)),
        ("ENABLE_FAST_PATH", "false", default.clone().with_fast_path(false)),
        ("FAST_PATH_THRESHOLD", "1", default.clone().with_fast_path_threshold(threshold(1))),
        ("FAST_PATH_THRESHOLD", "4294967295", default.clone().with_fast_path_threshold(threshold(u32::MAX))),
        ("LMMS_HEAT_HALF_LIFE", "3600", default.clone().with_heat_half_life(hour)),
        ("LMMS_HEAT_HALF_LIFE", "0", default.clone().with_heat_half_life(Duration::ZERO)),
        ("LMMS_ADAPTIVE_HEAT", "true", default.clone().with_adaptive_heat(true)),
        ("LMMS_RESULT_CACHE_MB", "3", default.clone().with_result_cache(3 << 20)),
        ("LMMS_RESULT_CACHE_MB", "0", default.clone().with_result_cache(0)),
        ("LMMS_RESULT_TTL", "60", default.clone().with_result_ttl(Some(Duration::from_secs(60)))),
        ("LMMS_RESULT_TTL", "0", default.clone()),
        ("LMMS_MEMORY_BUDGET_MB", "96", default.clone().with_memory_budget(Some(96 * MIB))),
    ] {
        assert_eq!(read(name, value), expected, "{name}={value}");
    }
    assert_ne!(read("UNLOAD_GRACE_PERIOD", "30"), default);
}

#[test]
fn a_part_of_a_second_of_a_half_life_counts_as_one() {
    let read = |half_life| Config::default().with_heat_half_life(half_life).heat_half_life();
    // As nought it would be for ever.
    assert_eq!(read(Duration::from_nanos(1)), Duration::from_secs(1));
    assert_eq!(read(Duration::from_millis(1_500)), Duration::from_secs(2));
    assert_eq!(read(Duration::from_secs(2)), Duration::from_secs(2));
    assert_eq!(read(Duration::MAX), Duration::from_secs(u64::MAX));
}

#[test]
fn a_functions_memory_size_is_its_budget_unless_one_is_set() {
    const SIZE: &str = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE";
    const BUDGET: &str = "LMMS_MEMORY_BUDGET_MB";
    let budget = |vars: &[(&str, &str)]| config(vars).unwrap().memory_budget();
    // Less a tenth, and 16 MiB.
    assert_eq!(budget(&[(SIZE, "1000")]), Some(884 * MIB));
    let smallest = budget(&[(SIZE, "128")]).unwrap();
    assert!((99 * MIB..100 * MIB).contains(&smallest), "{smallest}");
    assert!(budget(&[(SIZE, "10240")]).unwrap() < 10_240 * MIB);
    // Too little for anything: no reason to have no limit.
    assert_eq!(budget(&[(SIZE, "16")]), Some(1));

    assert_eq!(budget(&[(SIZE, "1000"), (BUDGET, "64")]), Some(64 * MIB));
    assert_eq!(budget(&[(SIZE, "1000"), (BUDGET, "4000")]), Some(4_000 * MIB));
    assert_eq!(budget(&[(SIZE, "1000"), (BUDGET, "0")]), None);
    assert_eq!(budget(&[(BUDGET, "0")]), None);
    assert_eq!(budget(&[(SIZE, "1000"), (BUDGET, "")]), Some(884 * MIB));
    // Even a wrong size: it is not read.
    assert_eq!(budget(&[(SIZE, "much"), (BUDGET, "64")]), Some(64 * MIB));
    // It is new, and so has one name.
    assert_eq!(budget(&[("MEMORY_BUDGET_MB", "64")]), None);
    assert_eq!(Config::default().with_memory_budget(Some(0)).memory_budget(), None);
}

#[test]
fn a_wrong_number_is_named_with_its_variable_and_what_was_expected() {
    const SECONDS: &str = "a whole number of seconds";
    const MEBIBYTES: &str = "a whole number of MiB, 0 or more";
    for (variable, expected) in [
        ("UNLOAD_GRACE_PERIOD", SECONDS),
        ("LMMS_UNLOAD_GRACE_PERIOD", SECONDS),
        ("MIN_RESIDENT_MODULES", "a whole number, 0 or more"),
        ("FAST_PATH_THRESHOLD", "a whole number of calls, 1 or more"),
        ("LMMS_HEAT_HALF_LIFE", SECONDS),
        ("LMMS_RESULT_CACHE_MB", MEBIBYTES),
        ("LMMS_RESULT_TTL", SECONDS),
        ("LMMS_MEMORY_BUDGET_MB", MEBIBYTES),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEBIBYTES),
    ] {
        for value in ["-1", "1.5", "many", "30s", "0x10", "1 000", " ", "99999999999999999999"] {
            let error = config(&[(variable, value)]).unwrap_err();
            assert_eq!(error.to_string(), format!("{variable}=`{value}` is not understood: expected {expected}"));
        }
    }
    config(&[("FAST_PATH_THRESHOLD", "0")]).unwrap_err();
    // More bytes than can be counted.
    config(&[("LMMS_MEMORY_BUDGET_MB", "17592186044416")]).unwrap_err();
    assert_eq!(
        config(&[("LMMS_MEMORY_BUDGET_MB", "17592186044415")]).unwrap().memory_budget(),
        Some(u64::MAX - MIB + 1)
    );
}

#[cfg(unix)]
#[test]
fn a_value_that_is_no_text_is_wrong_too() {
    use std::os::unix::ffi::OsStringExt;

    let value = OsString::from_vec(b"fal\xffse".to_vec());
    let error = Config::from_vars(|name| (name == "LAZY_LOADING_ENABLED").then(|| value.clone())).unwrap_err();
    assert_eq!(error.to_string(), "LAZY_LOADING_ENABLED=`fal\u{fffd}se` is not understood: expected `true` or `false`");
}

/// In a process of its own, since the environment belongs to the process.
#[test]
fn the_environment_decides_whether_the_gateway_starts() {
    const CHILD: &str = "LMMS_TEST_CHILD";
    if env::var_os(CHILD).is_some() {
        match Gateway::from_env() {
            Ok(gateway) => println!("started, lazy: {}", gateway.config().lazy_loading()),
            Err(error) => println!("refused: {error}"),
        }
        return;
    }
    let start = |value: &str| {
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "the_environment_decides_whether_the_gateway_starts", "--nocapture"])
            .env_remove("LMMS_LAZY_LOADING_ENABLED")
            .env(CHILD, "1")
            .env("LAZY_LOADING_ENABLED", value)
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let said = start("false");
    assert!(said.contains("started, lazy: false"), "{said}");
    let said = start("maybe");
    let expected = "refused: LAZY_LOADING_ENABLED=`maybe` is not understood: expected `true` or `false`";
    assert!(said.contains(expected), "{said}");
}
