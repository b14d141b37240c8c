//! Live: all caches whose entries expire, so that what depends on an interface expires when nobody reads.

use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use super::shared::Shared;
use crate::clock::Moment;
use crate::panics;

/// A cache, whatever it holds.
pub(super) trait Live: Send + Sync {
    /// Drops what has expired.
    fn expire(&self, now: Moment);

    /// When the first entry with a dependency expires. Takes no lock.
    fn next_expiry(&self) -> Moment;
}

/// In no order. Nothing of the user's runs while it is locked: it is the last of all locks, but one of a cache.
static CACHES: Mutex<Vec<Weak<dyn Live>>> = Mutex::new(Vec::new());

pub(super) fn add<K: Send + 'static, V: Send + 'static>(cache: &Arc<Shared<K, V>>) {
    let cache = Arc::downgrade(cache);
    CACHES.lock().push(cache);
}

pub(super) fn remove<K, V>(cache: &Arc<Shared<K, V>>) {
    let mut caches = CACHES.lock();
    if let Some(index) = caches.iter().position(|known| known.as_ptr().cast() == Arc::as_ptr(cache)) {
        caches.swap_remove(index);
    }
}

/// Drops what has expired, in all caches.
pub(crate) fn expire(now: Moment) {
    // Of those that are dropped meanwhile nothing is left to be dropped here: see `Cache::drop`.
    let caches: Vec<_> = CACHES.lock().iter().filter_map(Weak::upgrade).collect();
    for cache in caches {
        // Whoever asked has nothing to do with what is dropped.
        if let Err(message) = panics::catch(|| cache.expire(now)) {
            eprintln!("lmms: a cache entry that expired panicked when it was dropped: {message}");
        }
    }
}

/// When the first entry with a dependency expires.
pub(crate) fn next_expiry() -> Moment {
    let caches = CACHES.lock();
    let live = caches.iter().filter_map(Weak::upgrade);
    live.map(|cache| cache.next_expiry()).min().unwrap_or(Moment::NEVER)
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cache::Cache;

    #[test]
    fn only_live_caches_with_an_age_are_kept_in_mind() {
        let cache = || Cache::<u8, u8>::builder(1).ttl(Duration::from_secs(1)).build();
        let known = |cache: &Cache<u8, u8>| {
            let cache = Arc::as_ptr(&cache.shared);
            CACHES.lock().iter().any(|known| known.as_ptr().cast() == cache)
        };
        let (one, two) = (cache(), cache());
        assert!(known(&one) && known(&two));
        assert!(!known(&Cache::builder(1).build()));
        drop(one);
        assert!(known(&two));
        (0..100).for_each(|_| drop(cache()));
        drop(two);
        assert_eq!(CACHES.lock().len(), 0);
    }
}
