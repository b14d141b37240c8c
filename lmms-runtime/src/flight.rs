//! Single flight: at most one load or unload of a slot is under way, and everybody else waits for it.
//!
//! A hundred concurrent first calls find one [`Flight`]: the first leads, the others follow, blocking or as futures.
//! **Invariant:** a leader that goes away without a word (a cancelled future, a panic outside the load) ends its
//! flight too, so that nobody waits for ever.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::load_error::LoadError;
use crate::residency::Header;
use crate::sync::{Condvar, Mutex, const_unless_loom, wait};

/// What a flight came to.
#[derive(Clone)]
pub(crate) enum Landing {
    /// The slot changed, or the leader gave up: look again.
    LookAgain,
    /// The load failed, for all that waited for it: else each of a hundred callers would repeat a failing load.
    Failed(LoadError),
}

/// A load or unload under way, seen by those who wait for it.
pub(crate) struct Flight {
    state: Mutex<State>,
    landed: Condvar,
}

struct State {
    landing: Option<Landing>,
    /// One for each future that waits, by its number.
    wakers: Vec<(u64, Waker)>,
    futures: u64,
}

impl Flight {
    fn new() -> Self {
        Self { state: Mutex::new(State { landing: None, wakers: Vec::new(), futures: 0 }), landed: Condvar::new() }
    }

    fn land(&self, landing: Landing) {
        let wakers = {
            let mut state = self.state.lock();
            state.landing = Some(landing);
            std::mem::take(&mut state.wakers)
        };
        self.landed.notify_all();
        for (_, waker) in wakers {
            waker.wake();
        }
    }

    /// Waits on this thread. Only for a flight whose leader runs on another one: see `cycle`.
    pub(crate) fn wait(&self) -> Landing {
        let mut state = self.state.lock();
        loop {
            match &state.landing {
                Some(landing) => return landing.clone(),
                None => state = wait(&self.landed, state),
            }
        }
    }

    /// Waits without holding up the thread.
    pub(crate) fn landing(&self) -> impl Future<Output = Landing> + Send + '_ {
        WaitLanding { flight: self, number: None }
    }
}

struct WaitLanding<'a> {
    flight: &'a Flight,
    /// Its number among the futures that wait, once it does.
    number: Option<u64>,
}

impl Future for WaitLanding<'_> {
    type Output = Landing;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Landing> {
        let flight = self.flight;
        let mut guard = flight.state.lock();
        let state = &mut *guard;
        if let Some(landing) = &state.landing {
            return Poll::Ready(landing.clone());
        }
        let number = *self.number.get_or_insert_with(|| {
            state.futures += 1;
            state.futures
        });
        match state.wakers.iter_mut().find(|(waiting, _)| *waiting == number) {
            Some((_, waker)) => waker.clone_from(context.waker()),
            None => state.wakers.push((number, context.waker().clone())),
        }
        Poll::Pending
    }
}

impl Drop for WaitLanding<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.flight.state.lock().wakers.retain(|(waiting, _)| *waiting != number);
        }
    }
}

/// The flights of one slot, one at a time.
pub(crate) struct Flights {
    current: Mutex<Option<Arc<Flight>>>,
}

/// What a caller that found the slot empty is to do.
pub(crate) enum Boarding {
    /// It filled in the meantime.
    LookAgain,
    /// Nobody else is at it: load, then [`Leader::land`].
    Lead(Leader),
    /// Somebody is: wait for it.
    Follow(Arc<Flight>),
}

impl Flights {
    const_unless_loom! {
        pub(crate) fn new() -> Self {
            Self { current: Mutex::new(None) }
        }
    }

    /// Starts a flight that makes the slot of `header` resident, or not, unless there is one or it is already.
    ///
    /// Not a closure: a type of its own for each interface would make code, or relocations, for each.
    pub(crate) fn board(&'static self, header: &Header, resident: bool) -> Boarding {
        let mut current = self.current.lock();
        if let Some(flight) = &*current {
            return Boarding::Follow(Arc::clone(flight));
        }
        // Asked under the lock: a leader publishes before it lands, so an empty slot here is really empty.
        if header.is_resident() == resident {
            return Boarding::LookAgain;
        }
        let flight = Arc::new(Flight::new());
        *current = Some(Arc::clone(&flight));
        Boarding::Lead(Leader { flights: self, flight, landed: false })
    }
}

impl Flights {
    /// Whether a load or unload is under way.
    pub(crate) fn is_any(&self) -> bool {
        self.current.lock().is_some()
    }
}

/// The right, and the duty, to end a flight.
pub(crate) struct Leader {
    flights: &'static Flights,
    flight: Arc<Flight>,
    landed: bool,
}

impl Leader {
    pub(crate) fn land(mut self, landing: Landing) {
        self.end(landing);
    }

    fn end(&mut self, landing: Landing) {
        self.landed = true;
        // First the slot, then the followers: one that looks again must not find this flight.
        *self.flights.current.lock() = None;
        self.flight.land(landing);
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if !self.landed {
            self.end(Landing::LookAgain);
        }
    }
}
