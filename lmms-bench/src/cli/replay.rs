//! `lmms-bench replay`: a trace against any `bootstrap`, and what it would cost.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};
use lmms_bench::{
    bill::{self, Bound, MARGIN},
    fleet::{self, LifeEnd, Options, Progress, Replay, percentile},
    trace::Trace,
};
use lmms_local::container::Function;
use serde::Serialize;

use super::Error;

/// What to replay, and on what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The function: an executable that polls the Runtime API, as in a deployment package
    #[arg(long, value_name = "PATH")]
    bootstrap: PathBuf,
    /// The trace, a line for each event: {"at": seconds, "operation": "tokens.count", "event": {..}}; `-` is standard input
    #[arg(long, value_name = "FILE")]
    trace: PathBuf,
    /// The memory that the function is told it has, and that is billed if it is enough, in MB; without it, 512 are told, and the least
    /// that is enough is billed
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(i64::from(bill::LEAST_MB)..=i64::from(bill::MOST_MB)))]
    memory: Option<u32>,
    /// How long an idle container is kept
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = humantime::parse_duration)]
    idle: Duration,
    /// The most containers at once; what arrives beyond waits
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = at_least_one)]
    max_containers: usize,
    /// How long one request may take
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    timeout: Duration,
    /// A variable of the function's environment; may be given again
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    env: Vec<(String, String)>,
    /// Wait for what could be skipped
    #[arg(long)]
    real_time: bool,
    /// Print the summary as JSON
    #[arg(long)]
    json: bool,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "expected a number of at least 1".to_owned())
}

fn variable(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(name, _)| !name.is_empty());
    pair.map(|(name, value)| (name.to_owned(), value.to_owned())).ok_or_else(|| "expected NAME=VALUE".to_owned())
}

pub(crate) async fn run(args: Args) -> Result<(), Error> {
    let arrivals = read(&args.trace)?.arrivals;
    let mut function = Function::new(&args.bootstrap).timeout(args.timeout);
    if let Some(memory) = args.memory {
        function = function.memory_mb(memory);
    }
    for (name, value) in &args.env {
        function = function.env(name, value);
    }
    let options = Options {
        idle: args.idle,
        max_containers: args.max_containers,
        real_time: args.real_time,
        keep_lines: false,
        ..Options::default()
    };
    let bar = bar(arrivals.len());
    let mut waits = false;
    let replay = fleet::replay(&function, &arrivals, &options, |progress| show(&bar, progress, &mut waits)).await;
    bar.finish_and_clear();
    let summary = Summary::of(&replay?, args.memory);
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &summary)?;
        writeln!(out)?;
    } else {
        summary.print(&mut out)?;
    }
    Ok(())
}

/// Hidden by itself where standard error is no terminal.
fn bar(requests: usize) -> ProgressBar {
    let bar = ProgressBar::new(u64::try_from(requests).unwrap_or(u64::MAX));
    // A template that does not parse would be this program's fault; the default one does as well.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} requests, {msg}, {eta} left") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, progress: &Progress, waits: &mut bool) {
    bar.set_position(u64::try_from(progress.done).unwrap_or(u64::MAX));
    let at = humantime::format_duration(Duration::from_secs(progress.at.as_secs()));
    bar.set_message(format!("at {at}, {} containers, {} errors", progress.containers, progress.errors));
    if progress.waits && !*waits {
        *waits = true;
        bar.suspend(|| eprintln!("{WAITS}"));
    }
}

const WAITS: &str = "note: the function does not see the virtual clock, as programs that are linked statically do not (musl, Go): \
    the time between requests is waited for";

