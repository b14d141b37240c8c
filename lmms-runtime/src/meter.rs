//! Meter: what is counted of one operation. A `static` per operation, all zeros: it costs a start nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::heat::{Heat, Tier};
use crate::latency::{Latencies, Latency};
use crate::template::Template;

/// The meter of one operation.
#[derive(Debug)]
pub struct Meter {
    pub(crate) heat: Heat,
    /// Calls by name that went the whole way.
    whole: AtomicU64,
    /// Calls by name that were dispatched directly.
    fast: AtomicU64,
    errors: AtomicU64,
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
    pub(crate) latencies: Latencies,
    pub(crate) template: Template,
}

// Relaxed throughout: counters, read for people.
#[allow(clippy::new_without_default, reason = "it is a `static`, which `Default` cannot make")]
impl Meter {
    /// Nothing was counted.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            heat: Heat::new(),
            whole: AtomicU64::new(0),
            fast: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            cache_hits: AtomicU64::new(0),
            cache_misses: AtomicU64::new(0),
            latencies: Latencies::new(),
            template: Template::new(),
        }
    }

    /// Counts a call by name in its tier, and gives its number among those dispatched as it is, from 0.
    #[inline]
    pub(crate) fn call(&self, tier: Tier) -> u64 {
        self.calls_in(tier).fetch_add(1, Ordering::Relaxed)
    }

    fn calls_in(&self, tier: Tier) -> &AtomicU64 {
        if tier.is_fast() { &self.fast } else { &self.whole }
    }

    /// There was no such call after all.
    pub(crate) fn take_back(&self, tier: Tier) {
        self.calls_in(tier).fetch_sub(1, Ordering::Relaxed);
        self.errors.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cache_hit(&self) {
        self.cache_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cache_missed(&self) {
        self.cache_misses.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it was ever called by name.
    pub(crate) fn is_used(&self) -> bool {
        self.whole.load(Ordering::Relaxed) + self.fast.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn figures(&self) -> Figures {
        let fast = self.fast.load(Ordering::Relaxed);
        Figures {
            calls: self.whole.load(Ordering::Relaxed) + fast,
            fast,
            errors: self.errors.load(Ordering::Relaxed),
            cache_hits: self.cache_hits.load(Ordering::Relaxed),
            cache_misses: self.cache_misses.load(Ordering::Relaxed),
            latency: self.latencies.read(),
        }
    }
}

/// What a meter shows.
pub(crate) struct Figures {
    pub(crate) calls: u64,
    /// Of these, the ones dispatched directly.
    pub(crate) fast: u64,
    pub(crate) errors: u64,
    pub(crate) cache_hits: u64,
    pub(crate) cache_misses: u64,
    pub(crate) latency: [Option<Latency>; 4],
}
