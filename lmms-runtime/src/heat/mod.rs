//! Heat: how often an operation was called of late, and what follows from it.
//!
//! **Invariant.** Heat cools by halves: each half-life, half of the calls so far are forgotten, so that what was hot once is
//! not protected for ever. Asking for a tier does not heat.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Moment;

/// How hot an operation is, by the calls that count and the threshold T (`FAST_PATH_THRESHOLD`, 50).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Tier {
    /// Up to T/5 calls.
    Cold,
    /// Up to T calls.
    Warm,
    /// Up to 4T calls.
    Hot,
    /// More.
    Blazing,
}

/// What heat is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale {
    /// T.
    pub(crate) threshold: NonZeroU32,
    /// In whole seconds; nought if heat never cools.
    pub(crate) half_life: Duration,
}

impl Scale {
    pub(crate) fn tier(self, calls: u32) -> Tier {
        let threshold = self.threshold.get();
        match calls {
            calls if calls <= threshold / 5 => Tier::Cold,
            calls if calls <= threshold => Tier::Warm,
            calls if calls <= threshold.saturating_mul(4) => Tier::Hot,
            _ => Tier::Blazing,
        }
    }

    /// More calls than this would take too long to forget: six half-lives from here to warm.
    fn most(self) -> u32 {
        self.threshold.get().saturating_mul(64)
    }

    fn halvings(self, passed: u32) -> u32 {
        match u32::try_from(self.half_life.as_secs()) {
            Ok(0) | Err(_) => 0,
            Ok(seconds) => passed / seconds,
        }
    }

    fn half_life_seconds(self) -> u32 {
        u32::try_from(self.half_life.as_secs()).unwrap_or(u32::MAX)
    }
}

/// The heat of one operation: one word, so that cooling and counting are one step.
///
/// The high half is the second by which it has cooled, the low half the calls that count. A `static` per operation: it
/// costs a start nothing.
#[derive(Debug)]
pub struct Heat(AtomicU64);

#[derive(Clone, Copy)]
struct Count {
    cooled: u32,
    calls: u32,
}

impl Count {
    fn unpack(word: u64) -> Self {
        Self { cooled: (word >> 32) as u32, calls: word as u32 }
    }

    fn pack(self) -> u64 {
        u64::from(self.cooled) << 32 | u64::from(self.calls)
    }

    fn cool(self, now: u32, scale: Scale) -> Self {
        if self.calls == 0 {
            return Self { cooled: now, calls: 0 };
        }
        match scale.halvings(now.saturating_sub(self.cooled)) {
            0 => self,
            halvings => Self {
                // The rest of a half-life that has begun goes on.
                cooled: self.cooled.saturating_add(halvings.saturating_mul(scale.half_life_seconds())),
                calls: self.calls.checked_shr(halvings).unwrap_or(0),
            },
        }
    }
}

fn seconds(now: Moment) -> u32 {
    u32::try_from(now.0 / 1_000).unwrap_or(u32::MAX)
}

#[allow(clippy::new_without_default, reason = "it is a `static`, which `Default` cannot make")]
impl Heat {
    /// Cold.
    #[must_use]
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts one call.
    pub(crate) fn count(&self, now: Moment, scale: Scale) {
        // Relaxed: one word, and nothing depends on it.
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let mut count = Count::unpack(word).cool(seconds(now), scale);
            // Only up to the most, never down to it: a gateway with a higher threshold may have counted more.
            if count.calls < scale.most() {
                count.calls += 1;
            }
            let next = count.pack();
            if next == word {
                return;
            }
            match self.0.compare_exchange_weak(word, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => word = now,
            }
        }
    }

    /// The calls that count now.
    pub(crate) fn calls(&self, now: Moment, scale: Scale) -> u32 {
        Count::unpack(self.0.load(Ordering::Relaxed)).cool(seconds(now), scale).calls
    }

    /// When it will be hot no longer, if it is now and nobody calls.
    pub(crate) fn cools_at(&self, now: Moment, scale: Scale) -> Option<Moment> {
        let count = Count::unpack(self.0.load(Ordering::Relaxed)).cool(seconds(now), scale);
        let halvings =
            (0..=u32::BITS).find(|halvings| scale.tier(count.calls.checked_shr(*halvings).unwrap_or(0)) < Tier::Hot)?;
        if halvings == 0 {
            return None;
        }
        if scale.half_life.is_zero() {
            return Some(Moment::NEVER);
        }
        let wait =
            u64::from(halvings).saturating_mul(scale.half_life.as_secs()).saturating_add(u64::from(count.cooled));
        Some(Moment(wait.saturating_mul(1_000)))
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    fn scale(threshold: u32, half_life: u64) -> Scale {
        Scale { threshold: NonZeroU32::new(threshold).unwrap(), half_life: Duration::from_secs(half_life) }
    }

    fn at(seconds: u64) -> Moment {
        Moment(seconds * 1_000)
    }

    fn called(times: u32, now: Moment, scale: Scale) -> Heat {
        let heat = Heat::new();
        (0..times).for_each(|_| heat.count(now, scale));
        heat
    }

    #[test]
    fn tiers_in_proportion_to_the_threshold() {
        for (threshold, last) in [(50, [10, 50, 200]), (30, [6, 30, 120]), (100, [20, 100, 400]), (1, [0, 1, 4])] {
            let scale = scale(threshold, 0);
            let tier = |calls| scale.tier(called(calls, at(0), scale).calls(at(0), scale));
            let tiers = [Tier::Cold, Tier::Warm, Tier::Hot, Tier::Blazing];
            for (index, last) in last.into_iter().enumerate() {
                assert_eq!(tier(last), tiers[index], "{threshold}: {last}");
                assert_eq!(tier(last + 1), tiers[index + 1]);
            }
        }
    }

    #[test]
    fn half_is_forgotten_each_half_life() {
        let scale = scale(50, 300);
        let heat = called(201, at(7), scale);
        let calls = |now| heat.calls(at(now), scale);
        assert_eq!([calls(7), calls(306), calls(307), calls(606), calls(607)], [201, 201, 100, 100, 50]);
        assert_eq!(heat.cools_at(at(8), scale), Some(at(607)));
        assert_eq!(heat.cools_at(at(607), scale), None);
        // What is counted in between is kept, and the half-life goes on as it had begun.
        heat.count(at(400), scale);
        assert_eq!([calls(400), calls(606), calls(607)], [101, 101, 50]);
        assert_eq!(calls(u64::from(u32::MAX)), 0);
    }

    #[test]
    fn without_a_half_life_it_stays() {
        let scale = scale(50, 0);
        let heat = called(51, at(0), scale);
        assert_eq!(scale.tier(heat.calls(at(1 << 40), scale)), Tier::Hot);
        assert_eq!(heat.cools_at(at(0), scale), Some(Moment::NEVER));
        assert_eq!(called(50, at(0), scale).cools_at(at(0), scale), None);
    }
}
