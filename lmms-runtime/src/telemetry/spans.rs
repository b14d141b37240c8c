//! Spans: `lmms.load`, `lmms.unload` and `lmms.operation`, for who subscribes with `tracing`.
//!
//! **Invariant.** A span is entered while a future is polled, never across an `await`: what else runs on the thread is not in
//! it. What is started within a span of the user's is inside of that one, so that a request's id reaches it.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tracing::field::Empty;
use tracing::{Instrument, Level, Span};

use super::Cause;
use crate::dispatch::Target;
use crate::error::Error;
use crate::heat::Tier;
use crate::load_error::{LoadError, UnloadHookError};

/// `LMMS_TRACING`, of the gateway configured last: loads know none.
static IS_ON: AtomicBool = AtomicBool::new(true);

pub(crate) fn switch(is_on: bool) {
    // Relaxed: it says whether to tell, not what.
    IS_ON.store(is_on, Ordering::Relaxed);
}

/// Without a subscriber that wants any, this is one relaxed load of `tracing`'s.
#[inline]
fn is_wanted(level: Level) -> bool {
    // Relaxed: see `switch`.
    tracing::level_filters::LevelFilter::current() >= level && IS_ON.load(Ordering::Relaxed)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Of a load: nobody's, if nobody wants it.
#[derive(Debug, Clone)]
pub(crate) struct Load(Span);

pub(crate) fn load(interface: &'static str) -> Load {
    if !is_wanted(Level::INFO) {
        return Load(Span::none());
    }
    Load(tracing::info_span!(
        target: "lmms",
        "lmms.load",
        interface,
        generation = Empty,
        bytes = Empty,
        duration_ms = Empty,
        error = Empty,
    ))
}

impl Load {
    pub(crate) fn within<R>(&self, act: impl FnOnce() -> R) -> R {
        self.0.in_scope(act)
    }

    pub(crate) fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future.instrument(self.0.clone())
    }

    pub(crate) fn loaded(&self, generation: u64, bytes: u64, took: Duration) {
        self.0.record("generation", generation).record("bytes", bytes).record("duration_ms", milliseconds(took));
    }

    pub(crate) fn failed(&self, interface: &'static str, error: &LoadError, took: Duration) {
        self.0.record("error", error.code().as_str()).record("duration_ms", milliseconds(took));
        if is_wanted(Level::WARN) {
            self.within(|| tracing::warn!(target: "lmms", interface, code = error.code().as_str(), "{error}"));
        }
    }
}

/// Of an unload.
#[derive(Debug, Clone)]
pub(crate) struct Unload(Span);

pub(crate) fn unload(interface: &'static str, generation: u64, cause: Cause, bytes: u64) -> Unload {
    if !is_wanted(Level::INFO) {
        return Unload(Span::none());
    }
    Unload(tracing::info_span!(
        target: "lmms",
        "lmms.unload",
        interface,
        generation,
        reason = cause.as_str(),
        bytes,
        duration_ms = Empty,
        hook_error = Empty,
    ))
}

impl Unload {
    pub(crate) fn within<R>(&self, act: impl FnOnce() -> R) -> R {
        self.0.in_scope(act)
    }

    pub(crate) fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future.instrument(self.0.clone())
    }

    pub(crate) fn hook_failed(&self, interface: &'static str, error: &UnloadHookError) {
        if is_wanted(Level::ERROR) {
            self.within(|| tracing::error!(target: "lmms", interface, "{error}"));
        }
    }

    pub(crate) fn unloaded(&self, took: Duration, hook_failed: bool) {
        self.0.record("duration_ms", milliseconds(took)).record("hook_error", hook_failed);
    }
}

/// Of a call by name.
#[derive(Debug)]
pub(crate) struct Operation {
    span: Span,
    /// Calls that are hot are not all timed otherwise.
    started: Instant,
}

/// The span of a call, if it is to have one: in the tier BLAZING only calls that are timed have, and the others come no
/// further than this comparison.
#[inline]
pub(crate) fn operation(target: Target, tier: Tier, is_timed: bool) -> Option<Operation> {
    if (tier == Tier::Blazing && !is_timed) || !is_wanted(Level::INFO) {
        return None;
    }
    Operation::new(target, tier)
}

impl Operation {
    #[cold]
    fn new(Target { entry, operation }: Target, tier: Tier) -> Option<Self> {
        let span = tracing::info_span!(
            target: "lmms",
            "lmms.operation",
            interface = entry.descriptor.name,
            operation = operation.name,
            tier = tier.as_str(),
            cached = Empty,
            duration_ms = Empty,
            error = Empty,
        );
        (!span.is_disabled()).then(|| Self { span, started: Instant::now() })
    }

    pub(crate) fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        future.instrument(self.span.clone())
    }

    /// Whether the cache of results had an answer. Not said of what it has nothing to do with.
    pub(crate) fn cached(&self, is_hit: bool) {
        self.span.record("cached", if is_hit { "hit" } else { "miss" });
    }

    pub(crate) fn end(&self, outcome: &Result<(), Error>) {
        self.span.record("duration_ms", milliseconds(self.started.elapsed()));
        if let Err(error) = outcome {
            self.span.record("error", error.code().as_str());
        }
    }
}
