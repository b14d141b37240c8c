//! Metrics: what happened in this process, counted where it happens.
//!
//! The names are those of ARCH-07, which dashboards already query.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

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
    /// Loads that went ahead although they were not expected to fit into the memory budget.
    pub over_budget_loads: u64,
    /// Time spent in loads that succeeded. What a load spends in another one counts for both.
    pub load_time: Duration,
}

impl Stats {
    pub(crate) fn now() -> Self {
        Self {
            ligs_loads: LOADS.load(Ordering::Relaxed),
            reloads: RELOADS.load(Ordering::Relaxed),
            lugs_unloads: UNLOADS.load(Ordering::Relaxed),
            reclaimed_bytes: RECLAIMED.load(Ordering::Relaxed),
            over_budget_loads: OVER_BUDGET.load(Ordering::Relaxed),
            load_time: Duration::from_nanos(LOAD_NANOS.load(Ordering::Relaxed)),
        }
    }
}
