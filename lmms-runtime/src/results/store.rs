//! Store: what is kept and what is under way, and the rules of both. No lock, no clock, and nothing is dropped: what goes
//! is given back.
//!
//! **Invariant.** A key is in an entry or in a listed flight, never in both, and no two flights of one key are listed. To
//! be listed is the right to be kept: an invalidation takes it away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::answer::Answer;
use super::flight::Flight;
use super::key::{Asked, Key, OperationId};
use super::{Held, Limits, TooHeavy};
use crate::cache::entries::{Entries, Entry, Removed};
use crate::clock::Moment;
use crate::descriptor::Caching;

/// An entry that weighs more than this part of the bound is not kept: it would make too many others give way.
const LARGEST: usize = 8;

pub(super) type Gone = Vec<Removed<Key, Answer>>;

pub(super) struct Store {
    pub(super) limits: Limits,
    pub(super) counts: Counts,
    entries: Entries<Key, Answer>,
    /// In no order. They are as many as calls that compute something to be cached, right now: a handful.
    flights: Vec<Arc<Flight>>,
}

/// What happened so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) hits: u64,
    pub(super) misses: u64,
    pub(super) evictions: u64,
    pub(super) expirations: u64,
    pub(super) refusals: u64,
    pub(super) too_heavy: TooHeavy,
}

/// What a call that may have to compute is to do.
pub(super) enum Boarding {
    Hit(Answer),
    Lead,
    Follow(Arc<Flight>),
    /// Compute, without telling.
    Alone,
}

impl Limits {
    /// What one entry may weigh.
    pub(super) fn most_per_entry(&self) -> usize {
        self.max_bytes / LARGEST
    }

    /// Whether nothing at all is kept.
    fn is_off(&self) -> bool {
        self.most_per_entry() == 0
    }

    /// When a result that is there now expires.
    fn expiry(&self, caching: Caching, now: Moment) -> Moment {
        let own = caching.ttl.map(|seconds| Duration::from_secs(seconds.into()));
        own.or(self.ttl).map_or(Moment::NEVER, |ttl| now + ttl)
    }
}

impl Store {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, counts: Counts::default(), entries: Entries::default(), flights: Vec::new() }
    }

    pub(super) fn expire(&mut self, now: Moment, gone: &mut Gone) {
        let before = gone.len();
        self.entries.take_expired(now, gone);
        self.counts.expirations += (gone.len() - before) as u64;
    }

    /// The answer of a key.
    #[inline]
    pub(super) fn hit(&mut self, asked: Asked<'_>) -> Option<Answer> {
        let answer = self.entries.touch(asked.hash, |key| asked.is(key))?.clone();
        self.counts.hits += 1;
        Some(answer)
    }

    /// As [`hit`](Self::hit), or else lists `flight`, which is of that key, if none is.
    pub(super) fn board(&mut self, flight: &Arc<Flight>, caching: Caching, may_follow: bool, now: Moment) -> Boarding {
        let asked = flight.key.asked();
        if let Some(answer) = self.hit(asked) {
            return Boarding::Hit(answer);
        }
        let under_way = self.flights.iter().find(|known| asked.is(&known.key));
        if let (Some(under_way), true) = (under_way, may_follow) {
            // It counts when it is served.
            return Boarding::Follow(Arc::clone(under_way));
        }
        // A result that lives for no time is for nobody else, and those of a cache that is off are not either.
        if under_way.is_some() || self.limits.is_off() || self.limits.expiry(caching, now) <= now {
            self.counts.misses += 1;
            return Boarding::Alone;
        }
        self.flights.push(Arc::clone(flight));
        Boarding::Lead
    }

    /// Takes a flight off the list. `false` if it is not on it.
    pub(super) fn delist(&mut self, flight: &Arc<Flight>) -> bool {
        let index = self.flights.iter().position(|known| Arc::ptr_eq(known, flight));
        // Not the last of it: its leader has a part in it, too.
        index.map(|index| self.flights.swap_remove(index)).is_some()
    }

    /// Ends a flight, and keeps its answer, unless it is too heavy or there is none. Until when the answer is good.
    pub(super) fn land(
        &mut self,
        flight: &Arc<Flight>,
        answer: Option<&Answer>,
        bytes: usize,
        caching: Caching,
        now: Moment,
        gone: &mut Gone,
    ) -> Moment {
        let expires = self.limits.expiry(caching, now);
        if !self.delist(flight) {
            return expires;
        }
        match answer {
            Some(answer) if bytes <= self.limits.most_per_entry() && now < expires => {
                self.evict(self.limits.max_bytes - bytes, gone);
                let entry = Entry { value: answer.clone(), dependencies: Box::default(), bytes, expires };
                self.entries.put(flight.key.asked().hash, flight.key.clone(), entry);
            }
            _ => {
                self.counts.refusals += 1;
                if bytes > self.limits.most_per_entry() {
                    self.counts.too_heavy.note(bytes);
                }
            }
        }
        expires
    }

    /// Makes the least used give way until the others weigh no more than `most`.
    fn evict(&mut self, most: usize, gone: &mut Gone) {
        while self.entries.bytes() > most
            && let Some(least_used) = self.entries.take_least_used()
        {
            gone.push(least_used);
            self.counts.evictions += 1;
        }
    }

    /// New limits, which hold from now on; but what is in stays for as long as it was to.
    pub(super) fn reconfigure(&mut self, limits: Limits, gone: &mut Gone) {
        self.limits = limits;
        self.counts.too_heavy = TooHeavy::default();
        let (before, most) = (gone.len(), limits.most_per_entry());
        self.entries.take_unless(|_, entry| entry.bytes <= most, gone);
        self.counts.evictions += (gone.len() - before) as u64;
        self.evict(limits.max_bytes, gone);
        if limits.is_off() {
            self.flights.clear();
        }
    }

    /// Takes out what operations came to before now, or will come to in calls that began before. How many entries went.
    pub(super) fn invalidate(&mut self, is_meant: impl Fn(OperationId) -> bool, gone: &mut Gone) -> usize {
        let before = gone.len();
        self.entries.take_unless(|key, _| !is_meant(key.operation()), gone);
        self.flights.retain(|flight| !is_meant(flight.key.operation()));
        gone.len() - before
    }

    pub(super) fn held(&self) -> Held {
        Held { entries: self.entries.len(), bytes: self.entries.bytes() }
    }

    pub(super) fn held_by_operation(&self) -> BTreeMap<OperationId, Held> {
        let mut all = BTreeMap::<_, Held>::new();
        for (key, entry) in self.entries.iter() {
            let held = all.entry(key.operation()).or_default();
            held.entries += 1;
            held.bytes += entry.bytes;
        }
        all
    }
}
