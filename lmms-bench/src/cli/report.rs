//! `lmms-bench report`: what a function's log tells, as a page.

use std::path::PathBuf;
use std::{fs, io};

use lmms_bench::logs::{Log, MARK};
use lmms_bench::report;

use super::Error;

/// Which log, and where the page goes.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The log as text, JSON or CSV, as CloudWatch exports it; `-` is standard input
    #[arg(value_name = "LOG")]
    log: PathBuf,
    /// The page
    #[arg(long, value_name = "FILE", default_value = "residency.html")]
    html: PathBuf,
}

pub(crate) fn run(args: Args) -> Result<(), Error> {
    let is_stdin = args.log.as_os_str() == "-";
    let name = if is_stdin { "standard input".to_owned() } else { args.log.display().to_string() };
    let bytes = if is_stdin {
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut io::stdin(), &mut bytes).map(|_| bytes)
    } else {
        fs::read(&args.log)
    };
    let bytes = bytes.map_err(|error| format!("cannot read {name}: {error}"))?;
    let log = Log::read(&String::from_utf8_lossy(&bytes));
    for broken in log.broken.iter().take(5) {
        eprintln!("left out: {name}, {broken}");
    }
    if log.broken.len() > 5 {
        eprintln!("left out: {} more", log.broken.len() - 5);
    }
    if log.lines.is_empty() {
        let message = format!(
            "{name} has no line that can be read: expected some with `{MARK} {{..}}`, which a function of lmms writes unless LMMS_STATS_LINE=false"
        );
        return Err(message.into());
    }
    let written = fs::write(&args.html, report::log_page(&name, &log));
    written.map_err(|error| format!("cannot write {}: {error}", args.html.display()))?;
    eprintln!("{} is written, from {} lines", args.html.display(), log.lines.len());
    Ok(())
}
