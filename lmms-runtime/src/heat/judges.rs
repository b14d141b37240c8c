//! Judges: the gateways that judge heat, and what the bodies of operations have to count for them.
//!
//! A body belongs to no gateway. It counts until it is blazing by the rules of each, and takes heat away only by the longest
//! half-life of any: the judges themselves take the rest.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::HeatRules;

/// A gateway, by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Judge(u64);

static JUDGES: Mutex<Vec<(Judge, HeatRules)>> = Mutex::new(Vec::new());

/// So many calls make an operation blazing for each judge, and for one who comes with the defaults.
static ENOUGH: AtomicU32 = AtomicU32::new(DEFAULT);
const DEFAULT: u32 = 201;

/// The longest half-life, in seconds. 0 is none: nothing cools.
static HALF_LIFE: AtomicU32 = AtomicU32::new(0);

// Relaxed throughout: what is counted by the old rules for a moment does not matter.

/// The calls after which a body need count no more.
pub(super) fn enough() -> u32 {
    ENOUGH.load(Ordering::Relaxed)
}

/// By how long a body cools, in seconds.
pub(super) fn half_life() -> u32 {
    HALF_LIFE.load(Ordering::Relaxed)
}

impl Judge {
    /// A number of its own.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Judges by these rules from now on. Whether bodies have to count more than before.
    pub(crate) fn judge_by(self, rules: HeatRules) -> bool {
        let mut judges = JUDGES.lock();
        judges.retain(|(judge, _)| *judge != self);
        judges.push((self, rules));
        settle(&judges)
    }

    /// Judges no longer.
    pub(crate) fn retire(self) {
        let mut judges = JUDGES.lock();
        judges.retain(|(judge, _)| *judge != self);
        settle(&judges);
    }
}

fn settle(judges: &[(Judge, HeatRules)]) -> bool {
    let enough = judges.iter().map(|(_, rules)| rules.enough()).fold(DEFAULT, u32::max);
    // Never is the longest.
    let never_first = |rules: &HeatRules| rules.scale.half_life_seconds().wrapping_sub(1);
    let longest = judges.iter().map(|(_, rules)| never_first(rules)).max();
    HALF_LIFE.store(longest.map_or(0, |longest| longest.wrapping_add(1)), Ordering::Relaxed);
    ENOUGH.swap(enough, Ordering::Relaxed) < enough
}
