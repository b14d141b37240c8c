//! Markdown: the tables of the page, for a README.

use std::fmt::Write;

use super::figures::{self, EAGER, LAZYLOCK};
use super::{verdicts, words};
use crate::results::Results;

/// The targets and ARCH-07's rows as two tables, with what they were measured on.
#[must_use]
pub fn markdown(results: &Results) -> String {
    let mut text = String::new();
    let machine = &results.machine;
    let quick = if results.is_quick { " Quick: the traces are a sixth as long as they are meant to be." } else { "" };
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "Measured {} at {}, on {}, {}.{quick}\n",
        words::date(results.began),
        words::short(&results.commit, 12),
        machine.cpu,
        words::many(machine.cores, "core", "cores"),
    );
    row(&mut text, &["target", "bound", "theirs", "lmms", "compared", ""].map(str::to_owned));
    row(&mut text, &["---", "---", "--:", "--:", "--:", "---"].map(str::to_owned));
    for outcome in verdicts::targets(results) {
        let (unit, by) = (outcome.target.metric.unit(), outcome.target.by);
        let compared = |figure: Option<f64>| figure.map_or_else(|| words::NONE.to_owned(), |figure| by.text(figure));
        let kept = outcome.variants.iter().find(|attempt| attempt.met == verdicts::Met::Reached);
        let verdict = match (outcome.own.met, kept) {
            (verdicts::Met::Missed, Some(kept)) => {
                format!("missed ({}: {}, met)", figures::title(results, &kept.rival), compared(kept.figure))
            }
            (met, _) => met.word().to_lowercase(),
        };
        row(
            &mut text,
            &[
                outcome.target.title.to_owned(),
                outcome.target.bound_text(),
                unit.maybe(outcome.theirs),
                unit.maybe(outcome.own.ours),
                compared(outcome.own.figure),
                verdict,
            ],
        );
    }
    text.push('\n');
    let columns = ["ARCH-07", "claims", "eager", "LazyLock", "lmms", "best variant", "verdict"];
    row(&mut text, &columns.map(str::to_owned));
    row(&mut text, &["---", "---", "--:", "--:", "--:", "--:", "---"].map(str::to_owned));
    for verdict in verdicts::rows(results) {
        let unit = verdict.unit();
        let best = verdict.best.as_ref();
        row(
            &mut text,
            &[
                format!("{}: {}", verdict.claim.title, verdict.claim.measured),
                verdict.claim.improvement.to_owned(),
                unit.maybe(verdict.of(results, EAGER)),
                unit.maybe(verdict.of(results, LAZYLOCK)),
                unit.maybe(verdict.own),
                best.map_or_else(
                    || words::NONE.to_owned(),
                    |(id, figure)| format!("{} ({})", unit.text(*figure), figures::title(results, id)),
                ),
                verdict.verdict.word().to_owned(),
            ],
        );
    }
    text
}

fn row(text: &mut String, cells: &[String]) {
    for cell in cells {
        // A bar would end the cell.
        let _ = write!(text, "| {} ", cell.replace('|', "\\|"));
    }
    text.push_str("|\n");
}
