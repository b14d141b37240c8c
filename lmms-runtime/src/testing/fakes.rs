//! Fakes: loads that a test has put in the place of an interface's own.
//!
//! **Invariant.** A fake is known before what was loaded is unloaded, and forgotten before what it made is: so whatever is
//! loaded while its guard lives is its, and nothing else is.

use std::any::{Any, TypeId};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::clear::{self, Goal};
use crate::hook::{BoxError, Hook};
use crate::interface::Interface;
use crate::residents::Parts;
use crate::results;

/// Fills a place for what is loaded, an `Option<Result<T, BoxError>>`.
type Fill = dyn Fn(&mut dyn Any) + Send + Sync;

/// A fake that is in place, of whatever interface.
struct InPlace {
    number: u64,
    /// The type of the places that it fills.
    fills: TypeId,
    fill: Arc<Fill>,
}

/// In the order in which they were put in.
static IN_PLACE: Mutex<Vec<InPlace>> = Mutex::new(Vec::new());

/// How many there are: all that a load looks at where there is none.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The load of a fake, if there is one for `T`: what runs instead of its `#[load]`.
pub(crate) fn load<T: Interface>() -> Option<Hook<'static, T>> {
    // Relaxed: whoever puts one in looks at the slot afterwards, under the lock under which this load was begun.
    if COUNT.load(Ordering::Relaxed) == 0 {
        return None;
    }
    // Little code for each interface: this is part of every program.
    let mut loaded: Option<Result<T, BoxError>> = None;
    fill(&mut loaded);
    loaded.map(Hook::Done)
}

#[cold]
fn fill(place: &mut dyn Any) {
    let fills = (*place).type_id();
    // Not under the lock: a fake may well put in another one, or load.
    let youngest = IN_PLACE.lock().iter().rfind(|fake| fake.fills == fills).map(|fake| Arc::clone(&fake.fill));
    if let Some(fill) = youngest {
        fill(place);
    }
}

/// A fake in the place of an interface, until it is dropped.
///
/// While it lives, loads of the interface run the closure it was made of instead of `#[load]`: typed access, calls by name,
/// other interfaces' loads, arguments of axum handlers. Of several fakes of one interface the youngest counts.
///
/// When it is put in, and again when it is dropped, everything that nobody uses is unloaded, its `#[unload]` run and no grace
/// given, and what gateways have cached is forgotten: nothing that was real, or made by a fake or from one, is left. If the
/// interface itself is in use then, that is waited for, for five seconds. Another one that is in use stays, whatever it was made
/// from, until the [`Turn`](super::Turn) ends: drop what holds it first.
///
/// Interfaces belong to the process: tests that are not to see the fake take turns with this one, by
/// [`exclusive`](super::exclusive).
///
/// # Panics
/// When dropped, if what it made is still in use. (If the test panics already, it says so on standard error.)
#[must_use = "the fake is taken out when this is dropped"]
pub struct Fake {
    number: u64,
    interface: &'static str,
    slot: Parts,
    asked: Arc<AtomicU64>,
    is_over: bool,
}

/// Has loads of `T` give what `load` makes, until the guard is dropped.
///
/// # Panics
/// If an instance of `T` is in use, and still is after five seconds.
#[track_caller]
pub fn fake<T: Interface>(load: impl Fn() -> T + Send + Sync + 'static) -> Fake {
    put_in(move || Ok(load()))
}

/// As [`fake()`], with a load that may fail.
///
/// # Panics
/// As [`fake()`].
#[track_caller]
pub fn try_fake<T, E>(load: impl Fn() -> Result<T, E> + Send + Sync + 'static) -> Fake
where
    T: Interface,
    E: Into<BoxError>,
{
    put_in(move || load().map_err(Into::into))
}

/// Has loads of `T` fail with `message`, until the guard is dropped.
///
/// # Panics
/// As [`fake()`].
#[track_caller]
pub fn failing<T: Interface>(message: impl Into<String>) -> Fake {
    let message = message.into();
    put_in::<T>(move || Err(message.clone().into()))
}

#[track_caller]
fn put_in<T: Interface>(load: impl Fn() -> Result<T, BoxError> + Send + Sync + 'static) -> Fake {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let asked = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&asked);
    let fill = move |place: &mut dyn Any| {
        if let Some(place) = place.downcast_mut::<Option<Result<T, BoxError>>>() {
            // Relaxed, here and below: a figure, and numbers that differ.
            count.fetch_add(1, Ordering::Relaxed);
            *place = Some(load());
        }
    };
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let in_place = InPlace { number, fills: TypeId::of::<Option<Result<T, BoxError>>>(), fill: Arc::new(fill) };
    let mut all = IN_PLACE.lock();
    all.push(in_place);
    COUNT.store(all.len(), Ordering::Relaxed);
    drop(all);
    let mut fake = Fake { number, interface: T::NAME, slot: T::__lmms_slot().parts(), asked, is_over: false };
    let cleared = clear::block_on(clear::clear(fake.goal()));
    results::forget_all();
    if cleared.is_err() {
        // Not by its end, which would wait for the same in vain.
        fake.take_out();
        fake.is_over = true;
    }
    clear::check(cleared, "before a fake is put in");
    fake
}

impl Fake {
    /// How often it was asked to load, also if that failed.
    #[must_use]
    pub fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// Takes it out, as dropping it does, without holding up the thread.
    ///
    /// For interfaces with an async `#[unload]`, under a runtime that has this thread alone: dropping the guard would wait for
    /// what only this thread can bring about.
    ///
    /// # Panics
    /// If what it made is in use, and still is after five seconds.
    pub async fn end(mut self) {
        self.take_out();
        let cleared = clear::clear(self.goal()).await;
        self.is_over = true;
        results::forget_all();
        clear::check(cleared, "when a fake is taken out");
    }

    /// From now on it is not asked any more.
    fn take_out(&self) {
        let mut in_place = IN_PLACE.lock();
        let mine = in_place.iter().position(|fake| fake.number == self.number);
        let mine = mine.map(|index| in_place.remove(index));
        COUNT.store(in_place.len(), Ordering::Relaxed);
        drop(in_place);
        // Not under the lock: what its closure holds is the test's, another fake's guard for instance.
        drop(mine);
    }

    /// Takes it out, and leaves the unloading to the caller.
    pub(super) fn dismiss(mut self) {
        self.take_out();
        self.is_over = true;
    }

    fn goal(&self) -> Goal {
        Goal::One(self.interface, self.slot)
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        if !self.is_over {
            self.take_out();
            let cleared = clear::block_on(clear::clear(self.goal()));
            results::forget_all();
            clear::check(cleared, "when a fake is taken out");
        }
    }
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("interface", &self.interface).field("asked", &self.asked()).finish_non_exhaustive()
    }
}
