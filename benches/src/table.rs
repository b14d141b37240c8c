//! Tables and claims, as they are printed.

use std::fmt;

/// What a ratio or a figure is to reach.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// No more than this.
    AtMost(f64),
    /// No less than this.
    AtLeast(f64),
    /// Nothing was promised.
    Told,
}

impl Target {
    fn verdict(self, value: f64) -> &'static str {
        let is_met = match self {
            Self::AtMost(most) => value <= most,
            Self::AtLeast(least) => value >= least,
            Self::Told => return "",
        };
        if is_met { "met" } else { "MISSED" }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "target at most {most}"),
            Self::AtLeast(least) => write!(f, "target at least {least}"),
            Self::Told => Ok(()),
        }
    }
}

/// Prints one claim: what was measured against what was promised.
pub fn claim(text: &str, value: f64, unit: &str, target: Target) {
    println!("  {text:<58} {value:>9.3} {unit:<4} {target:<21} {}", target.verdict(value));
}

/// Prints rows under a head; the first column is text, the others are figures.
pub fn print(title: &str, method: &str, head: &[&str], rows: &[Vec<String>]) {
    println!("\n{title}\n  {method}");
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([head[column].chars().count()]).max().unwrap_or(0)
    };
    let line = |cells: Vec<&str>| {
        let mut line = String::from("  ");
        for (column, cell) in cells.iter().enumerate() {
            let width = width(column);
            match column {
                0 => line.push_str(&format!("{cell:<width$}")),
                _ => line.push_str(&format!("  {cell:>width$}")),
            }
        }
        println!("{}", line.trim_end());
    };
    line(head.to_vec());
    for row in rows {
        line(row.iter().map(String::as_str).collect());
    }
}
