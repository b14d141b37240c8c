//! Metrics: what happened in this process, counted where it happens.
//!
//! The names are those of ARCH-07, which dashboards already query.

use std::time::Duration;

use crate::heat::Tier;
use crate::meter::Meter;
use crate::registry::{Entry, Registry};
use crate::results::ResultStats;
use crate::telemetry::journal::{self, Counts};

/// What happened in this process since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Loads that succeeded, reloads included (LIGS).
    pub ligs_loads: u64,
    /// Loads of interfaces that had been loaded and unloaded before.
    pub reloads: u64,
    /// Unloads (LUGS), each counted when its hook is over.
    pub lugs_unloads: u64,
    /// What the system got back after unloads, in bytes, as measured.
    pub reclaimed_bytes: u64,
    /// Calls by name while their operations were HOT or BLAZING (ZAPH).
    pub zafp_hits: u64,
    /// How long those took on average.
    pub fast_path_response_time: Duration,
    /// Calls by name that were answered from the gateway's cache of results.
    pub cache_hits: u64,
    /// Calls by name whose results were not there, but could have been.
    pub cache_misses: u64,
    /// Loads that went ahead although they were not expected to fit into the memory budget.
    pub over_budget_loads: u64,
    /// Time spent in loads that succeeded. What a load spends in another one counts for both.
    pub load_time: Duration,
}

impl Stats {
    pub(crate) fn now(registry: &Registry, results: &ResultStats) -> Self {
        let Counts { loads, reloads, load_nanos, unloads, reclaimed, over_budget, .. } = journal::counts();
        let called = Called::by_now(registry);
        Self {
            ligs_loads: loads,
            reloads,
            lugs_unloads: unloads,
            reclaimed_bytes: reclaimed,
            zafp_hits: called.fast,
            fast_path_response_time: called.fast_time(),
            cache_hits: results.hits,
            cache_misses: results.misses,
            over_budget_loads: over_budget,
            load_time: Duration::from_nanos(load_nanos),
        }
    }
}

/// Calls by name. Counted per operation, for one counter of all would be written by each of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Called {
    pub(crate) calls: u64,
    pub(crate) errors: u64,
    /// Calls that were dispatched directly.
    pub(crate) fast: u64,
    /// Of these, the ones that a time stands for.
    pub(crate) fast_timed: u64,
    /// What these took together.
    pub(crate) fast_nanos: u64,
}

impl Called {
    pub(crate) fn by_now(registry: &Registry) -> Self {
        let mut called = Self::default();
        // No call came to one whose operations nobody has asked for.
        for operation in registry.iter().filter_map(Entry::known_operations).flatten() {
            called.add(operation.meter);
        }
        called
    }

    fn add(&mut self, meter: &Meter) {
        let (whole, fast, errors) = meter.counted();
        self.calls += whole + fast;
        self.fast += fast;
        self.errors += errors;
        if fast == 0 {
            // None of its times is one of these: there is no need to wait for their lock.
            return;
        }
        for tier in [Tier::Hot, Tier::Blazing] {
            let (calls, took) = meter.latencies.total(tier);
            self.fast_timed = self.fast_timed.saturating_add(calls);
            self.fast_nanos = self.fast_nanos.saturating_add(took);
        }
    }

    /// How long calls that were dispatched directly took on average.
    fn fast_time(&self) -> Duration {
        Duration::from_nanos(self.fast_nanos.checked_div(self.fast_timed).unwrap_or(0))
    }
}
