//! What was measured: the file between measuring and reporting.
//!
//! **Invariant.** Only what was measured is here, run by run; medians, ratios and verdicts are computed from it where they are shown,
//! so that no figure in a report can differ from what it was made of.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use crate::logs::Line;

/// All of one session of measuring.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// When it began, in seconds since 1970.
    pub began: u64,
    /// How long it took, in seconds.
    pub took: f64,
    /// The commit that was measured, `-dirty` if there were changes.
    pub commit: String,
    /// The machine.
    pub machine: Machine,
    /// Fewer requests and repetitions than the full session: to look at, not to conclude from.
    pub is_quick: bool,
    /// The functions compared, in the order in which they are shown.
    pub rivals: Vec<Rival>,
    /// The traces replayed.
    pub traces: Vec<TraceFacts>,
    /// Cold starts by rival and kind of first request.
    pub cold_starts: Vec<ColdStarts>,
    /// First and hot calls by rival and operation.
    pub latencies: Vec<Latency>,
    /// Replays by rival and trace.
    pub replays: Vec<Replays>,
}

/// Why results cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The file.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// What is in it.
    #[error("{} is not what `lmms-bench compare` writes", .0.display())]
    Content(PathBuf, #[source] serde_json::Error),
}

impl Results {
    /// Reads what `lmms-bench compare` has written.
    ///
    /// # Errors
    /// No such file, and one that holds something else.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let json = fs::read(path).map_err(|error| OpenError::Read(path.to_owned(), error))?;
        serde_json::from_slice(&json).map_err(|error| OpenError::Content(path.to_owned(), error))
    }
}

/// The machine that measured.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Machine {
    /// The processor's name.
    pub cpu: String,
    /// Its cores.
    pub cores: usize,
    /// The kernel's release.
    pub kernel: String,
}

/// A function that is compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rival {
    /// As the other lists name it: `eager`, `lazylock`, `timer`, `lmms`, `lmms-uncached`, `lmms-budget`, `lmms-jemalloc`,
    /// `lmms-jemalloc-budget`, `lmms-static`, `bare`.
    pub id: String,
    /// As a person would.
    pub title: String,
    /// What it is, in a sentence.
    pub what: String,
}

/// A trace that was replayed.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TraceFacts {
    /// `hot`, `zipf`, `phases`.
    pub id: String,
    /// As a person would say.
    pub title: String,
    /// How it was generated, in a sentence.
    pub what: String,
    /// Its requests.
    pub requests: u64,
    /// Its length in (virtual) seconds.
    pub seconds: f64,
}

/// The cold starts of one rival with one kind of first request. Times in milliseconds from the spawn of the process; each list
/// has one figure per start, in the order of the starts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ColdStarts {
    /// Its [`Rival::id`].
    pub rival: String,
    /// The first request: `language.detect`.
    pub request: String,
    /// `light`, `middling` or `heavy`.
    pub kind: String,
    /// Until the runtime's first `/next`.
    pub first_poll_ms: Vec<f64>,
    /// Until the end of INIT, which extensions may delay.
    pub ready_ms: Vec<f64>,
    /// Until the answer to the first request.
    pub answered_ms: Vec<f64>,
    /// Resident at the end of INIT, in bytes.
    pub ready_bytes: Vec<u64>,
    /// Of these, anonymous.
    pub ready_anonymous_bytes: Vec<u64>,
}

/// Calls of one operation of one rival. Times in milliseconds as the invoker sees them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// Its [`Rival::id`].
    pub rival: String,
    /// `tokens.count`.
    pub operation: String,
    /// The first request of a fresh container, without its INIT: one per container.
    pub first_ms: Vec<f64>,
    /// The same request again and again: the median of each container.
    pub hot_ms: Vec<f64>,
}

/// The replays of one trace by one rival.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Replays {
    /// Its [`Rival::id`].
    pub rival: String,
    /// Its [`TraceFacts::id`].
    pub trace: String,
    /// One per run.
    pub runs: Vec<Run>,
    /// What happened in the first run, for the timeline.
    pub timeline: Option<Timeline>,
}

/// One replay of a trace.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The memory that the function was told it has, in MB.
    pub told_mb: u32,
    /// Requests answered.
    pub requests: u64,
    /// Of these, with an error.
    pub errors: u64,
    /// Containers that were started: cold starts.
    pub containers: u64,
    /// All of INIT, in milliseconds.
    pub init_ms: f64,
    /// All that is billed: INIT and each invocation up to the end of what it does after its answer, each invocation rounded up to
    /// a millisecond.
    pub billed_ms: u64,
    /// Processor time that the containers used, in milliseconds.
    pub cpu_ms: f64,
    /// The most that one container held at once.
    pub peak_bytes: u64,
    /// What the containers held on average over the trace's time, all of them together divided by those that there were.
    pub sustained_bytes: u64,
    /// Answers as the client sees them, a cold start included: the shortest time in milliseconds that so many per cent of the
    /// requests did not exceed.
    pub p50_ms: f64,
    /// As [`p50_ms`](Self::p50_ms).
    pub p90_ms: f64,
    /// As [`p50_ms`](Self::p50_ms).
    pub p99_ms: f64,
    /// The longest.
    pub max_ms: f64,
    /// Interfaces loaded, reloads included; of a rival without `[LMMS_STATS]`, what its code implies, where that is sure.
    pub loads: Option<u64>,
    /// Unloads.
    pub unloads: Option<u64>,
    /// Interfaces loaded at least once, summed over the containers.
    pub loaded_interfaces: Option<u64>,
    /// Of these, the ones that a request of that container named.
    pub used_interfaces: Option<u64>,
    /// Calls that the cache of results answered.
    pub cache_hits: Option<u64>,
    /// Calls that it could have answered, and did not.
    pub cache_misses: Option<u64>,
}

/// What the containers of a run did, over its (virtual) time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Timeline {
    /// The run's length in seconds.
    pub seconds: f64,
    /// What each container held: seconds since the run's begin, and resident bytes.
    pub memory: Vec<ContainerMemory>,
    /// The `[LMMS_STATS]` lines; their times are those of the run's clock.
    pub lines: Vec<Line>,
    /// When the run began on that clock, in milliseconds since 1970.
    pub began_ms: u64,
}

/// The memory of one container.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ContainerMemory {
    /// Which, from 0 in the order of their starts.
    pub container: u64,
    /// Seconds since the run's begin, and resident bytes then, after what was done there. The last is the container's end.
    pub samples: Vec<(f64, u64)>,
}
