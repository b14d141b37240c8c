//! Shared: the lock around the entries of a cache.
//!
//! **Invariant.** Whoever locks first takes out what has expired, so that nothing expired is ever seen or makes something
//! else give way. What goes is dropped when the lock is free again, for the drop of a key or a value may use the cache, or
//! unload something: under the lock no user's code runs but `Eq`, `Clone` and the closure of `retain`, and nothing is
//! changed halfway when one of them panics.

use std::hash::RandomState;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use super::builder::Limits;
use super::entries::{Entries, Removed};
use super::live::Live;
use crate::clock::Moment;
use crate::sweep;

/// A cache without its handle.
pub(super) struct Shared<K, V> {
    pub(super) hasher: RandomState,
    pub(super) limits: Limits<K, V>,
    state: Mutex<State<K, V>>,
    /// The [`Moment`] when the first entry with a dependency expires. Written under the lock, read without it: who asks
    /// holds a lock that a user's `Eq` or `Clone` could want.
    next_expiry: AtomicU64,
}

pub(super) struct State<K, V> {
    pub(super) entries: Entries<K, V>,
    pub(super) stats: CacheStats,
}

/// What happened in a cache since it was built.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Keys that were asked for and found.
    pub hits: u64,
    /// Keys that were asked for and not found.
    pub misses: u64,
    /// Entries that gave way to others.
    pub evictions: u64,
    /// Entries that reached their age.
    pub expirations: u64,
    /// Entries that were too large for the cache.
    pub refusals: u64,
}

impl<K, V> Shared<K, V> {
    pub(super) fn new(limits: Limits<K, V>) -> Self {
        Self {
            hasher: RandomState::new(),
            limits,
            state: Mutex::new(State { entries: Entries::default(), stats: CacheStats::default() }),
            next_expiry: AtomicU64::new(Moment::NEVER.0),
        }
    }

    /// Does `act` under the lock, on what has not expired. What it removes is dropped afterwards.
    pub(super) fn with<R>(&self, act: impl FnOnce(&mut State<K, V>, &mut Vec<Removed<K, V>>) -> R) -> R {
        self.with_at(self.limits.now(), act)
    }

    pub(super) fn with_at<R>(
        &self,
        now: Moment,
        act: impl FnOnce(&mut State<K, V>, &mut Vec<Removed<K, V>>) -> R,
    ) -> R {
        // Declared before the guard, and so dropped after it, also when `act` panics.
        let mut removed = Vec::new();
        let mut state = self.state.lock();
        state.entries.take_expired(now, &mut removed);
        state.stats.expirations += removed.len() as u64;
        // If it panics, the moment below is left too early: a sweep that finds nothing.
        let result = act(&mut state, &mut removed);
        let (before, next) = (self.next_expiry.load(Ordering::Relaxed), state.entries.next_expiry().0);
        if next != before {
            // Relaxed: a sweep that knows of the change below sees this, and one that does not is repeated.
            self.next_expiry.store(next, Ordering::Relaxed);
        }
        if next < before {
            sweep::something_changed();
        }
        drop(state);
        result
    }
}

impl<K: Send, V: Send> Live for Shared<K, V> {
    fn expire(&self, now: Moment) {
        self.with_at(now, |_, _| ());
    }

    fn next_expiry(&self) -> Moment {
        Moment(self.next_expiry.load(Ordering::Relaxed))
    }
}
