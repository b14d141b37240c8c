//! History: what of an interface's loads and unloads tells whether it is configured well. Written where something is loaded
//! or unloaded, which is never in a hot call, and read by `health` alone.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::clock::{self, Moment};
use crate::cycle::{self, Node};
use crate::heat::{Heat, Scale};
use crate::residency::Header;

// Relaxed throughout: figures, read for people.

/// A load as soon as this after the unload was not worth the unload: a container lives for hours.
const SOON: Duration = Duration::from_secs(60);

/// What is remembered of one interface.
#[derive(Debug)]
pub(crate) struct History {
    /// Loads that failed since one succeeded.
    failures: AtomicU64,
    /// The [`Moment`] of the last load that succeeded.
    loaded_at: AtomicU64,
    /// The invocation that loaded it at the start, or nought if it was loaded by a request.
    started_in: AtomicU64,
    unloaded_at: AtomicU64,
    /// The last unload was for the budget.
    pressed: AtomicBool,
    /// From the last use to the load that came too soon after an unload, in milliseconds.
    missed: AtomicU64,
    soon_after_idling: Recent,
    soon_after_pressure: Recent,
    over_budget: Recent,
    /// By how many bytes.
    short: AtomicU64,
}

impl History {
    pub(crate) const fn new() -> Self {
        Self {
            failures: AtomicU64::new(0),
            loaded_at: AtomicU64::new(0),
            started_in: AtomicU64::new(0),
            unloaded_at: AtomicU64::new(0),
            pressed: AtomicBool::new(false),
            missed: AtomicU64::new(0),
            soon_after_idling: Recent::new(),
            soon_after_pressure: Recent::new(),
            over_budget: Recent::new(),
            short: AtomicU64::new(0),
        }
    }

    /// A load succeeded, and the invocation that caused it holds it.
    pub(crate) fn loaded(&self, generation: u64, header: &Header) {
        let now = clock::now();
        self.failures.store(0, Ordering::Relaxed);
        self.loaded_at.store(now.0, Ordering::Relaxed);
        // What is loaded for another one at the start is that one's to answer for.
        let at_start = Starting::is_under_way() && cycle::loading().is_none();
        self.started_in.store(if at_start { header.last_invocation() } else { 0 }, Ordering::Relaxed);
        if generation > 1 && now.since(Moment(self.unloaded_at.load(Ordering::Relaxed))) < SOON {
            if self.pressed.load(Ordering::Relaxed) {
                self.soon_after_pressure.note();
            } else {
                // Of the generation before: nobody has given back a hold on this one.
                let missed = now.since(header.last_use()).as_millis();
                self.missed.store(u64::try_from(missed).unwrap_or(u64::MAX), Ordering::Relaxed);
                self.soon_after_idling.note();
            }
        }
        self.pressed.store(false, Ordering::Relaxed);
    }

    pub(crate) fn failed(&self) {
        self.failures.fetch_add(1, Ordering::Relaxed);
    }

    /// Loads that failed since one succeeded.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// It is about to be unloaded for the budget.
    pub(crate) fn pressed(&self) {
        self.pressed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn unloaded(&self) {
        self.unloaded_at.store(clock::now().0, Ordering::Relaxed);
    }

    /// A load of it went ahead although so many bytes were missing.
    pub(crate) fn over_budget(&self, short: u64) {
        self.short.store(short, Ordering::Relaxed);
        self.over_budget.note();
    }

    pub(crate) fn read(&self) -> Past {
        Past {
            failures: self.failures(),
            loaded_at: Moment(self.loaded_at.load(Ordering::Relaxed)),
            started_in: Some(self.started_in.load(Ordering::Relaxed)).filter(|invocation| *invocation > 0),
            soon_after_idling: self.soon_after_idling.count(),
            missed: Duration::from_millis(self.missed.load(Ordering::Relaxed)),
            soon_after_pressure: self.soon_after_pressure.count(),
            over_budget: self.over_budget.count(),
            short: self.short.load(Ordering::Relaxed),
        }
    }
}

/// A history as it is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past {
    /// Loads that failed since one succeeded.
    pub(crate) failures: u64,
    pub(crate) loaded_at: Moment,
    /// The invocation that loaded it at the start, if it was loaded then.
    pub(crate) started_in: Option<u64>,
    /// Loads of late that came soon after an unload for want of use.
    pub(crate) soon_after_idling: u32,
    /// How long it had not been used before the last of these.
    pub(crate) missed: Duration,
    /// Loads of late that came soon after an unload for the budget.
    pub(crate) soon_after_pressure: u32,
    /// Loads of late that did not fit into the budget.
    pub(crate) over_budget: u32,
    /// By how many bytes the last of these did not.
    pub(crate) short: u64,
}

/// How often something happened of late: as heat, half of it is forgotten every five minutes, so that what was put right is
/// not held against it for ever.
#[derive(Debug)]
struct Recent(Heat);

impl Recent {
    /// The defaults of heat, whatever is configured.
    const SCALE: Scale = Scale::DEFAULT;

    const fn new() -> Self {
        Self(Heat::new())
    }

    fn note(&self) {
        self.0.count(clock::now(), Self::SCALE);
    }

    fn count(&self) -> u32 {
        self.0.calls(clock::now(), Self::SCALE)
    }
}

/// Which interface's load has leased which: as long as the one is used, so is the other, though nobody asks for it. A pair
/// stays when the lease has gone, for it counts only while the other is held.
static LEASES: Mutex<Vec<(Node, Node)>> = Mutex::new(Vec::new());

/// If this is a load's doing, remembers that it leases `to`.
pub(crate) fn leased(to: Node) {
    let Some(from) = cycle::loading() else { return };
    let mut leases = LEASES.lock();
    if !leases.iter().any(|(f, t)| cycle::same(*f, from) && cycle::same(*t, to)) {
        leases.push((from, to));
    }
}

/// Whether a load of `from` has ever leased `to`.
pub(crate) fn has_leased(from: Node, to: Node) -> bool {
    LEASES.lock().iter().any(|(f, t)| cycle::same(*f, from) && cycle::same(*t, to))
}

/// How many starts are under way: one, before the first request.
static STARTING: AtomicUsize = AtomicUsize::new(0);

/// What is loaded while one lives is loaded at the start, for no request.
pub(crate) struct Starting(());

impl Starting {
    pub(crate) fn begin() -> Self {
        STARTING.fetch_add(1, Ordering::Relaxed);
        Self(())
    }

    fn is_under_way() -> bool {
        STARTING.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Starting {
    fn drop(&mut self) {
        STARTING.fetch_sub(1, Ordering::Relaxed);
    }
}
