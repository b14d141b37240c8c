//! `[LMMS_STATS]` lines, from a run here or from CloudWatch.

mod read;

use serde::{Deserialize, Serialize};

pub use read::{Broken, Log, MARK};

/// One line, as far as reports use it. Fields that a line does not have are as if nothing had happened.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Line {
    /// Milliseconds since 1970.
    pub timestamp: u64,
    /// The process.
    pub container: String,
    /// 1 for the first of the process.
    pub line: u64,
    /// Loads since the line before.
    pub ligs_loads: u64,
    /// Unloads.
    pub lugs_unloads: u64,
    /// Calls on the fast path.
    pub zafp_hits: u64,
    /// Calls by name.
    pub calls: u64,
    /// Calls that the cache of results answered.
    pub cache_hits: u64,
    /// Calls that it could have answered.
    pub cache_misses: u64,
    /// What the process held, in MiB.
    pub memory_mb: f64,
    /// The memory budget in MiB, if there is one.
    pub budget_mb: Option<f64>,
    /// Interfaces that are hot.
    pub hot: Vec<String>,
    /// What was loaded.
    pub loaded: Vec<Loaded>,
    /// What was unloaded.
    pub unloaded: Vec<Unloaded>,
}

/// One load.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Loaded {
    /// Which interface.
    pub interface: String,
    /// Which life of it.
    pub generation: u64,
    /// When it was done, in milliseconds since 1970.
    pub at: u64,
    /// How long it took.
    pub ms: f64,
    /// What it added to the memory.
    pub bytes: u64,
}

/// One unload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Unloaded {
    /// Which interface.
    pub interface: String,
    /// Which life of it.
    pub generation: u64,
    /// Why: `sweep`, `memory_pressure`, `shutdown`, ..
    pub reason: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// How long it took.
    pub ms: f64,
    /// What came back to the system.
    pub bytes: u64,
}
