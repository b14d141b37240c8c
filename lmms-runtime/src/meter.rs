//! Meter: what is counted of one operation. A `static` per operation, all zeros: it costs a start nothing.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::clock::Moment;
use crate::heat::{Heat, Scale, Tier};
use crate::latency::{Latencies, Latency};
use crate::template::Template;

/// The meter of one operation.
#[derive(Debug)]
pub struct Meter {
    /// Of its body: what keeps its interface loaded.
    pub(crate) heat: Heat,
    /// Of calls that were answered from the cache of results, for which nothing has to be loaded.
    served: Heat,
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
            served: Heat::new(),
            whole: AtomicU64::new(0),
            fast: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            cache_hits: AtomicU64::new(0),
            cache_misses: AtomicU64::new(0),
            latencies: Latencies::new(),
            template: Template::new(),
        }
    }

    /// How many calls were counted of those dispatched as one in this tier is.
    #[inline]
    pub(crate) fn number(&self, tier: Tier) -> u64 {
        self.calls_in(tier).load(Ordering::Relaxed)
    }

    /// Counts a call by name in its tier.
    #[inline]
    pub(crate) fn call(&self, tier: Tier) {
        self.calls_in(tier).fetch_add(1, Ordering::Relaxed);
    }

    fn calls_in(&self, tier: Tier) -> &AtomicU64 {
        if tier.is_fast() { &self.fast } else { &self.whole }
    }

    pub(crate) fn failed(&self) {
        self.errors.fetch_add(1, Ordering::Relaxed);
    }

    /// The calls that count for its tier.
    pub(crate) fn calls(&self, now: Moment, scale: Scale) -> u32 {
        self.heat.calls(now, scale).saturating_add(self.served.calls(now, scale))
    }

    /// One call in so many is looked at, and heats for all.
    pub(crate) fn heat_by_sample(&self, calls: u32, now: Moment, scale: Scale) {
        self.heat.count_sample(calls, now, scale);
        self.served.count_sample(calls, now, scale);
    }

    pub(crate) fn restamp(&self, now: Moment, before: Scale) {
        self.heat.restamp(now, before);
        self.served.restamp(now, before);
    }

    pub(crate) fn pass_over(&self, since: Moment, until: Moment) {
        self.heat.pass_over(since, until);
        self.served.pass_over(since, until);
    }

    pub(crate) fn cache_hit(&self, now: Moment, scale: Scale) {
        // It does not come to the body, which would count it.
        self.served.count(now, scale);
        self.cache_hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn cache_missed(&self) {
        self.cache_misses.fetch_add(1, Ordering::Relaxed);
    }

    /// Calls by name that were dispatched directly.
    pub(crate) fn fast_calls(&self) -> u64 {
        self.fast.load(Ordering::Relaxed)
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
