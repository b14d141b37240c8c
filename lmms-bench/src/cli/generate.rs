//! `lmms-bench generate`: a trace from a workload and a seed.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::PathBuf;
use std::time::Duration;

use lmms_bench::trace::{Arrivals, Bursts, Curve, Day, Mix, Recipe, Workload, standard};

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
    /// The rate follows a day of this length, a sine from a fifth of it at night to nine fifths at noon
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    day: Option<Duration>,
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
    let day = args.day.map(|period| Day { period, curve: Curve::Sine { depth: 0.8 } });
    let recipe = Recipe {
        duration: args.duration,
        arrivals: Arrivals { rate: args.rate, day, bursts: args.bursts },
        mix: args.mix,
        fresh_percent: args.fresh,
        seed: args.seed,
    };
    let trace = recipe.generate(&workload)?;
    match &args.out {
        None => trace.write(io::stdout().lock())?,
        Some(path) => {
            let cannot = |error: io::Error| format!("cannot write {}: {error}", path.display());
            let mut file = BufWriter::new(File::create(path).map_err(cannot)?);
            trace.write(&mut file)?;
            file.flush().map_err(cannot)?;
        }
    }
    eprintln!("{} requests in {}", trace.arrivals.len(), humantime::format_duration(args.duration));
    Ok(())
}
