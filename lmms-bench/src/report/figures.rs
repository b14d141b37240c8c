//! Figures: one number per rival for each thing that is compared, and what there is to say about a list of them.
//!
//! **Invariant.** A figure is computed here and nowhere else, so that the page, the Markdown and the verdicts cannot differ.

use std::time::Duration;

use super::stats::{Spread, median};
use super::words::Unit;
use crate::bill;
use crate::results::{ColdStarts, Latency, Replays, Results, Run};

/// The trace on which memory and cost are compared: what is used changes, which is what unloading is for.
pub const PHASES: &str = "phases";
/// What everything is held against.
pub const EAGER: &str = "eager";
/// What a good engineer does today.
pub const LAZYLOCK: &str = "lazylock";
/// The floor under every cold start: the light operation alone.
pub const BARE: &str = "bare";
/// What this is about, with its defaults.
pub const LMMS: &str = "lmms";

/// Something that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metric {
    /// From spawn to the answer to a light first request.
    ColdStart,
    /// Resident at the end of INIT.
    ReadyMemory,
    /// What a container holds on average.
    SustainedMemory,
    /// The first call of an operation in a fresh container.
    FirstCall,
    /// The same call again and again.
    HotCall,
    /// GB-seconds per 1,000 requests.
    GbSeconds,
    /// The same, on the part of a core that the memory setting buys.
    StretchedGbSeconds,
    /// Requests per month that cost nothing.
    FreeTier,
    /// What 99 % of the requests did not exceed.
    P99,
    /// Of the interfaces that were loaded, the part that was asked for.
    Efficiency,
    /// Of the calls that the cache of results could answer, the part that it did.
    CacheHits,
}

impl Metric {
    /// What its numbers count.
    pub fn unit(self) -> Unit {
        match self {
            Self::ColdStart | Self::FirstCall | Self::HotCall | Self::P99 => Unit::Ms,
            Self::ReadyMemory | Self::SustainedMemory => Unit::Bytes,
            Self::GbSeconds | Self::StretchedGbSeconds => Unit::GbSeconds,
            Self::FreeTier => Unit::Count,
            Self::Efficiency | Self::CacheHits => Unit::Share,
        }
    }

    /// Whether more of it is better.
    pub fn more_is_better(self) -> bool {
        matches!(self, Self::FreeTier | Self::Efficiency | Self::CacheHits)
    }

    /// The figure of `rival`: medians over starts, containers and runs. `None` if it was not measured.
    pub fn of(self, results: &Results, rival: &str) -> Option<f64> {
        match self {
            Self::ColdStart => cold_start(results, rival, "light"),
            Self::ReadyMemory => {
                let starts = results.cold_starts.iter().filter(|starts| starts.rival == rival);
                median(starts.flat_map(|starts| starts.ready_bytes.iter().map(|bytes| *bytes as f64)))
            }
            Self::FirstCall => over_operations(results, rival, |latency| &latency.first_ms),
            Self::HotCall => over_operations(results, rival, |latency| &latency.hot_ms),
            Self::Efficiency => share(results, rival, |run| Some((run.used_interfaces?, run.loaded_interfaces?))),
            Self::CacheHits => share(results, rival, |run| {
                let hits = run.cache_hits?;
                Some((hits, hits + run.cache_misses?))
            }),
            Self::SustainedMemory | Self::GbSeconds | Self::StretchedGbSeconds | Self::FreeTier | Self::P99 => {
                self.spread(replays(results, rival, PHASES)?).map(|spread| spread.median())
            }
        }
    }

    /// The runs of one replay. `None` for what is not measured so.
    pub fn spread(self, replays: &Replays) -> Option<Spread> {
        Spread::of(replays.runs.iter().filter_map(|run| self.of_run(run)))
    }

