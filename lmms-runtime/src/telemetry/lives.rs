//! Lives: a load or an unload under way, and what is told of it when it is over.
//!
//! **Invariant.** Each generation that goes is told of once, also when its unload hook is cancelled: the instance is gone.

use std::time::{Duration, Instant};

use super::journal::{self, Failed, Loaded, Unloaded};
use super::{Cause, spans};
use crate::cycle::Node;
use crate::ledger::Ledger;
use crate::load_error::{LoadError, UnloadHookError};

/// A load under way. One that is cancelled is not told of: nothing was loaded.
#[derive(Debug)]
pub(crate) struct Loading {
    interface: &'static str,
    started: Instant,
    pub(crate) span: spans::Load,
}

impl Loading {
    pub(crate) fn begin(node: Node) -> Self {
        Self { interface: node.name, started: Instant::now(), span: spans::load(node.name) }
    }

    /// It is loaded, and measured.
    pub(crate) fn end(self, generation: u64, took: Duration, ledger: &Ledger) {
        let bytes = ledger.bytes();
        self.span.loaded(generation, bytes, took);
        journal::loaded(Loaded {
            interface: self.interface,
            generation,
            at: journal::time(),
            took,
            bytes,
            needed_bytes: ledger.need().unwrap_or(0),
        });
    }

    pub(crate) fn fail(self, error: &LoadError) {
        let took = self.started.elapsed();
        self.span.failed(self.interface, error, took);
        journal::failed(Failed { interface: self.interface, code: error.code(), at: journal::time(), took });
    }
}

/// An unload under way.
#[derive(Debug)]
pub(crate) struct Unloading {
    interface: &'static str,
    generation: u64,
    cause: Cause,
    bytes: u64,
    started: Instant,
    hook_failed: bool,
    pub(crate) span: spans::Unload,
}

impl Unloading {
    pub(crate) fn begin(node: Node, ledger: &Ledger, cause: Cause) -> Self {
        let (generation, bytes) = (ledger.generations(), ledger.bytes());
        Self {
            interface: node.name,
            generation,
            cause,
            bytes,
            started: Instant::now(),
            hook_failed: false,
            span: spans::unload(node.name, generation, cause, bytes),
        }
    }

    /// The hook is over.
    pub(crate) fn end(mut self, error: Option<&UnloadHookError>) {
        if let Some(error) = error {
            self.hook_failed = true;
            self.span.hook_failed(self.interface, error);
        }
    }
}

impl Drop for Unloading {
    fn drop(&mut self) {
        let &mut Self { interface, generation, cause, bytes, hook_failed, .. } = self;
        let took = self.started.elapsed();
        self.span.unloaded(took, hook_failed);
        journal::unloaded(Unloaded { interface, generation, cause, at: journal::time(), took, bytes, hook_failed });
    }
}
