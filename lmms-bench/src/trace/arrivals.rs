//! When events arrive: a Poisson process whose rate a day curve and bursts change.
//!
//! By thinning: candidates arrive at the highest rate there is, and each stays with the share that the rate at its moment has of
//! that. So a curve needs no integral, and gives the exact process rather than steps of it.

use std::f64::consts::TAU;
use std::str::FromStr;
use std::time::Duration;

use rand::RngExt;
use rand_distr::Exp1;
use rand_pcg::Pcg64;

use super::recipe::GenerateError;

/// More are not generated: a trace is held in memory.
pub const MOST: f64 = 10_000_000.0;

/// How often something arrives.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrivals {
    /// On average and in a second, bursts not counted.
    pub rate: f64,
    /// How the rate changes by the time of day; `None` keeps it.
    pub day: Option<Day>,
    /// What comes on top of it.
    pub bursts: Option<Bursts>,
}

/// A day, of any length: the rate's average over it is that of the [`Arrivals`].
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Its length: an hour can stand for a day.
    pub period: Duration,
    /// Its shape.
    pub curve: Curve,
}

/// How the rate changes over a day.
#[derive(Debug, Clone, PartialEq)]
pub enum Curve {
    /// A sine: `1 - depth` times the rate when the day begins, `1 + depth` times in the middle of it.
    Sine {
        /// From 0, which is no change, to 1, at which nothing arrives at night.
        depth: f64,
    },
    /// The weights of its 24 hours, in any unit.
    Hours([f64; 24]),
}

/// Once in every interval, at a moment that the seed decides, more arrive for a while: `10m:30s:x5`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bursts {
    /// The interval.
    pub every: Duration,
    /// How long a burst is.
    pub length: Duration,
    /// By how much the rate of that moment is multiplied.
    pub times: f64,
}

impl FromStr for Bursts {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("`{text}` is no bursts: expected EVERY:LENGTH:xTIMES, for example 10m:30s:x5");
        let parts: Vec<_> = text.split(':').collect();
        let [every, length, times] = parts.as_slice() else { return Err(expected()) };
        let duration = |text| humantime::parse_duration(text).map_err(|error| format!("{}: {error}", expected()));
        let times = times.strip_prefix('x').and_then(|times| times.parse().ok()).ok_or_else(expected)?;
        Ok(Self { every: duration(every)?, length: duration(length)?, times })
    }
}

impl Day {
    /// What the average rate is multiplied by.
    fn factor(&self, at: f64) -> f64 {
        let turn = (at / self.period.as_secs_f64()).fract();
        match &self.curve {
            Curve::Sine { depth } => 1.0 - depth * (TAU * turn).cos(),
            Curve::Hours(weights) => weights[((turn * 24.0) as usize).min(23)] / mean(weights),
        }
    }

    fn highest(&self) -> f64 {
        match &self.curve {
            Curve::Sine { depth } => 1.0 + depth,
            Curve::Hours(weights) => weights.iter().fold(0.0, |most: f64, weight| most.max(*weight)) / mean(weights),
        }
    }

    fn check(&self) -> Result<(), GenerateError> {
        let refuse = |what, value, expected| Err(GenerateError::Parameter { what, value, expected });
        if self.period.is_zero() {
            return refuse("the day's length", "0s".to_owned(), "more than nothing");
        }
        match &self.curve {
            Curve::Sine { depth } if !(0.0..=1.0).contains(depth) => {
                refuse("the day's depth", depth.to_string(), "from 0 to 1")
            }
            Curve::Hours(weights)
                if weights.iter().any(|weight| !(*weight >= 0.0 && weight.is_finite()))
                    || !(mean(weights) > 0.0 && mean(weights).is_finite()) =>
            {
                refuse("the day's hours", format!("{weights:?}"), "weights of 0 or more, one of them more")
            }
            _ => Ok(()),
        }
    }
}

