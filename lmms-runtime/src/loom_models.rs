//! Models: loom runs each of them in every order that its threads can take, and with every value that a relaxed load may
//! see. `RUSTFLAGS="--cfg lmms_loom" cargo test -p lmms-runtime --lib --release loom_models`
//!
//! The first half is about `residency` alone, the second about whole slots and invocations, as users race on them.

use loom::sync::Arc;
use loom::thread::{self, JoinHandle};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::generation::Generation;
use crate::residency::{Holds, Residency};

/// Checks `body` with at most `preemptions` involuntary changes of thread per run, if that is needed to end in time.
fn check(preemptions: Option<usize>, body: impl Fn() + Send + Sync + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = preemptions;
    model.check(body);
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

/// An eviction on another thread; what it took lives until it is joined.
fn evict(residency: &'static Residency<Witness>) -> JoinHandle<Option<Box<Generation<Witness>>>> {
    thread::spawn(|| taken(residency.evict(None)))
}

/// A residency per run of the model, as `'static` as a slot's.
macro_rules! residency {
    () => {{
        loom::lazy_static! {
            static ref RESIDENCY: Residency<Witness> = Residency::new();
        }
        let residency: &'static Residency<Witness> = &RESIDENCY;
        residency
    }};
}

#[test]
fn who_holds_sees_what_was_published() {
    check(None, || {
        let residency = residency!();
        let other = thread::spawn(|| residency.hold().map(|hold| hold.value.look()));
        residency.publish(generation(1)).ok().unwrap().value.look();
        residency.hold().unwrap().value.look();
        other.join().unwrap();
        assert!(taken(residency.evict(None)).is_some());
    });
}

#[test]
fn an_empty_slot_gives_no_hold() {
    check(None, || {
        let residency = residency!();
        let other = thread::spawn(|| residency.hold().is_none() && Holds::new().get(residency).is_none());
        assert!(residency.hold().is_none() && taken(residency.evict(None)).is_none());
        assert!(other.join().unwrap());
        assert!(!residency.header().is_resident() && residency.header().holds() == 0);
    });
}

#[test]
fn only_one_of_two_publishes() {
    check(None, || {
        let residency = residency!();
        let publish = || residency.publish(generation(1)).map(|hold| hold.value.look()).is_ok();
        let other = thread::spawn(publish);
        let (one, two) = (publish(), other.join().unwrap());
        assert!(one ^ two);
        assert!(taken(residency.evict(None)).is_some());
        assert_eq!(residency.header().holds(), 0);
    });
}

#[test]
fn who_holds_sees_nothing_that_was_taken() {
    check(None, || {
        let residency = residency!();
        drop(residency.publish(generation(1)));
        let evict = evict(residency);
        let other = thread::spawn(|| residency.hold().map(|hold| hold.value.look()));
        if let Some(hold) = residency.hold() {
            hold.value.look();
            hold.value.look();
        }
        other.join().unwrap();
        let evicted = evict.join().unwrap();
        let rest = taken(residency.evict(None));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
    });
}

#[test]
fn the_last_hold_that_goes_comes_before_the_eviction() {
    check(None, || {
        let residency = residency!();
        let hold = residency.publish(generation(1)).ok().unwrap();
        let clone = hold.clone();
        let evict = evict(residency);
        let other = thread::spawn(move || clone.value.look());
        hold.value.look();
        drop(hold);
        other.join().unwrap();
        let evicted = evict.join().unwrap();
        let rest = taken(residency.evict(None));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
    });
}

#[test]
fn only_one_of_two_evicts() {
    check(None, || {
        let residency = residency!();
        drop(residency.publish(generation(1)));
        let evicts = [evict(residency), evict(residency)];
        let seen = residency.hold().map(|hold| hold.value.look());
        let evicted: Vec<_> = evicts.into_iter().filter_map(|evict| evict.join().unwrap()).collect();
        match evicted.len() {
            0 => assert!(seen.is_some() && taken(residency.evict(None)).is_some()),
            1 => assert!(taken(residency.evict(None)).is_none()),
            _ => panic!("taken twice"),
        }
        assert!(!residency.header().is_resident() && residency.header().holds() == 0);
    });
}

#[test]
fn the_next_generation_is_a_whole_one() {
    check(None, || {
        let residency = residency!();
        drop(residency.publish(generation(1)));
        let next = thread::spawn(|| {
            let evicted = taken(residency.evict(None));
            if evicted.is_some() {
                residency.publish(generation(2)).ok().unwrap().value.look();
            }
            evicted
        });
        let number = residency.hold().map(|hold| {
            hold.value.look();
            hold.number
        });
        let evicted = next.join().unwrap();
        match number {
            Some(2) => assert!(evicted.is_some()),
            Some(number) => assert_eq!(number, 1),
            None => assert!(evicted.is_some()),
        }
        assert_eq!(taken(residency.evict(None)).unwrap().number, if evicted.is_some() { 2 } else { 1 });
    });
}

#[test]
fn who_publishes_comes_after_who_evicted() {
    check(None, || {
        let residency = residency!();
        drop(residency.publish(generation(1)));
        let evict = evict(residency);
        let published = residency.publish(generation(2)).map(|hold| {
            hold.value.look();
            assert_eq!(hold.number, 2);
        });
        let evicted = evict.join().unwrap();
        let rest = taken(residency.evict(None)).map(|generation| generation.number);
        match (evicted.map(|generation| generation.number), published.is_ok()) {
            (Some(number), true) => assert_eq!((number, rest), (1, Some(2))),
            (Some(number), false) => assert_eq!((number, rest), (1, None)),
            (None, _) => panic!("nobody held it"),
        }
    });
}

/// One thread of an invocation loads, and two others find what it loaded: by its stamp, in the list if a second
/// invocation has written over that, or by the stamp that one of them took back.
#[test]
fn a_hold_that_another_thread_of_the_invocation_got() {
    check(Some(2), || {
        let residency = residency!();
        let holds = Arc::new(Holds::new());
        let loads = Arc::clone(&holds);
        let loads = thread::spawn(move || {
            loads.keep(residency.publish(generation(1)).ok().unwrap()).look();
            assert!(Holds::new().get(residency).map(Witness::look).is_some());
        });
        let finds = Arc::clone(&holds);
        let finds = thread::spawn(move || finds.get(residency).map(Witness::look));
        if let Some(value) = holds.get(residency) {
            value.look();
        }
        loads.join().unwrap();
        finds.join().unwrap();
        drop(holds);
        assert!(taken(residency.evict(None)).is_some(), "all holds were given back");
    });
}

/// Threads of one invocation, a second invocation that writes over its stamp, and an eviction.
fn invocations_cross(preemptions: Option<usize>, touched_before: usize) {
    check(preemptions, move || {
        loom::lazy_static! {
            static ref BEFORE: [Residency<Witness>; 6] = std::array::from_fn(|_| Residency::new());
        }
        let before: &'static [Residency<Witness>; 6] = &BEFORE;
        let residency = residency!();
        drop(residency.publish(generation(1)));
        let holds = Arc::new(Holds::new());
        for residency in &before[..touched_before] {
            holds.keep(residency.publish(generation(1)).ok().unwrap());
        }

        let evict = evict(residency);
        let same = Arc::clone(&holds);
        let same = thread::spawn(move || match same.get(residency) {
            Some(value) => {
                value.look();
                same.get(residency).expect("what it touched stays").look();
                true
            }
            None => false,
        });
        let other = Holds::new();
        let seen = other.get(residency).map(Witness::look).is_some();
        if let Some(value) = holds.get(residency) {
            value.look();
            assert!(!seen || other.get(residency).is_some());
            holds.get(residency).expect("what it touched stays").look();
        }
        drop(other);
        drop(holds);
        let seen = same.join().unwrap() || seen;
        let evicted = evict.join().unwrap();
        assert_eq!(residency.header().holds(), 0, "all holds were given back");
        let rest = taken(residency.evict(None));
        assert!(evicted.is_some() ^ rest.is_some(), "taken exactly once");
        assert!(seen || evicted.is_some());
        for residency in &before[..touched_before] {
            assert!(taken(residency.evict(None)).is_some(), "all holds were given back");
        }
    });
}

#[test]
fn invocations_that_cross_on_one_slot() {
    invocations_cross(Some(3), 0);
}

#[test]
fn invocations_that_cross_beyond_their_inline_places() {
    invocations_cross(Some(2), 6);
}

mod slots {
    //! Whole slots, behind interfaces written by hand: a macro's would be `static`s, which loom's types cannot be in.

    use std::future::poll_fn;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;

    use loom::future::block_on;

    use super::*;
    use crate::config::Config;
    use crate::hook::Hook;
    use crate::interface::{BlockingInterface, Interface};
    use crate::invocation::{Invocation, Load};
    use crate::slot::Slot;
    use crate::sweep::Rules;
    use crate::unload::{self, Unload};

    /// What happened to an interface in one run of a model.
    #[derive(Default)]
    struct Events {
        loads: AtomicUsize,
        unloads: AtomicUsize,
        unloading: AtomicBool,
        graveyard: std::sync::Mutex<Vec<Witness>>,
    }

    impl Events {
        /// Number of this load.
        fn load(&self) -> usize {
            assert!(!self.unloading.load(Ordering::SeqCst), "loads while its unload hook runs");
            thread::yield_now();
            self.loads.fetch_add(1, Ordering::SeqCst) + 1
        }

        fn unload(&self, mut witness: Witness) {
            self.unloading.store(true, Ordering::SeqCst);
            witness.take();
            thread::yield_now();
            self.graveyard.lock().unwrap().push(witness);
            self.unloads.fetch_add(1, Ordering::SeqCst);
            self.unloading.store(false, Ordering::SeqCst);
        }

        fn counts(&self) -> (usize, usize) {
            (self.loads.load(Ordering::SeqCst), self.unloads.load(Ordering::SeqCst))
        }
    }

    macro_rules! interface {
        ($Name:ident, $load:ident, |$events:ident| $hook:expr) => {
            struct $Name(Witness);

            impl $Name {
                fn events() -> &'static Events {
                    loom::lazy_static! {
                        static ref EVENTS: Events = Events::default();
                    }
                    &EVENTS
                }
            }

            impl Interface for $Name {
                const NAME: &'static str = stringify!($Name);

                fn __lmms_slot() -> &'static Slot<Self> {
                    loom::lazy_static! {
                        static ref SLOT: Slot<$Name> = Slot::new();
                    }
                    &SLOT
                }

                fn __lmms_load(_: Load<'_>) -> Hook<'_, Self> {
                    let $events = Self::events();
                    $hook
                }

                fn __lmms_unload(self) -> Hook<'static, ()> {
                    Self::events().unload(self.0);
                    Hook::Done(Ok(()))
                }
            }
        };
    }

    interface!(Sound, load_blocking, |events| {
        events.load();
        Hook::Done(Ok(Self(Witness::new())))
    });
    impl BlockingInterface for Sound {}

    // The first load fails.
    interface!(Failing, load_blocking, |events| match events.load() {
        1 => Hook::Done(Err("the first one fails".into())),
        _ => Hook::Done(Ok(Self(Witness::new()))),
    });
    impl BlockingInterface for Failing {}

    // Takes two polls.
    interface!(Slow, load_async, |events| {
        let mut polled = false;
        Hook::Running(Box::pin(poll_fn(move |context| {
            if std::mem::replace(&mut polled, true) {
                events.load();
                return Poll::Ready(Ok(Self(Witness::new())));
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })))
    });

    /// Neither grace period nor floor: what nobody uses goes.
    fn rules() -> Rules {
        let config = Config::default().with_grace_period(Duration::ZERO);
        Rules { measures: config.measures(), min_resident: 0 }
    }

    fn unload<T: Interface>() -> Unload {
        block_on(unload::one(T::NAME, T::__lmms_slot().parts(), &rules()))
    }

    /// At the end of a model nobody uses it any more.
    fn all_is_given_back<T: Interface>(events: &Events) {
        let resident = T::__lmms_slot().parts().status().resident;
        assert_eq!(T::__lmms_slot().parts().status().holds, 0);
        match unload::<T>() {
            Unload::Unloaded { hook_error: None, .. } => assert!(resident),
            Unload::NotLoaded => assert!(!resident),
            unload => panic!("{unload:?}"),
        }
        let (loads, unloads) = events.counts();
        assert_eq!(T::__lmms_slot().parts().status().loads, unloads as u64, "each generation was unloaded");
        assert!(loads >= unloads);
    }

    #[test]
    fn two_first_calls_load_once() {
        check(None, || {
            let get = || Invocation::enter().get::<Sound>().unwrap().0.look();
            let other = thread::spawn(get);
            get();
            other.join().unwrap();
            assert_eq!(Sound::events().counts(), (1, 0));
            all_is_given_back::<Sound>(Sound::events());
        });
    }

    #[test]
    fn a_blocking_and_an_async_first_call_load_once() {
        check(None, || {
            let get = || Invocation::enter().get::<Sound>().unwrap().0.look();
            let other = thread::spawn(get);
            block_on(Invocation::enter().get_async::<Sound>()).unwrap().0.look();
            other.join().unwrap();
            assert_eq!(Sound::events().counts(), (1, 0));
            all_is_given_back::<Sound>(Sound::events());
        });
    }

    #[test]
    fn three_first_calls_load_once() {
        check(Some(1), || {
            let get = || Invocation::enter().get::<Sound>().unwrap().0.look();
            let others = [thread::spawn(get), thread::spawn(get)];
            get();
            others.into_iter().for_each(|other| other.join().unwrap());
            assert_eq!(Sound::events().counts(), (1, 0));
            all_is_given_back::<Sound>(Sound::events());
        });
    }

    #[test]
    fn a_failure_is_for_those_who_waited() {
        check(None, || {
            let get = || Invocation::enter().get::<Failing>().map(|failing| failing.0.look()).is_ok();
            let other = thread::spawn(get);
            let succeeded = usize::from(get()) + usize::from(other.join().unwrap());
            let (loads, _) = Failing::events().counts();
            assert_eq!(succeeded, loads - 1, "{succeeded} of two succeeded with {loads} loads");
            all_is_given_back::<Failing>(Failing::events());
        });
    }

    #[test]
    fn who_waits_for_a_future_is_woken() {
        check(Some(3), || {
            let get = || block_on(async { Invocation::enter().get_async::<Slow>().await.unwrap().0.look() });
            let other = thread::spawn(get);
            get();
            other.join().unwrap();
            assert_eq!(Slow::events().counts(), (1, 0));
            all_is_given_back::<Slow>(Slow::events());
        });
    }

    #[test]
    fn who_waits_for_a_future_that_is_dropped_takes_over() {
        check(None, || {
            let other = thread::spawn(|| {
                let invocation = Invocation::enter();
                let mut abandoned = pin!(invocation.get_async::<Slow>());
                // It leads and is dropped halfway, or it follows, or it finds the instance.
                let _ = abandoned.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            });
            block_on(async { Invocation::enter().get_async::<Slow>().await.unwrap().0.look() });
            other.join().unwrap();
            assert_eq!(Slow::events().counts(), (1, 0));
            all_is_given_back::<Slow>(Slow::events());
        });
    }

    #[test]
    fn a_load_and_an_unload() {
        check(None, || {
            drop(Invocation::enter().get::<Sound>());
            let unload = thread::spawn(|| {
                let unload = unload::<Sound>();
                assert!(!matches!(unload, Unload::NotLoaded));
            });
            let invocation = Invocation::enter();
            invocation.get::<Sound>().unwrap().0.look();
            unload.join().unwrap();
            invocation.get::<Sound>().unwrap().0.look();
            drop(invocation);
            let (loads, unloads) = Sound::events().counts();
            assert_eq!(loads, unloads + 1);
            all_is_given_back::<Sound>(Sound::events());
        });
    }

    #[test]
    fn two_loads_and_an_unload() {
        check(Some(2), || {
            let unload = thread::spawn(|| drop(unload::<Sound>()));
            let other = thread::spawn(|| {
                let invocation = Invocation::enter();
                let lease = invocation.lease::<Sound>().unwrap();
                drop(invocation);
                lease.0.look();
            });
            Invocation::enter().get::<Sound>().unwrap().0.look();
            other.join().unwrap();
            unload.join().unwrap();
            all_is_given_back::<Sound>(Sound::events());
        });
    }

    #[test]
    fn two_unloads_run_one_hook() {
        check(None, || {
            drop(Invocation::enter().get::<Sound>());
            let other = thread::spawn(|| matches!(unload::<Sound>(), Unload::Unloaded { .. }));
            let one = matches!(unload::<Sound>(), Unload::Unloaded { .. });
            assert!(one ^ other.join().unwrap());
            assert_eq!(Sound::events().counts(), (1, 1));
            all_is_given_back::<Sound>(Sound::events());
        });
    }
}
