//! Configuration: what ARCH-07 calls by environment variables, read once, checked at the start.
//!
//! Order: default < environment < code. Each of the document's names is also read with the prefix `LMMS_`, which wins.

use std::env;
use std::ffi::OsString;
use std::time::Duration;

/// How the gateway behaves.
///
/// ```
/// use lmms_runtime::Config;
///
/// let config = Config::default().with_lazy_loading(false);
/// assert!(!config.lazy_loading());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    lazy_loading: bool,
    unloading: bool,
    grace_period: Duration,
    min_resident: usize,
    fast_path: bool,
    fast_path_threshold: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lazy_loading: true,
            unloading: true,
            grace_period: Duration::from_secs(30),
            min_resident: 8,
            fast_path: true,
            fast_path_threshold: 50,
        }
    }
}

/// A variable of the environment has a value that means nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}=`{value}` is not understood: expected {expected}")]
pub struct ConfigError {
    variable: String,
    value: String,
    expected: &'static str,
}

impl ConfigError {
    /// The variable, as it was found.
    #[must_use]
    pub fn variable(&self) -> &str {
        &self.variable
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }

    /// What would have been right.
    #[must_use]
    pub fn expected(&self) -> &'static str {
        self.expected
    }
}

impl Config {
    /// The configuration that the environment asks for.
    ///
    /// # Errors
    /// The first variable whose value does not parse.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_vars(|name| env::var_os(name))
    }

    /// As [`from_env`](Self::from_env), from variables that `var` looks up.
    ///
    /// # Errors
    /// The first variable whose value does not parse.
    ///
    /// ```
    /// use lmms_runtime::Config;
    ///
    /// let eager = Config::from_vars(|name| (name == "LAZY_LOADING_ENABLED").then(|| "false".into()));
    /// assert!(!eager?.lazy_loading());
    ///
    /// let wrong = Config::from_vars(|name| (name == "LMMS_LAZY_LOADING_ENABLED").then(|| "maybe".into()));
    /// assert_eq!(
    ///     wrong.unwrap_err().to_string(),
    ///     "LMMS_LAZY_LOADING_ENABLED=`maybe` is not understood: expected `true` or `false`",
    /// );
    /// # Ok::<(), lmms_runtime::ConfigError>(())
    /// ```
    pub fn from_vars(var: impl Fn(&str) -> Option<OsString>) -> Result<Self, ConfigError> {
        let default = Self::default();
        Ok(Self {
            lazy_loading: read(&var, "LAZY_LOADING_ENABLED", SWITCH)?.unwrap_or(default.lazy_loading),
            unloading: read(&var, "ENABLE_MODULE_UNLOADING", SWITCH)?.unwrap_or(default.unloading),
            grace_period: read(&var, "UNLOAD_GRACE_PERIOD", SECONDS)?.unwrap_or(default.grace_period),
            min_resident: read(&var, "MIN_RESIDENT_MODULES", COUNT)?.unwrap_or(default.min_resident),
            fast_path: read(&var, "ENABLE_FAST_PATH", SWITCH)?.unwrap_or(default.fast_path),
            fast_path_threshold: read(&var, "FAST_PATH_THRESHOLD", CALLS)?.unwrap_or(default.fast_path_threshold),
        })
    }

    /// `LAZY_LOADING_ENABLED`: interfaces load when they are first needed (default), not all at the start.
    #[must_use]
    pub fn lazy_loading(&self) -> bool {
        self.lazy_loading
    }

    /// Sets [`lazy_loading`](Self::lazy_loading).
    #[must_use]
    pub fn with_lazy_loading(self, lazy_loading: bool) -> Self {
        Self { lazy_loading, ..self }
    }

    /// `ENABLE_MODULE_UNLOADING`: interfaces may be unloaded (default).
    #[must_use]
    pub fn unloading(&self) -> bool {
        self.unloading
    }

    /// Sets [`unloading`](Self::unloading).
    #[must_use]
    pub fn with_unloading(self, unloading: bool) -> Self {
        Self { unloading, ..self }
    }
}

/// What the unload and fast-path policies will read. They do not act on it yet; a wrong value stops the start all the same.
impl Config {
    /// `UNLOAD_GRACE_PERIOD`: how long an interface stays loaded after its last use. 30 s by default.
    #[must_use]
    pub fn grace_period(&self) -> Duration {
        self.grace_period
    }

    /// `MIN_RESIDENT_MODULES`: how many interfaces stay loaded in any case. 8 by default.
    #[must_use]
    pub fn min_resident(&self) -> usize {
        self.min_resident
    }

    /// `ENABLE_FAST_PATH`: operations that are called often take a shorter way (default).
    #[must_use]
    pub fn fast_path(&self) -> bool {
        self.fast_path
    }

    /// `FAST_PATH_THRESHOLD`: how many calls make an operation hot. 50 by default, never 0.
    #[must_use]
    pub fn fast_path_threshold(&self) -> u32 {
        self.fast_path_threshold
    }
}

/// A kind of value: how to read it, and what to say when that fails.
type Kind<T> = (fn(&str) -> Option<T>, &'static str);

const SWITCH: Kind<bool> = (
    |value| match value.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    },
    "`true` or `false`",
);

const SECONDS: Kind<Duration> = (|value| value.parse().ok().map(Duration::from_secs), "a whole number of seconds");

const COUNT: Kind<usize> = (|value| value.parse().ok(), "a whole number, 0 or more");

const CALLS: Kind<u32> = (|value| value.parse().ok().filter(|calls| *calls > 0), "a whole number of calls, 1 or more");

/// The value of a variable under its prefixed name or else its plain one. An empty one counts as unset, as in a shell.
fn read<T>(
    var: impl Fn(&str) -> Option<OsString>,
    name: &str,
    (parse, expected): Kind<T>,
) -> Result<Option<T>, ConfigError> {
    for variable in [format!("LMMS_{name}"), name.to_owned()] {
        let Some(value) = var(&variable).filter(|value| !value.is_empty()) else { continue };
        // A value that is not even text is shown as well as can be.
        let value = value.to_string_lossy().into_owned();
        return match parse(value.trim()) {
            Some(value) => Ok(Some(value)),
            None => Err(ConfigError { variable, value, expected }),
        };
    }
    Ok(None)
}