fn mean(weights: &[f64; 24]) -> f64 {
    weights.iter().sum::<f64>() / 24.0
}

impl Bursts {
    fn check(&self) -> Result<(), GenerateError> {
        let refuse = |what, value, expected| Err(GenerateError::Parameter { what, value, expected });
        if self.length > self.every || self.every < Duration::from_millis(1) {
            let value = format!("{:?} in every {:?}", self.length, self.every);
            return refuse("a burst's length", value, "at most the interval, and an interval of 1ms or more");
        }
        match self.times >= 0.0 && self.times.is_finite() {
            true => Ok(()),
            false => refuse("a burst's factor", self.times.to_string(), "0 or more"),
        }
    }
}

/// Where the burst of an interval is, as time goes on.
struct Burst<'a> {
    bursts: &'a Bursts,
    random: &'a mut Pcg64,
    interval: f64,
    begin: f64,
}

impl<'a> Burst<'a> {
    fn first(bursts: &'a Bursts, random: &'a mut Pcg64) -> Self {
        let mut burst = Self { bursts, random, interval: 0.0, begin: 0.0 };
        burst.place();
        burst
    }

    fn place(&mut self) {
        let Bursts { every, length, .. } = self.bursts;
        let within = self.random.random::<f64>() * (every.as_secs_f64() - length.as_secs_f64());
        self.begin = self.interval * every.as_secs_f64() + within;
    }

    fn factor(&mut self, at: f64) -> f64 {
        // One after the other, so that where a burst is does not depend on what arrives between them.
        while at >= (self.interval + 1.0) * self.bursts.every.as_secs_f64() {
            self.interval += 1.0;
            self.place();
        }
        match (self.begin..self.begin + self.bursts.length.as_secs_f64()).contains(&at) {
            true => self.bursts.times,
            false => 1.0,
        }
    }
}

impl Arrivals {
    /// So many in a second, at any time.
    #[must_use]
    pub fn poisson(rate: f64) -> Self {
        Self { rate, day: None, bursts: None }
    }

    fn highest(&self) -> f64 {
        let bursts = self.bursts.map_or(1.0, |bursts| bursts.times.max(1.0));
        self.rate * self.day.as_ref().map_or(1.0, Day::highest) * bursts
    }

    pub(super) fn check(&self, duration: Duration) -> Result<(), GenerateError> {
        if !(self.rate > 0.0 && self.rate.is_finite()) {
            let value = self.rate.to_string();
            return Err(GenerateError::Parameter { what: "the rate", value, expected: "more than 0 per second" });
        }
        self.day.as_ref().map_or(Ok(()), Day::check)?;
        self.bursts.as_ref().map_or(Ok(()), Bursts::check)?;
        let intervals = self.bursts.map_or(0.0, |bursts| duration.as_secs_f64() / bursts.every.as_secs_f64());
        match (self.highest() * duration.as_secs_f64()).max(intervals) <= MOST {
            true => Ok(()),
            false => Err(GenerateError::TooMany),
        }
    }

    /// The moments of this process, in microseconds: what is finer depends on how a machine computes logarithms.
    pub(super) fn moments(&self, duration: Duration, random: &mut Pcg64, bursts: &mut Pcg64) -> Vec<Duration> {
        let (highest, end) = (self.highest(), duration.as_secs_f64());
        let mut burst = self.bursts.as_ref().map(|known| Burst::first(known, bursts));
        let (mut at, mut moments) = (0.0, Vec::new());
        loop {
            at += random.sample::<f64, _>(Exp1) / highest;
            if at >= end {
                return moments;
            }
            let day = self.day.as_ref().map_or(1.0, |day| day.factor(at));
            let rate = self.rate * day * burst.as_mut().map_or(1.0, |burst| burst.factor(at));
            if random.random::<f64>() * highest < rate {
                moments.push(Duration::from_micros((at * 1e6) as u64));
            }
        }
    }
}
