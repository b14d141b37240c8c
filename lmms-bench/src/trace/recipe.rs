//! How a trace is made: of a workload, from a seed.
//!
//! **Invariant.** The same recipe and workload give the same trace, byte for byte. What decides moments, bursts, operations,
//! freshness and arguments draws from a stream of its own, and each operation's arguments from one of theirs: a change to one of
//! them leaves the others as they were, so that two traces differ in nothing but what was meant.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_distr::Zipf;
use rand_pcg::Pcg64;

use super::arrivals::{Arrivals, MOST};
use super::mix::{self, Mix};
use super::{Arrival, Operation, Trace, Workload};

/// How a trace is made.
///
/// ```
/// use lmms_bench::trace::{Arrivals, Mix, Recipe, Workload};
/// use std::time::Duration;
///
/// let workload = Workload::read(&br#"{"operation": "tokens.count", "event": {"text": "a"}}"#[..], "workload.jsonl")?;
/// let recipe = Recipe {
///     duration: Duration::from_secs(600),
///     arrivals: Arrivals::poisson(1.0),
///     mix: Mix::Zipf { exponent: 1.0 },
///     fresh_percent: 0.0,
///     seed: 7,
/// };
/// let trace = recipe.generate(&workload)?;
/// assert!((500..700).contains(&trace.arrivals.len()));
/// assert_eq!(trace, recipe.generate(&workload)?);
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// Nothing arrives later than this.
    pub duration: Duration,
    /// When something arrives.
    pub arrivals: Arrivals,
    /// Which operation is asked then.
    pub mix: Mix,
    /// In so many per cent of the requests the event is one that was not asked before; in the others it comes back, Zipf over
    /// the operation's known ones in their order. An operation without fresh events always asks with known ones.
    pub fresh_percent: f64,
    /// Another one, another trace of the same kind.
    pub seed: u64,
}

/// A trace cannot be generated.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// A parameter out of its range.
    #[error("{what} is {value}; expected {expected}")]
    Parameter {
        /// Which.
        what: &'static str,
        /// What it is.
        value: String,
        /// What it may be.
        expected: &'static str,
    },
    /// The rate and the duration come to more requests than a trace can hold.
    #[error(
        "that is a trace of more than {MOST} requests or bursts; expected fewer: a lower rate, or a shorter duration"
    )]
    TooMany,
    /// The mix names an operation that is not in the workload.
    #[error("the workload has no operation `{operation}`; expected one of {known}")]
    UnknownOperation {
        /// Which.
        operation: String,
        /// Those that there are.
        known: String,
    },
    /// As many phases cannot have interfaces of their own.
    #[error("{count} phases of {interfaces} interfaces; expected 1 to {interfaces} phases")]
    Phases {
        /// Phases asked for.
        count: usize,
        /// Interfaces in the workload.
        interfaces: usize,
    },
    /// There is nothing to ask.
    #[error("the workload has nothing to ask; expected an event that comes back of each operation")]
    NothingKnown,
    /// Fresh events run out.
    #[error(
        "`{operation}` needs {needed} fresh events and the workload has {has}; expected {needed} or more of each operation \
        that has any, or a lower share of fresh ones"
    )]
    FreshRanOut {
        /// Of this operation, which lacks the most.
        operation: String,
        /// What the trace needs.
        needed: usize,
        /// What there is.
        has: usize,
    },
}

impl GenerateError {
    pub(super) fn unknown(operation: &str, workload: &Workload) -> Self {
        let known: Vec<_> = workload.operations.iter().map(|known| &*known.name).collect();
        Self::UnknownOperation { operation: operation.to_owned(), known: known.join(", ") }
    }
}

/// Each decision's own randomness.
struct Streams {
    moments: Pcg64,
    bursts: Pcg64,
    operations: Pcg64,
    freshness: Pcg64,
    arguments: Pcg64,
}

