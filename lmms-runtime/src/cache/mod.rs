//! Cache: a small one, for interfaces' own use, whose entries can depend on an interface and so keep it loaded.
//!
//! `entries` is what it holds, `shared` the lock around it, `live` how what expires is found when nobody reads.

mod builder;
mod dependencies;
pub(crate) mod entries;
mod live;
mod shared;

use std::borrow::Borrow;
use std::fmt;
use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use crate::ledger::Dependency;

pub use self::builder::CacheBuilder;
pub use self::dependencies::Dependencies;
use self::entries::Entry;
pub(crate) use self::live::{expire, next_expiry};
pub use self::shared::CacheStats;
use self::shared::Shared;

/// A bounded cache: by entries, and if so built by bytes and by age. What was not used for the longest time gives way.
///
/// It is shared by reference, between threads too: in an interface's instance, or in a `static` behind a
/// [`LazyLock`](std::sync::LazyLock).
///
/// ```
/// use std::sync::{Arc, LazyLock};
/// use std::time::Duration;
/// use lmms_runtime::Cache;
///
/// static PAGES: LazyLock<Cache<String, Arc<str>>> = LazyLock::new(|| {
///     Cache::builder(1_000)
///         .max_bytes(8 << 20, |path: &String, page: &Arc<str>| path.len() + page.len())
///         .ttl(Duration::from_secs(60))
///         .build()
/// });
///
/// PAGES.insert("/".to_owned(), "<h1>Home</h1>".into());
/// assert_eq!(PAGES.get("/").as_deref(), Some("<h1>Home</h1>"));
/// assert_eq!(PAGES.get("/about"), None);
/// ```
///
/// # Entries that depend on an interface
///
/// An entry put in by [`insert_depending_on`](Self::insert_depending_on) keeps an interface loaded
/// ([`Reason::CacheDependency`](crate::Reason::CacheDependency)) until it is removed, replaced, evicted, cleared or
/// expired, or the cache is dropped. Expiry needs no reader: the unload policy itself sees to it.
///
/// Such a cache should have a [`ttl`](CacheBuilder::ttl). Without one, what is seldom asked for keeps its interface loaded
/// for as long as there is room. Above all, an interface whose own instance holds a cache of entries that depend on that
/// very interface, and never expire, is never unloaded: the entries would go with the instance, and the instance stays for
/// the entries.
///
/// # Keys and values
///
/// `Hash`, `Drop` and the weigher of [`max_bytes`](CacheBuilder::max_bytes) run outside of the cache's lock and may use the
/// cache. `Eq` of keys and `Clone` of values run under it and may not: they would wait for themselves. So a value is best
/// an [`Arc`] of what it costs to clone. A panic in any of them leaves the cache sound.
pub struct Cache<K, V> {
    shared: Arc<Shared<K, V>>,
}

/// What became of an entry that was to be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inserted<V> {
    /// It is in.
    Added,
    /// It is in, and here is the value that the key had before.
    Replaced(V),
    /// It is larger than the cache may be, and here it is back. Nothing had to give way to it; but what the key had before
    /// is gone, for it is out of date.
    Refused(V),
}

impl<K, V> Cache<K, V> {
    /// A cache of at most `max_entries`. With 0 it refuses everything, which is how to switch one off.
    pub fn builder(max_entries: usize) -> CacheBuilder<K, V> {
        CacheBuilder::new(max_entries)
    }

    /// How many entries it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.with(|state, _| state.entries.len())
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What its entries weigh together: 0 unless it was built with [`max_bytes`](CacheBuilder::max_bytes).
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.shared.with(|state, _| state.entries.bytes())
    }

    /// What happened in it so far.
    #[must_use]
    pub fn stats(&self) -> CacheStats {
        self.shared.with(|state, _| state.stats)
    }

    /// Removes all entries.
    pub fn clear(&self) {
        // Dropped here, when the lock is free again.
        let _entries = self.shared.with(|state, _| std::mem::take(&mut state.entries));
    }

    /// Removes the entries for which `keep` is `false`. `keep` runs under the lock: it may not use the cache.
    ///
    /// ```
    /// # use lmms_runtime::Cache;
    /// let cache = Cache::builder(10).build();
    /// cache.insert("one", 1);
    /// cache.insert("two", 2);
    /// cache.retain(|_, number| number % 2 == 0);
    /// assert_eq!((cache.get("one"), cache.get("two")), (None, Some(2)));
    /// ```
    pub fn retain(&self, mut keep: impl FnMut(&K, &V) -> bool) {
        self.shared.with(|state, removed| state.entries.take_unless(|key, entry| keep(key, &entry.value), removed));
    }
}

