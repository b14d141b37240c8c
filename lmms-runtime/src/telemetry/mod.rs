//! Telemetry: what a function tells of itself, in its log: `[LMMS_STATS]` lines, CloudWatch metrics, and `tracing` spans.
//!
//! # Lines
//!
//! One line on stdout, when there is something to tell: [`Gateway::emit_telemetry`], which `lmms::lambda::run` calls after each
//! response. All figures are what happened *since the last line*, so that `sum()` over all lines of all containers is what
//! happened; they are never told twice, and none is lost. The JSON is the first on its line, so that CloudWatch discovers its
//! fields.
//!
//! ```text
//! [LMMS_STATS] {"ligs_loads":1,"lugs_unloads":0,"zafp_hits":0,"cold_start_time":41.7, ..
//! ```
//!
//! When is there something to tell? **Loads, unloads, loads that failed and hooks that did** make a line at once, at the end of
//! the invocation that saw them. **Fast dispatches and the cache of results** do so at most once a second: a line for each hot
//! call would cost more than the call. What they count in between is in the next line, and at the end of the container in the
//! last one. **Ordinary calls** are counted in the lines that others make.
//!
//! | field | unit | what |
//! |---|---|---|
//! | `ligs_loads` | count | loads that succeeded, reloads included |
//! | `lugs_unloads` | count | unloads |
//! | `zafp_hits` | count | calls by name that were HOT or BLAZING |
//! | `cold_start_time` | ms | time spent in those loads; what a load spends in another one counts for both |
//! | `memory_reclaimed_mb` | MiB | what the system got back after unloads, as measured |
//! | `fast_path_response_time` | ms | how long fast calls took on average, of those that were timed; not there if none was |
//! | `fast_path_timed` | count | fast calls that this average stands for: its weight, where averages are averaged |
//! | `timestamp` | ms since 1970 | when the line was made |
//! | `container` | text | the process: the same in all of its lines |
//! | `line` | number | 1 for the first line of a process: what is missing in a log shows |
//! | `reloads` | count | loads of what had been unloaded before |
//! | `failed_loads` | count | loads that failed or panicked |
//! | `hook_errors` | count | unload hooks that failed or panicked |
//! | `over_budget_loads` | count | loads that were not expected to fit into the memory budget |
//! | `calls` | count | calls by name |
//! | `errors` | count | of these, the ones that were answered with an error |
//! | `cache_hits`, `cache_misses` | count | calls that the cache of results answered, and those that it could have |
//! | `resident` | gauge | interfaces that are loaded now |
//! | `memory_mb` | gauge, MiB | what the process holds now |
//! | `budget_mb` | gauge, MiB | the memory budget; not there if there is none |
//! | `hot` | list of names | interfaces with an operation that is HOT or BLAZING now; not there if empty, as all lists |
//! | `loaded` | list | `interface`, `generation` (1, or more for a reload), `at` (ms since 1970, its end), `ms`, `bytes`, `needed_bytes` |
//! | `unloaded` | list | `interface`, `generation`, `reason` (`sweep`, `budget`, `direct`, `shutdown`, `snapshot`), `at`, `ms`, `bytes`, `hook_error` (only if `true`) |
//! | `failed` | list | `interface`, `code`, `at`, `ms` |
//! | `omitted` | count | entries of these lists that were too many (more than 256 of a kind); not there if none |
//!
//! A generation is resident from its `loaded.at` to the `unloaded.at` of the same `container`, `interface` and `generation`,
//! less the `ms` of its unload.
//!
//! `LMMS_STATS_LINE=false` switches the lines off.
//!
//! # Metrics
//!
//! With the feature `emf` and `LMMS_EMF=true` the same figures are written in CloudWatch's Embedded Metric Format, too: metrics in
//! the namespace `LMMS` (`LMMS_EMF_NAMESPACE`) with the dimension `FunctionName`, without a call of any API.
//!
//! # Spans
//!
//! With the feature `tracing`, all at level INFO and with the target `lmms`:
//!
//! | span | fields |
//! |---|---|
//! | `lmms.load` | `interface`, `generation`, `bytes`, `duration_ms`, `error` (the code, if it failed) |
//! | `lmms.unload` | `interface`, `generation`, `reason`, `bytes`, `duration_ms`, `hook_error` |
//! | `lmms.operation` | `interface`, `operation`, `tier`, `cached` (`hit` or `miss`), `duration_ms`, `error` (the code) |
//!
//! A load that fails is an event at WARN besides, an unload hook that fails one at ERROR. What an interface logs while it loads
//! or works is inside of its span, and the span inside of the request's. Calls have one in COLD, WARM and HOT; in BLAZING only
//! the one in 64 that is timed. `LMMS_TRACING=false` switches them off; without a subscriber they cost one load per call that
//! is looked at.
//!
//! # Queries
//!
//! For CloudWatch Logs Insights: see [`queries`].

