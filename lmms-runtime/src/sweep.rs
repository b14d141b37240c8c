//! Sweep: one pass of the unload policy over what is loaded.
//!
//! No timers: a frozen container runs none. A sweep is asked for whenever an invocation has ended, and is over in
//! nanoseconds while nothing can be due: each pass leaves behind when it should be repeated, unless something changes
//! before. **Invariant.** Whatever can make something due earlier than was thought says [`something_changed`].

use std::time::Duration;

use parking_lot::Mutex;

use crate::budget::{self, Budget};
use crate::cache;
use crate::clock::{self, Moment};
use crate::departure::Departure;
use crate::ledger::Dependency;
use crate::load_error::UnloadHookError;
use crate::memory::{self, Reclaim};
use crate::policy::{Floor, Reason};
use crate::residents::{Choice, Measures, Resident, residents, take_chosen};
use crate::sync::{AtomicBool, AtomicU64, Ordering, static_unless_loom};
use crate::telemetry::{Cause, journal};

/// How often the process is held against its budget.
const BUDGET_INTERVAL: Duration = Duration::from_millis(100);

static_unless_loom! {
    /// How often something was loaded or let go that may change what is due.
    #[inline]
    fn changes() -> &'static AtomicU64 = AtomicU64::new(1);
}

pub(crate) fn something_changed() {
    // Release, with the Acquire in `is_due`: who sees the change sees what changed.
    changes().fetch_add(1, Ordering::Release);
}

/// What one sweep did.
#[derive(Debug, Default)]
#[must_use = "an unload hook can have failed"]
#[non_exhaustive]
pub struct Swept {
    /// The interfaces that were unloaded, in this order.
    pub unloaded: Vec<&'static str>,
    /// What their `#[unload]` hooks failed with. The instances are gone all the same.
    pub hook_errors: Vec<UnloadHookError>,
    /// What the system got back, in bytes, as measured.
    pub reclaimed_bytes: u64,
}

/// What a gateway's sweeps go by.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules {
    pub(crate) measures: Measures,
    pub(crate) min_resident: usize,
}

/// When a gateway is to sweep next.
#[derive(Debug)]
pub(crate) struct Sweeper {
    /// Not loom's: nothing waits for it.
    rules: Mutex<Rules>,
    /// The changes that the last sweep knew of.
    seen: AtomicU64,
    /// The [`Moment`] when something can be due, if nothing changes.
    next: AtomicU64,
}

impl Sweeper {
    pub(crate) fn new(rules: Rules) -> Self {
        Self { rules: Mutex::new(rules), seen: AtomicU64::new(0), next: AtomicU64::new(0) }
    }

    pub(crate) fn rules(&self) -> Rules {
        *self.rules.lock()
    }

    /// From now on sweeps go by these.
    pub(crate) fn set_rules(&self, rules: Rules) {
        *self.rules.lock() = rules;
        something_changed();
    }

    /// Whether anything can be due: what most invocations pay for sweeps.
    #[inline]
    pub(crate) fn is_due(&self) -> bool {
        // Acquire, with the Release in `something_changed`. `next` is Relaxed: it is written before `seen`, by a sweep that is
        // ordered with this one or else is still going on.
        changes().load(Ordering::Acquire) != self.seen.load(Ordering::Acquire)
            || clock::now().0 >= self.next.load(Ordering::Relaxed)
    }

    /// Unloads all that is due. Only one sweep goes on at a time, and measures what it gives back.
    pub(crate) async fn sweep(&self) -> Swept {
        let mut swept = Swept::default();
        let Some(_turn) = Turn::take() else { return swept };
        // Hooks and other threads may load again what is due at once. That is for the next sweep, or this one might not end.
        let most = residents().lock().len();
        if let Some(first) = self.next_due() {
            let reclaim = Reclaim::start();
            swept.see_through(first).await;
            while swept.unloaded.len() < most
                && let Some(departure) = self.next_due()
            {
                swept.see_through(departure).await;
            }
            swept.reclaimed(reclaim);
        }
        memory::tidy();
        if let Some(budget) = budget::get() {
            swept.relieve(&budget, most).await;
            // What the process holds grows without a word, too.
            let soon = clock::now() + BUDGET_INTERVAL;
            self.next.fetch_min(soon.0, Ordering::Relaxed);
        }
        swept
    }