impl<K: Hash + Eq, V> Cache<K, V> {
    /// Puts in an entry. Where the cache is full, the entries that were not used for the longest time give way.
    ///
    /// ```
    /// use lmms_runtime::{Cache, Inserted};
    ///
    /// let cache = Cache::builder(10).max_bytes(8, |_, text: &String| text.len()).build();
    /// assert_eq!(cache.insert(1, "one".to_owned()), Inserted::Added);
    /// assert_eq!(cache.insert(1, "eins".to_owned()), Inserted::Replaced("one".to_owned()));
    /// assert_eq!(cache.insert(2, "a long text".to_owned()), Inserted::Refused("a long text".to_owned()));
    /// ```
    pub fn insert(&self, key: K, value: V) -> Inserted<V> {
        self.put(key, value, Box::default())
    }

    /// As [`insert`](Self::insert), of an entry that needs an interface, or several: they are not unloaded while it is in.
    ///
    /// That is `insert_depending_on::<Words>(key, value)`, or `insert_depending_on::<(Words, Rules)>(key, value)`. They need
    /// not be loaded yet. The guide in the docs of `lmms` has a recipe.
    pub fn insert_depending_on<D: Dependencies>(&self, key: K, value: V) -> Inserted<V> {
        let slots = D::__lmms_slots();
        self.put(key, value, slots.into_iter().map(|slot| Dependency::new(slot.ledger)).collect())
    }

    fn put(&self, key: K, value: V, dependencies: Box<[Dependency]>) -> Inserted<V> {
        let Shared { hasher, limits, .. } = &*self.shared;
        let bytes = limits.weigh(&key, &value);
        let hash = hasher.hash_one(&key);
        if !limits.admit(bytes) {
            let _out_of_date = self.shared.with(|state, _| {
                let before = state.entries.take(hash, |known| *known == key);
                state.stats.refusals += 1;
                before
            });
            return Inserted::Refused(value);
        }
        let now = limits.now();
        // Not the closure's own, which would drop it under the lock if `Eq` panics.
        let mut entry = Some((key, Entry { value, dependencies, bytes, expires: limits.expiry(now) }));
        let before = self.shared.with_at(now, |state, removed| {
            let before = entry.as_ref().and_then(|(key, _)| state.entries.take(hash, |known| known == key));
            while !limits.leave_room(&state.entries, bytes)
                && let Some(least_used) = state.entries.take_least_used()
            {
                removed.push(least_used);
                state.stats.evictions += 1;
            }
            if let Some((key, entry)) = entry.take() {
                state.entries.put(hash, key, entry);
            }
            before
        });
        before.map_or(Inserted::Added, |(_, before)| Inserted::Replaced(before.value))
    }

    /// The value of `key`, cloned, which counts as a use of it.
    ///
    /// The clone is the caller's own: what the entry depends on may be unloaded when the entry is gone.
    pub fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
        V: Clone,
    {
        let hash = self.shared.hasher.hash_one(key);
        self.shared.with(|state, _| {
            let found = state.entries.touch(hash, |known| known.borrow() == key).cloned();
            match found {
                Some(_) => state.stats.hits += 1,
                None => state.stats.misses += 1,
            }
            found
        })
    }

    /// Removes the entry of `key`, and gives its value.
    pub fn remove<Q>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let hash = self.shared.hasher.hash_one(key);
        let removed = self.shared.with(|state, _| state.entries.take(hash, |known| known.borrow() == key));
        removed.map(|(_, entry)| entry.value)
    }
}

impl<K, V> Drop for Cache<K, V> {
    fn drop(&mut self) {
        live::remove(&self.shared);
        // Here and now, even if a sweep is looking at the cache and so has a part in it.
        self.clear();
    }
}

impl<K, V> fmt::Debug for Cache<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("limits", &self.shared.limits).finish_non_exhaustive()
    }
}
