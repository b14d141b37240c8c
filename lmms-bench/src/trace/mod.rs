//! When which event arrives: recorded, or generated from a seed.
//!
//! **Invariant.** A [`Trace`] is in the order of time, and what arrives is an event's bytes as they were written: nothing here
//! reads an event to write it again.
//!
//! | module | is |
//! |---|---|
//! | [`file`] | a trace as JSON lines, and how to record one |
//! | [`workload`] | what can be asked |
//! | [`arrivals`] | when something is asked: Poisson, with a day curve and bursts |
//! | [`mix`] | which operation is asked then |
//! | [`recipe`] | how a trace is made of these, from a seed |
//! | [`standard`] | the three traces of the proof |

pub mod arrivals;
pub mod file;
mod lines;
pub mod mix;
pub mod recipe;
pub mod standard;
pub mod workload;

use std::time::Duration;

pub use arrivals::{Arrivals, Bursts, Curve, Day};
pub use file::WriteError;
pub use lines::ReadError;
pub use mix::Mix;
pub use recipe::{GenerateError, Recipe};
pub use standard::Standard;
pub use workload::{Operation, Workload};

/// An event, and when it arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// Since the trace's begin.
    pub at: Duration,
    /// What it asks for, as a person would call it: `tokens.count`.
    pub operation: String,
    /// What the function is handed, byte for byte.
    pub event: Vec<u8>,
}

/// Events in the order in which they arrive.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Trace {
    /// The earliest first; those of one moment in the order in which they were given.
    pub arrivals: Vec<Arrival>,
    /// How many of them were given after a later one. Whoever reads a file tells its user, for `at` may have been miscalculated.
    pub misplaced: usize,
}

impl Trace {
    /// These, sorted by time.
    ///
    /// ```
    /// use lmms_bench::trace::{Arrival, Trace};
    /// use std::time::Duration;
    ///
    /// let arrival = |at| Arrival { at: Duration::from_secs(at), operation: "tokens.count".into(), event: b"{}".to_vec() };
    /// let trace = Trace::new(vec![arrival(2), arrival(1), arrival(3)]);
    /// assert_eq!(trace.arrivals, [arrival(1), arrival(2), arrival(3)]);
    /// assert_eq!((trace.misplaced, trace.duration()), (1, Duration::from_secs(3)));
    /// ```
    #[must_use]
    pub fn new(mut arrivals: Vec<Arrival>) -> Self {
        let mut latest = Duration::ZERO;
        let mut misplaced = 0;
        for arrival in &arrivals {
            misplaced += usize::from(arrival.at < latest);
            latest = latest.max(arrival.at);
        }
        if misplaced > 0 {
            arrivals.sort_by_key(|arrival| arrival.at);
        }
        Self { arrivals, misplaced }
    }

    /// From its begin to the last arrival.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.arrivals.last().map_or(Duration::ZERO, |last| last.at)
    }
}
