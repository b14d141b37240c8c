//! Configuration: what ARCH-07 calls by environment variables, read once, checked at the start.
//!
//! Order: default < attribute on the interface < environment < code. Each of the document's names is also read with the
//! prefix `LMMS_`, which wins; what is new has only that one.

use std::env;
use std::ffi::OsString;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::heat::{HeatRules, Scale};
use crate::residents::Measures;
use crate::results::Limits;

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
    preload: Preload,
    unloading: bool,
    /// `None` leaves it to what each interface declares.
    grace_period: Option<Duration>,
    min_resident: usize,
    fast_path: bool,
    /// `None` leaves it to what each interface declares.
    fast_path_threshold: Option<NonZeroU32>,
    heat_half_life: Duration,
    adaptive_heat: bool,
    result_cache: usize,
    result_ttl: Option<Duration>,
    memory_budget: Option<u64>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            lazy_loading: true,
            preload: Preload::Declared,
            unloading: true,
            grace_period: None,
            min_resident: 8,
            fast_path: true,
            fast_path_threshold: None,
            heat_half_life: Scale::DEFAULT.half_life,
            adaptive_heat: false,
            result_cache: RESULT_CACHE,
            result_ttl: None,
            memory_budget: None,
        }
    }
}

/// What is loaded before the first request.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Preload {
    /// What is declared `#[lmms::interface(preload)]`.
    Declared,
    /// Nothing.
    None,
    /// All linked interfaces.
    All,
    /// The interfaces of these names, whatever is declared. In any order: they load at once.
    Only(Vec<String>),
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
            preload: match read_own(&var, "LMMS_PRELOAD", PRELOAD)? {
                Some(preload) => preload,
                None => preload_of_start(&var),
            },
            unloading: read(&var, "ENABLE_MODULE_UNLOADING", SWITCH)?.unwrap_or(default.unloading),
            grace_period: read(&var, "UNLOAD_GRACE_PERIOD", SECONDS)?,
            min_resident: read(&var, "MIN_RESIDENT_MODULES", COUNT)?.unwrap_or(default.min_resident),
            fast_path: read(&var, "ENABLE_FAST_PATH", SWITCH)?.unwrap_or(default.fast_path),
            fast_path_threshold: read(&var, "FAST_PATH_THRESHOLD", CALLS)?,
            heat_half_life: read_own(&var, "LMMS_HEAT_HALF_LIFE", SECONDS)?.unwrap_or(default.heat_half_life),
            adaptive_heat: read_own(&var, "LMMS_ADAPTIVE_HEAT", SWITCH)?.unwrap_or(default.adaptive_heat),
            result_cache: match read_own(&var, "LMMS_RESULT_CACHE_MB", MEBIBYTES)? {
                Some(bytes) => usize::try_from(bytes).unwrap_or(usize::MAX),
                None => default.result_cache,
            },
            result_ttl: read_own(&var, "LMMS_RESULT_TTL", SECONDS)?.filter(|ttl| !ttl.is_zero()),
            memory_budget: match read_own(&var, "LMMS_MEMORY_BUDGET_MB", MEBIBYTES)? {
                Some(budget) => Some(budget).filter(|bytes| *bytes > 0),
                None => read_own(&var, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MEBIBYTES)?.map(budget_of_function),
            },
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

    /// `LMMS_PRELOAD`: what [`Gateway::start`](crate::Gateway::start) loads before the first request, without regard to
    /// [`unloading`](Self::unloading): what is preloaded is unloaded as anything else. Without
    /// [`lazy_loading`](Self::lazy_loading) everything is loaded at the start anyway.
    ///
    /// `declared` (default), `none`, `all`, or names of interfaces separated by commas, which take the place of what is
    /// declared. A name that no interface has stops the start.
    ///
    /// Where `LMMS_PRELOAD` is not set and `AWS_LAMBDA_INITIALIZATION_TYPE` is `provisioned-concurrency`, `snap-start` or
    /// `lambda-managed-instances`, it is `all`: no client waits for such a start. `LMMS_PRELOAD=declared` or `none` keeps them
    /// lazy.
    #[must_use]
    pub fn preload(&self) -> &Preload {
        &self.preload
    }

    /// Sets [`preload`](Self::preload).
    ///
    /// ```
    /// use lmms_runtime::{Config, Preload};
    ///
    /// let config = Config::default().with_preload(Preload::Only(vec!["tokens".to_owned()]));
    /// assert_ne!(*config.preload(), Preload::Declared);
    /// ```
    #[must_use]
    pub fn with_preload(self, preload: Preload) -> Self {
        Self { preload, ..self }
    }

    /// `ENABLE_MODULE_UNLOADING`: interfaces may be unloaded (default). Without [`lazy_loading`](Self::lazy_loading) nothing is
    /// unloaded either way: what was loaded at the start stays.
    #[must_use]
    pub fn unloading(&self) -> bool {
        self.unloading
    }

    /// Sets [`unloading`](Self::unloading).
    #[must_use]
    pub fn with_unloading(self, unloading: bool) -> Self {
        Self { unloading, ..self }
    }

    /// `UNLOAD_GRACE_PERIOD`: how long an interface stays loaded after its last use, unless it declares a time of its own.
    /// 30 s by default.
    ///
    /// Given by the environment or in code, it wins over what interfaces declare.
    #[must_use]
    pub fn grace_period(&self) -> Duration {
        self.grace_period.unwrap_or(GRACE_PERIOD)
    }

    /// Sets [`grace_period`](Self::grace_period), for all interfaces.
    #[must_use]
    pub fn with_grace_period(self, grace_period: Duration) -> Self {
        Self { grace_period: Some(grace_period), ..self }
    }

    /// `MIN_RESIDENT_MODULES`: how many interfaces stay loaded in any case. 8 by default.
    #[must_use]
    pub fn min_resident(&self) -> usize {
        self.min_resident
    }

    /// Sets [`min_resident`](Self::min_resident).
    #[must_use]
    pub fn with_min_resident(self, min_resident: usize) -> Self {
        Self { min_resident, ..self }
    }

    /// `LMMS_MEMORY_BUDGET_MB`: what the process may hold, in bytes, before interfaces are unloaded to make room.
    ///
    /// `None` by default, which is no limit. Where only `AWS_LAMBDA_FUNCTION_MEMORY_SIZE` is set, as on Lambda, it is that
    /// less a tenth and 16 MiB, for what counts there beside the process itself; `LMMS_MEMORY_BUDGET_MB=0` is no limit there.
    #[must_use]
    pub fn memory_budget(&self) -> Option<u64> {
        self.memory_budget
    }

    /// Sets [`memory_budget`](Self::memory_budget), in bytes. A process has one: that of the gateway made last.
    #[must_use]
    pub fn with_memory_budget(self, bytes: Option<u64>) -> Self {
        Self { memory_budget: bytes.filter(|bytes| *bytes > 0), ..self }
    }

    /// `ENABLE_FAST_PATH`: operations that are called often are hot (default), which keeps their interfaces loaded.
    #[must_use]
    pub fn fast_path(&self) -> bool {
        self.fast_path
    }

    /// Sets [`fast_path`](Self::fast_path).
    #[must_use]
    pub fn with_fast_path(self, fast_path: bool) -> Self {
        Self { fast_path, ..self }
    }

    /// `FAST_PATH_THRESHOLD`: after more calls than this an operation is hot, unless its interface declares a threshold of
    /// its own. 50 by default, never 0.
    ///
    /// Given by the environment or in code, it wins over what interfaces declare.
    #[must_use]
    pub fn fast_path_threshold(&self) -> u32 {
        self.fast_path_threshold.unwrap_or(FAST_PATH_THRESHOLD).get()
    }

    /// Sets [`fast_path_threshold`](Self::fast_path_threshold), for all interfaces.
    #[must_use]
    pub fn with_fast_path_threshold(self, calls: NonZeroU32) -> Self {
        Self { fast_path_threshold: Some(calls), ..self }
    }

    /// `LMMS_HEAT_HALF_LIFE`: how often half of the calls that an operation had so far are forgotten. 300 s by default; 0 is
    /// never.
    #[must_use]
    pub fn heat_half_life(&self) -> Duration {
        self.heat_half_life
    }

    /// Sets [`heat_half_life`](Self::heat_half_life), in whole seconds: a part of one counts as one.
    #[must_use]
    pub fn with_heat_half_life(self, half_life: Duration) -> Self {
        let seconds = half_life.as_secs().saturating_add(u64::from(half_life.subsec_nanos() > 0));
        Self { heat_half_life: Duration::from_secs(seconds), ..self }
    }

    /// `LMMS_ADAPTIVE_HEAT`: the threshold follows the mix of calls. Off by default.
    ///
    /// The rule, once a second: of the operations with the most calls, as many as it takes to cover 80 % of all calls that count
    /// are to be hot, in thin traffic as in dense. T becomes three quarters of what the last of them has had, so that equal
    /// traffic is treated alike; and it stays as it is while it does as well. Until as many calls as
    /// [`fast_path_threshold`](Self::fast_path_threshold) were counted, that one holds; and T never falls below a fifth of it. An
    /// interface that declares a threshold of its own keeps it, and is left out.
    ///
    /// The price: all calls have to be counted, so a typed call costs some 20 ns where it would cost one load; in dense traffic
    /// few operations are BLAZING, for that takes 4T; and what had many calls needs many half-lives to cool.
    #[must_use]
    pub fn adaptive_heat(&self) -> bool {
        self.adaptive_heat
    }

    /// Sets [`adaptive_heat`](Self::adaptive_heat).
    #[must_use]
    pub fn with_adaptive_heat(self, adaptive_heat: bool) -> Self {
        Self { adaptive_heat, ..self }
    }

    /// `LMMS_RESULT_CACHE_MB`: what the results of `#[operation(cached)]` may take together, in bytes, keys included. 16 MiB by
    /// default, and never more than an eighth of a memory budget; 0 switches the cache off.
    #[must_use]
    pub fn result_cache(&self) -> usize {
        self.result_cache
    }

    /// Sets [`result_cache`](Self::result_cache), in bytes.
    #[must_use]
    pub fn with_result_cache(self, bytes: usize) -> Self {
        Self { result_cache: bytes, ..self }
    }

    /// `LMMS_RESULT_TTL`: for how long a result is good, unless its operation declares a time of its own. `None` by default,
    /// in the environment 0: for ever, since such an operation is pure.
    #[must_use]
    pub fn result_ttl(&self) -> Option<Duration> {
        self.result_ttl
    }

    /// Sets [`result_ttl`](Self::result_ttl).
    #[must_use]
    pub fn with_result_ttl(self, ttl: Option<Duration>) -> Self {
        Self { result_ttl: ttl.filter(|ttl| !ttl.is_zero()), ..self }
    }

    /// Whether anything may be unloaded.
    pub(crate) fn may_unload(&self) -> bool {
        self.unloading && self.lazy_loading
    }

    /// What bounds the cache of results, by this configuration.
    pub(crate) fn result_limits(&self) -> Limits {
        let most = self.memory_budget.map_or(usize::MAX, |budget| usize::try_from(budget / 8).unwrap_or(usize::MAX));
        Limits { max_bytes: self.result_cache.min(most), ttl: self.result_ttl }
    }

    /// How heat is judged, by this configuration.
    pub(crate) fn heat_rules(&self) -> HeatRules {
        HeatRules {
            scale: Scale {
                threshold: self.fast_path_threshold.unwrap_or(FAST_PATH_THRESHOLD),
                half_life: self.heat_half_life.min(HeatRules::LONGEST_HALF_LIFE),
            },
            threshold_wins: self.fast_path_threshold.is_some(),
            fast_path: self.fast_path,
            adaptive: self.adaptive_heat,
        }
    }

    /// How the policy judges, by this configuration.
    pub(crate) fn measures(&self) -> Measures {
        Measures {
            heat: self.heat_rules(),
            grace_period: self.grace_period(),
            grace_period_wins: self.grace_period.is_some(),
        }
    }
}

