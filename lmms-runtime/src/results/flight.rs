//! Flight: one computation under way, and who waits for it.
//!
//! As with the loads of `crate::flight`, the first call of a key leads and the others follow; but who follows is not sent
//! back to look again. It takes the answer along, or computes by itself: a hundred calls that fail do not wait for each
//! other a hundred times. **Invariant.** A leader that goes away without a word (a cancelled future, a panic) ends its
//! flight too. Wakers are the executor's code: none is cloned, woken or dropped under a lock.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::answer::{Answer, Outcome};
use super::key::Key;
use super::{Results, weigh};
use crate::clock::{self, Moment};
use crate::descriptor::Caching;
use crate::error::Error;
use crate::panics;
use crate::sync::Mutex;

/// A computation under way, seen by those who wait for it.
pub(super) struct Flight {
    pub(super) key: Key,
    state: Mutex<State>,
}

struct State {
    landing: Option<Landing>,
    /// One for each future that waits, by its number.
    wakers: Vec<(u64, Waker)>,
    futures: u64,
}

/// What a flight came to, if that is for others too, and until when.
type Landing = Option<(Answer, Moment)>;

impl Flight {
    pub(super) fn new(key: Key) -> Arc<Self> {
        Arc::new(Self { key, state: Mutex::new(State { landing: None, wakers: Vec::new(), futures: 0 }) })
    }

    fn land(&self, landing: Landing) {
        let wakers = {
            let mut state = self.state.lock();
            state.landing = Some(landing);
            std::mem::take(&mut state.wakers)
        };
        for (_, waker) in wakers {
            // One that panics keeps no other from being woken.
            if let Err(message) = panics::catch(|| waker.wake()) {
                eprintln!("lmms: who waits for a result could not be woken: {message}");
            }
        }
    }

    /// The landing, or else `waker` takes its place among those who wait.
    fn poll(&self, number: &mut Option<u64>, waker: &Waker) -> Poll<Landing> {
        // Declared before the guard, and so dropped after it, be it this one or the one that it takes the place of.
        let mut waker = waker.clone();
        let mut guard = self.state.lock();
        let state = &mut *guard;
        if let Some(landing) = &state.landing {
            return Poll::Ready(landing.clone());
        }
        let number = *number.get_or_insert_with(|| {
            state.futures += 1;
            state.futures
        });
        match state.wakers.iter_mut().find(|(waiting, _)| *waiting == number) {
            Some((_, known)) => std::mem::swap(known, &mut waker),
            None => state.wakers.push((number, waker)),
        }
        Poll::Pending
    }

    fn forget(&self, number: u64) {
        let _waker = {
            let wakers = &mut self.state.lock().wakers;
            let index = wakers.iter().position(|(waiting, _)| *waiting == number);
            index.map(|index| wakers.swap_remove(index))
        };
    }
}

/// The right to compute a result for all, and the duty to tell what came of it: to be dropped is to tell nothing.
pub(crate) struct Lead<'r> {
    results: &'r Results,
    flight: Arc<Flight>,
    caching: Caching,
    landed: bool,
}

impl<'r> Lead<'r> {
    pub(super) fn new(results: &'r Results, flight: Arc<Flight>, caching: Caching) -> Self {
        Self { results, flight, caching, landed: false }
    }

    /// Keeps what the call came to, if it is to be kept, and hands it to all who wait for it.
    pub(crate) fn land(mut self, outcome: Result<&[u8], &Error>) {
        let Self { results, flight, caching, .. } = &self;
        let Some(outcome) = Outcome::new(outcome, *caching) else {
            // What is not kept is for those who wait all the same: else a hundred would compute what fails.
            let was_called = outcome.is_err_and(|error| !error.code().is_refusal());
            results.with(|store, _, _| {
                store.counts.misses += u64::from(was_called);
                store.delist(flight);
            });
            let is_waited_for = Arc::strong_count(flight) > 1;
            let answer = outcome
                .err()
                .filter(|_| was_called && is_waited_for)
                .map(|error| Answer::Failed(Arc::new(error.without_cause())));
            return self.end(answer.map(|answer| (answer, Moment::NEVER)));
        };
        let bytes = weigh(&flight.key, outcome, *caching);
        // Copied outside of the lock, and what is too heavy only if somebody waits for it.
        let kept = (bytes <= results.most()).then(|| outcome.to_answer());
        let expires = results.with(|store, now, gone| {
            store.counts.misses += 1;
            store.land(flight, kept.as_ref(), bytes, *caching, now, gone)
        });
        // From here on nobody joins.
        let answer = kept.or_else(|| (Arc::strong_count(flight) > 1).then(|| outcome.to_answer()));
        self.end(answer.map(|answer| (answer, expires)));
    }

    fn end(&mut self, landing: Landing) {
        self.landed = true;
        self.flight.land(landing);
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        if !self.landed {
            // First the list, then the followers: one that looks again must not find this flight.
            self.results.with(|store, _, _| {
                store.counts.misses += 1;
                store.delist(&self.flight);
            });
            self.end(None);
        }
    }
}

/// Waits for the result that somebody else computes: the answer, or that this call has to compute it too. It then has the
/// lead, or nothing to do with the cache.
#[must_use = "it waits when it is awaited"]
pub(crate) struct Following<'r> {
    results: &'r Results,
    flight: Arc<Flight>,
    caching: Caching,
    /// Its number among the futures that wait, once it does.
    number: Option<u64>,
}

impl<'r> Following<'r> {
    pub(super) fn new(results: &'r Results, flight: Arc<Flight>, caching: Caching) -> Self {
        Self { results, flight, caching, number: None }
    }

    pub(super) fn settle(&self, landing: Landing, now: Moment) -> Result<Answer, Option<Lead<'r>>> {
        match landing {
            // A container may have been frozen since it landed.
            Some((answer, expires)) if now < expires => {
                self.results.with(|store, _, _| store.counts.hits += 1);
                Ok(answer)
            }
            _ => self.results.take_over(&self.flight.key, self.caching),
        }
    }
}

impl<'r> Future for Following<'r> {
    type Output = Result<Answer, Option<Lead<'r>>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let following = &mut *self;
        following
            .flight
            .poll(&mut following.number, context.waker())
            .map(|landing| following.settle(landing, clock::now()))
    }
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        if let Some(number) = self.number {
            self.flight.forget(number);
        }
    }
}
