//! Replays: each trace on each candidate, several times, as what it comes to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{Candidate, Error, Progress, in_turn};
use crate::fleet::{self, Options, Replay, percentile};
use crate::logs::Line;
use crate::results::{ContainerMemory, Replays, Run, Timeline};
use crate::trace::{Arrival, Trace};

/// A candidate, and what is known of it.
#[derive(Debug, Clone)]
pub struct Replayed {
    /// The function.
    pub candidate: Candidate,
    /// What it is told, in MB.
    pub told_mb: u32,
    /// What it loads is known by other means than by its lines.
    pub loads: Loads,
}

/// How it is known what a function loads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loads {
    /// By its `[LMMS_STATS]` lines.
    Told,
    /// All of so many interfaces, at each start.
    All(u64),
    /// What is asked for, once in each container.
    Asked,
    /// It is not.
    Unknown,
}

/// Replays each trace so many times on each candidate.
///
/// # Errors
/// A function that does not start at all, and one that answers a request with an error: then there is nothing to compare.
pub async fn replays(
    candidates: &[Replayed],
    traces: &[(String, Trace)],
    times: usize,
    options: &Options,
    progress: &impl Progress,
) -> Result<Vec<Replays>, Error> {
    let all: Vec<_> = candidates.iter().map(|replayed| replayed.candidate.clone()).collect();
    let mut results: BTreeMap<(&str, &str), Replays> = BTreeMap::new();
    let requests: usize = traces.iter().map(|(_, trace)| trace.arrivals.len()).sum();
    progress.expect((candidates.len() * requests * times) as u64, "replayed requests");
    for round in 0..times {
        for (trace_id, trace) in traces {
            for candidate in in_turn(&all, round) {
                let Some(replayed) = candidates.iter().find(|one| one.candidate.rival == candidate.rival) else {
                    continue;
                };
                let mut done = 0;
                let replay = fleet::replay(&candidate.function, &trace.arrivals, options, |at| {
                    (done..at.done).for_each(|_| progress.step());
                    done = at.done;
                });
                let replay = replay.await?;
                refuse_errors(&candidate.rival, trace_id, &replay, &trace.arrivals)?;
                let lines = lines(&replay);
                let entry = results.entry((&replayed.candidate.rival, trace_id)).or_insert_with(|| Replays {
                    rival: candidate.rival.clone(),
                    trace: trace_id.clone(),
                    ..Replays::default()
                });
                entry.runs.push(run(replayed, &replay, &trace.arrivals, &lines));
                if round == 0 {
                    entry.timeline = Some(timeline(&replay, lines));
                }
            }
        }
    }
    let order =
        traces.iter().flat_map(|(trace, _)| candidates.iter().map(move |one| (&*one.candidate.rival, &**trace)));
    Ok(order.filter_map(|key| results.remove(&key)).collect())
}

fn refuse_errors(rival: &str, trace: &str, replay: &Replay, arrivals: &[Arrival]) -> Result<(), Error> {
    let failed = replay.requests.iter().zip(arrivals).find(|(request, _)| !request.outcome.is_ok());
    match failed {
        None => Ok(()),
        Some((request, arrival)) => {
            let (errors, at, outcome) = (replay.errors(), request.at.as_secs_f64(), &request.outcome);
            let operation = &arrival.operation;
            let message = format!(
                "`{rival}` answered {errors} requests of the trace `{trace}` with an error, first {operation} at {at} s: {outcome:?}"
            );
            Err(message.into())
        }
    }
}

/// All lines of all containers, in the order of their containers.
fn lines(replay: &Replay) -> Vec<Line> {
    let printed = replay.containers.iter().flat_map(|container| &container.lines);
    printed.filter_map(|line| serde_json::from_str(line.split_once("[LMMS_STATS] ")?.1).ok()).collect()
}

fn run(replayed: &Replayed, replay: &Replay, arrivals: &[Arrival], lines: &[Line]) -> Run {
    let latencies = replay.latencies();
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let at = |percent: f64| millis(percentile(&latencies, percent));
    let used = used(replay, arrivals);
    let told = replayed.loads == Loads::Told;
    let sum = |part: fn(&Line) -> u64| told.then(|| lines.iter().map(part).sum());
    let (loads, loaded) = match replayed.loads {
        Loads::Told => {
            let loaded: BTreeSet<_> = lines
                .iter()
                .flat_map(|line| line.loaded.iter().map(|loaded| (&*line.container, &*loaded.interface)))
                .collect();
            (sum(|line| line.ligs_loads), Some(loaded.len() as u64))
        }
        Loads::All(interfaces) => {
            let all = Some(interfaces * replay.containers.len() as u64);
            (all, all)
        }
        Loads::Asked => (Some(used), Some(used)),
        Loads::Unknown => (None, None),
    };
    Run {
        told_mb: replayed.told_mb,
        requests: replay.requests.len() as u64,
        errors: replay.errors() as u64,
        containers: replay.containers.len() as u64,
        init_ms: millis(replay.init()),
        billed_ms: replay.billed_ms(),
        cpu_ms: millis(replay.cpu()),
        peak_bytes: replay.peak(),
        sustained_bytes: replay.sustained(),
        p50_ms: at(50.0),
        p90_ms: at(90.0),
        p99_ms: at(99.0),
        max_ms: at(100.0),
        loads,
        unloads: sum(|line| line.lugs_unloads),
        loaded_interfaces: loaded,
        used_interfaces: loaded.map(|loaded| used.min(loaded)),
        cache_hits: sum(|line| line.cache_hits),
        cache_misses: sum(|line| line.cache_misses),
    }
}

/// Interfaces that were asked for, summed over the containers.
fn used(replay: &Replay, arrivals: &[Arrival]) -> u64 {
    let asked = replay.requests.iter().zip(arrivals).filter_map(|(request, arrival)| {
        let (interface, _) = arrival.operation.split_once('.')?;
        Some((request.container?, interface))
    });
    asked.collect::<BTreeSet<_>>().len() as u64
}

fn timeline(replay: &Replay, lines: Vec<Line>) -> Timeline {
    let memory = |container: &fleet::ContainerAccount| ContainerMemory {
        container: container.index as u64,
        samples: container.samples.iter().map(|sample| (sample.at.as_secs_f64(), sample.resident)).collect(),
    };
    Timeline {
        seconds: replay.length.as_secs_f64(),
        memory: replay.containers.iter().map(memory).collect(),
        lines,
        began_ms: replay.began_ms,
    }
}
