//! Ledger: what is known of one interface beyond its generations, in its slot.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::history::History;
use crate::memory::{self, Account, Footprint};
use crate::sweep;

// Relaxed throughout, unless said: figures, not synchronisation.

/// The figures of one slot.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// Number of the last generation, which is the number of loads.
    generations: AtomicU64,
    load_nanos: AtomicU64,
    /// What the last generation held, in bytes, as far as it was measured.
    bytes: AtomicU64,
    /// The most by which a load of it raised what the process holds, while it went on: what has to fit.
    need: AtomicU64,
    /// What the last unload left behind, in bytes. Known only where an account is kept.
    leaked: AtomicU64,
    account: Account,
    /// It was said that it does not fit.
    warned: AtomicBool,
    /// Live cache entries that depend on it.
    dependents: AtomicUsize,
    pub(crate) history: History,
}

impl Ledger {
    pub(crate) const fn new() -> Self {
        Self {
            generations: AtomicU64::new(0),
            load_nanos: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            need: AtomicU64::new(0),
            leaked: AtomicU64::new(0),
            account: Account::new(),
            warned: AtomicBool::new(false),
            dependents: AtomicUsize::new(0),
            history: History::new(),
        }
    }

    pub(crate) fn generations(&self) -> u64 {
        self.generations.load(Ordering::Relaxed)
    }

    pub(crate) fn load_time(&self) -> Duration {
        Duration::from_nanos(self.load_nanos.load(Ordering::Relaxed))
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// `None` before the first load.
    pub(crate) fn need(&self) -> Option<u64> {
        (self.generations() > 0).then(|| self.need.load(Ordering::Relaxed))
    }

    pub(crate) fn leaked(&self) -> u64 {
        self.leaked.load(Ordering::Relaxed)
    }

    /// A generation was loaded.
    pub(crate) fn loaded(&self, number: u64, took: Duration) {
        self.generations.store(number, Ordering::Relaxed);
        self.load_nanos.store(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// What a load was measured to hold in the end, and to need on the way.
    pub(crate) fn measured(&self, footprint: Footprint) {
        self.bytes.store(footprint.held, Ordering::Relaxed);
        match footprint.is_record {
            true => self.need.store(footprint.needed, Ordering::Relaxed),
            false => _ = self.need.fetch_max(footprint.needed, Ordering::Relaxed),
        }
    }

    /// Whether nobody was warned of it yet.
    pub(crate) fn warn_once(&self) -> bool {
        !self.warned.swap(true, Ordering::Relaxed)
    }

    /// What its loads are charged to.
    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// A generation was dropped.
    pub(crate) fn unloaded(&self) {
        self.history.unloaded();
        memory::unloaded(self.bytes());
        if let Some(left) = self.account.live() {
            self.leaked.store(left, Ordering::Relaxed);
        }
    }

    pub(crate) fn dependents(&self) -> usize {
        // SeqCst, as below: an entry that was put in before a sweep began is seen by it.
        self.dependents.load(Ordering::SeqCst)
    }
}

/// One live cache entry's word that it needs an interface, as long as it lives.
#[derive(Debug)]
pub(crate) struct Dependency(&'static Ledger);

/// All dependencies of the process, so that a sweep knows in one load whether to look for entries that expired.
static DEPENDENCIES: AtomicUsize = AtomicUsize::new(0);

impl Dependency {
    pub(crate) fn new(ledger: &'static Ledger) -> Self {
        ledger.dependents.fetch_add(1, Ordering::SeqCst);
        DEPENDENCIES.fetch_add(1, Ordering::SeqCst);
        Self(ledger)
    }

    /// Whether there is any.
    pub(crate) fn any() -> bool {
        DEPENDENCIES.load(Ordering::SeqCst) > 0
    }
}

impl Drop for Dependency {
    fn drop(&mut self) {
        DEPENDENCIES.fetch_sub(1, Ordering::SeqCst);
        if self.0.dependents.fetch_sub(1, Ordering::SeqCst) == 1 {
            // What it kept loaded may be due now.
            sweep::something_changed();
        }
    }
}