/// Of an interface that declares none, when none is configured.
const GRACE_PERIOD: Duration = Duration::from_secs(30);

/// Of an interface that declares none, when none is configured.
const FAST_PATH_THRESHOLD: NonZeroU32 = Scale::DEFAULT.threshold;

/// What results may take when nothing else is configured, in bytes.
const RESULT_CACHE: usize = 16 << 20;

/// What of a function's memory size the process may fill: Lambda counts more than the process itself.
fn budget_of_function(bytes: u64) -> u64 {
    (bytes - bytes / 10).saturating_sub(16 << 20).max(1)
}

/// A kind of value: how to read it, and what to say when that fails.
pub(crate) type Kind<T> = (fn(&str) -> Option<T>, &'static str);

const SWITCH: Kind<bool> = (
    |value| match value.to_ascii_lowercase().as_str() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    },
    "`true` or `false`",
);

const PRELOAD: Kind<Preload> = (
    |value| match value.to_ascii_lowercase().as_str() {
        "declared" => Some(Preload::Declared),
        "none" => Some(Preload::None),
        "all" => Some(Preload::All),
        // Names keep their case. An empty one is a mistake, most likely of what was to stand there.
        _ => {
            let mut names = value.split(',').map(str::trim);
            names
                .clone()
                .all(|name| !name.is_empty())
                .then(|| Preload::Only(names.by_ref().map(str::to_owned).collect()))
        }
    },
    "`declared`, `none`, `all`, or names of interfaces separated by commas",
);

