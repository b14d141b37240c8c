//! Rules: how a gateway judges heat, in one word that every call reads and a reconfiguration or adaptation replaces.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{MOST, Scale, Tier};
use crate::descriptor::Options;

/// How a gateway judges heat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeatRules {
    pub(crate) scale: Scale,
    /// `FAST_PATH_THRESHOLD` was given, and wins over what is declared.
    pub(crate) threshold_wins: bool,
    /// `ENABLE_FAST_PATH`: without it nothing is hot.
    pub(crate) fast_path: bool,
    /// `LMMS_ADAPTIVE_HEAT`: T follows the mix of calls.
    pub(crate) adaptive: bool,
}

impl HeatRules {
    /// 17 years.
    pub(crate) const LONGEST_HALF_LIFE: Duration = Duration::from_secs(HALF_LIFE);

    pub(crate) fn scale_of(&self, options: &Options) -> Scale {
        match options.fast_path_threshold.and_then(NonZeroU32::new) {
            Some(threshold) if !self.threshold_wins => Scale { threshold, ..self.scale },
            _ => self.scale,
        }
    }

    /// The tier of an operation after so many calls.
    pub(crate) fn tier(&self, calls: u32, options: &Options) -> Tier {
        let tier = self.scale_of(options).tier(calls);
        if self.fast_path { tier } else { tier.min(Tier::Warm) }
    }

    /// After so many calls a body need count no more. All calls count when T is found by comparing them.
    pub(super) fn enough(&self) -> u32 {
        if self.adaptive { MOST } else { super::blazing(self.scale.threshold.get()) }
    }

    /// As [`LiveRules`] holds it.
    fn pack(self) -> u64 {
        let half_life = u64::from(self.scale.half_life_seconds()).min(HALF_LIFE);
        u64::from(self.scale.threshold.get())
            | half_life << 32
            | u64::from(self.threshold_wins) << 61
            | u64::from(self.fast_path) << 62
            | u64::from(self.adaptive) << 63
    }

    fn unpack(word: u64) -> Self {
        let threshold = NonZeroU32::new(word as u32).unwrap_or(NonZeroU32::MIN);
        let half_life = Duration::from_secs(word >> 32 & HALF_LIFE);
        let flag = |bit: u32| word >> bit & 1 == 1;
        Self {
            scale: Scale { threshold, half_life },
            threshold_wins: flag(61),
            fast_path: flag(62),
            adaptive: flag(63),
        }
    }
}

/// The longest half-life, in seconds.
const HALF_LIFE: u64 = (1 << 29) - 1;

/// The rules of a gateway, replaced while calls go on. One word, so that no call sees half of a change.
#[derive(Debug)]
pub(crate) struct LiveRules(AtomicU64);

impl LiveRules {
    pub(crate) fn new(rules: HeatRules) -> Self {
        Self(AtomicU64::new(rules.pack()))
    }

    pub(crate) fn get(&self) -> HeatRules {
        // Relaxed: nothing else is read by them.
        HeatRules::unpack(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn set(&self, rules: HeatRules) {
        self.0.store(rules.pack(), Ordering::Relaxed);
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_word_holds_all_of_it() {
        for threshold in [1, 50, u32::MAX] {
            for half_life in [0, 300, HALF_LIFE] {
                for flags in 0..8 {
                    let rules = HeatRules {
                        scale: Scale {
                            threshold: NonZeroU32::new(threshold).unwrap(),
                            half_life: Duration::from_secs(half_life),
                        },
                        threshold_wins: flags & 1 != 0,
                        fast_path: flags & 2 != 0,
                        adaptive: flags & 4 != 0,
                    };
                    assert_eq!(LiveRules::new(rules).get(), rules);
                }
            }
        }
    }
}
