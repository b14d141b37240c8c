//! Entries: what a cache holds, by use and by age. No lock, no bounds, and nothing is dropped: what goes is given back.
//!
//! **Invariant.** An entry that expires is in `by_expiry`, and if it has a dependency in `depending` too; `bytes` is what
//! all weigh. A user's code runs only while an entry is looked for, when all this holds.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::RandomState;

use hashlink::LinkedHashMap;
use hashlink::linked_hash_map::{RawEntryMut, RawOccupiedEntryMut};

use crate::clock::Moment;
use crate::ledger::Dependency;

pub(crate) struct Entries<K, V> {
    /// The one that was not used for the longest time first. Hashes come with the keys; the map's own hasher is not asked.
    by_use: LinkedHashMap<Key<K>, Entry<V>, RandomState>,
    /// The hashes of those that expire, the next to do so first.
    by_expiry: BTreeMap<Due, u64>,
    /// Of those, the ones with a dependency.
    depending: BTreeSet<Due>,
    bytes: usize,
    /// The number of the last entry.
    number: u64,
}

/// When an entry expires, and its number.
type Due = (Moment, u64);

pub(crate) struct Key<K> {
    key: K,
    hash: u64,
    /// Tells the entry from all others before and after, so that it is found without the user's `Eq`.
    number: u64,
}

pub(crate) struct Entry<V> {
    // Before the dependencies, for it may need what they keep loaded until it is dropped.
    pub(crate) value: V,
    pub(crate) dependencies: Box<[Dependency]>,
    pub(crate) bytes: usize,
    pub(crate) expires: Moment,
}

pub(crate) type Removed<K, V> = (Key<K>, Entry<V>);

type Occupied<'a, K, V> = RawOccupiedEntryMut<'a, Key<K>, Entry<V>, RandomState>;

impl<K, V> Default for Entries<K, V> {
    fn default() -> Self {
        Self {
            by_use: LinkedHashMap::default(),
            by_expiry: BTreeMap::new(),
            depending: BTreeSet::new(),
            bytes: 0,
            number: 0,
        }
    }
}

impl<K, V> Entries<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.by_use.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &Entry<V>)> {
        self.by_use.iter().map(|(key, entry)| (&key.key, entry))
    }

    /// When the first entry with a dependency expires.
    pub(crate) fn next_expiry(&self) -> Moment {
        self.depending.first().map_or(Moment::NEVER, |(expires, _)| *expires)
    }

    fn find(&mut self, hash: u64, is_it: impl Fn(&Key<K>) -> bool) -> Option<Occupied<'_, K, V>> {
        match self.by_use.raw_entry_mut().from_hash(hash, |key| key.hash == hash && is_it(key)) {
            RawEntryMut::Occupied(found) => Some(found),
            RawEntryMut::Vacant(_) => None,
        }
    }

    /// The value of a key, which is the last used from now on.
    pub(crate) fn touch(&mut self, hash: u64, is_it: impl Fn(&K) -> bool) -> Option<&V> {
        let mut found = self.find(hash, |key| is_it(&key.key))?;
        found.to_back();
        Some(&found.into_mut().value)
    }

    /// Puts in an entry, whose key is not in yet.
    pub(crate) fn put(&mut self, hash: u64, key: K, entry: Entry<V>) {
        self.number += 1;
        let number = self.number;
        if entry.expires < Moment::NEVER {
            let due = (entry.expires, number);
            self.by_expiry.insert(due, hash);
            if !entry.dependencies.is_empty() {
                self.depending.insert(due);
            }
        }
        self.bytes += entry.bytes;
        // At the back, as last used. Nothing is looked for: it is new.
        if let RawEntryMut::Vacant(vacant) = self.by_use.raw_entry_mut().from_hash(hash, |_| false) {
            vacant.insert_with_hasher(hash, Key { key, hash, number }, entry, |key| key.hash);
        }
    }

    pub(crate) fn take(&mut self, hash: u64, is_it: impl Fn(&K) -> bool) -> Option<Removed<K, V>> {
        let removed = self.find(hash, |key| is_it(&key.key))?.remove_entry();
        self.forget(&removed);
        Some(removed)
    }

    fn take_numbered(&mut self, hash: u64, number: u64) -> Option<Removed<K, V>> {
        let removed = self.find(hash, |key| key.number == number)?.remove_entry();
        self.forget(&removed);
        Some(removed)
    }

    fn forget(&mut self, (key, entry): &Removed<K, V>) {
        self.bytes -= entry.bytes;
        let due = (entry.expires, key.number);
        self.by_expiry.remove(&due);
        self.depending.remove(&due);
    }

    /// Takes out the one that was not used for the longest time.
    pub(crate) fn take_least_used(&mut self) -> Option<Removed<K, V>> {
        let (key, _) = self.by_use.front()?;
        self.take_numbered(key.hash, key.number)
    }

    pub(crate) fn take_expired(&mut self, now: Moment, removed: &mut Vec<Removed<K, V>>) {
        while let Some((&(expires, number), &hash)) = self.by_expiry.first_key_value()
            && expires <= now
        {
            removed.extend(self.take_numbered(hash, number));
            self.free_if_empty();
        }
    }

    /// The map keeps the places of what it gives out. A cache that nobody uses is to hold nothing.
    fn free_if_empty(&mut self) {
        if self.by_use.is_empty() {
            self.by_use = LinkedHashMap::default();
        }
    }

    pub(crate) fn take_unless(
        &mut self,
        mut keep: impl FnMut(&K, &Entry<V>) -> bool,
        removed: &mut Vec<Removed<K, V>>,
    ) {
        // First all questions, then all answers: a panic in between changes nothing.
        let unwanted: Vec<_> = (self.by_use.iter())
            .filter(|(key, entry)| !keep(&key.key, entry))
            .map(|(key, _)| (key.hash, key.number))
            .collect();
        removed.extend(unwanted.into_iter().filter_map(|(hash, number)| self.take_numbered(hash, number)));
        self.free_if_empty();
    }
}
