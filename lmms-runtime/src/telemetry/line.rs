//! Line: one `[LMMS_STATS]` line, as figures and as text.

use std::fmt;
use std::time::Duration;

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::journal::{Failed, Loaded, Unloaded};

/// What happened since the line before. Displays as `[LMMS_STATS] {json}`, serialises as that JSON; [`telemetry`](super) has
/// its fields one by one.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct StatsLine {
    /// Loads that succeeded, reloads included.
    pub ligs_loads: u64,
    /// Unloads.
    pub lugs_unloads: u64,
    /// Calls by name that were HOT or BLAZING.
    pub zafp_hits: u64,
    /// Time spent in those loads: `cold_start_time`.
    pub load_time: Duration,
    /// What the system got back after unloads: `memory_reclaimed_mb`.
    pub reclaimed_bytes: u64,
    /// Fast calls that a time stands for.
    pub fast_path_timed: u64,
    /// What these took together: see [`fast_path_response_time`](Self::fast_path_response_time).
    pub fast_path_time: Duration,
    /// When the line was made, in milliseconds since 1970.
    pub timestamp: u64,
    /// The process: the same in all of its lines, as eight hexadecimal digits.
    pub container: u32,
    /// 1 for the first line of the process.
    pub line: u64,
    /// Loads of what had been unloaded before.
    pub reloads: u64,
    /// Loads that failed or panicked.
    pub failed_loads: u64,
    /// Unload hooks that failed or panicked.
    pub hook_errors: u64,
    /// Loads that were not expected to fit into the memory budget.
    pub over_budget_loads: u64,
    /// Calls by name.
    pub calls: u64,
    /// Of these, the ones that were answered with an error.
    pub errors: u64,
    /// Calls that the cache of results answered.
    pub cache_hits: u64,
    /// Calls that it could have answered.
    pub cache_misses: u64,
    /// Interfaces that are loaded now.
    pub resident: usize,
    /// What the process holds now: `memory_mb`.
    pub memory_bytes: u64,
    /// The memory budget, if there is one: `budget_mb`.
    pub budget_bytes: Option<u64>,
    /// Interfaces with an operation that is HOT or BLAZING now.
    pub hot: Vec<&'static str>,
    /// What was loaded.
    pub loaded: Vec<Loaded>,
    /// What was unloaded.
    pub unloaded: Vec<Unloaded>,
    /// What could not be loaded.
    pub failed: Vec<Failed>,
    /// Entries of these three lists that were too many: the oldest are left out.
    pub omitted: u64,
}

impl StatsLine {
    /// How long fast calls took on average, of those that were timed. `None` if none was.
    #[must_use]
    pub fn fast_path_response_time(&self) -> Option<Duration> {
        let nanos = super::journal::nanos(self.fast_path_time).checked_div(self.fast_path_timed)?;
        Some(Duration::from_nanos(nanos))
    }
}

impl fmt::Display for StatsLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Its numbers are finite and its keys text: it always serialises.
        let json = serde_json::to_string(self).map_err(|_| fmt::Error)?;
        write!(f, "[LMMS_STATS] {json}")
    }
}

pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e6
}

pub(crate) fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

impl Serialize for StatsLine {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        // CloudWatch discovers the first 200 fields of a line: lists come last, and what ARCH-07 names first.
        map.serialize_entry("ligs_loads", &self.ligs_loads)?;
        map.serialize_entry("lugs_unloads", &self.lugs_unloads)?;
        map.serialize_entry("zafp_hits", &self.zafp_hits)?;
        map.serialize_entry("cold_start_time", &milliseconds(self.load_time))?;
        map.serialize_entry("memory_reclaimed_mb", &mebibytes(self.reclaimed_bytes))?;
        if let Some(average) = self.fast_path_response_time() {
            map.serialize_entry("fast_path_response_time", &milliseconds(average))?;
        }
        map.serialize_entry("fast_path_timed", &self.fast_path_timed)?;
        map.serialize_entry("timestamp", &self.timestamp)?;
        map.serialize_entry("container", &format_args!("{:08x}", self.container))?;
        map.serialize_entry("line", &self.line)?;
        map.serialize_entry("reloads", &self.reloads)?;
        map.serialize_entry("failed_loads", &self.failed_loads)?;
        map.serialize_entry("hook_errors", &self.hook_errors)?;
        map.serialize_entry("over_budget_loads", &self.over_budget_loads)?;
        map.serialize_entry("calls", &self.calls)?;
        map.serialize_entry("errors", &self.errors)?;
        map.serialize_entry("cache_hits", &self.cache_hits)?;
        map.serialize_entry("cache_misses", &self.cache_misses)?;
        map.serialize_entry("resident", &self.resident)?;
        map.serialize_entry("memory_mb", &mebibytes(self.memory_bytes))?;
        if let Some(budget) = self.budget_bytes {
            map.serialize_entry("budget_mb", &mebibytes(budget))?;
        }
        if !self.hot.is_empty() {
            map.serialize_entry("hot", &self.hot)?;
        }
        if !self.loaded.is_empty() {
            map.serialize_entry("loaded", &self.loaded)?;
        }
        if !self.unloaded.is_empty() {
            map.serialize_entry("unloaded", &self.unloaded)?;
        }
        if !self.failed.is_empty() {
            map.serialize_entry("failed", &self.failed)?;
        }
        if self.omitted > 0 {
            map.serialize_entry("omitted", &self.omitted)?;
        }
        map.end()
    }
}

impl Serialize for Loaded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("interface", self.interface)?;
        map.serialize_entry("generation", &self.generation)?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("ms", &milliseconds(self.took))?;
        map.serialize_entry("bytes", &self.bytes)?;
        map.serialize_entry("needed_bytes", &self.needed_bytes)?;
        map.end()
    }
}

impl Serialize for Unloaded {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("interface", self.interface)?;
        map.serialize_entry("generation", &self.generation)?;
        map.serialize_entry("reason", self.cause.as_str())?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("ms", &milliseconds(self.took))?;
        map.serialize_entry("bytes", &self.bytes)?;
        if self.hook_failed {
            map.serialize_entry("hook_error", &true)?;
        }
        map.end()
    }
}

impl Serialize for Failed {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("interface", self.interface)?;
        map.serialize_entry("code", self.code.as_str())?;
        map.serialize_entry("at", &self.at)?;
        map.serialize_entry("ms", &milliseconds(self.took))?;
        map.end()
    }
}
