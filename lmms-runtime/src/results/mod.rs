//! Results: what operations declared `#[operation(cached)]` came to, so that the same call again computes nothing and
//! loads nothing.
//!
//! `canonical` is the one spelling of arguments that say the same, `key` what an entry is found by, `answer` what it holds,
//! `store` all of them and the rules by which they come and go, `flight` a computation for which several calls wait.
//!
//! **Invariant.** Nothing is served that expired, or that was computed from before an invalidation to a call that began
//! after it. One lock guards the store, and under it there is nothing of the user's: keys and answers are bytes.

mod answer;
mod canonical;
mod flight;
mod key;
mod store;
#[cfg(all(test, not(lmms_loom)))]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

pub(crate) use self::answer::Answer;
use self::answer::Outcome;
use self::canonical::{NotCanonical, canonical};
use self::flight::Flight;
pub(crate) use self::flight::{Following, Lead};
pub(crate) use self::key::OperationId;
use self::key::{Key, Seed};
use self::store::{Boarding, Counts, Gone, Store};
use crate::call::Parameters;
use crate::clock::{self, Moment};
use crate::descriptor::Caching;
use crate::json;
use crate::sync::{AtomicU64, Mutex, Ordering};

/// What an entry takes beside its arguments and its answer, in bytes: its place in the map, in the list by use and in the
/// tree by age, and what the allocator adds. Rounded up from 263, as measured on 70,000 small entries that expire.
const OVERHEAD: usize = 288;

/// The results of one gateway.
pub(crate) struct Results {
    seed: Seed,
    /// [`Limits::most_per_entry`] of the store, for those who would lock it for nothing. Nought if there is to be no cache.
    most: AtomicU64,
    store: Mutex<Store>,
}

/// The bounds of a cache of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limits {
    /// What all entries weigh together. 0 is no cache.
    pub(crate) max_bytes: usize,
    /// For how long a result is good, if its operation does not say. `None` is for ever.
    pub(crate) ttl: Option<Duration>,
}

/// What there is for a call.
pub(crate) enum Found<'r> {
    /// Its answer.
    Hit(Answer),
    /// Nothing: compute. With a [`Lead`], for others too; without one, the cache has nothing to do with this call.
    Compute(Option<Lead<'r>>),
    /// Somebody computes it just now: wait for that.
    Follow(Following<'r>),
}

/// What happened in a cache of results so far, and what is in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct ResultStats {
    /// Calls that were answered from it, also those that waited for another one.
    pub(crate) hits: u64,
    /// Calls that were not, though they could have been.
    pub(crate) misses: u64,
    /// Entries that gave way to others, or to a smaller bound.
    pub(crate) evictions: u64,
    /// Entries that reached their age.
    pub(crate) expirations: u64,
    /// Results that were too heavy to be kept, and calls whose arguments alone are.
    pub(crate) refusals: u64,
    /// Of these, the ones by the bounds that hold now.
    pub(crate) too_heavy: TooHeavy,
    pub(crate) held: Held,
}

/// What was too heavy to be kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct TooHeavy {
    pub(crate) count: u64,
    /// The heaviest.
    pub(crate) bytes: usize,
}

impl TooHeavy {
    fn note(&mut self, bytes: usize) {
        self.count += 1;
        self.bytes = self.bytes.max(bytes);
    }
}

/// Entries, and what they weigh.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) entries: usize,
    pub(crate) bytes: usize,
}

