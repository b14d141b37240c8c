//! Virtual time: the idle hours of a function pass in an instant.
//!
//! A [`VirtualClock`] is the system's clock and what was skipped so far. Functions that [follow](crate::function::Function::clock)
//! it are started with a small library before all others (`LD_PRELOAD`), which adds what was skipped to every clock that they read,
//! be it the time of day or the time since the start; the processor's clocks are left alone. It reads that from a page that all of
//! them map, so that skipping is one store, and reading costs a nanosecond more than before.
//!
//! **Invariant.** Time never goes back, and all functions of a clock, and the Runtime API that tells them their deadlines, are on
//! the same time.
//!
//! What cannot be shown a clock is a program that asks the kernel without libc: one that is linked statically (musl, Go). It runs
//! as ever, on the system's time, and [`Container::follows_clock`](crate::container::Container::follows_clock) says so.
//!
//! What was being waited for goes on being waited for: skipping an hour ends no sleep that is under way, and no timeout. To a
//! function that was frozen meanwhile, as it is to be, that makes a difference only where a thread of its own sleeps by the kernel;
//! `tokio`'s timers look at the clock again whenever an event arrives.

use std::{io, sync::Arc, time::Duration};

use crate::ids;

#[cfg(has_shim)]
#[path = "page.rs"]
mod imp;
#[cfg(not(has_shim))]
#[path = "none.rs"]
mod imp;

/// The variable that tells the library where the page is.
#[cfg(has_shim)]
const VARIABLE: &str = "LMMS_LOCAL_CLOCK";

/// A clock that can be put forward. Clones are the same clock.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use lmms_local::virtual_time::VirtualClock;
///
/// if let Ok(clock) = VirtualClock::new() {
///     let before = clock.unix_time();
///     clock.skip(Duration::from_secs(3600));
///     assert!(clock.unix_time() >= before + Duration::from_secs(3600));
/// }
/// ```
#[derive(Clone, Debug)]
pub struct VirtualClock(Arc<imp::Shared>);

impl VirtualClock {
    /// A clock that shows the system's time.
    ///
    /// # Errors
    /// This is not Linux with glibc on x86-64 or arm64, or the system gives no memory to share.
    pub fn new() -> io::Result<Self> {
        imp::Shared::new().map(|shared| Self(Arc::new(shared)))
    }

    /// Puts the clock forward, for all functions that follow it, at once.
    ///
    /// They should be [frozen](crate::function::Function::freezing) or at rest: to one that runs it is as if it had hung for as long.
    pub fn skip(&self, by: Duration) {
        self.0.skip(by);
    }

    /// All that was skipped so far.
    pub fn skipped(&self) -> Duration {
        self.0.skipped()
    }

    /// What functions that follow it see as the time since 1970.
    pub fn unix_time(&self) -> Duration {
        ids::unix_time() + self.skipped()
    }

    /// The variables of a process that is to follow it; `preloaded` is what would be preloaded without.
    pub(crate) fn variables(&self, preloaded: Option<std::ffi::OsString>) -> [(&'static str, std::ffi::OsString); 2] {
        self.0.variables(preloaded)
    }

    /// Whether the process does.
    pub(crate) fn is_followed_by(&self, pid: u32) -> bool {
        self.0.is_followed_by(pid)
    }
}
