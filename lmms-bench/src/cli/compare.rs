//! `lmms-bench compare`: the proof.

use super::Error;

/// What to measure.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {}

pub(crate) async fn run(_: Args) -> Result<(), Error> {
    Ok(())
}
