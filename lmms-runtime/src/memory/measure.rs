//! Measures: a load's before and after, and an unload's.
//!
//! Where an account knows what an interface holds, it is asked. Otherwise the difference in the whole process counts, which
//! is exact as long as nothing else grows or shrinks meanwhile.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

use super::account::{self, Account};
#[cfg(not(lmms_loom))]
use crate::os;
use crate::os::Memory;

// Relaxed throughout: figures.

/// What all that is loaded has taken, in bytes, as measured: for loads that have others nested in them.
static TAKEN: AtomicI64 = AtomicI64::new(0);

/// A load has left what it needed only on its way.
static UNTIDY: AtomicBool = AtomicBool::new(false);

/// Loads begun at once with others, and those of them that are over.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static OVER: AtomicU64 = AtomicU64::new(0);

/// A load that others go on beside, as long as it lives: what the process grows by meanwhile is not what one of them needs.
#[derive(Debug)]
pub(crate) struct AtOnce(());

impl AtOnce {
    pub(crate) fn begin() -> Self {
        BEGUN.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for AtOnce {
    fn drop(&mut self) {
        OVER.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whether one at most of such loads goes on now.
fn is_alone() -> bool {
    BEGUN.load(Ordering::Relaxed).wrapping_sub(OVER.load(Ordering::Relaxed)) <= 1
}

/// A load, being measured.
#[derive(Debug)]
pub(crate) struct LoadMeasure {
    before: Memory,
    in_use: Option<u64>,
    /// Read only where it is asked for, under a budget: it takes longer than all else.
    peak: Option<u64>,
    taken: i64,
    /// How many had begun by then, if no other one went on.
    alone: Option<u64>,
}

/// What a load took, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Footprint {
    /// What it holds when it is over, without what loads nested in it hold.
    pub(crate) held: u64,
    /// What the process grew by while it went on, nested loads included: what has to fit next time. What it holds, if others
    /// were preloaded beside it, for no more is known then.
    pub(crate) needed: u64,
    /// That was the most that it ever held, so that all is known that was needed on the way; else only what was left of it.
    pub(crate) is_record: bool,
}

impl LoadMeasure {
    pub(crate) fn start(with_peak: bool) -> Self {
        let peak = with_peak.then(os::peak);
        let alone = is_alone().then(|| BEGUN.load(Ordering::Relaxed));
        Self { before: os::memory(), in_use: os::in_use(), peak, taken: TAKEN.load(Ordering::Relaxed), alone }
    }

    pub(crate) fn end(self, account: &Account) -> Footprint {
        let now = os::memory();
        // Less than nothing, if more was unloaded meanwhile.
        let nested = TAKEN.load(Ordering::Relaxed) - self.taken;
        // Pages count what a load has left over, and the allocator what was asked for and never touched: the less of both.
        let pages = signed(now.anonymous) - signed(self.before.anonymous);
        let grown = match (self.in_use, os::in_use()) {
            (Some(before), Some(now)) => pages.min(signed(now) - signed(before)),
            _ => pages,
        };
        let held = account.live().unwrap_or_else(|| u64::try_from(grown - nested).unwrap_or(0));
        TAKEN.fetch_add(signed(held), Ordering::Relaxed);
        if self.alone != Some(BEGUN.load(Ordering::Relaxed)) {
            return Footprint { held, needed: held, is_record: false };
        }
        // A peak that was no record is not seen, but then there was room for it.
        let record = self.peak.map(|before| (before, os::peak())).filter(|(before, peak)| peak > before);
        let most = record.map_or(now.resident, |(_, peak)| peak);
        Footprint { held, needed: most.saturating_sub(self.before.resident), is_record: record.is_some() }
    }
}

/// No process holds more than this counts.
fn signed(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX / 4).min(i64::MAX / 4)
}

/// What a load had taken is free.
pub(crate) fn unloaded(held: u64) {
    TAKEN.fetch_sub(signed(held), Ordering::Relaxed);
}

/// A load is over: what it needed only on its way can be given back, when nobody waits.
pub(crate) fn loaded() {
    UNTIDY.store(true, Ordering::Relaxed);
}

/// Gives back what loads have left over since the last time. Whether there was a load.
pub(crate) fn tidy() -> bool {
    let is_untidy = UNTIDY.load(Ordering::Relaxed);
    if is_untidy {
        give_back();
    }
    is_untidy
}

/// Gives back to the system whatever is free.
pub(crate) fn give_back() {
    UNTIDY.store(false, Ordering::Relaxed);
    os::trim();
    #[cfg(all(target_os = "linux", not(lmms_loom)))]
    super::constants::unmap();
    account::purge();
}

/// One or more unloads, being measured.
#[derive(Debug)]
pub(crate) struct Reclaim(Memory);

impl Reclaim {
    pub(crate) fn start() -> Self {
        // What was free before is not to be taken for theirs.
        give_back();
        Self(os::memory())
    }

    /// Gives back to the system what was dropped since. How many bytes of it the system got.
    pub(crate) fn end(self) -> u64 {
        give_back();
        self.0.resident.saturating_sub(os::memory().resident)
    }
}

/// A model measures nothing, thousands of times.
#[cfg(lmms_loom)]
mod os {
    use super::Memory;

    pub(super) fn memory() -> Memory {
        Memory::default()
    }

    pub(super) fn in_use() -> Option<u64> {
        None
    }

    pub(super) fn peak() -> u64 {
        0
    }

    pub(super) fn trim() {}
}
