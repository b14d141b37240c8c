//! Models: loom runs each of them in every order that its threads can take, and with every value that a relaxed load may
//! see. `RUSTFLAGS="--cfg lmms_loom" cargo test -p lmms-runtime --lib --release loom_models`
//!
//! `residency` and `evictions` are about who may look and who may take, by the file `residency` alone; `slots` about loads
//! and unloads of whole slots, as users race on them; `sweeps` about what is decided over several of them; `results` about
//! calls that compute the same. **Invariant.**
//! What a run of a model comes to depends on nothing but the order that loom chose. Time is not loom's: it is one model's
//! at a time.

mod evictions;
mod interfaces;
mod residency;
mod results;
mod slots;
mod sweeps;

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use loom::thread::{self, JoinHandle};

use crate::clock::{self, Moment};
use crate::generation::Generation;
use crate::residency::Residency;

/// Held by all models for which time stands still, or by the one for which it passes.
static WORLD: RwLock<()> = RwLock::new(());

/// Checks `body` with at most `preemptions` involuntary changes of thread per run, if that is needed to end in time. What
/// its runs came to: a model that never sees the race that it is about proves nothing.
fn check<R: Ord + Send + 'static>(
    preemptions: Option<usize>,
    body: impl Fn() -> R + Send + Sync + 'static,
) -> BTreeSet<R> {
    // Another model that failed says so itself.
    let _world = WORLD.read().unwrap_or_else(PoisonError::into_inner);
    outcomes(preemptions, body)
}

/// As [`check`], of a model in which time passes, from nought, and which is about a [`Race`].
fn check_race<R: Ord + Send + 'static>(body: impl Fn(Race) -> R + Clone + Send + Sync + 'static) -> BTreeSet<R> {
    let _world = WORLD.write().unwrap_or_else(PoisonError::into_inner);
    let mut all = BTreeSet::new();
    for race in [Race { turned: false }, Race { turned: true }] {
        let body = body.clone();
        all.extend(outcomes(None, move || {
            clock::end_manual();
            assert!(clock::start_manual() && clock::now() == Moment(0));
            body(race)
        }));
    }
    clock::end_manual();
    all
}

/// Two at once.
///
/// loom goes on from the order in which this thread comes first, and remembers one access to each atomic: where the other
/// thread reads before it writes, that hides what this one had read before. So a model has them in either order.
#[derive(Clone, Copy)]
struct Race {
    turned: bool,
}

impl Race {
    fn of<A: 'static, B: 'static>(
        self,
        one: impl FnOnce() -> A + 'static,
        other: impl FnOnce() -> B + 'static,
    ) -> (A, B) {
        if self.turned {
            let one = thread::spawn(one);
            let other = other();
            (one.join().unwrap(), other)
        } else {
            let other = thread::spawn(other);
            (one(), other.join().unwrap())
        }
    }
}

fn outcomes<R: Ord + Send + 'static>(
    preemptions: Option<usize>,
    body: impl Fn() -> R + Send + Sync + 'static,
) -> BTreeSet<R> {
    let outcomes = Arc::new(Mutex::new(BTreeSet::new()));
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    let all = Arc::clone(&outcomes);
    model.check(move || {
        let outcome = body();
        all.lock().unwrap().insert(outcome);
    });
    std::mem::take(&mut *outcomes.lock().unwrap())
}

/// Lets time pass. loom knows nothing of it: let no other thread depend on the moment.
fn pass(millis: u64) {
    clock::advance_manual(Duration::from_millis(millis));
}

/// An instance that knows when it is looked at by who may not.
///
/// loom fails the model if a `look` is not ordered after `new` and before `take`. To be taken is not to be dropped: so a
/// model that is wrong fails, rather than reading freed memory.
struct Witness {
    lives: loom::sync::atomic::AtomicUsize,
}

impl Witness {
    fn new() -> Self {
        Self { lives: loom::sync::atomic::AtomicUsize::new(1) }
    }

    fn look(&self) {
        assert_eq!(self.lives.load(Ordering::Relaxed), 1, "seen after it was taken");
    }

    fn take(&mut self) {
        self.lives.with_mut(|lives| *lives -= 1);
    }
}

fn generation(number: u64) -> Box<Generation<Witness>> {
    Box::new(Generation { value: Witness::new(), number })
}

/// What an eviction gave, taken.
fn taken(evicted: Option<Box<Generation<Witness>>>) -> Option<Box<Generation<Witness>>> {
    evicted.map(|mut generation| {
        generation.value.take();
        generation
    })
}

/// An eviction on another thread, of what was not used since; what it took lives until it is joined.
fn evict(
    residency: &'static Residency<Witness>,
    idle_since: Option<Moment>,
) -> JoinHandle<Option<Box<Generation<Witness>>>> {
    thread::spawn(move || taken(residency.evict(idle_since)))
}

/// A residency per run of the model, as `'static` as a slot's.
macro_rules! new_residency {
    () => {{
        loom::lazy_static! {
            static ref RESIDENCY: Residency<Witness> = Residency::new();
        }
        let residency: &'static Residency<Witness> = &RESIDENCY;
        residency
    }};
}
use new_residency;
