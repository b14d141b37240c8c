//! Memory: what a load takes, what an unload gives back.
//!
//! With any allocator, both are read from what the process holds before and after: exact as long as nothing else grows or
//! shrinks meanwhile. What was dropped is returned to the system by [`Reclaim::end`], for allocators keep most of it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::os::{self, Memory};

/// What all loads that were measured have taken, in bytes: for those that had others nested in them.
static TAKEN: AtomicU64 = AtomicU64::new(0);

/// A load, being measured.
#[derive(Debug)]
pub(crate) struct LoadMeasure {
    before: Memory,
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
}

impl LoadMeasure {
    pub(crate) fn start() -> Self {
        // Relaxed: figures.
        Self { before: os::memory(), peak: os::peak(), taken: TAKEN.load(Ordering::Relaxed) }
    }

    pub(crate) fn end(self) -> Taken {
        let now = os::memory();
        let nested = TAKEN.load(Ordering::Relaxed).wrapping_sub(self.taken);
        let held = now.anonymous.saturating_sub(self.before.anonymous).saturating_sub(nested);
        TAKEN.fetch_add(held, Ordering::Relaxed);
        // A peak that was no record is not seen, but then there was room for it.
        let peak = os::peak();
        let most = if peak > self.peak { peak } else { now.resident };
        Taken { held, needed: most.saturating_sub(self.before.resident) }
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
        os::trim();
        self.0.resident.saturating_sub(os::memory().resident)
    }
}