impl Streams {
    fn of(seed: u64) -> Self {
        // By draws of a first generator: PCG's own streams of one seed are too much alike.
        let mut root = Pcg64::seed_from_u64(seed);
        let mut next = || Pcg64::from_rng(&mut root);
        Self { moments: next(), bursts: next(), operations: next(), freshness: next(), arguments: next() }
    }
}

/// The arguments that an operation is asked with, one after the other.
struct Arguments<'a> {
    operation: &'a Operation,
    zipf: Zipf<f64>,
    random: Pcg64,
    /// How many fresh ones were needed so far.
    needed: usize,
}

impl<'a> Arguments<'a> {
    fn of(operation: &'a Operation, random: &mut Pcg64) -> Result<Self, GenerateError> {
        let known = operation.known.len();
        if known == 0 {
            return Err(GenerateError::NothingKnown);
        }
        Ok(Self { operation, zipf: mix::zipf(known, 1.0)?, random: Pcg64::from_rng(random), needed: 0 })
    }

    fn draw(&mut self, is_fresh: bool) -> &'a [u8] {
        let Operation { known, fresh, .. } = self.operation;
        // Drawn even where a fresh one is taken, so that more of those leave the others as they were.
        let known = &known[mix::rank(&self.zipf, known.len(), &mut self.random)];
        if !is_fresh || fresh.is_empty() {
            return known;
        }
        self.needed += 1;
        // When there are none left, it goes on to count how many there should have been.
        fresh.get(self.needed - 1).unwrap_or(known)
    }

    fn lacks(&self) -> usize {
        self.needed.saturating_sub(self.operation.fresh.len())
    }
}

impl Recipe {
    /// The trace.
    ///
    /// # Errors
    /// A parameter out of its range, a mix that the workload does not have, and fewer fresh events than are needed.
    pub fn generate(&self, workload: &Workload) -> Result<Trace, GenerateError> {
        self.check(workload)?;
        let mut streams = Streams::of(self.seed);
        let mixed = self.mix.of(workload, &mut streams.operations)?;
        let arguments = workload.operations.iter().map(|operation| Arguments::of(operation, &mut streams.arguments));
        let mut arguments = arguments.collect::<Result<Vec<_>, _>>()?;
        let moments = self.arrivals.moments(self.duration, &mut streams.moments, &mut streams.bursts);
        let mut arrivals = Vec::with_capacity(moments.len());
        for at in moments {
            let over = at.as_secs_f64() / self.duration.as_secs_f64();
            let place = mixed.draw(over, &mut streams.operations).ok_or(GenerateError::NothingKnown)?;
            let is_fresh = streams.freshness.random::<f64>() * 100.0 < self.fresh_percent;
            let event = arguments[place].draw(is_fresh).to_vec();
            arrivals.push(Arrival { at, operation: workload.operations[place].name.clone(), event });
        }
        match arguments.iter().max_by_key(|arguments| arguments.lacks()) {
            Some(most) if most.lacks() > 0 => {
                let (operation, has) = (most.operation.name.clone(), most.operation.fresh.len());
                Err(GenerateError::FreshRanOut { operation, needed: most.needed, has })
            }
            _ => Ok(Trace::new(arrivals)),
        }
    }

    fn check(&self, workload: &Workload) -> Result<(), GenerateError> {
        self.arrivals.check(self.duration)?;
        let value = self.fresh_percent.to_string();
        if !(0.0..=100.0).contains(&self.fresh_percent) {
            let expected = "per cent, 0 to 100";
            return Err(GenerateError::Parameter { what: "the share of fresh events", value, expected });
        }
        // Of some operations there is nothing fresh to ask. Of all of them, it was forgotten.
        if self.fresh_percent > 0.0 && workload.operations.iter().all(|operation| operation.fresh.is_empty()) {
            let expected = "0, for the workload has no fresh events";
            return Err(GenerateError::Parameter { what: "the share of fresh events", value, expected });
        }
        Ok(())
    }
}
