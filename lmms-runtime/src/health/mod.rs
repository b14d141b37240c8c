//! Health: what is not as it should be, found by the function itself, and which setting mends it.
//!
//! `facts` is what was seen, at one moment; `memory`, `loads`, `calls` and `results` are the rules: each looks at facts alone,
//! and comes to a [`Finding`] or to nothing. **Invariant.** Asking changes nothing: nothing is loaded, heated or held for it. A
//! finding tells of what is so now or was of late, and is gone when its cause is.

mod calls;
mod facts;
mod loads;
mod memory;
mod results;
#[cfg(all(test, not(lmms_loom)))]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use self::facts::Facts;
use crate::gateway::Gateway;

/// How well a function does with its configuration: what [`Gateway::health`] and `lmms.health` tell.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// Whether anything was found.
    pub status: HealthStatus,
    /// What was found: memory first, then loads, calls and cached results.
    pub findings: Vec<Finding>,
}

/// Whether anything was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HealthStatus {
    /// Nothing was.
    Ok,
    /// There are findings. Requests are answered all the same.
    Warning,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What it is.
    pub code: FindingCode,
    /// The interfaces concerned, as `tokens`, or the operations, as `tokens.count`. Those that matter most come first, ten at
    /// most: the figures have their number.
    pub concerns: Vec<String>,
    /// What was seen, in a sentence.
    pub seen: String,
    /// What was seen, in figures: each name says its unit, if it is not a number of something.
    pub figures: BTreeMap<&'static str, u64>,
    /// What to do about it, in a sentence.
    pub remedy: String,
    /// The variable that mends it and the value to begin with, where there is one.
    pub setting: Option<Setting>,
}

/// A variable of the environment, and a value for it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// Its name.
    pub variable: &'static str,
    /// The value to begin with.
    pub value: String,
}

macro_rules! codes {
    ($($(#[$docs:meta])* $Code:ident = $code:literal,)*) => {
        /// What a [`Finding`] is about. The texts of these codes do not change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FindingCode {
            $($(#[$docs])* #[doc = concat!(" `", $code, "`")] $Code,)*
        }

        impl FindingCode {
            /// As JSON has it.
            ///
            /// ```
            /// assert_eq!(lmms_runtime::FindingCode::GraceTooLong.as_str(), "grace_too_long");
            /// ```
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$Code => $code,)*
                }
            }
        }
    };
}

codes! {
    /// Idle interfaces stay because unloading is switched off.
    UnloadingDisabled = "unloading_disabled",
    /// Interfaces that were hot once and lie idle since hold most of the memory.
    HotKeepsIdle = "hot_keeps_idle",
    /// Interfaces lie idle within their grace period for far longer than it takes to load them again.
    GraceTooLong = "grace_too_long",
    /// Idle interfaces stay because no more are loaded than are to stay.
    FloorTooHigh = "floor_too_high",
    /// A lease, or an invocation that never ended, keeps an interface that nobody uses.
    HeldForLong = "held_for_long",
    /// Entries of caches keep an interface that nobody uses.
    CacheEntryKeeps = "cache_entry_keeps",
    /// Everything was loaded at the start, and most of it is not used.
    LoadedAtStart = "loaded_at_start",
    /// Something was loaded ahead of the requests, and none of them used it.
    PreloadedInVain = "preloaded_in_vain",
    /// Interfaces are loaded again soon after they were unloaded for want of use.
    GraceTooShort = "grace_too_short",
    /// Interfaces are loaded again soon after they were unloaded for the memory budget.
    BudgetTooSmall = "budget_too_small",
    /// An interface was loaded although it does not fit into the memory budget.
    OverBudget = "over_budget",
    /// An interface cannot be loaded.
    LoadFails = "load_fails",
    /// Operations are called often, and the fast path is switched off.
    FastPathDisabled = "fast_path_disabled",
    /// Operations are called often, and few of them often enough for the threshold.
    ThresholdTooHigh = "threshold_too_high",
    /// An operation is called often, and its calls are forgotten before they count.
    HeatCoolsTooFast = "heat_cools_too_fast",
    /// Operations are declared `cached`, and the cache is switched off.
    ResultCacheDisabled = "result_cache_disabled",
    /// Cached results give way to others before they are of use.
    ResultCacheTooSmall = "result_cache_too_small",
    /// Results are too heavy to be kept.
    ResultsTooHeavy = "results_too_heavy",
    /// An operation is declared `cached`, and its results are hardly ever asked for again.
    FewCacheHits = "few_cache_hits",
}

