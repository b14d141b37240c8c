//! The subcommands, one file each.

mod bars;
mod compare;
mod generate;
mod render;
mod replay;
mod report;
mod scale;

use clap::{Parser, Subcommand};

/// What a subcommand may end with.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// A local Lambda that bills: replays traces against any bootstrap, compares what they cost, and reports it.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure lmms against eager, LazyLock and a hand-written timer: cold starts, memory, latency, GB-seconds
    Compare(compare::Args),
    /// Make a trace from a workload: Poisson arrivals, day curve, bursts; hot, Zipf or rotating operations
    Generate(generate::Args),
    /// Show what `compare` has written, as a page or as Markdown
    Render(render::Args),
    /// Replay a trace with any function, and tell what it would cost on AWS
    Replay(replay::Args),
    /// Draw when what was loaded, from the `[LMMS_STATS]` lines of any function's log
    Report(report::Args),
    /// What the results come to for more requests, containers and interfaces: a simulation, its assumptions named
    Scale(scale::Args),
}

impl Cli {
    pub(crate) async fn run(self) -> Result<(), Error> {
        match self.command {
            Command::Compare(args) => compare::run(args).await,
            Command::Generate(args) => generate::run(args).await,
            Command::Render(args) => render::run(args).await,
            Command::Replay(args) => replay::run(args).await,
            Command::Report(args) => report::run(args),
            Command::Scale(args) => scale::run(args).await,
        }
    }
}
