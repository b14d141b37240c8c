//! Interfaces written by hand: a macro's slots would be `static`s, which loom's types cannot be in.

use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use loom::future::block_on;
use loom::thread;

use super::Witness;
use crate::config::Config;
use crate::hook::Hook;
use crate::interface::{BlockingInterface, Interface};
use crate::invocation::Load;
use crate::slot::{Slot, Status};
use crate::sweep::Rules;
use crate::unload::{self, Unload};

/// What happened to an interface in one run of a model.
#[derive(Default)]
pub(super) struct Events {
    loads: AtomicUsize,
    unloads: AtomicUsize,
    unloading: AtomicBool,
    graveyard: Mutex<Vec<Witness>>,
}

impl Events {
    /// The number of this load.
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

    /// How many loads and unloads there were.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.loads.load(Ordering::SeqCst), self.unloads.load(Ordering::SeqCst))
    }
}

macro_rules! interface {
    ($Name:ident, |$events:ident| $hook:expr) => {
        pub(super) struct $Name(Witness);

        impl Known for $Name {
            fn witness(&self) -> &Witness {
                &self.0
            }

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

/// An interface of which a model knows everything.
pub(super) trait Known: Interface {
    fn witness(&self) -> &Witness;
    fn events() -> &'static Events;

    fn look(&self) {
        self.witness().look();
    }

    fn status() -> Status {
        Self::__lmms_slot().parts().status()
    }

    /// Unloads it if nobody uses it: neither grace period nor floor.
    fn unload() -> Unload {
        Self::unload_by(&rules(0, 0))
    }

    fn unload_by(rules: &Rules) -> Unload {
        block_on(unload::one(Self::NAME, Self::__lmms_slot().parts(), rules))
    }

    /// At the end of a model nobody uses it any more.
    fn all_is_given_back() {
        let Status { resident, holds, .. } = Self::status();
        assert_eq!(holds, 0);
        match Self::unload() {
            Unload::Unloaded { hook_error: None, .. } => assert!(resident),
            Unload::NotLoaded => assert!(!resident),
            unload => panic!("{unload:?}"),
        }
        let (loads, unloads) = Self::events().counts();
        assert_eq!(Self::status().loads, unloads as u64, "each generation was unloaded");
        assert!(loads >= unloads);
    }
}

/// Rules with a grace period of so many milliseconds.
pub(super) fn rules(grace: u64, min_resident: usize) -> Rules {
    let config = Config::default().with_grace_period(Duration::from_millis(grace));
    Rules { measures: config.measures(), min_resident }
}

macro_rules! sound {
    ($($Name:ident)*) => {$(
        interface!($Name, |events| {
            events.load();
            Hook::Done(Ok(Self(Witness::new())))
        });
        impl BlockingInterface for $Name {}
    )*};
}

sound!(First Second Third);

// Its first load fails.
interface!(Failing, |events| match events.load() {
    1 => Hook::Done(Err("the first one fails".into())),
    _ => Hook::Done(Ok(Self(Witness::new()))),
});
impl BlockingInterface for Failing {}

// Takes two polls.
interface!(Slow, |events| {
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
