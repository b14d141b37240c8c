//! Metrics: what happened in this process, counted where it happens.
//!
//! The names are those of ARCH-07, which dashboards already query.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::heat::Tier;
use crate::registry::{Entry, Registry};
use crate::results::ResultStats;

// Relaxed throughout: counters, read for people.
static LOADS: AtomicU64 = AtomicU64::new(0);
static RELOADS: AtomicU64 = AtomicU64::new(0);
static UNLOADS: AtomicU64 = AtomicU64::new(0);
static RECLAIMED: AtomicU64 = AtomicU64::new(0);
static OVER_BUDGET: AtomicU64 = AtomicU64::new(0);
static LOAD_NANOS: AtomicU64 = AtomicU64::new(0);

pub(crate) fn loaded(generation: u64, took: Duration) {
    LOADS.fetch_add(1, Ordering::Relaxed);
    if generation > 1 {
        RELOADS.fetch_add(1, Ordering::Relaxed);
    }
    LOAD_NANOS.fetch_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}

pub(crate) fn unloaded() {
    UNLOADS.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn reclaimed(bytes: u64) {
    RECLAIMED.fetch_add(bytes, Ordering::Relaxed);
}

pub(crate) fn over_budget() {
    OVER_BUDGET.fetch_add(1, Ordering::Relaxed);
}

/// What happened in this process since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Loads that succeeded, reloads included (LIGS).
    pub ligs_loads: u64,
    /// Loads of interfaces that had been loaded and unloaded before.
    pub reloads: u64,
    /// Unloads (LUGS).
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
        let (zafp_hits, fast_path_response_time) = fast(registry);
        Self {
            zafp_hits,
            fast_path_response_time,
            cache_hits: results.hits,
            cache_misses: results.misses,
            ligs_loads: LOADS.load(Ordering::Relaxed),
            reloads: RELOADS.load(Ordering::Relaxed),
            lugs_unloads: UNLOADS.load(Ordering::Relaxed),
            reclaimed_bytes: RECLAIMED.load(Ordering::Relaxed),
            over_budget_loads: OVER_BUDGET.load(Ordering::Relaxed),
            load_time: Duration::from_nanos(LOAD_NANOS.load(Ordering::Relaxed)),
        }
    }
}

/// Calls that were dispatched directly, and how long they took on average. Counted per operation, for one counter of all would
/// be written by each of them.
fn fast(registry: &Registry) -> (u64, Duration) {
    let (mut hits, mut timed, mut nanos) = (0, 0_u64, 0_u64);
    // No call came to one whose operations nobody has asked for.
    for operation in registry.iter().filter_map(Entry::known_operations).flatten() {
        hits += operation.meter.fast_calls();
        for tier in [Tier::Hot, Tier::Blazing] {
            let (calls, took) = operation.meter.latencies.total(tier);
            (timed, nanos) = (timed.saturating_add(calls), nanos.saturating_add(took));
        }
    }
    (hits, Duration::from_nanos(nanos.checked_div(timed).unwrap_or(0)))
}
