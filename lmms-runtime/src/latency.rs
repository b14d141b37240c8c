//! Latency: how long calls by name took, by the tier that they were dispatched in.
//!
//! One histogram per operation and tier, made when the first time is recorded: what is never called holds nothing.

use std::time::Duration;

use hdrhistogram::Histogram;
use parking_lot::Mutex;

use crate::heat::{TIERS, Tier};

/// The latencies of one operation.
#[derive(Debug)]
pub(crate) struct Latencies([Mutex<Option<Box<Times>>>; TIERS.len()]);

#[derive(Debug)]
struct Times {
    nanos: Histogram<u32>,
    /// Exactly, where the histogram rounds.
    longest: u64,
    sum: u64,
    count: u64,
}

/// How long the calls of an operation by name took in one tier, loads and waiting included.
///
/// Quantiles are exact to about 6 %. In the tier HOT one call in eight is timed, in BLAZING one in 64: it stands for all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// Calls that these times stand for.
    pub count: u64,
    /// The mean.
    pub mean: Duration,
    /// Half of the calls took no longer.
    pub p50: Duration,
    /// 90 % took no longer.
    pub p90: Duration,
    /// 99 % took no longer.
    pub p99: Duration,
    /// The longest that was timed.
    pub max: Duration,
}

/// Powers of two are divided into 16: a quantile is off by a sixteenth at most. It grows with what is recorded, to 2 KB.
const SIGNIFICANT_DIGITS: u8 = 1;

impl Latencies {
    pub(crate) const fn new() -> Self {
        Self([const { Mutex::new(None) }; TIERS.len()])
    }

    /// Records a time that stands for so many calls.
    pub(crate) fn record(&self, tier: Tier, took: Duration, calls: u32) {
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1);
        let mut times = self.0[tier as usize].lock();
        if times.is_none() {
            *times = Times::new();
        }
        if let Some(times) = &mut *times {
            times.longest = times.longest.max(nanos);
            times.sum = times.sum.saturating_add(nanos.saturating_mul(calls.into()));
            times.count += u64::from(calls);
            // It grows as it needs to: no time is out of its bounds.
            let _ = times.nanos.record_n(nanos, calls);
        }
    }

    /// The calls that were timed in a tier, and what they took together, in nanoseconds.
    pub(crate) fn total(&self, tier: Tier) -> (u64, u64) {
        self.0[tier as usize].lock().as_ref().map_or((0, 0), |times| (times.count, times.sum))
    }

    /// As if nothing had been recorded. For tests.
    pub(crate) fn reset(&self) {
        self.0.iter().for_each(|times| *times.lock() = None);
    }

    /// By tier, coldest first.
    pub(crate) fn read(&self) -> [Option<Latency>; TIERS.len()] {
        self.0.each_ref().map(|times| times.lock().as_ref().map(|times| times.read()))
    }
}

impl Times {
    fn new() -> Option<Box<Self>> {
        // Its digits are in range, so there is one.
        let nanos = Histogram::new(SIGNIFICANT_DIGITS).ok()?;
        Some(Box::new(Self { nanos, longest: 0, sum: 0, count: 0 }))
    }

    fn read(&self) -> Latency {
        let quantile = |quantile| Duration::from_nanos(self.nanos.value_at_quantile(quantile).min(self.longest));
        let mean = self.sum / self.count.max(1);
        Latency {
            count: self.count,
            mean: Duration::from_nanos(mean),
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            max: Duration::from_nanos(self.longest),
        }
    }
}
