//! Cold starts, latencies and replays, each with its spread.
//!
//! **Invariant.** Candidates take turns within each round, and each round begins with another one, so that a machine that slows
//! down or warms up does so for all of them.

mod cold;
mod latency;
mod machine;
mod replays;

use lmms_local::container::Function;

pub use cold::{Kind, cold_starts};
pub use latency::latencies;
pub use machine::{commit, machine};
pub use replays::{Loads, Replayed, replays};

/// What a measurement may end with.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// A function to measure.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Its [`Rival::id`](crate::results::Rival::id).
    pub rival: String,
    /// Its program and environment.
    pub function: Function,
}

/// The candidates in the order of a round.
fn in_turn(candidates: &[Candidate], round: usize) -> impl Iterator<Item = &Candidate> {
    let first = round % candidates.len().max(1);
    candidates[first..].iter().chain(&candidates[..first])
}

/// Told after each step of a measurement.
pub trait Progress {
    /// So many steps are to come.
    fn expect(&self, steps: u64, what: &str);
    /// One is done.
    fn step(&self);
}

impl Progress for () {
    fn expect(&self, _: u64, _: &str) {}
    fn step(&self) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_round_begins_with_another_and_has_all() {
        let candidates =
            ["a", "b", "c"].map(|id| Candidate { rival: id.to_owned(), function: Function::new("/no/program") });
        let order = |round| in_turn(&candidates, round).map(|candidate| &*candidate.rival).collect::<String>();
        assert_eq!([0, 1, 2, 3].map(order), ["abc", "bca", "cab", "abc"]);
        assert_eq!(in_turn(&[], 1).count(), 0);
    }
}
