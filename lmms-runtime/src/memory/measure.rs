//! Measures: a load's before and after, and an unload's.
//!
//! Where an account knows what an interface holds, it is asked. Otherwise the difference in the whole process counts, which
//! is exact as long as nothing else grows or shrinks meanwhile.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::account::{self, Account};
#[cfg(not(lmms_loom))]
use crate::os;
use crate::os::Memory;

// Relaxed throughout: figures.

/// What all loads that were measured have taken, in bytes: for those that had others nested in them.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// A load has left what it needed only on its way.
static UNTIDY: AtomicBool = AtomicBool::new(false);

/// A load, being measured.
#[derive(Debug)]
pub(crate) struct LoadMeasure {
    before: Memory,
    in_use: Option<u64>,
    peak: u64,
    taken: u64,
}

/// What a load took, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Taken {
    /// What it holds when it is over, without what loads nested in it hold.
    pub(crate) held: u64,
    /// What the process grew by while it went on, nested loads included: what has to fit next time.
    pub(crate) needed: u64,
    /// That was the most that it ever held, so that all is known that was needed on the way; else only what was left of it.
    pub(crate) is_record: bool,
}

impl LoadMeasure {
    pub(crate) fn start() -> Self {
        Self { before: os::memory(), in_use: os::in_use(), peak: os::peak(), taken: TAKEN.load(Ordering::Relaxed) }
    }

    pub(crate) fn end(self, account: &Account) -> Taken {
        let now = os::memory();
        let nested = TAKEN.load(Ordering::Relaxed).wrapping_sub(self.taken);
        // What the allocator says is free of what a load left over; pages are the next best.
        let grown = match (self.in_use, os::in_use()) {
            (Some(before), Some(now)) => now.saturating_sub(before),
            _ => now.anonymous.saturating_sub(self.before.anonymous),
        };
        let held = account.live().unwrap_or_else(|| grown.saturating_sub(nested));
        TAKEN.fetch_add(held, Ordering::Relaxed);
        // A peak that was no record is not seen, but then there was room for it.
        let peak = os::peak();
        let is_record = peak > self.peak;
        let most = if is_record { peak } else { now.resident };
        Taken { held, needed: most.saturating_sub(self.before.resident), is_record }
    }
}

/// A load is over: what it needed only on its way can be given back, when nobody waits.
pub(crate) fn loaded() {
    UNTIDY.store(true, Ordering::Relaxed);
}

/// Gives back what loads have left over since the last time.
pub(crate) fn tidy() {
    if UNTIDY.swap(false, Ordering::Relaxed) {
        os::trim();
        os::unmap_constants();
    }
}

/// One or more unloads, being measured.
#[derive(Debug)]
pub(crate) struct Reclaim(Memory);

impl Reclaim {
    pub(crate) fn start() -> Self {
        Self(os::memory())
    }

    /// Gives back to the system what was dropped since. How many bytes of it the system got.
    pub(crate) fn end(self) -> u64 {
        UNTIDY.store(false, Ordering::Relaxed);
        os::trim();
        os::unmap_constants();
        account::purge();
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

    pub(super) fn unmap_constants() {}
}
