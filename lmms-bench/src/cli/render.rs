//! `lmms-bench render`: results as a page, and as Markdown.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use lmms_bench::report;
use lmms_bench::results::Results;
use lmms_bench::scale::{self, Options};

use super::Error;
use super::bars::Bars;

/// What to show, and as what.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("as").required(true).multiple(true))]
pub(crate) struct Args {
    /// What `lmms-bench compare` has written
    #[arg(value_name = "RESULTS.json")]
    results: PathBuf,
    /// Write a page there: one file, which needs no network
    #[arg(long, value_name = "FILE", group = "as")]
    html: Option<PathBuf>,
    /// Print the tables as Markdown
    #[arg(long, group = "as")]
    markdown: bool,
    /// Leave out the simulation of a larger scale, which takes a minute
    #[arg(long)]
    no_scale: bool,
}

pub(crate) async fn run(args: Args) -> Result<(), Error> {
    let results = Results::open(&args.results)?;
    if args.markdown {
        io::stdout().lock().write_all(report::markdown(&results).as_bytes())?;
    }
    let Some(page) = &args.html else { return Ok(()) };
    let scaled = match args.no_scale {
        true => None,
        false => {
            let scaled = scale::section(&results, &Options::default(), &Bars::default());
            // What was not measured cannot be scaled; the page is still worth having.
            scaled.inspect_err(|error| eprintln!("without the larger scale: {error}")).ok()
        }
    };
    let written = fs::write(page, report::page(&results, scaled.as_ref()));
    written.map_err(|error| format!("cannot write {}: {error}", page.display()))?;
    eprintln!("{} is written", page.display());
    Ok(())
}