impl HealthStatus {
    /// As JSON has it: `ok` or `warning`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
        }
    }
}

impl Gateway {
    /// Looks for what ARCH-07's troubleshooting has people look for: memory that does not return, slow starts, a fast path or a
    /// cache that does not serve. The guide in the docs of `lmms` goes through what can be found.
    ///
    /// It tells of this moment and of the last minutes, and changes nothing: nothing is loaded or heated for it. It goes over all
    /// interfaces that were ever loaded, so it takes microseconds, and is not for every request.
    ///
    /// ```
    /// use lmms_runtime::{Config, Gateway, HealthStatus};
    ///
    /// let gateway = Gateway::new(Config::default())?;
    /// assert_eq!(gateway.health().status, HealthStatus::Ok);
    /// # Ok::<(), lmms_runtime::StartError>(())
    /// ```
    #[must_use]
    pub fn health(&self) -> Health {
        Health::of(&Facts::gather(self))
    }
}

impl Health {
    fn of(facts: &Facts) -> Self {
        let rules = [memory::findings, loads::findings, calls::findings, results::findings];
        let findings: Vec<_> = rules.into_iter().flat_map(|rule| rule(facts)).collect();
        let status = if findings.is_empty() { HealthStatus::Ok } else { HealthStatus::Warning };
        Self { status, findings }
    }

    /// Whether this was found.
    #[must_use]
    pub fn has(&self, code: FindingCode) -> bool {
        self.findings.iter().any(|finding| finding.code == code)
    }
}

/// How many a finding names.
const MOST_NAMED: usize = 10;

impl Finding {
    fn new(code: FindingCode, concerns: impl IntoIterator<Item = impl Into<String>>, seen: String) -> Self {
        Self {
            code,
            concerns: concerns.into_iter().take(MOST_NAMED).map(Into::into).collect(),
            seen,
            figures: BTreeMap::new(),
            remedy: String::new(),
            setting: None,
        }
    }

    fn figures(self, figures: impl IntoIterator<Item = (&'static str, u64)>) -> Self {
        Self { figures: figures.into_iter().collect(), ..self }
    }

    /// The remedy is in code.
    fn remedy(self, remedy: &str) -> Self {
        Self { remedy: remedy.to_owned(), ..self }
    }

    /// The remedy is a variable, and whatever else is to be said.
    fn set(self, variable: &'static str, value: impl fmt::Display, besides: &str) -> Self {
        let value = value.to_string();
        let remedy = format!("set {variable}={value}{besides}");
        Self { remedy, setting: Some(Setting { variable, value }), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.seen, self.remedy)
    }
}

macro_rules! by_its_text {
    ($($Type:ty)*) => {$(
        impl fmt::Display for $Type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl Serialize for $Type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    )*};
}

by_its_text! { FindingCode HealthStatus }

impl Serialize for Health {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("status", &self.status)?;
        map.serialize_entry("findings", &self.findings)?;
        map.end()
    }
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &self.code)?;
        map.serialize_entry("concerns", &self.concerns)?;
        map.serialize_entry("seen", &self.seen)?;
        map.serialize_entry("figures", &self.figures)?;
        map.serialize_entry("remedy", &self.remedy)?;
        if let Some(setting) = &self.setting {
            map.serialize_entry("setting", setting)?;
        }
        map.end()
    }
}

impl Serialize for Setting {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("variable", self.variable)?;
        map.serialize_entry("value", &self.value)?;
        map.end()
    }
}

/// In whole MiB, at least the bytes.
fn mib(bytes: u64) -> u64 {
    bytes.div_ceil(1 << 20)
}

/// How a sentence counts.
fn count(number: usize, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}
