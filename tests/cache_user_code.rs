//! Keys and values of a cache may use it when they are dropped, may panic, and may be used by many threads.

mod common;

use std::borrow::Borrow;
use std::cell::Cell;
use std::hash::{Hash, Hasher};
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::thread;
use std::time::Duration;

use common::watched;
use lmms::Cache;
use lmms::testing::ManualClock;

const SECOND: Duration = Duration::from_secs(1);

/// Uses its cache when it is dropped.
struct User(usize);

static USERS: LazyLock<Cache<Key, Arc<User>>> =
    LazyLock::new(|| Cache::builder(2).max_bytes(10, |_, user: &Arc<User>| user.0).ttl(SECOND).build());
static DROPPED: AtomicUsize = AtomicUsize::new(0);

impl Drop for User {
    fn drop(&mut self) {
        assert!(USERS.get(&0).is_none() && USERS.remove(&0).is_none());
        DROPPED.fetch_add(1, Ordering::SeqCst);
    }
}

/// So does a key.
#[derive(PartialEq, Eq)]
struct Key(u32);

impl Borrow<u32> for Key {
    fn borrow(&self) -> &u32 {
        &self.0
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Drop for Key {
    fn drop(&mut self) {
        assert!(USERS.len() <= 2);
    }
}

#[test]
fn what_is_dropped_may_use_the_cache() {
    watched(|| {
        let clock = ManualClock::install();
        let insert = |key, weight| USERS.insert(Key(key), Arc::new(User(weight)));
        let dropped = |count| assert_eq!(DROPPED.swap(0, Ordering::SeqCst), count);

        insert(1, 1);
        drop(USERS.remove(&1));
        dropped(1);
        insert(1, 1);
        insert(1, 1);
        dropped(1);
        USERS.clear();
        dropped(1);
        // One gives way for its number, two for their weight.
        insert(1, 1);
        insert(2, 1);
        insert(3, 1);
        dropped(1);
        insert(4, 10);
        dropped(2);
        insert(5, 11);
        dropped(1);
        USERS.retain(|_, _| false);
        dropped(1);
        insert(1, 1);
        clock.advance(SECOND);
        assert!(USERS.get(&2).is_none());
        dropped(1);
    });
}

thread_local! {
    /// After how many more calls of a user's code it panics.
    static FUSE: Cell<usize> = const { Cell::new(usize::MAX) };
}

fn burn() {
    FUSE.with(|fuse| {
        fuse.set(fuse.get().wrapping_sub(1));
        assert!(fuse.get() != 0, "on purpose");
    });
}

/// A key and value all of whose code can panic.
#[derive(Debug)]
struct Brittle(usize);

impl PartialEq for Brittle {
    fn eq(&self, other: &Self) -> bool {
        burn();
        self.0 == other.0
    }
}

impl Eq for Brittle {}

impl Hash for Brittle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        burn();
        self.0.hash(state);
    }
}

impl Clone for Brittle {
    fn clone(&self) -> Self {
        burn();
        Self(self.0)
    }
}

impl Drop for Brittle {
    fn drop(&mut self) {
        // A second panic while the first unwinds would end the process.
        if !thread::panicking() {
            burn();
        }
    }
}

#[test]
fn a_panic_anywhere_leaves_it_sound() {
    let quiet = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let mut panics = 0;
    for step in 1..400 {
        let cache = Cache::builder(8)
            .max_bytes(40, |_, value: &Brittle| {
                burn();
                value.0
            })
            .build();
        FUSE.set(step);
        let run = || {
            for number in 0..12 {
                cache.insert(Brittle(number), Brittle(number % 7));
                cache.insert(Brittle(number), Brittle(number % 5));
                cache.get(&Brittle(number / 2));
                cache.remove(&Brittle(number / 3));
            }
            cache.retain(|key, value| *key != Brittle(9) && *value != Brittle(3));
            cache.clear();
        };
        panics += usize::from(panic::catch_unwind(AssertUnwindSafe(run)).is_err());
        FUSE.set(usize::MAX);
        // All it says holds still, and it works on.
        let (mut count, mut bytes) = (0, 0);
        cache.retain(|_, value| {
            (count, bytes) = (count + 1, bytes + value.0);
            true
        });
        assert_eq!((cache.len(), cache.bytes()), (count, bytes));
        for number in 0..100 {
            cache.insert(Brittle(number), Brittle(5));
            assert!(cache.len() <= 8 && cache.bytes() <= 40);
        }
        assert_eq!((cache.len(), cache.bytes()), (8, 40));
        assert!((92..100).all(|number| cache.remove(&Brittle(number)).is_some()));
        assert_eq!((cache.len(), cache.bytes()), (0, 0));
    }
    panic::set_hook(quiet);
    assert!(panics > 200, "{panics}");
}

#[test]
fn threads_share_it() {
    watched(|| {
        let live = Arc::new(AtomicUsize::new(0));
        let cache =
            Cache::builder(50).max_bytes(1_000, |_, value: &Arc<Counted>| value.weight).ttl(SECOND / 50).build();
        thread::scope(|scope| {
            for thread in 0..4_usize {
                let (cache, live) = (&cache, &live);
                scope.spawn(move || {
                    for round in 0..5_000_usize {
                        let key = (round * 31 + thread * 17) % 97;
                        match round % 7 {
                            0 => drop(cache.remove(&key)),
                            1..4 => {
                                if let Some(value) = cache.get(&key) {
                                    assert_eq!(value.key, key);
                                }
                            }
                            _ => drop(cache.insert(key, Counted::new(key, round % 60, live))),
                        }
                        assert!(cache.len() <= 50 && cache.bytes() <= 1_000);
                        if round % 1_999 == 0 {
                            cache.clear();
                        }
                    }
                });
            }
        });
        assert!(live.load(Ordering::SeqCst) <= 50);
        drop(cache);
        assert_eq!(live.load(Ordering::SeqCst), 0);
    });
}

struct Counted {
    key: usize,
    weight: usize,
    live: Arc<AtomicUsize>,
}

impl Counted {
    fn new(key: usize, weight: usize, live: &Arc<AtomicUsize>) -> Arc<Self> {
        live.fetch_add(1, Ordering::SeqCst);
        Arc::new(Self { key, weight, live: Arc::clone(live) })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.live.fetch_sub(1, Ordering::SeqCst);
    }
}

#[test]
fn one_can_hold_another_and_even_itself() {
    watched(|| {
        struct Inner(Cache<u8, u8>);
        let outer = Cache::builder(4).ttl(SECOND).build();
        let inner = Cache::builder(4).ttl(SECOND).build();
        inner.insert(1, 2);
        outer.insert("inner", Arc::new(Inner(inner)));
        assert_eq!(outer.get("inner").and_then(|inner| inner.0.get(&1)), Some(2));
        outer.clear();

        // A value that keeps its own cache alive is a leak as with any `Arc`, which `clear` ends.
        type Ring = Arc<OnceLock<Arc<Cache<u8, Box<dyn Send>>>>>;
        let ring = Ring::default();
        let cache = Arc::clone(ring.get_or_init(|| Arc::new(Cache::builder(4).build())));
        cache.insert(1, Box::new(Arc::clone(&ring)));
        cache.clear();
        assert_eq!(Arc::strong_count(&ring), 1);
    });
}
