//! `lmms-bench scale`: what the results come to for more requests, containers and interfaces than fit on a machine.

use std::io::{self, Write};
use std::path::PathBuf;

use lmms_bench::results::Results;
use lmms_bench::scale::{self, Options};

use super::Error;
use super::bars::Bars;

/// What to simulate.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What `lmms-bench compare` has written
    #[arg(value_name = "RESULTS.json")]
    results: PathBuf,
    /// Requests a day: 1e6
    #[arg(long, value_name = "N", default_value_t = Options::default().requests_per_day, value_parser = some)]
    requests_per_day: f64,
    /// Of all that is drawn
    #[arg(long, value_name = "N", default_value_t = Options::default().seed)]
    seed: u64,
    /// Print the same as JSON
    #[arg(long)]
    json: bool,
}

/// A day of more would not be simulated within minutes.
const MOST: f64 = 1e8;

fn some(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| (1.0..=MOST).contains(number));
    number.ok_or_else(|| format!("expected a number from 1 to {MOST:e}"))
}

pub(crate) async fn run(args: Args) -> Result<(), Error> {
    let results = Results::open(&args.results)?;
    let options = Options { requests_per_day: args.requests_per_day, seed: args.seed, ..Options::default() };
    let bars = Bars::default();
    let scaled = scale::section(&results, &options, &bars)?;
    drop(bars);
    let mut out = io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &scaled)?;
        writeln!(out)?;
    } else {
        out.write_all(scaled.markdown().as_bytes())?;
    }
    Ok(())
}
