//! Clearing: everything unloaded that nobody uses, so that one test leaves nothing to the next.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::departure::leaving;
use crate::registry::Registry;
use crate::residents::{Parts, residents};
use crate::shutdown::{Timer, last_loaded};
use crate::telemetry::Cause;

/// For so long a test waits for those who use what is to go: tasks that are about to end, hooks.
const PATIENCE: Duration = Duration::from_secs(5);

/// What has to be gone.
#[derive(Clone, Copy)]
pub(super) enum Goal {
    All,
    One(&'static str, Parts),
}

impl Goal {
    /// What of it is loaded, or being loaded or unloaded.
    fn missed(self) -> Vec<&'static str> {
        let is_there = |(_, slot): &(&str, Parts)| slot.header.is_resident() || slot.flights.is_any();
        let slots: Vec<_> = match self {
            Self::All => linked(),
            Self::One(name, slot) => vec![(name, slot)],
        };
        let mut there: Vec<_> = slots.into_iter().filter(is_there).map(|(name, _)| name).collect();
        if matches!(self, Self::All) {
            // Those of an interface that two are named alike, too, which no registry lists.
            there.extend(residents().lock().iter().map(|resident| resident.node.name));
            there.extend(leaving());
        }
        there.sort_unstable();
        there.dedup();
        there
    }
}

/// All interfaces of the program, by name.
pub(super) fn linked() -> Vec<(&'static str, Parts)> {
    let slot = |entry: &'static crate::registry::Entry| (entry.descriptor.name, (entry.descriptor.slot)());
    Registry::get().map(|registry| registry.iter().map(slot).collect()).unwrap_or_default()
}

/// Unloads all that nobody uses, in reverse order of loading, whatever would keep it loaded otherwise, until the goal is
/// reached. For what an interface computed from another, or leased, goes no sooner than itself.
///
/// # Errors
/// What was still there when the patience was over.
pub(super) async fn clear(goal: Goal) -> Result<(), Vec<&'static str>> {
    let timer = Timer::start(PATIENCE);
    loop {
        // Who takes no turn may load again what has just gone.
        while !timer.is_over()
            && let Some(departure) = last_loaded()
        {
            let name = departure.node.name;
            match timer.bound(departure.see_through(Cause::Direct)).await {
                Some(None) => {}
                Some(Some(error)) => eprintln!("lmms: {error}"),
                None => eprintln!("lmms: the unload hook of interface `{name}` took too long and was given up"),
            }
        }
        let missed = goal.missed();
        if missed.is_empty() {
            return Ok(());
        }
        if timer.is_over() {
            return Err(missed);
        }
        // Nothing tells when the last use ends.
        timer.pause(Duration::from_millis(1)).await;
    }
}

/// Sees a future through on this thread, for guards that are dropped.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Fails the test with what is still there, unless it fails already.
#[track_caller]
pub(super) fn check(cleared: Result<(), Vec<&'static str>>, when: &str) {
    let Err(names) = cleared else { return };
    let names = names.join("`, `");
    let message = format!(
        "{when}, `{names}` should be unloaded, but is in use: an invocation that touched it, a `Lease` or a load goes on; \
         drop invocations, leases and responses first, or see tasks through that have them"
    );
    if thread::panicking() {
        eprintln!("lmms: {message}");
    } else {
        panic!("{message}");
    }
}
