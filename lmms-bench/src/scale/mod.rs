//! What follows for more requests, containers and interfaces than fit on a machine: by simulation, from what was measured.
//!
//! | module | is |
//! |---|---|
//! | [`model`] | a function and its containers under traffic, in virtual time: parameters in, outcome out |
//! | [`traffic`] | when requests arrive, and what they ask |
//! | [`inputs`] | the parameters, from [`Results`] |
//! | [`point`] | one function under one traffic: at which memory setting, and with what of a processor |
//! | [`assumptions`] | all that the tables rest on beside what was measured |
//! | [`tables`] | the day, and the sweeps over requests, interfaces and containers |
//!
//! **Invariant.** No figure is made up: each is measured, or follows from measured ones by what [`Scaled::assumptions`] says.

pub mod assumptions;
mod container;
mod figures;
pub mod inputs;
pub mod model;
pub mod point;
pub mod tables;
pub mod traffic;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

pub use inputs::{Inputs, InputsError};
pub use model::{Calls, Containers, Heat, Keeping, Model, Outcome, Part, SECOND, simulate};
pub use traffic::{Bursts, DAY, Traffic};

use crate::measure::Progress;
use crate::results::Results;

/// What is simulated.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Requests a day, where they are not what is swept over.
    pub requests_per_day: f64,
    /// Of all that is drawn.
    pub seed: u64,
    /// The sweep over requests a day ends here.
    pub most_per_day: f64,
    /// The sweep over interfaces ends here.
    pub most_interfaces: usize,
    /// The sweep over containers at once ends here.
    pub most_containers: usize,
}

impl Default for Options {
    /// A million requests a day; up to ten million, 10,000 interfaces, 1,000 containers.
    fn default() -> Self {
        Self { requests_per_day: 1e6, seed: 7, most_per_day: 1e7, most_interfaces: 10_000, most_containers: 1_000 }
    }
}

/// What follows, to be shown.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Scaled {
    /// All that is assumed, a sentence each.
    pub assumptions: Vec<String>,
    /// What the tables come to, a sentence each, computed from them.
    pub findings: Vec<String>,
    /// The tables.
    pub tables: Vec<Table>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// `day`, `phases`, `requests`, `grace`, `interfaces`, `containers`, `check`.
    pub id: String,
    /// As a person would.
    pub title: String,
    /// What it shows, in a sentence or two.
    pub what: String,
    /// The first is text, the others are figures.
    pub columns: Vec<String>,
    /// As many cells in each as there are columns.
    pub rows: Vec<Vec<String>>,
}

/// What follows from the results.
///
/// # Errors
/// They lack what the simulation needs.
pub fn section(results: &Results, options: &Options, progress: &impl Progress) -> Result<Scaled, InputsError> {
    let inputs = Inputs::of(results)?;
    let mut sweeps = tables::Sweeps::new(results, &inputs, options, progress);
    let tables = vec![
        sweeps.day(1),
        sweeps.day(tables::PHASES),
        sweeps.requests(),
        sweeps.grace(),
        sweeps.interfaces(),
        sweeps.containers(),
        sweeps.check(),
    ];
    Ok(Scaled { assumptions: assumptions::all(results, &inputs, options), findings: sweeps.findings, tables })
}

impl Scaled {
    /// As Markdown, its tables aligned to be read as they are.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for table in &self.tables {
            // To write to a string does not fail.
            let _ = writeln!(text, "### {}\n\n{}\n\n{}", table.title, table.what, table.markdown());
        }
        for (title, sentences) in [("What follows", &self.findings), ("What is assumed", &self.assumptions)] {
            let _ = writeln!(text, "### {title}\n");
            for sentence in sentences {
                let _ = writeln!(text, "- {sentence}");
            }
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
        text
    }
}

impl Table {
    /// As Markdown.
    #[must_use]
    pub fn markdown(&self) -> String {
        let width = |column: usize| {
            let cells = self.rows.iter().map(|row| row[column].chars().count());
            cells.chain([self.columns[column].chars().count(), 3]).max().unwrap_or(3)
        };
        let widths: Vec<_> = (0..self.columns.len()).map(width).collect();
        let line = |cells: &[String]| {
            let mut line = String::from("|");
            for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
                let _ = match column {
                    0 => write!(line, " {cell:<width$} |"),
                    _ => write!(line, " {cell:>width$} |"),
                };
            }
            line.push('\n');
            line
        };
        let mut text = line(&self.columns);
        text.push('|');
        for (column, width) in widths.iter().enumerate() {
            let end = if column == 0 { '-' } else { ':' };
            let _ = write!(text, "-{}{end}|", "-".repeat(*width));
        }
        text.push('\n');
        text.extend(self.rows.iter().map(|row| line(row)));
        text
    }
}