    fn of_run(self, run: &Run) -> Option<f64> {
        // A run in which nothing was answered has no latency and held nothing for anyone.
        if run.requests == 0 {
            return None;
        }
        match self {
            Self::SustainedMemory => Some(run.sustained_bytes as f64),
            Self::GbSeconds => gb_seconds(run),
            Self::StretchedGbSeconds => stretched_gb_seconds(run),
            Self::FreeTier => Some(bill::free_tier(gb_seconds(run)?).requests as f64),
            Self::P99 => Some(run.p99_ms),
            _ => None,
        }
    }
}

/// The replays of `trace` by `rival`.
pub fn replays<'r>(results: &'r Results, rival: &str, trace: &str) -> Option<&'r Replays> {
    results.replays.iter().find(|replays| replays.rival == rival && replays.trace == trace)
}

/// The name of a rival as a person says it; its id if it has none.
pub fn title<'r>(results: &'r Results, id: &'r str) -> &'r str {
    let rival = results.rivals.iter().find(|rival| rival.id == id);
    rival.map(|rival| rival.title.as_str()).filter(|title| !title.is_empty()).unwrap_or(id)
}

/// The ids of those compared, in the order in which they are shown.
pub fn rivals(results: &Results) -> impl Iterator<Item = &str> {
    results.rivals.iter().map(|rival| rival.id.as_str())
}

/// The ids of this project's functions: [`LMMS`] and its variants.
pub fn variants(results: &Results) -> impl Iterator<Item = &str> {
    rivals(results).filter(|id| is_ours(id))
}

/// Whether `rival` is `lmms` or a variant of it.
pub fn is_ours(rival: &str) -> bool {
    rival.strip_prefix(LMMS).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

/// From spawn to the answer to a first request of `kind`.
pub fn cold_start(results: &Results, rival: &str, kind: &str) -> Option<f64> {
    let is_meant = |starts: &&ColdStarts| starts.rival == rival && starts.kind == kind;
    median(results.cold_starts.iter().filter(is_meant).flat_map(|starts| starts.answered_ms.iter().copied()))
}

/// The middle one of the operations' medians.
fn over_operations(results: &Results, rival: &str, times: impl Fn(&Latency) -> &Vec<f64>) -> Option<f64> {
    let own = results.latencies.iter().filter(|latency| latency.rival == rival);
    median(own.filter_map(|latency| median(times(latency).iter().copied())))
}

/// A part of a whole, both summed over all runs of all traces that know them.
fn share(results: &Results, rival: &str, parts: impl Fn(&Run) -> Option<(u64, u64)>) -> Option<f64> {
    let runs = results.replays.iter().filter(|replays| replays.rival == rival).flat_map(|replays| &replays.runs);
    let (part, whole) = runs.filter_map(parts).fold((0.0, 0.0), |(part, whole), (more_part, more_whole)| {
        (part + more_part as f64, whole + more_whole as f64)
    });
    (whole > 0.0).then(|| part / whole)
}

/// GB-seconds per 1,000 requests at the smallest setting that the run fits. `None`: it fits none.
fn gb_seconds(run: &Run) -> Option<f64> {
    let setting = setting(run)?;
    Some(bill::gb_seconds_per_1000(run.billed_ms, setting, run.requests))
}

/// As [`gb_seconds`], if the processor time took as long as it does on the part of a core that the setting buys. INIT has a
/// whole one.
fn stretched_gb_seconds(run: &Run) -> Option<f64> {
    let setting = setting(run)?;
    let cpu = Duration::from_secs_f64((run.cpu_ms - run.init_ms).max(0.0) / 1e3);
    // A client's view in milliseconds holds INIT, which is told apart here: it is not stretched.
    let invoked = Duration::from_secs_f64((run.billed_ms as f64 - run.init_ms).max(0.0) / 1e3);
    let billed = run.init_ms + bill::stretched(invoked, cpu.min(invoked), setting).as_secs_f64() * 1e3;
    Some(bill::gb_seconds_per_1000(billed.ceil() as u64, setting, run.requests))
}

/// The smallest memory setting that the run fits, in MB.
pub fn setting(run: &Run) -> Option<u32> {
    bill::memory_setting(run.peak_bytes, bill::MARGIN)
}
