//! Builder: the bounds of a cache, and what follows from them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::entries::Entries;
use super::shared::Shared;
use super::{Cache, live};
use crate::clock::{self, Moment};

/// Builds a [`Cache`]: see [`Cache::builder`].
#[derive(Debug)]
#[must_use = "it is built by `build`"]
pub struct CacheBuilder<K, V>(Limits<K, V>);

impl<K, V> CacheBuilder<K, V> {
    pub(super) fn new(max_entries: usize) -> Self {
        Self(Limits { max_entries, max_bytes: None, ttl: None })
    }

    /// Bounds what all entries weigh together to `max_bytes`, as weighed by `weigh` when they are put in. By default only
    /// their number is bounded.
    ///
    /// The cache cannot know what lies behind a pointer, so what counts is up to `weigh`. An entry that weighs more than
    /// `max_bytes` by itself is [refused](crate::Inserted::Refused).
    pub fn max_bytes(self, max_bytes: usize, weigh: fn(&K, &V) -> usize) -> Self {
        Self(Limits { max_bytes: Some((max_bytes, weigh)), ..self.0 })
    }

    /// Lets entries expire when they have been in for `ttl`: one is there a millisecond before, and is gone at exactly
    /// `ttl`. Reading does not prolong it, putting in again does. By default they stay until they give way.
    pub fn ttl(self, ttl: Duration) -> Self {
        Self(Limits { ttl: Some(ttl), ..self.0 })
    }

    /// An empty cache with these bounds.
    #[must_use]
    pub fn build(self) -> Cache<K, V>
    where
        K: Send + 'static,
        V: Send + 'static,
    {
        let expires = self.0.ttl.is_some();
        let shared = Arc::new(Shared::new(self.0));
        if expires {
            live::add(&shared);
        }
        Cache { shared }
    }
}

pub(super) struct Limits<K, V> {
    max_entries: usize,
    /// With what weighs them.
    max_bytes: Option<(usize, Weigh<K, V>)>,
    ttl: Option<Duration>,
}

type Weigh<K, V> = fn(&K, &V) -> usize;

impl<K, V> Limits<K, V> {
    /// The time now, as far as it matters.
    pub(super) fn now(&self) -> Moment {
        self.ttl.map_or(Moment(0), |_| clock::now())
    }

    /// When an entry that is put in now expires.
    pub(super) fn expiry(&self, now: Moment) -> Moment {
        self.ttl.map_or(Moment::NEVER, |ttl| now + ttl)
    }

    pub(super) fn weigh(&self, key: &K, value: &V) -> usize {
        self.max_bytes.map_or(0, |(_, weigh)| weigh(key, value))
    }

    /// Whether an entry of this weight fits into an empty cache, and stays for any time.
    pub(super) fn admit(&self, bytes: usize) -> bool {
        self.max_entries > 0
            && self.max_bytes.is_none_or(|(max_bytes, _)| bytes <= max_bytes)
            && self.ttl.is_none_or(|ttl| !ttl.is_zero())
    }

    /// Whether one more entry of this weight, which is admitted, fits in with `entries`.
    pub(super) fn leave_room(&self, entries: &Entries<K, V>, bytes: usize) -> bool {
        entries.len() < self.max_entries
            && self.max_bytes.is_none_or(|(max_bytes, _)| entries.bytes() <= max_bytes - bytes)
    }
}

impl<K, V> fmt::Debug for Limits<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("max_entries", &self.max_entries)
            .field("max_bytes", &self.max_bytes.map(|(max_bytes, _)| max_bytes))
            .field("ttl", &self.ttl)
            .finish()
    }
}
