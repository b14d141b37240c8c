//! `lmms-bench generate`: a trace from a workload and a seed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;
use std::time::Duration;

use lmms_bench::trace::{Arrivals, Bursts, Curve, Day, Mix, Recipe, Workload, WriteError, standard};

use super::Error;

/// How the trace is made. The same arguments make the same trace, byte for byte.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What can be asked, as JSON lines {"operation", "event", "fresh"}; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    workload: PathBuf,
    /// The trace's length
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    duration: Duration,
    /// Requests a second, on average
    #[arg(long, value_name = "N", default_value_t = 1.0)]
    rate: f64,
    /// Which operation is asked: hot:OPERATION[:SHARE], zipf[:EXPONENT] or phases:COUNT
    #[arg(long, default_value = "zipf")]
    mix: Mix,
    /// The rate follows a day of this length (without it, that of the trace): a sine from a fifth at night to nine fifths at noon
    #[arg(long, value_name = "TIME", num_args = 0..=1, value_parser = humantime::parse_duration)]
    day: Option<Option<Duration>>,
    /// The weights of the day's 24 hours instead of the sine: W,W,..
    #[arg(long, value_name = "WEIGHTS", requires = "day", value_parser = hours)]
    hours: Option<Curve>,
    /// Once in EVERY, for LENGTH, TIMES as many arrive: EVERY:LENGTH:xTIMES
    #[arg(long, value_name = "10m:30s:x5")]
    bursts: Option<Bursts>,
    /// Per cent of the requests that nobody asked before
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    fresh: f64,
    /// Another seed makes another trace
    #[arg(long, default_value_t = standard::SEED)]
    seed: u64,
    /// Where the trace goes; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) async fn run(args: Args) -> Result<(), Error> {
    let name = args.workload.display().to_string();
    let workload = match &*name {
        "-" => Workload::read(io::stdin().lock(), "standard input")?,
        _ => {
            let file = File::open(&args.workload).map_err(|error| format!("cannot read {name}: {error}"))?;
            Workload::read(BufReader::new(file), &name)?
        }
    };
    let day = args.day.map(|period| Day {
        period: period.unwrap_or(args.duration),
        curve: args.hours.unwrap_or(Curve::Sine { depth: 0.8 }),
    });
    let recipe = Recipe {
        duration: args.duration,
        arrivals: Arrivals { rate: args.rate, day, bursts: args.bursts },
        mix: args.mix,
        fresh_percent: args.fresh,
        seed: args.seed,
    };
    let trace = recipe.generate(&workload)?;
    match &args.out {
        None => match trace.write(BufWriter::new(io::stdout().lock())) {
            // Who reads has read enough.
            Err(WriteError::Unwritable(error)) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        },
        Some(path) => {
            let file = File::create(path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
            trace.write(BufWriter::new(file)).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    eprintln!("{} requests in {}", trace.arrivals.len(), humantime::format_duration(args.duration));
    Ok(())
}

fn hours(text: &str) -> Result<Curve, String> {
    let weights = text.split(',').map(|weight| weight.trim().parse()).collect::<Result<Vec<f64>, _>>();
    let weights = weights.ok().and_then(|weights| weights.try_into().ok());
    weights
        .map(|weights| Curve::Hours(Box::new(weights)))
        .ok_or_else(|| "expected 24 numbers with commas between them".to_owned())
}
