//! `lmms-bench compare`: the proof. Builds the line-up, measures it, and writes down what came of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lmms_bench::fleet::Options;
use lmms_bench::lineup::{Bootstraps, Entry, LINEUP};
use lmms_bench::measure::{self, Candidate, Kind, Loads, Replayed};
use lmms_bench::results::{Results, TraceFacts};
use lmms_bench::trace::{Standard, Trace, Workload, standard};

use super::Error;
use super::bars::Bars;

/// The kinds of a first request: what has next to nothing to load, what loads in tens of milliseconds, and the slowest.
const KINDS: [(&str, &str); 3] =
    [("light", "language.detect"), ("middling", "timezone.at"), ("heavy", "spelling.correct")];
/// The demo's interfaces, all of which an eager function loads.
const INTERFACES: u64 = 18;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// A sixth of the requests, five cold starts, one run: some minutes, to look at and not to conclude from
    #[arg(long)]
    quick: bool,
    /// Those of the line-up alone, by their ids: lmms,lazylock
    #[arg(long, value_delimiter = ',', value_name = "IDS")]
    only: Vec<String>,
    /// Cold starts of each function and kind of first request
    #[arg(long, value_name = "N")]
    starts: Option<usize>,
    /// Runs of each trace, and containers for each operation's latency
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// The programs are in this folder already, instead of being built
    #[arg(long, value_name = "DIR")]
    bootstraps: Option<PathBuf>,
    /// An idle container is kept for so long
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    idle: Duration,
    /// Of the traces
    #[arg(long, default_value_t = standard::SEED)]
    seed: u64,
    /// Where the results go, for `render` and `scale`
    #[arg(long, value_name = "FILE", default_value = "results.json")]
    out: PathBuf,
}

pub(crate) async fn run(args: Args) -> Result<(), Error> {
    let began = Instant::now();
    let entries = chosen(&args.only)?;
    let bootstraps = match &args.bootstraps {
        Some(folder) => Bootstraps::open(folder)?,
        None => Bootstraps::build(|what| eprintln!("{what}"))?,
    };
    let workload = workload(&bootstraps)?;
    let starts = args.starts.unwrap_or(if args.quick { 5 } else { 20 });
    let runs = args.runs.unwrap_or(if args.quick { 1 } else { 5 });
    let bars = Bars::default();

    let candidates = |takes: fn(&Entry) -> bool| -> Vec<Candidate> {
        entries.iter().filter(|entry| takes(entry)).map(|entry| bootstraps.candidate(entry)).collect()
    };
    let kinds = kinds(&workload)?;
    // The one has no other operations, and the other differs from `lmms` in what a load is no part of.
    let has_kind = |candidate: &Candidate, kind: &Kind| {
        !["bare", "lmms-static"].contains(&&*candidate.rival) || kind.kind == "light"
    };
    // Told another memory size, a function starts as it did.
    let starting = candidates(|entry| entry.has_latencies || !entry.has_replays);
    let cold_starts = measure::cold_starts(&starting, &kinds, starts, has_kind, &bars).await?;

    let operations: Vec<_> = workload.operations.iter().map(|one| (one.name.clone(), one.known[0].clone())).collect();
    let latencies = measure::latencies(&candidates(|entry| entry.has_latencies), &operations, runs, &bars).await?;

    let traces = traces(&workload, args.seed, args.quick)?;
    let replayed: Vec<_> =
        entries.iter().filter(|entry| entry.has_replays).map(|entry| replayed(entry, &bootstraps)).collect();
    let options = Options { idle: args.idle, ..Options::default() };
    let named: Vec<_> = traces.iter().map(|(facts, trace)| (facts.id.clone(), trace.clone())).collect();
    let replays = measure::replays(&replayed, &named, runs, &options, &bars).await?;
    drop(bars);

    let results = Results {
        began: SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .saturating_sub(began.elapsed())
            .as_secs(),
        took: began.elapsed().as_secs_f64(),
        commit: measure::commit(),
        machine: measure::machine(),
        is_quick: args.quick,
        rivals: entries.iter().map(|entry| entry.rival()).collect(),
        traces: traces.into_iter().map(|(facts, _)| facts).collect(),
        cold_starts,
        latencies,
        replays,
    };
    let json = serde_json::to_vec(&results)?;
    fs::write(&args.out, json).map_err(|error| format!("cannot write {}: {error}", args.out.display()))?;
    let out = args.out.display();
    eprintln!("{out} is written; `lmms-bench render {out} --html report.html` makes a page of it");
    Ok(())
}

fn chosen(only: &[String]) -> Result<Vec<&'static Entry>, Error> {
    if let Some(unknown) = only.iter().find(|id| LINEUP.iter().all(|entry| entry.id != **id)) {
        let known: Vec<_> = LINEUP.iter().map(|entry| entry.id).collect();
        return Err(format!("`{unknown}` is not in the line-up: expected some of {}", known.join(",")).into());
    }
    Ok(LINEUP.iter().filter(|entry| only.is_empty() || only.iter().any(|id| id == entry.id)).collect())
}

/// What the demo says that can be asked of it.
fn workload(bootstraps: &Bootstraps) -> Result<Workload, Error> {
    let demo = bootstraps.demo();
    let output = Command::new(&demo).arg("requests").stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("`{} requests` failed: {}", demo.display(), output.status).into());
    }
    Ok(Workload::read(&*output.stdout, "the demo's requests")?)
}

fn kinds(workload: &Workload) -> Result<Vec<Kind>, Error> {
    let kind = |(kind, name): (&str, &str)| {
        let operation = workload.operations.iter().find(|operation| operation.name == name);
        let operation = operation.ok_or_else(|| format!("the workload has no `{name}`"))?;
        Ok(Kind { kind: kind.to_owned(), operation: name.to_owned(), event: operation.known[0].clone() })
    };
    KINDS.into_iter().map(kind).collect()
}

fn traces(workload: &Workload, seed: u64, quick: bool) -> Result<Vec<(TraceFacts, Trace)>, Error> {
    let trace = |standard: Standard| {
        let trace = standard.generate(workload, seed, quick)?;
        let facts = TraceFacts {
            id: standard.id().to_owned(),
            title: standard.title().to_owned(),
            what: standard.what().to_owned(),
            requests: trace.arrivals.len() as u64,
            seconds: standard.duration(quick).as_secs_f64(),
        };
        Ok((facts, trace))
    };
    Standard::ALL.into_iter().map(trace).collect()
}

fn replayed(entry: &Entry, bootstraps: &Bootstraps) -> Replayed {
    let loads = match entry.id {
        "eager" => Loads::All(INTERFACES),
        "lazylock" => Loads::Asked,
        _ if entry.has_lines() => Loads::Told,
        _ => Loads::Unknown,
    };
    Replayed { candidate: bootstraps.candidate(entry), told_mb: entry.told_mb, loads }
}
