//! Heat: how often an operation was called of late, and what follows from it.
//!
//! **Invariant.** Heat cools by halves: each half-life, half of the calls so far are forgotten, so that what was hot once is
//! not protected for ever. Asking for a tier does not heat.
//!
//! Counting sits in the operation's body, so that typed calls and calls by name heat alike. What is blazing has been counted
//! enough ([`SATURATED`]): a call then costs one relaxed load. It counts again when it has cooled, which somebody has to
//! notice: a call by name looks at the clock anyway, and a gateway that sweeps looks at all heat once a second.

mod adaptive;
mod judges;
mod rules;
mod tier;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::{self, Moment};

pub(crate) use self::adaptive::threshold_for;
pub(crate) use self::judges::Judge;
pub(crate) use self::rules::{HeatRules, LiveRules};
pub use self::tier::Tier;
pub(crate) use self::tier::{Scale, TIERS};

/// The heat of one operation: one word, so that cooling and counting are one step.
///
/// The high half is the second by which it has cooled, the low half the calls that count, with [`SATURATED`] as its highest
/// bit. A `static` per operation: it costs a start nothing.
#[derive(Debug)]
pub(crate) struct Heat(AtomicU64);

/// Set as long as the calls that count are at least [`enough`](judges::enough).
const SATURATED: u64 = 1 << 31;

/// More calls are not counted on any scale.
const MOST: u32 = 1 << 30;

/// The calls that make an operation blazing, by its threshold.
fn blazing(threshold: u32) -> u32 {
    threshold.saturating_mul(4).saturating_add(1).min(MOST)
}

fn enough(scale: Scale) -> u32 {
    judges::enough().max(blazing(scale.threshold.get()))
}

#[derive(Clone, Copy)]
struct Count {
    cooled: u32,
    calls: u32,
}

impl Count {
    fn unpack(word: u64) -> Self {
        Self { cooled: (word >> 32) as u32, calls: (word & (SATURATED - 1)) as u32 }
    }

    fn pack(self, enough: u32) -> u64 {
        let saturated = if self.calls >= enough { SATURATED } else { 0 };
        u64::from(self.cooled) << 32 | saturated | u64::from(self.calls)
    }

    fn cool(self, now: u32, half_life: u32) -> Self {
        if self.calls == 0 {
            return Self { cooled: now, calls: 0 };
        }
        match now.saturating_sub(self.cooled).checked_div(half_life).unwrap_or(0) {
            0 => self,
            halvings => Self {
                // The rest of a half-life that has begun goes on.
                cooled: self.cooled.saturating_add(halvings.saturating_mul(half_life)),
                calls: self.calls.checked_shr(halvings).unwrap_or(0),
            },
        }
    }

    /// Only up to the most, never down to it: a gateway with a higher threshold may have counted more.
    fn add(self, calls: u32, most: u32) -> Self {
        Self { calls: self.calls.max(self.calls.saturating_add(calls).min(most.min(MOST))), ..self }
    }
}

fn seconds(now: Moment) -> u32 {
    u32::try_from(now.0 / 1_000).unwrap_or(u32::MAX)
}

impl Heat {
    /// Cold.
    pub(crate) const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts a call of the body, unless it was counted enough. `declared` is the threshold that the interface declares, or 0.
    #[inline(always)]
    pub(crate) fn called(&self, declared: u32) {
        // Relaxed, as all here: one word, and nothing depends on it.
        if self.0.load(Ordering::Relaxed) & SATURATED == 0 {
            self.count_body(declared);
        }
    }

    #[cold]
    #[inline(never)]
    fn count_body(&self, declared: u32) {
        let enough = judges::enough().max(blazing(declared));
        let half_life = judges::half_life();
        self.update(|count| count.cool(seconds(clock::now()), half_life).add(1, MOST), enough);
    }

    /// Counts a call that did not come to the body, unless it was counted enough.
    pub(crate) fn count(&self, now: Moment, scale: Scale) {
        if !self.is_saturated() {
            self.add(1, MOST, now, scale);
        }
    }

    /// Counts calls that were not counted one by one: those of what is saturated, of which one in so many is looked at.
    pub(crate) fn count_sample(&self, calls: u32, now: Moment, scale: Scale) {
        if self.is_saturated() {
            self.add(calls, scale.most(), now, scale);
        }
    }

    fn add(&self, calls: u32, most: u32, now: Moment, scale: Scale) {
        self.update(|count| count.cool(seconds(now), scale.half_life_seconds()).add(calls, most), enough(scale));
    }

    pub(crate) fn is_saturated(&self) -> bool {
        self.0.load(Ordering::Relaxed) & SATURATED != 0
    }

    /// The calls that count now. Notices that it has cooled, so that a saturated body counts again.
    pub(crate) fn calls(&self, now: Moment, scale: Scale) -> u32 {
        let word = self.0.load(Ordering::Relaxed);
        let (now, half_life) = (seconds(now), scale.half_life_seconds());
        let cooled = Count::unpack(word).cool(now, half_life);
        let has_cooled = cooled.calls != Count::unpack(word).calls;
        // The threshold was raised.
        let counts_again = word & SATURATED != 0 && cooled.calls < enough(scale);
        if !has_cooled && !counts_again {
            return cooled.calls;
        }
        self.update(|count| count.cool(now, half_life), enough(scale)).calls
    }

    fn update(&self, next: impl Fn(Count) -> Count, enough: u32) -> Count {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let count = next(Count::unpack(word));
            let packed = count.pack(enough);
            if packed == word {
                return count;
            }
            match self.0.compare_exchange_weak(word, packed, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return count,
                Err(now) => word = now,
            }
        }
    }

    /// When it will be hot no longer, if it is now and nobody calls.
    pub(crate) fn cools_at(&self, now: Moment, scale: Scale) -> Option<Moment> {
        let count = self.cooled(now, scale);
        let halvings =
            (0..=u32::BITS).find(|halvings| !scale.tier(count.calls.checked_shr(*halvings).unwrap_or(0)).is_fast())?;
        (halvings > 0).then(|| count.after(halvings, scale))
    }

    /// The half-life changes: what has passed of one so far has passed by `before`.
    pub(crate) fn restamp(&self, now: Moment, before: Scale) {
        let now = seconds(now);
        let settled = |count: Count| Count { cooled: now, ..count.cool(now, before.half_life_seconds()) };
        self.update(settled, enough(before));
    }

    /// It does not cool over the time from `since` to `until`.
    pub(crate) fn pass_over(&self, since: Moment, until: Moment) {
        let passed = seconds(until).saturating_sub(seconds(since));
        // Not later than now: two gateways may pass over the same time.
        let later = |cooled: u32| cooled.saturating_add(passed).min(seconds(until));
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let count = Count::unpack(word);
            // What is saturated stays so: as many calls count as before.
            let next = word & u64::from(u32::MAX) | u64::from(later(count.cooled)) << 32;
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    fn cooled(&self, now: Moment, scale: Scale) -> Count {
        Count::unpack(self.0.load(Ordering::Relaxed)).cool(seconds(now), scale.half_life_seconds())
    }
}

impl Count {
    /// When it has been halved so many times.
    fn after(self, halvings: u32, scale: Scale) -> Moment {
        if scale.half_life == Duration::ZERO {
            return Moment::NEVER;
        }
        let wait = u64::from(halvings).saturating_mul(scale.half_life.as_secs()).saturating_add(u64::from(self.cooled));
        Moment(wait.saturating_mul(1_000))
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests;
