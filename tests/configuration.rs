//! A wrong value in the environment stops the start, and says which variable, which value, and what was expected
//! (acceptance 24).

use std::env;
use std::ffi::OsString;
use std::process::Command;

use lmms::{Config, ConfigError, Gateway};

fn config(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_vars(|name| vars.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into()))
}

type Switch = (&'static str, fn(&Config) -> bool);

const SWITCHES: [Switch; 2] =
    [("LAZY_LOADING_ENABLED", Config::lazy_loading), ("ENABLE_MODULE_UNLOADING", Config::unloading)];

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
            let (other, get) = SWITCHES[1 - index];
            assert!(get(&config), "{name}={value:?} changed {other}");
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
