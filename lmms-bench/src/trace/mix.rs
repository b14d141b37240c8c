//! Which operation is asked: one, a few more than the others, or others at other times.

use std::fmt;
use std::str::FromStr;

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_distr::Zipf;
use rand_pcg::Pcg64;

use super::Workload;
use super::recipe::GenerateError;

/// How the operations are mixed.
#[derive(Debug, Clone, PartialEq)]
pub enum Mix {
    /// `hot:tokens.count`, `hot:tokens.count:0.9`: one operation, in this share of the requests; the others by Zipf.
    Hot {
        /// Its name.
        operation: String,
        /// From 0 to 1.
        share: f64,
    },
    /// `zipf`, `zipf:1.2`: the frequency of each is inverse to this power of its rank. The seed decides the ranks.
    Zipf {
        /// 0 asks for all alike.
        exponent: f64,
    },
    /// `phases:6`: so many phases of one length, each with interfaces of its own, and Zipf among their operations.
    Phases {
        /// At most as many as there are interfaces, each of which is in one of them.
        count: usize,
    },
}

impl FromStr for Mix {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || {
            format!(
                "`{text}` is no mix: expected hot:OPERATION[:SHARE], zipf[:EXPONENT] or phases:COUNT, for example zipf:1.2"
            )
        };
        let number = |text: &str| text.parse::<f64>().map_err(|_| expected());
        match text.split_once(':').unwrap_or((text, "")) {
            ("hot", "") => Err(expected()),
            ("hot", rest) => match rest.rsplit_once(':') {
                Some((operation, share)) => Ok(Self::Hot { operation: operation.to_owned(), share: number(share)? }),
                None => Ok(Self::Hot { operation: rest.to_owned(), share: 1.0 }),
            },
            ("zipf", "") => Ok(Self::Zipf { exponent: 1.0 }),
            ("zipf", exponent) => Ok(Self::Zipf { exponent: number(exponent)? }),
            ("phases", count) => Ok(Self::Phases { count: count.parse().map_err(|_| expected())? }),
            _ => Err(expected()),
        }
    }
}

/// As it is parsed.
impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hot { operation, share } => write!(f, "hot:{operation}:{share}"),
            Self::Zipf { exponent } => write!(f, "zipf:{exponent}"),
            Self::Phases { count } => write!(f, "phases:{count}"),
        }
    }
}

/// Operations by their frequency.
pub(super) struct Ranked {
    operations: Vec<usize>,
    zipf: Zipf<f64>,
}

impl Ranked {
    /// In an order that has nothing to do with the one in which they were given. `None` of none.
    fn shuffled(mut operations: Vec<usize>, exponent: f64, random: &mut Pcg64) -> Result<Option<Self>, GenerateError> {
        operations.shuffle(random);
        if operations.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { zipf: zipf(operations.len(), exponent)?, operations }))
    }

    fn draw(&self, random: &mut Pcg64) -> usize {
        self.operations[rank(&self.zipf, self.operations.len(), random)]
    }
}

/// Over so many ranks.
pub(super) fn zipf(count: usize, exponent: f64) -> Result<Zipf<f64>, GenerateError> {
    // An infinite one has no second rank, which is what `hot` is for.
    Zipf::new(count as f64, exponent).ok().filter(|_| exponent.is_finite()).ok_or_else(|| GenerateError::Parameter {
        what: "Zipf's exponent",
        value: exponent.to_string(),
        expected: "0 or more",
    })
}

/// From 0. Never past the last, whatever was rounded.
pub(super) fn rank(zipf: &Zipf<f64>, count: usize, random: &mut Pcg64) -> usize {
    (random.sample(zipf) as usize).clamp(1, count) - 1
}

/// A mix of a workload's operations, by their places in it.
pub(super) enum Mixed {
    Hot {
        operation: usize,
        share: f64,
        others: Option<Box<Mixed>>,
    },
    /// One after the other, all of one length.
    Phases(Vec<Ranked>),
}

impl Mix {
    pub(super) fn of(&self, workload: &Workload, random: &mut Pcg64) -> Result<Mixed, GenerateError> {
        let all = 0..workload.operations.len();
        match self {
            Self::Hot { operation, share } => {
                if !(0.0..=1.0).contains(share) {
                    let value = share.to_string();
                    return Err(GenerateError::Parameter { what: "the hot share", value, expected: "from 0 to 1" });
                }
                let hot = all.clone().find(|place| workload.operations[*place].name == *operation);
                let hot = hot.ok_or_else(|| GenerateError::unknown(operation, workload))?;
                let others = Ranked::shuffled(all.filter(|place| *place != hot).collect(), 1.0, random)?;
                let others = others.map(|others| Box::new(Mixed::Phases(vec![others])));
                Ok(Mixed::Hot { operation: hot, share: *share, others })
            }
            Self::Zipf { exponent } => {
                Ok(Mixed::Phases(Ranked::shuffled(all.collect(), *exponent, random)?.into_iter().collect()))
            }
            Self::Phases { count } => {
                let mut interfaces: Vec<&str> = Vec::new();
                for operation in &workload.operations {
                    if !interfaces.contains(&operation.interface()) {
                        interfaces.push(operation.interface());
                    }
                }
                if !(1..=interfaces.len()).contains(count) {
                    return Err(GenerateError::Phases { count: *count, interfaces: interfaces.len() });
                }
                interfaces.shuffle(random);
                let phases = (0..*count).map(|group| {
                    // Dealt out like cards, so that no phase has two interfaces more than another.
                    let group: Vec<_> = interfaces.iter().skip(group).step_by(*count).collect();
                    let is_in = |place: &usize| group.contains(&&workload.operations[*place].interface());
                    Ranked::shuffled(all.clone().filter(is_in).collect(), 1.0, random)
                });
                Ok(Mixed::Phases(phases.filter_map(Result::transpose).collect::<Result<_, _>>()?))
            }
        }
    }
}

impl Mixed {
    /// The operation that is asked when this share of the trace's time is over. `None` where there are none.
    pub(super) fn draw(&self, over: f64, random: &mut Pcg64) -> Option<usize> {
        match self {
            Self::Hot { operation, share, others } => match others {
                Some(others) if random.random::<f64>() >= *share => others.draw(over, random),
                _ => Some(*operation),
            },
            Self::Phases(phases) => {
                let phase = ((over * phases.len() as f64) as usize).min(phases.len().checked_sub(1)?);
                Some(phases[phase].draw(random))
            }
        }
    }
}
