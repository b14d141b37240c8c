//! Journal: which interfaces came and went since the last line, with the counters that say how many.
//!
//! **Invariant.** A counter and the entry that belongs to it change under one lock, and are read and taken under it. So a
//! line that counts two loads lists two, whatever goes on at that moment, unless it says how many were too many to list.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::Cause;
use crate::error::ErrorCode;
use crate::os;

/// An interface was loaded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Loaded {
    /// The interface.
    pub interface: &'static str,
    /// How often it was loaded in this process by then: more than 1 is a reload.
    pub generation: u64,
    /// When the load ended, in milliseconds since 1970.
    pub at: u64,
    /// How long it took, with what it loaded besides.
    pub took: Duration,
    /// What it holds, in bytes: see [`Status::bytes`](crate::Status::bytes).
    pub bytes: u64,
    /// What its load needed on its way, in bytes: see [`Status::needed_bytes`](crate::Status::needed_bytes).
    pub needed_bytes: u64,
}

/// An interface was unloaded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Unloaded {
    /// The interface.
    pub interface: &'static str,
    /// Which of its generations it was.
    pub generation: u64,
    /// Why.
    pub cause: Cause,
    /// When its unload hook and drop were over, in milliseconds since 1970.
    pub at: u64,
    /// How long these took.
    pub took: Duration,
    /// What it was measured to hold, in bytes. What the system got back is the line's `memory_reclaimed_mb`.
    pub bytes: u64,
    /// Its unload hook failed.
    pub hook_failed: bool,
}

/// An interface could not be loaded.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Failed {
    /// The interface.
    pub interface: &'static str,
    /// `load_failed` or `load_cycle`.
    pub code: ErrorCode,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// After how long.
    pub took: Duration,
}

/// What the counters of the process say.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) loads: u64,
    pub(crate) reloads: u64,
    pub(crate) load_nanos: u64,
    pub(crate) failed_loads: u64,
    pub(crate) unloads: u64,
    pub(crate) hook_errors: u64,
    pub(crate) reclaimed: u64,
    pub(crate) over_budget: u64,
}

/// What came and went.
#[derive(Debug, Default)]
pub(crate) struct Entries {
    pub(crate) loaded: VecDeque<Loaded>,
    pub(crate) unloaded: VecDeque<Unloaded>,
    pub(crate) failed: VecDeque<Failed>,
    /// Entries that were too many.
    pub(crate) omitted: u64,
}

/// Of each kind so many are listed at most, the last ones: a line of a few 10 KB, and no more memory where nobody asks for
/// lines. A function that loads more within a second has other troubles.
const MOST: usize = 256;

struct Journal {
    counts: Counts,
    entries: Entries,
}

static JOURNAL: Mutex<Journal> = Mutex::new(Journal {
    counts: Counts {
        loads: 0,
        reloads: 0,
        load_nanos: 0,
        failed_loads: 0,
        unloads: 0,
        hook_errors: 0,
        reclaimed: 0,
        over_budget: 0,
    },
    entries: Entries { loaded: VecDeque::new(), unloaded: VecDeque::new(), failed: VecDeque::new(), omitted: 0 },
});

/// How often something was noted.
static NOTED: AtomicU64 = AtomicU64::new(0);

/// How often something had been noted when it was taken last.
static TAKEN: AtomicU64 = AtomicU64::new(0);

fn note(change: impl FnOnce(&mut Journal)) {
    let mut journal = JOURNAL.lock();
    change(&mut journal);
    // Relaxed: who asks next is the one whose invocation noted it, or comes later.
    NOTED.fetch_add(1, Ordering::Relaxed);
}

fn push<T>(entries: &mut VecDeque<T>, omitted: &mut u64, entry: T) {
    if entries.len() == MOST {
        entries.pop_front();
        *omitted += 1;
    }
    entries.push_back(entry);
}

/// The time of day, in milliseconds since 1970.
pub(crate) fn time() -> u64 {
    os::wall()
}

pub(crate) fn loaded(entry: Loaded) {
    note(|Journal { counts, entries }| {
        counts.loads += 1;
        counts.reloads += u64::from(entry.generation > 1);
        counts.load_nanos = counts.load_nanos.saturating_add(nanos(entry.took));
        push(&mut entries.loaded, &mut entries.omitted, entry);
    });
}

pub(crate) fn unloaded(entry: Unloaded) {
    note(|Journal { counts, entries }| {
        counts.unloads += 1;
        counts.hook_errors += u64::from(entry.hook_failed);
        push(&mut entries.unloaded, &mut entries.omitted, entry);
    });
}

pub(crate) fn failed(entry: Failed) {
    note(|Journal { counts, entries }| {
        counts.failed_loads += 1;
        push(&mut entries.failed, &mut entries.omitted, entry);
    });
}

pub(crate) fn reclaimed(bytes: u64) {
    // Often nothing comes back: not worth a line.
    if bytes > 0 {
        note(|journal| journal.counts.reclaimed = journal.counts.reclaimed.saturating_add(bytes));
    }
}

pub(crate) fn over_budget() {
    note(|journal| journal.counts.over_budget += 1);
}

/// What was counted since the process started.
pub(crate) fn counts() -> Counts {
    JOURNAL.lock().counts
}

/// Whether something was noted since the last [`take`]. What most invocations pay for.
#[inline]
pub(crate) fn has_news() -> bool {
    // Relaxed: see `note`.
    NOTED.load(Ordering::Relaxed) != TAKEN.load(Ordering::Relaxed)
}

/// What was counted since the process started, and what came and went since this was called last.
pub(crate) fn take() -> (Counts, Entries) {
    let mut journal = JOURNAL.lock();
    // Relaxed: both are written under the lock.
    TAKEN.store(NOTED.load(Ordering::Relaxed), Ordering::Relaxed);
    (journal.counts, std::mem::take(&mut journal.entries))
}

pub(crate) fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
