//! Turns: one test at a time has the process to itself.
//!
//! **Invariant.** A turn begins with nothing loaded, nothing hot and nothing cached, and leaves nothing of that behind.

use std::fmt;
use std::thread::{self, ThreadId};

use once_cell::sync::OnceCell;
use parking_lot::{Condvar, Mutex};

use super::clear::{self, Goal};
use super::clock::ManualClock;
use super::fakes::{self, Fake};
use super::loads::{self, Before};
use crate::hook::BoxError;
use crate::interface::Interface;
use crate::registry::{Entry, Registry};
use crate::results;
use crate::sweep;

/// Waits until no other test has a [`Turn`], and begins one: with nothing loaded, nothing hot, and nothing cached by any gateway.
///
/// Every test of a program that looks at what is loaded, at time, or uses fakes begins with it, sync or async: it blocks the
/// thread, and a test has one of its own. (`cargo nextest` has a process for each test, and nobody waits.)
///
/// # Panics
/// If this thread has a turn already, or something is in use that nobody's turn has, and still is after five seconds.
#[track_caller]
pub fn exclusive() -> Turn {
    let place = Place::take();
    let cleared = clear::block_on(clear::clear(Goal::All));
    reset();
    clear::check(cleared, "before a turn begins");
    Turn { fakes: Mutex::new(Vec::new()), clock: OnceCell::new(), before: Before::now(), is_over: false, _place: place }
}

/// A test's turn, which ends when it is dropped: its fakes are taken out, everything is unloaded, and time goes on.
///
/// It is `Send`, and may be held across an `await`.
///
/// # Panics
/// When dropped, if something is in use, and still is after five seconds: declare it first in a test, so that it goes last.
#[must_use = "the turn is over when this is dropped"]
pub struct Turn {
    fakes: Mutex<Vec<Fake>>,
    clock: OnceCell<ManualClock>,
    before: Before,
    is_over: bool,
    // Last: then the next one begins.
    _place: Place,
}

impl Turn {
    /// The clock, stopped when this is called for the first time, for the rest of the turn.
    ///
    /// # Panics
    /// If the test has installed a [`ManualClock`] of its own.
    pub fn clock(&self) -> &ManualClock {
        self.clock.get_or_init(ManualClock::install)
    }

    /// [`testing::fake`](super::fake()), for the rest of the turn.
    ///
    /// # Panics
    /// If an instance of `T` is in use, and still is after five seconds.
    #[track_caller]
    pub fn fake<T: Interface>(&self, load: impl Fn() -> T + Send + Sync + 'static) {
        let fake = fakes::fake(load);
        self.fakes.lock().push(fake);
    }

    /// [`testing::try_fake`](super::try_fake), for the rest of the turn.
    ///
    /// # Panics
    /// As [`fake`](Self::fake).
    #[track_caller]
    pub fn try_fake<T: Interface, E: Into<BoxError>>(&self, load: impl Fn() -> Result<T, E> + Send + Sync + 'static) {
        let fake = fakes::try_fake(load);
        self.fakes.lock().push(fake);
    }

    /// [`testing::failing`](super::failing), for the rest of the turn.
    ///
    /// # Panics
    /// As [`fake`](Self::fake).
    #[track_caller]
    pub fn failing<T: Interface>(&self, message: impl Into<String>) {
        let fake = fakes::failing::<T>(message);
        self.fakes.lock().push(fake);
    }

    /// How often `T` was loaded in this turn. Loads that failed do not count, and those of fakes do.
    #[must_use]
    pub fn loads<T: Interface>(&self) -> u64 {
        self.before.loads::<T>()
    }

    /// The names of what was loaded in this turn, in their order, whether or not it is loaded still.
    #[must_use]
    pub fn loaded(&self) -> Vec<&'static str> {
        self.before.loaded().into_iter().map(|(name, _)| name).collect()
    }

    /// Whether `T` is loaded now.
    #[must_use]
    pub fn is_loaded<T: Interface>(&self) -> bool {
        loads::is_loaded::<T>()
    }

    /// Asserts that these interfaces were loaded in this turn, in whatever order and however often, and no others.
    ///
    /// # Panics
    /// If not, with what was loaded instead.
    #[track_caller]
    pub fn assert_loaded<const N: usize>(&self, expected: [&str; N]) {
        if let Some(difference) = self.before.differs_from(&expected) {
            panic!("{difference}");
        }
    }

    /// Ends it, as dropping it does, without holding up the thread.
    ///
    /// For interfaces with an async `#[unload]`, under a runtime that has this thread alone: dropping the turn would wait for
    /// what only this thread can bring about.
    ///
    /// # Panics
    /// If something is in use, and still is after five seconds.
    pub async fn end(mut self) {
        self.take_out_fakes();
        let cleared = clear::clear(Goal::All).await;
        self.is_over = true;
        reset();
        clear::check(cleared, "when a turn ends");
    }

    fn take_out_fakes(&mut self) {
        // Each for itself would unload, and wait for that.
        self.fakes.get_mut().drain(..).for_each(Fake::dismiss);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if !self.is_over {
            self.take_out_fakes();
            let cleared = clear::block_on(clear::clear(Goal::All));
            reset();
            clear::check(cleared, "when a turn ends");
        }
    }
}

impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn").field("loaded", &self.loaded()).finish_non_exhaustive()
    }
}

/// Forgets what was counted of operations, and what gateways have cached.
fn reset() {
    results::forget_all();
    // What was called by name has its operations listed; what was called otherwise was loaded.
    let is_used = |entry: &&Entry| entry.known_operations().is_some() || entry.descriptor.status().loads > 0;
    let used = Registry::get().ok().into_iter().flat_map(Registry::iter).filter(is_used);
    used.flat_map(Entry::operations).for_each(|operation| operation.meter.reset());
    sweep::something_changed();
}

/// The thread of the test whose turn it is.
static PLACE: Mutex<Option<ThreadId>> = Mutex::new(None);
static FREE: Condvar = Condvar::new();

/// The right to be the one. Not the lock itself, whose guard would bind a test to its thread.
struct Place;

impl Place {
    #[track_caller]
    fn take() -> Self {
        let this = thread::current().id();
        let mut holder = PLACE.lock();
        while let Some(thread) = *holder {
            if thread == this {
                drop(holder);
                panic!("this test has a turn already: it is to take one, and hand that on");
            }
            FREE.wait(&mut holder);
        }
        *holder = Some(this);
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *PLACE.lock() = None;
        FREE.notify_one();
    }
}
