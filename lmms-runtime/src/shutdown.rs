//! Shutdown: the end of the process, when all that is loaded is unloaded in reverse order of loading. Those with an
//! `#[unload]` come first.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::departure::{Departure, leaving};
use crate::load_error::UnloadHookError;
#[cfg(feature = "lambda")]
use crate::registry::Registry;
use crate::residents::{Choice, Resident, residents, take_chosen};

/// What a shutdown did.
#[derive(Debug, Default)]
#[must_use = "what was still in use was not unloaded, and an unload hook can have failed"]
#[non_exhaustive]
pub struct Shutdown {
    /// The interfaces that were unloaded, in this order.
    pub unloaded: Vec<&'static str>,
    /// What their `#[unload]` hooks failed with.
    pub hook_errors: Vec<UnloadHookError>,
    /// Those that were loaded still when the deadline had passed: in use, or behind one whose hook took too long. And those
    /// whose `#[unload]` others had begun, a sweep for instance, if it was not over.
    pub remaining: Vec<&'static str>,
    /// The interface whose async `#[unload]` the deadline interrupted.
    pub interrupted: Option<&'static str>,
}

/// Shuts down after `first`, within the same time.
pub(crate) async fn shutdown(first: impl Future<Output = ()>, deadline: Duration) -> Shutdown {
    let timer = Timer::start(deadline);
    let _ = timer.bound(first).await;
    let mut shutdown = Shutdown::default();
    while !timer.is_over() {
        let Some(departure) = last_loaded() else {
            // A lease, a running invocation or a hook that others began: nothing tells when it ends, and this is the end of
            // the process.
            if nothing_is_loaded() {
                break;
            }
            timer.pause(Duration::from_millis(1)).await;
            continue;
        };
        let name = departure.node.name;
        match timer.bound(departure.see_through()).await {
            Some(error) => {
                shutdown.unloaded.push(name);
                shutdown.hook_errors.extend(error);
            }
            None => shutdown.interrupted = Some(name),
        }
    }
    shutdown.remaining = residents().lock().iter().rev().map(|resident| resident.node.name).collect();
    shutdown.remaining.extend(leaving());
    shutdown
}

/// Whether an interface has an `#[unload]`.
#[cfg(feature = "lambda")]
pub(crate) fn has_unload(interface: &str) -> bool {
    Registry::get()
        .is_ok_and(|registry| registry.find(interface).is_some_and(|entry| entry.descriptor.options.has_unload))
}

fn nothing_is_loaded() -> bool {
    residents().lock().is_empty() && leaving().is_empty()
}

/// Takes out the one that was loaded last, of those that nobody holds: first of those with an `#[unload]`, for the others
/// only drop what goes with the process anyway, and of those the ones that may hold one of the first.
fn last_loaded() -> Option<Departure> {
    take_chosen(|residents| {
        let is_held = |resident: &Resident| resident.parts.header.holds() > 0;
        let has_hook = |resident: &Resident| resident.options.has_unload;
        let last = residents.iter().rposition(has_hook);
        let index = match last {
            Some(last) if is_held(&residents[last]) => {
                let newer = residents[last..].iter().rposition(|resident| !is_held(resident)).map(|index| last + index);
                // Held from elsewhere: the others need not wait for it.
                newer.or_else(|| residents.iter().rposition(|resident| !is_held(resident) && has_hook(resident)))
            }
            last => last,
        };
        let index = index.or_else(|| residents.iter().rposition(|resident| !is_held(resident)))?;
        Some(Choice { index, idle_since: None, even_if_needed: true })
    })
}

/// A deadline for futures under any executor: a thread that wakes them. Nobody minds what that costs at the end.
struct Timer {
    until: Instant,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    wake: Option<(Instant, Waker)>,
    is_over: bool,
}

impl Timer {
    fn start(deadline: Duration) -> Self {
        // Far off, if it is too far to tell.
        let until =
            Instant::now().checked_add(deadline).unwrap_or_else(|| Instant::now() + Duration::from_secs(1 << 30));
        let shared = Arc::new(Shared::default());
        let timer = Arc::clone(&shared);
        // Without a thread nothing is interrupted: hooks end by themselves, or Lambda ends the process.
        let _ = thread::Builder::new().name("lmms-shutdown".to_owned()).spawn(move || timer.run());
        Self { until, shared }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    /// The output of `future`, unless the deadline passes before.
    async fn bound<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Some(output));
            }
            if self.is_over() {
                return Poll::Ready(None);
            }
            self.shared.wake_at(self.until, context.waker());
            Poll::Pending
        })
        .await
    }

    async fn pause(&self, pause: Duration) {
        let end = (Instant::now() + pause).min(self.until);
        poll_fn(|context| {
            if Instant::now() >= end {
                return Poll::Ready(());
            }
            self.shared.wake_at(end, context.waker());
            Poll::Pending
        })
        .await;
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        self.shared.state.lock().is_over = true;
        self.shared.changed.notify_one();
    }
}

impl Shared {
    fn wake_at(&self, at: Instant, waker: &Waker) {
        self.state.lock().wake = Some((at, waker.clone()));
        self.changed.notify_one();
    }

    fn run(&self) {
        let mut state = self.state.lock();
        while !state.is_over {
            match state.wake.take() {
                // Not under the lock: it may poll there and then, which asks to be woken again.
                Some((at, waker)) if Instant::now() >= at => MutexGuard::unlocked(&mut state, || waker.wake()),
                Some((at, waker)) => {
                    state.wake = Some((at, waker));
                    self.changed.wait_until(&mut state, at);
                }
                None => self.changed.wait(&mut state),
            }
        }
    }
}