fn read(path: &Path) -> Result<Trace, Error> {
    let from: Box<dyn BufRead> = match path.to_str() {
        Some("-") => Box::new(io::stdin().lock()),
        _ => {
            let file = File::open(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
            Box::new(BufReader::new(file))
        }
    };
    let trace = Trace::read(from, &path.display().to_string())?;
    if trace.misplaced > 0 {
        eprintln!(
            "note: {} requests stood after later ones, and are replayed in the order of their times",
            trace.misplaced
        );
    }
    Ok(trace)
}

/// What a replay comes to.
#[derive(Debug, Serialize)]
struct Summary {
    requests: usize,
    errors: usize,
    /// Of these, by their codes or error types.
    errors_by_kind: Vec<(String, usize)>,
    cold_starts: usize,
    queued: usize,
    containers: usize,
    containers_failed: usize,
    length_s: f64,
    took_s: f64,
    skipped: bool,
    late_ms: f64,
    p50_ms: f64,
    p90_ms: f64,
    p99_ms: f64,
    max_ms: f64,
    init_ms: f64,
    cpu_ms: f64,
    peak_bytes: u64,
    sustained_bytes: u64,
    /// The least that the peak fits.
    least_memory_mb: Option<u32>,
    /// What is billed: what was asked for, or the least.
    memory_mb: u32,
    fits: bool,
    billed_ms: u64,
    gb_seconds: f64,
    gb_seconds_per_1000: f64,
    free_requests: u64,
    free_bound: &'static str,
    usd_per_million: f64,
    /// With the processor that AWS gives so much memory.
    stretched_billed_ms: u64,
    stretched_gb_seconds_per_1000: f64,
    stretched_usd_per_million: f64,
}

impl Summary {
    fn of(replay: &Replay, memory: Option<u32>) -> Self {
        let least = bill::memory_setting(replay.peak(), MARGIN);
        let memory_mb = memory.or(least).unwrap_or(bill::MOST_MB);
        let requests = replay.requests.len();
        let count = requests as u64;
        let billed_ms = replay.billed_ms();
        let stretched_billed_ms = replay.stretched_ms(memory_mb);
        let per_1000 = |ms| bill::gb_seconds_per_1000(ms, memory_mb, count);
        // A price for a million such requests, not of what is left of them.
        let per_million = |ms| bill::price_usd(per_1000(ms) * 1_000.0, 1_000_000);
        let tier = bill::free_tier(per_1000(billed_ms));
        let latencies = replay.latencies();
        let at = |percent| millis(percentile(&latencies, percent));
        let has_failed = |end: &LifeEnd| matches!(end, LifeEnd::Failed(_) | LifeEnd::NotStarted(_));
        Self {
            requests,
            errors: replay.errors(),
            errors_by_kind: by_kind(replay),
            cold_starts: replay.cold(),
            queued: replay.queued(),
            containers: replay.containers.len(),
            containers_failed: replay.containers.iter().filter(|container| has_failed(&container.end)).count(),
            length_s: replay.length.as_secs_f64(),
            took_s: replay.took.as_secs_f64(),
            skipped: replay.skipped,
            late_ms: millis(replay.late),
            p50_ms: at(50.0),
            p90_ms: at(90.0),
            p99_ms: at(99.0),
            max_ms: at(100.0),
            init_ms: millis(replay.init()),
            cpu_ms: millis(replay.cpu()),
            peak_bytes: replay.peak(),
            sustained_bytes: replay.sustained(),
            least_memory_mb: least,
            memory_mb,
            fits: least.is_some_and(|least| least <= memory_mb),
            billed_ms,
            gb_seconds: bill::gb_seconds(billed_ms, memory_mb),
            gb_seconds_per_1000: per_1000(billed_ms),
            free_requests: tier.requests,
            free_bound: match tier.bound {
                Bound::GbSeconds => "gb_seconds",
                Bound::Requests => "requests",
            },
            usd_per_million: per_million(billed_ms),
            stretched_billed_ms,
            stretched_gb_seconds_per_1000: per_1000(stretched_billed_ms),
            stretched_usd_per_million: per_million(stretched_billed_ms),
        }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let mib = |bytes: u64| bytes as f64 / f64::from(1 << 20);
        let length = humantime::format_duration(Duration::from_secs(self.length_s as u64));
        writeln!(out, "requests         {} over {length}, replayed in {:.1} s", self.requests, self.took_s)?;
        write!(out, "errors           {}", self.errors)?;
        for (kind, count) in &self.errors_by_kind {
            write!(out, ", {count} {kind}")?;
        }
        writeln!(out)?;
        write!(out, "cold starts      {}", self.cold_starts)?;
        if self.containers_failed > 0 {
            write!(out, "; {} containers failed", self.containers_failed)?;
        }
        if self.queued > 0 {
            write!(
                out,
                "; {} requests waited for a container to be free, which Lambda would refuse (429)",
                self.queued
            )?;
        }
        writeln!(out)?;
        let [p50, p90, p99, max] = [self.p50_ms, self.p90_ms, self.p99_ms, self.max_ms];
        writeln!(out, "latency          p50 {p50:.2} ms, p90 {p90:.2} ms, p99 {p99:.2} ms, max {max:.2} ms")?;
        let [peak, sustained] = [mib(self.peak_bytes), mib(self.sustained_bytes)];
        writeln!(out, "memory           peak {peak:.1} MiB, sustained {sustained:.1} MiB")?;
        let margin = MARGIN * 100.0;
        match self.least_memory_mb {
            Some(least) => writeln!(out, "memory setting   at least {least} MB, with {margin:.0} % to spare")?,
            None => writeln!(out, "memory setting   none: {} MB are the most there is", bill::MOST_MB)?,
        }
        if !self.fits {
            writeln!(out, "                 {} MB, which is billed here, would not be enough", self.memory_mb)?;
        }
        let (billed, memory) = (self.billed_ms, self.memory_mb);
        writeln!(
            out,
            "billed           {billed} ms at {memory} MB = {:.3} GB-s, {:.1} ms of it INIT",
            self.gb_seconds, self.init_ms
        )?;
        writeln!(out, "per 1,000        {:.3} GB-s", self.gb_seconds_per_1000)?;
        let bound = if self.free_bound == "requests" { "requests" } else { "GB-seconds" };
        writeln!(out, "free tier        {} requests a month, bound by its {bound}", self.free_requests)?;
        writeln!(out, "per million      {:.2} USD (x86, us-east-1, {})", self.usd_per_million, bill::PRICES_OF)?;
        writeln!(
            out,
            "with the processor that AWS gives {memory} MB: {} ms billed, {:.3} GB-s per 1,000, {:.2} USD per million",
            self.stretched_billed_ms, self.stretched_gb_seconds_per_1000, self.stretched_usd_per_million
        )
    }
}

/// The errors of a replay, counted, the most frequent first.
fn by_kind(replay: &Replay) -> Vec<(String, usize)> {
    let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
    for request in &replay.requests {
        match &request.outcome {
            fleet::RequestOutcome::Ok => continue,
            fleet::RequestOutcome::FunctionError { error_type } => *kinds.entry(error_type).or_default() += 1,
            fleet::RequestOutcome::Failed { code, .. } => *kinds.entry(code).or_default() += 1,
        }
    }
    let mut kinds: Vec<_> = kinds.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect();
    kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    kinds
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