impl Results {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            seed: Seed::random(),
            most: AtomicU64::new(limits.most_per_entry() as u64),
            store: Mutex::new(Store::new(limits)),
        }
    }

    /// What there is for a call of an operation with these arguments, a JSON object, as the request has them.
    #[inline]
    pub(crate) fn look_up(
        &self,
        operation: OperationId,
        parameters: Parameters,
        caching: Caching,
        arguments: &[u8],
    ) -> Found<'_> {
        let most = self.most();
        if most == 0 {
            return Found::Compute(None);
        }
        // Often that is the canonical form already. What is not JSON, or is more than the arguments, equals no key.
        let written = json::trimmed(arguments);
        if written.len() <= most {
            let asked = self.seed.ask(operation, written);
            if let Some(answer) = self.with(|store, _, _| store.hit(asked)) {
                return Found::Hit(answer);
            }
        }
        self.look_up_canonical(operation, parameters, caching, written)
    }

    /// As [`look_up`](Self::look_up), when no entry has the arguments as they are written.
    #[inline(never)]
    fn look_up_canonical(
        &self,
        operation: OperationId,
        parameters: Parameters,
        caching: Caching,
        written: &[u8],
    ) -> Found<'_> {
        let canonical = match canonical(written, parameters, self.most()) {
            Ok(canonical) => canonical,
            Err(NotCanonical::Invalid) => return Found::Compute(None),
            Err(NotCanonical::TooLong) => {
                self.with(|store, _, _| {
                    store.counts.refusals += 1;
                    store.counts.too_heavy.note(written.len());
                });
                return Found::Compute(None);
            }
        };
        let asked = self.seed.ask(operation, &canonical);
        // Many clients always put a space after a colon: before a flight is made, their hit is as good as any.
        if *canonical != *written
            && let Some(answer) = self.with(|store, _, _| store.hit(asked))
        {
            return Found::Hit(answer);
        }
        let flight = Flight::new(asked.to_key());
        match self.with(|store, now, _| store.board(&flight, caching, true, now)) {
            Boarding::Hit(answer) => Found::Hit(answer),
            Boarding::Lead => Found::Compute(Some(Lead::new(self, flight, caching))),
            Boarding::Follow(under_way) => Found::Follow(Following::new(self, under_way, caching)),
            Boarding::Alone => Found::Compute(None),
        }
    }

    /// As a look-up, for a call that has waited once, and is not to wait again.
    fn take_over(&self, key: &Key, caching: Caching) -> Result<Answer, Option<Lead<'_>>> {
        let flight = Flight::new(key.clone());
        match self.with(|store, now, _| store.board(&flight, caching, false, now)) {
            Boarding::Hit(answer) => Ok(answer),
            Boarding::Lead => Err(Some(Lead::new(self, flight, caching))),
            Boarding::Follow(_) | Boarding::Alone => Err(None),
        }
    }

    /// New limits, at once: what no longer fits goes. A new age is for what is put in from now on.
    pub(crate) fn reconfigure(&self, limits: Limits) {
        self.with(|store, _, gone| {
            store.reconfigure(limits, gone);
            // Relaxed: it is a hint, and who needs to know asks the store. Under the lock, so that it is the last one's.
            self.most.store(limits.most_per_entry() as u64, Ordering::Relaxed);
        });
    }

    /// Removes the results of the operations that are meant, also of calls that are under way. How many entries went.
    /// `is_meant` runs under the lock, and may not use the cache.
    pub(crate) fn invalidate(&self, is_meant: impl Fn(OperationId) -> bool) -> usize {
        self.with(|store, _, gone| store.invalidate(is_meant, gone))
    }

    /// Takes out what has expired: it would be taken out by the next call that looks something up, too, but at its cost.
    pub(crate) fn expire(&self) {
        self.with(|_, _, _| ());
    }

    pub(crate) fn stats(&self) -> ResultStats {
        self.with(|store, _, _| {
            let Counts { hits, misses, evictions, expirations, refusals, too_heavy } = store.counts;
            ResultStats { hits, misses, evictions, expirations, refusals, too_heavy, held: store.held() }
        })
    }

    /// What is held of each operation that has any entry. Goes through all of them.
    pub(crate) fn held_by_operation(&self) -> BTreeMap<OperationId, Held> {
        self.with(|store, _, _| store.held_by_operation())
    }

    /// Does `act` under the lock, on what has not expired. What goes is dropped afterwards.
    #[inline]
    fn with<R>(&self, act: impl FnOnce(&mut Store, Moment, &mut Gone) -> R) -> R {
        // Declared before the guard, and so dropped after it.
        let mut gone = Gone::new();
        let now = clock::now();
        let mut store = self.store.lock();
        store.expire(now, &mut gone);
        act(&mut store, now, &mut gone)
    }

    /// What one entry may weigh, or might a moment ago.
    fn most(&self) -> usize {
        // Relaxed: see `reconfigure`.
        usize::try_from(self.most.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }
}

impl fmt::Debug for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Results").field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// What an entry counts.
fn weigh(key: &Key, outcome: Outcome<'_>, caching: Caching) -> usize {
    let bytes = key.bytes() + outcome.bytes() + OVERHEAD;
    // Nothing is for nothing, or there could be any number of them.
    bytes.saturating_mul(usize::try_from(caching.weight.max(1)).unwrap_or(usize::MAX))
}