#[cfg(feature = "emf")]
mod emf;
pub(crate) mod journal;
mod line;
mod lives;
pub mod queries;
#[cfg(not(feature = "tracing"))]
#[path = "no_spans.rs"]
pub(crate) mod spans;
#[cfg(feature = "tracing")]
pub(crate) mod spans;
mod told;

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

pub use self::journal::{Failed, Loaded, Unloaded};
pub use self::line::StatsLine;
pub(crate) use self::lives::{Loading, Unloading};
pub(crate) use self::told::ToldResults;
use crate::config::Config;
use crate::gateway::Gateway;

/// What an interface was unloaded for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// It was due at a sweep.
    Sweep,
    /// Memory was short.
    Budget,
    /// It was asked for: [`Gateway::unload_module`].
    Direct,
    /// The end of the process.
    Shutdown,
    /// A snapshot was about to be taken.
    Snapshot,
}

impl Cause {
    /// As lines and spans write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sweep => "sweep",
            Self::Budget => "budget",
            Self::Direct => "direct",
            Self::Shutdown => "shutdown",
            Self::Snapshot => "snapshot",
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The telemetry of one gateway.
#[derive(Debug)]
pub(crate) struct Telemetry {
    /// Whether anything is written.
    is_on: AtomicBool,
    results: ToldResults,
}

impl Telemetry {
    pub(crate) fn new() -> Self {
        Self { is_on: AtomicBool::new(false), results: ToldResults::default() }
    }

    pub(crate) fn configure(&self, config: &Config) {
        // Relaxed: it says whether to look, not what is seen.
        self.is_on.store(config.stats_line() || config.has_emf(), Ordering::Relaxed);
        spans::switch(config.has_tracing());
    }
}

/// What is worth a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Worth {
    /// Anything that came or went, a fast dispatch, or a look into the cache of results.
    News,
    /// Calls alone, too: there is no later line to tell of them.
    Anything,
}

impl Gateway {
    /// Writes to stdout what happened since this was last called, if there is something to tell: a `[LMMS_STATS]` line, and with
    /// `LMMS_EMF` metrics. [The rule](crate::telemetry) is made for being called after each response, where no client waits;
    /// `lmms::lambda::run` does so.
    ///
    /// It costs nanoseconds while there is nothing to tell. A stdout that is closed is no error: there is nobody to tell it to.
    pub fn emit_telemetry(&self) {
        if self.telemetry.is_on.load(Ordering::Relaxed) && told::is_due() {
            self.emit(Worth::News);
        }
    }

    /// As [`emit_telemetry`](Self::emit_telemetry), for the last time: what is left is told now, however little it is.
    pub fn emit_last_telemetry(&self) {
        if self.telemetry.is_on.load(Ordering::Relaxed) {
            self.emit(Worth::Anything);
        }
    }

    fn emit(&self, worth: Worth) {
        let Some(line) = self.take_line(worth) else { return };
        let text = self.written(&line);
        // In one piece, so that lines of others do not come in between. Not `print!`, which panics where stdout is closed.
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    }

    fn written(&self, line: &StatsLine) -> String {
        let config = self.config();
        let mut text = String::new();
        if config.stats_line() {
            text.push_str(&line.to_string());
            text.push('\n');
        }
        #[cfg(feature = "emf")]
        if config.emf() {
            text.push_str(&line.to_emf(config.emf_namespace()));
            text.push('\n');
        }
        text
    }

    /// What happened since the last line, as [`emit_telemetry`](Self::emit_telemetry) would tell it, for who writes it himself:
    /// what was taken here is not told again. `None` if there is nothing to tell but calls that are not hot.
    ///
    /// The sum of all lines is what [`stats`](Self::stats) says, however many threads take them.
    #[must_use]
    pub fn stats_line(&self) -> Option<StatsLine> {
        self.take_line(Worth::News)
    }
}
