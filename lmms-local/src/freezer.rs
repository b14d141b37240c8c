//! The freezer: a container at rest is frozen, and thawed for its next event, as Lambda does.
//!
//! Invariant: while an invocation is open, the process runs. Both are decided under one lock, so that none is opened
//! between the look at the container and its freeze.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::signal::Process;

/// Freezes and thaws one process, if it is to.
#[derive(Debug, Default)]
pub(crate) struct Freezer(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Invocations that somebody waits for.
    open: usize,
    is_frozen: bool,
    freezes: u64,
}

impl Freezer {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // No code that could panic runs under it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An invocation is begun: the process goes on.
    pub(crate) fn open(&self, process: Option<&Process>) {
        let mut inner = self.lock();
        inner.open += 1;
        inner.thaw(process);
    }

    /// An invocation is over, whether or not the function is done with it.
    pub(crate) fn close(&self) {
        self.lock().open -= 1;
    }

    /// Freezes it, if nothing is open and it rests.
    pub(crate) fn freeze_if(&self, process: &Process, is_at_rest: impl FnOnce() -> bool) {
        let mut inner = self.lock();
        // A process that is gone needs no freeze.
        if inner.open == 0 && !inner.is_frozen && is_at_rest() && process.freeze().is_ok() {
            inner.is_frozen = true;
            inner.freezes += 1;
        }
    }

    /// How often it was frozen.
    pub(crate) fn freezes(&self) -> u64 {
        self.lock().freezes
    }
}

impl Inner {
    fn thaw(&mut self, process: Option<&Process>) {
        if let Some(process) = process.filter(|_| self.is_frozen) {
            // One that is gone is missed by its watcher.
            let _ = process.thaw();
            self.is_frozen = false;
        }
    }
}
