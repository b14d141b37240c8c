//! A state that goes when nobody has used it for a while: what one writes by hand when a `LazyLock` holds too much.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use lambda_runtime::Diagnostic;

use crate::error;

/// As long as `lmms` waits by default.
const IDLE: Duration = Duration::from_secs(30);

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

fn now() -> u64 {
    u64::try_from(START.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Made by the first who asks, dropped by a [`sweep`] when nobody has asked for 30 seconds. Who has it keeps it.
pub struct Idle<T> {
    state: ArcSwapOption<T>,
    /// Milliseconds since the start.
    last_use: AtomicU64,
    /// Held by who makes it, so that it is made once.
    making: Mutex<()>,
    make: fn() -> Result<T, String>,
}

impl<T> Idle<T> {
    /// Nothing yet; it will be made by `make`.
    pub const fn new(make: fn() -> Result<T, String>) -> Self {
        Self { state: ArcSwapOption::const_empty(), last_use: AtomicU64::new(0), making: Mutex::new(()), make }
    }

    /// The state, made if there is none.
    ///
    /// # Errors
    /// It cannot be made. The next who asks tries again.
    pub fn get(&self) -> Result<Arc<T>, Diagnostic> {
        // Relaxed: of two that use it at once either time will do.
        self.last_use.store(now(), Ordering::Relaxed);
        if let Some(state) = self.state.load_full() {
            return Ok(state);
        }
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(state) = self.state.load_full() {
            return Ok(state);
        }
        let state = Arc::new((self.make)().map_err(|cause| error("load_failed", cause))?);
        self.state.store(Some(Arc::clone(&state)));
        Ok(state)
    }
}

/// Something that may be dropped.
pub trait Unload: Sync {
    /// Whether it is there and idle at `now`, in milliseconds since the start.
    fn is_idle(&self, now: u64) -> bool;

    /// Drops it if it is, and says whether it was.
    fn unload_if_idle(&self, now: u64) -> bool;
}

impl<T: Send + Sync> Unload for Idle<T> {
    fn is_idle(&self, now: u64) -> bool {
        let idle = now.saturating_sub(self.last_use.load(Ordering::Relaxed));
        idle >= IDLE.as_millis() as u64 && self.state.load().is_some()
    }

    fn unload_if_idle(&self, now: u64) -> bool {
        self.is_idle(now) && self.state.swap(None).is_some()
    }
}

/// Drops all that are idle and gives their memory back, on a thread that does not hold up the answer: a frozen container runs no
/// timers, so this comes with each request, and goes on with the next one if the freeze comes first.
pub fn sweep(all: &'static [&'static dyn Unload]) {
    let now = now();
    if all.iter().any(|state| state.is_idle(now)) {
        tokio::task::spawn_blocking(move || {
            let unloaded = all.iter().filter(|state| state.unload_if_idle(now)).count();
            if unloaded > 0 {
                trim();
            }
        });
    }
}

/// Without this, glibc keeps most of what was dropped.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code)]
fn trim() {
    // SAFETY: it takes its own locks.
    unsafe { libc::malloc_trim(0) };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
fn trim() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_goes_when_it_is_idle() {
        static MADE: AtomicU64 = AtomicU64::new(0);
        static STATE: Idle<u64> = Idle::new(|| Ok(MADE.fetch_add(1, Ordering::Relaxed)));
        assert_eq!((*STATE.get().unwrap(), *STATE.get().unwrap()), (0, 0));
        let used = STATE.last_use.load(Ordering::Relaxed);
        assert!(!STATE.unload_if_idle(used + 29_999));
        assert!(STATE.unload_if_idle(used + 30_000) && !STATE.is_idle(used + 30_000));
        assert_eq!(*STATE.get().unwrap(), 1);
    }

    #[test]
    fn one_that_cannot_be_made_is_tried_again() {
        static TRIED: AtomicU64 = AtomicU64::new(0);
        static STATE: Idle<()> = Idle::new(|| match TRIED.fetch_add(1, Ordering::Relaxed) {
            0 => Err("not yet".to_owned()),
            _ => Ok(()),
        });
        assert_eq!(STATE.get().unwrap_err().error_message, "not yet");
        assert!(STATE.get().is_ok());
    }
}
