//! The three traces of the proof.
//!
//! **Invariant.** All parameters are here, with their reasons, and were chosen before anything was measured on them.
//!
//! | parameter | is | because |
//! |---|---|---|
//! | duration | an hour | the free tier's million requests a month are one every 2.6 seconds: at 1/s, an hour is more than that is worth, and long against the 30 seconds of grace after which something is unloaded |
//! | rate | 1/s on average | one container answers nearly all of it, so that what is compared is the function and not how many of it there are |
//! | fresh | 5 % | `demo-lambda -- mix` has it so, and what a cache gains is told there |
//! | exponent | 1 | Zipf's own |
//! | hot operation | `tokens.count` | what ARCH-07's fast path is for: pure and short, on state that is not small; the claim of a trace that needs one interface of all is strongest against a function that has loaded them all |
//! | day | one, depth 0.8 | an hour stands for a day, at whose height nine times as much arrives as at night |
//! | bursts | one in 15 minutes, 30 seconds, 5 times | four in all: requests overlap, and more containers start |
//! | phases | 6 of 10 minutes | of the demo's 18 interfaces three each; 20 times the grace period, so that what a phase leaves behind is held for long, or unloaded |
//!
//! The bursts come on top of the average. `quick` divides all times by 6, not the rate: a sixth of the requests in the same shape.
//! Periods of grace stay what they are, so that it is to look at and not to conclude from.

use std::time::Duration;

use super::{Arrivals, Bursts, Curve, Day, GenerateError, Mix, Recipe, Trace, Workload};

/// Of the proof.
pub const SEED: u64 = 7;

const HOUR: Duration = Duration::from_secs(3_600);
const FRESH_PERCENT: f64 = 5.0;

/// One of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standard {
    /// One operation.
    Hot,
    /// All of them, some more than others.
    Zipf,
    /// Others at other times.
    Phases,
}

impl Standard {
    /// In the order in which they are shown.
    pub const ALL: [Self; 3] = [Self::Hot, Self::Zipf, Self::Phases];

    /// As files and options name it.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Zipf => "zipf",
            Self::Phases => "phases",
        }
    }

    /// As a person would.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Hot => "One hot operation",
            Self::Zipf => "All operations, by Zipf",
            Self::Phases => "Rotating phases",
        }
    }

    /// How it is made, in a sentence.
    #[must_use]
    pub fn what(self) -> &'static str {
        match self {
            Self::Hot => {
                "An hour of `tokens.count` and nothing else, Poisson, 1 request a second, 5 % with fresh arguments."
            }
            Self::Zipf => {
                "An hour that stands for a day: all operations by Zipf, 1 request a second on average, at noon nine times as \
                many as at night, and four bursts of 30 seconds with 5 times as many on top; 5 % with fresh arguments."
            }
            Self::Phases => {
                "An hour of six phases, each with a sixth of the interfaces and no other: Poisson, 1 request a second, 5 % \
                with fresh arguments."
            }
        }
    }

    /// How long it is; `quick` is a sixth.
    #[must_use]
    pub fn duration(self, quick: bool) -> Duration {
        shorter(HOUR, quick)
    }

    /// How it is made, exactly.
    #[must_use]
    pub fn recipe(self, seed: u64, quick: bool) -> Recipe {
        let duration = self.duration(quick);
        let mut arrivals = Arrivals::poisson(1.0);
        let mix = match self {
            Self::Hot => Mix::Hot { operation: "tokens.count".to_owned(), share: 1.0 },
            Self::Zipf => {
                arrivals.day = Some(Day { period: duration, curve: Curve::Sine { depth: 0.8 } });
                let (every, length) = (Duration::from_secs(15 * 60), Duration::from_secs(30));
                arrivals.bursts =
                    Some(Bursts { every: shorter(every, quick), length: shorter(length, quick), times: 5.0 });
                Mix::Zipf { exponent: 1.0 }
            }
            Self::Phases => Mix::Phases { count: 6 },
        };
        Recipe { duration, arrivals, mix, fresh_percent: FRESH_PERCENT, seed }
    }

    /// The trace, of the demo's workload or of one that has what it takes: `tokens.count` for [`Hot`](Self::Hot), six interfaces
    /// for [`Phases`](Self::Phases), fresh events for all.
    ///
    /// # Errors
    /// The workload does not.
    pub fn generate(self, workload: &Workload, seed: u64, quick: bool) -> Result<Trace, GenerateError> {
        self.recipe(seed, quick).generate(workload)
    }
}

fn shorter(duration: Duration, quick: bool) -> Duration {
    match quick {
        true => duration / 6,
        false => duration,
    }
}