    /// Takes out the interface that is due and was not used for the longest time.
    fn next_due(&self) -> Option<Departure> {
        let now = clock::now();
        if Dependency::any() {
            cache::expire(now);
        }
        // Before anything is looked at: what changes from here on is for the next sweep.
        let changes = changes().load(Ordering::Acquire);
        let rules = self.rules();
        take_chosen(|residents| {
            let pass = Pass::over(residents, now, &rules);
            if pass.longest_idle.is_none() {
                // Relaxed, and Release for the other: see `is_due`.
                self.next.store(pass.next.0, Ordering::Relaxed);
                self.seen.store(changes, Ordering::Release);
            }
            pass.longest_idle
        })
    }
}

/// One look at all residents.
struct Pass {
    longest_idle: Option<Choice>,
    /// When to look again.
    next: Moment,
}

impl Pass {
    fn over(residents: &[Resident], now: Moment, rules: &Rules) -> Self {
        let floor = Floor { resident: residents.len(), least: rules.min_resident };
        let mut longest_idle: Option<(Moment, usize)> = None;
        let mut next = Moment::NEVER;
        for (index, resident) in residents.iter().enumerate() {
            let last_use = resident.parts.header.last_use();
            let facts = resident.facts(now, &rules.measures);
            match facts.reason_to_stay(floor) {
                // Of two of one age, the one that was loaded first.
                None if longest_idle.is_none_or(|(longest, _)| last_use < longest) => {
                    longest_idle = Some((last_use, index));
                }
                None => {}
                Some(reason) => {
                    next = next.min(resident.again(reason, now, last_use + facts.grace, facts.grace, rules))
                }
            }
        }
        let choice = |(last_use, index)| Choice { index, idle_since: Some(last_use), even_if_needed: false };
        Self { longest_idle: longest_idle.map(choice), next }
    }
}

impl Resident {
    /// When what keeps it loaded may no longer do so, unless something changes before.
    fn again(&self, reason: Reason, now: Moment, after_grace: Moment, grace: Duration, rules: &Rules) -> Moment {
        match reason {
            Reason::ActiveReference => now + grace,
            Reason::CacheDependency => cache::next_expiry(),
            Reason::HotPath => self.cools_at(now, &rules.measures).max(after_grace),
            Reason::GracePeriod => after_grace,
            Reason::Disabled | Reason::Pinned | Reason::MinResident => Moment::NEVER,
        }
    }
}

impl Swept {
    async fn see_through(&mut self, departure: Departure) {
        self.unloaded.push(departure.node.name);
        self.hook_errors.extend(departure.see_through(Cause::Sweep).await);
    }

    fn reclaimed(&mut self, reclaim: Reclaim) {
        let bytes = reclaim.end();
        journal::reclaimed(bytes);
        self.reclaimed_bytes += bytes;
    }

    /// Unloads more if the process holds more than its budget allows.
    async fn relieve(&mut self, budget: &Budget, most: usize) {
        // Relaxed: one sweep at a time.
        static FUTILE: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        while budget.shortage().is_some_and(|short| short > FUTILE.load(Ordering::Relaxed)) {
            let gone = budget.unload_for(most.saturating_sub(self.unloaded.len()), None).await;
            let is_useful = gone.is_useful();
            // Until the process is shorter of memory still, or unloading has helped, there is no use in trying again.
            let futile = if is_useful { 0 } else { budget.shortage().unwrap_or(0) };
            FUTILE.store(futile, Ordering::Relaxed);
            self.unloaded.extend(gone.unloaded);
            self.hook_errors.extend(gone.hook_errors);
            self.reclaimed_bytes += gone.bytes;
            if !is_useful {
                return;
            }
        }
    }
}

/// The right to sweep.
struct Turn;

static_unless_loom! {
    /// Whether somebody has it.
    fn sweeping() -> &'static AtomicBool = AtomicBool::new(false);
}

impl Turn {
    fn take() -> Option<Self> {
        // Acquire, with the Release below: a sweep sees all that the one before it did.
        let taken = sweeping().compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok();
        // Not `then_some`: a `Turn` that is made in vain ends the other's when it is dropped.
        taken.then(|| Self)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        sweeping().store(false, Ordering::Release);
    }
}
