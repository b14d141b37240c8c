//! Told: what lines have told so far, and when the next one is due.
//!
//! **Invariant.** What is new is taken and noted as told under one lock, so that each figure is in one line.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::journal::{self, Counts};
use super::{StatsLine, Worth};
use crate::budget;
use crate::clock;
use crate::gateway::Gateway;
use crate::metrics::Called;
use crate::os;
use crate::registry::Entry;
use crate::residents::residents;

/// What makes no line at once makes one at most so often.
const INTERVAL: Duration = Duration::from_secs(1);

/// What was told of the process.
struct Told {
    counts: Counts,
    called: Called,
    lines: u64,
}

static TOLD: Mutex<Told> = Mutex::new(Told {
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
    called: Called { calls: 0, errors: 0, fast: 0, fast_timed: 0, fast_nanos: 0 },
    lines: 0,
});

/// What was told of one gateway's cache of results. Locked within [`TOLD`] alone.
#[derive(Debug, Default)]
pub(crate) struct ToldResults(Mutex<(u64, u64)>);

/// The [`Moment`](clock::Moment) when to look for counters that have changed.
static LOOK_AT: AtomicU64 = AtomicU64::new(0);

/// Whether there may be something to tell: what most invocations pay for.
#[inline]
pub(crate) fn is_due() -> bool {
    journal::has_news() || is_time_to_look()
}

fn is_time_to_look() -> bool {
    let now = clock::now();
    // Relaxed, and not one step: twice does no harm.
    if now.0 < LOOK_AT.load(Ordering::Relaxed) {
        return false;
    }
    LOOK_AT.store((now + INTERVAL).0, Ordering::Relaxed);
    true
}

/// Tells the processes of a function apart, also those that were restored from one snapshot: it is drawn when the first line is
/// made.
fn container() -> u32 {
    static CONTAINER: OnceLock<u32> = OnceLock::new();
    *CONTAINER.get_or_init(|| os::random() as u32)
}

/// By how much a counter has grown. None goes back.
fn since(now: u64, told: &mut u64) -> u64 {
    now.saturating_sub(std::mem::replace(told, now))
}

impl Gateway {
    pub(crate) fn take_line(&self, worth: Worth) -> Option<StatsLine> {
        let mut guard = TOLD.lock();
        let told = &mut *guard;
        let mut results = self.telemetry.results.0.lock();
        let (called, cached) = (Called::by_now(self.registry), self.results.stats());
        let is_worth = journal::has_news()
            || called.fast != told.called.fast
            || (cached.hits, cached.misses) != *results
            || (worth == Worth::Anything && called.calls != told.called.calls);
        if !is_worth {
            return None;
        }
        let (counts, entries) = journal::take();
        let (before, by) = (&mut told.counts, &mut told.called);
        told.lines += 1;
        Some(StatsLine {
            ligs_loads: since(counts.loads, &mut before.loads),
            lugs_unloads: since(counts.unloads, &mut before.unloads),
            zafp_hits: since(called.fast, &mut by.fast),
            load_time: Duration::from_nanos(since(counts.load_nanos, &mut before.load_nanos)),
            reclaimed_bytes: since(counts.reclaimed, &mut before.reclaimed),
            fast_path_timed: since(called.fast_timed, &mut by.fast_timed),
            fast_path_time: Duration::from_nanos(since(called.fast_nanos, &mut by.fast_nanos)),
            timestamp: journal::time(),
            container: container(),
            line: told.lines,
            reloads: since(counts.reloads, &mut before.reloads),
            failed_loads: since(counts.failed_loads, &mut before.failed_loads),
            hook_errors: since(counts.hook_errors, &mut before.hook_errors),
            over_budget_loads: since(counts.over_budget, &mut before.over_budget),
            calls: since(called.calls, &mut by.calls),
            errors: since(called.errors, &mut by.errors),
            cache_hits: since(cached.hits, &mut results.0),
            cache_misses: since(cached.misses, &mut results.1),
            resident: residents().lock().len(),
            memory_bytes: os::memory().resident,
            budget_bytes: budget::get().map(|budget| budget.bytes),
            hot: self.hot(),
            loaded: entries.loaded.into(),
            unloaded: entries.unloaded.into(),
            failed: entries.failed.into(),
            omitted: entries.omitted,
        })
    }

    /// The interfaces that have a hot operation.
    fn hot(&self) -> Vec<&'static str> {
        let (rules, now) = (self.heat.get(), clock::now());
        let is_hot = |entry: &&Entry| {
            let options = &entry.descriptor.options;
            let scale = rules.scale_of(options);
            let mut meters = entry.known_operations().into_iter().flatten().map(|operation| operation.meter);
            meters.any(|meter| rules.tier(meter.calls(now, scale), options).is_fast())
        };
        self.registry.iter().filter(is_hot).map(|entry| entry.descriptor.name).collect()
    }
}