/// Kinds of starts that no client waits for, as Lambda names them.
const UNHURRIED: [&str; 3] = ["provisioned-concurrency", "snap-start", "lambda-managed-instances"];

/// What is preloaded when nobody says. Lambda's own variable: a value that is new here is no mistake.
fn preload_of_start(var: impl Fn(&str) -> Option<OsString>) -> Preload {
    let kind = var("AWS_LAMBDA_INITIALIZATION_TYPE");
    let is_unhurried = kind.is_some_and(|kind| UNHURRIED.iter().any(|known| kind == **known));
    if is_unhurried { Preload::All } else { Preload::Declared }
}

const SECONDS: Kind<Duration> = (|value| value.parse().ok().map(Duration::from_secs), "a whole number of seconds");

const COUNT: Kind<usize> = (|value| value.parse().ok(), "a whole number, 0 or more");

const CALLS: Kind<NonZeroU32> = (|value| value.parse().ok(), "a whole number of calls, 1 or more");

const MEBIBYTES: Kind<u64> =
    (|value| value.parse::<u64>().ok()?.checked_mul(1 << 20), "a whole number of MiB, 0 or more");

/// The value of a variable of ARCH-07 under its prefixed name or else its plain one.
fn read<T>(var: impl Fn(&str) -> Option<OsString>, name: &str, kind: Kind<T>) -> Result<Option<T>, ConfigError> {
    match read_own(&var, &format!("LMMS_{name}"), kind)? {
        Some(value) => Ok(Some(value)),
        None => read_own(&var, name, kind),
    }
}

/// A switch of what surrounds the gateway.
#[cfg(feature = "lambda")]
pub(crate) fn switch(variable: &str) -> Result<Option<bool>, ConfigError> {
    read_own(|name| env::var_os(name), variable, SWITCH)
}

/// The value of a variable under its one name. An empty one counts as unset, as in a shell.
pub(crate) fn read_own<T>(
    var: impl Fn(&str) -> Option<OsString>,
    variable: &str,
    (parse, expected): Kind<T>,
) -> Result<Option<T>, ConfigError> {
    let Some(value) = var(variable).filter(|value| !value.is_empty()) else { return Ok(None) };
    // A value that is not even text is shown as well as can be.
    let value = value.to_string_lossy().into_owned();
    match parse(value.trim()) {
        Some(value) => Ok(Some(value)),
        None => Err(ConfigError { variable: variable.to_owned(), value, expected }),
    }
}
