//! A cache is bounded exactly by entries, bytes and age, and lets the least recently used go first.

use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use lmms::testing::ManualClock;
use lmms::{Cache, CacheBuilder, Inserted};

/// Tests that stop the clock take turns.
fn clock() -> (MutexGuard<'static, ()>, ManualClock) {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    (turn, ManualClock::install())
}

const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// Each number weighs itself.
fn weighing(max_entries: usize, max_bytes: usize) -> Cache<&'static str, usize> {
    Cache::builder(max_entries).max_bytes(max_bytes, |_, weight| *weight).build()
}

#[test]
fn the_least_recently_used_gives_way() {
    let cache = Cache::builder(3).build();
    for (key, value) in [("a", 1), ("b", 2), ("c", 3)] {
        assert_eq!(cache.insert(key, value), Inserted::Added);
    }
    assert_eq!(cache.len(), 3);
    // A read is a use, and so is an overwrite; a miss and a look at the length are none.
    assert_eq!(cache.get("a"), Some(1));
    assert_eq!(cache.insert("b", 20), Inserted::Replaced(2));
    assert_eq!(cache.get("x"), None);
    cache.insert("d", 4);
    assert_eq!((cache.len(), cache.get("c")), (3, None));
    cache.insert("e", 5);
    assert_eq!(cache.get("a"), None);
    assert_eq!((cache.get("b"), cache.get("d"), cache.get("e")), (Some(20), Some(4), Some(5)));
}

#[test]
fn bytes_are_bounded_exactly() {
    let cache = weighing(100, 10);
    cache.insert("a", 3);
    cache.insert("b", 3);
    cache.insert("c", 4);
    assert_eq!((cache.bytes(), cache.len()), (10, 3));
    // As many give way as have to, and no more.
    cache.insert("d", 1);
    assert_eq!((cache.bytes(), cache.get("a")), (8, None));
    cache.insert("e", 6);
    assert_eq!((cache.bytes(), cache.get("b"), cache.get("c")), (7, None, None));
    assert_eq!(cache.stats().evictions, 3);
    // What it replaces makes room first.
    assert_eq!(cache.insert("e", 9), Inserted::Replaced(6));
    assert_eq!((cache.bytes(), cache.get("d")), (10, Some(1)));
    // Exactly all of it is not too much.
    assert_eq!(cache.insert("f", 10), Inserted::Added);
    assert_eq!((cache.bytes(), cache.len()), (10, 1));
    // What weighs nothing is bounded by number.
    let cache = weighing(2, 0);
    assert_eq!([cache.insert("a", 0), cache.insert("b", 0), cache.insert("c", 0)], [Inserted::Added; 3]);
    assert_eq!(cache.len(), 2);
    let cache = weighing(100, usize::MAX);
    cache.insert("a", usize::MAX - 1);
    cache.insert("b", 1);
    assert_eq!((cache.bytes(), cache.len()), (usize::MAX, 2));
    cache.insert("c", usize::MAX);
    assert_eq!((cache.bytes(), cache.len()), (usize::MAX, 1));
}

#[test]
fn what_is_too_large_is_refused_and_nothing_gives_way_to_it() {
    let cache = weighing(100, 10);
    cache.insert("a", 5);
    cache.insert("b", 5);
    assert_eq!(cache.insert("c", 11), Inserted::Refused(11));
    assert_eq!((cache.len(), cache.bytes()), (2, 10));
    // What it would have replaced is out of date.
    assert_eq!(cache.insert("a", 12), Inserted::Refused(12));
    assert_eq!((cache.get("a"), cache.get("b"), cache.bytes()), (None, Some(5), 5));
    let stats = cache.stats();
    assert_eq!((stats.refusals, stats.evictions), (2, 0));

    let off: [CacheBuilder<_, _>; 2] = [Cache::builder(0), Cache::builder(9).ttl(Duration::ZERO)];
    for off in off.map(CacheBuilder::build) {
        assert_eq!(off.insert("a", 1), Inserted::Refused(1));
        assert_eq!((off.get("a"), off.len()), (None, 0));
    }
}

#[test]
fn an_entry_expires_at_exactly_its_age() {
    let (_turn, clock) = clock();
    let cache = Cache::builder(10).ttl(SECOND).build();
    cache.insert("a", 1);
    clock.advance(SECOND - MILLISECOND);
    cache.insert("b", 2);
    // Reading does not prolong it.
    assert_eq!((cache.get("a"), cache.len()), (Some(1), 2));
    clock.advance(MILLISECOND);
    assert_eq!((cache.get("a"), cache.len()), (None, 1));
    // Putting in again does.
    assert_eq!(cache.insert("b", 3), Inserted::Replaced(2));
    clock.advance(SECOND - MILLISECOND);
    assert_eq!(cache.get("b"), Some(3));
    clock.advance(MILLISECOND);
    // Not replaced: it was there no more.
    assert_eq!(cache.insert("b", 4), Inserted::Added);
    clock.advance(SECOND);
    assert_eq!((cache.remove("b"), cache.is_empty()), (None, true));
    assert_eq!(cache.stats().expirations, 3);

    let lasting = Cache::builder(10).ttl(Duration::MAX).build();
    lasting.insert("a", 1);
    clock.advance(SECOND * 1_000_000_000);
    assert_eq!(lasting.get("a"), Some(1));
}

#[test]
fn what_has_expired_gives_way_before_what_is_live() {
    let (_turn, clock) = clock();
    let cache = Cache::builder(2).ttl(SECOND).build();
    cache.insert("old", 1);
    clock.advance(SECOND / 2);
    cache.insert("new", 2);
    cache.get("old");
    clock.advance(SECOND / 2);
    // `new` is the one that was not used for longer.
    cache.insert("newer", 3);
    assert_eq!((cache.get("old"), cache.get("new"), cache.get("newer")), (None, Some(2), Some(3)));
    assert_eq!((cache.stats().evictions, cache.stats().expirations), (0, 1));
}

#[test]
fn what_happened_is_counted() {
    let (_turn, clock) = clock();
    let cache = Cache::builder(2).max_bytes(10, |_, _| 4).ttl(SECOND).build();
    cache.insert(1, ());
    cache.insert(2, ());
    cache.insert(3, ());
    assert_eq!((cache.get(&1), cache.get(&2), cache.get(&3)), (None, Some(()), Some(())));
    clock.advance(SECOND);
    cache.get(&3);
    // Told, not found: what is removed or cleared is none of these.
    cache.insert(4, ());
    cache.remove(&4);
    cache.clear();
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses), (2, 2));
    assert_eq!((stats.evictions, stats.expirations, stats.refusals), (1, 2, 0));
}

#[test]
fn entries_are_removed_one_by_one_by_rule_or_all() {
    static CACHE: LazyLock<Cache<String, Arc<str>>> = LazyLock::new(|| Cache::builder(10).build());
    for name in ["ann", "bob", "cat", "dan"] {
        CACHE.insert(name.to_owned(), name.into());
    }
    assert_eq!(CACHE.remove("bob").as_deref(), Some("bob"));
    assert_eq!(CACHE.remove("bob"), None);
    CACHE.retain(|key, value| !key.starts_with('a') && &**value != "dan");
    assert_eq!((CACHE.len(), CACHE.get("cat").as_deref()), (1, Some("cat")));
    CACHE.clear();
    assert!(CACHE.is_empty());
    CACHE.insert("eve".to_owned(), "eve".into());
    assert_eq!(CACHE.len(), 1);
}

/// A cache as simple and slow as can be: a list in the order of use.
struct Model {
    entries: Vec<(u32, usize, u64)>,
    max_entries: usize,
    max_bytes: usize,
    ttl: u64,
    now: u64,
}

impl Model {
    fn take(&mut self, key: u32) -> Option<(u32, usize, u64)> {
        let now = self.now;
        self.entries.retain(|(_, _, expires)| *expires > now);
        let index = self.entries.iter().position(|(known, ..)| *known == key)?;
        Some(self.entries.remove(index))
    }

    fn insert(&mut self, key: u32, weight: usize) -> Inserted<usize> {
        let before = self.take(key);
        if weight > self.max_bytes {
            return Inserted::Refused(weight);
        }
        while self.entries.len() >= self.max_entries || self.bytes() + weight > self.max_bytes {
            self.entries.remove(0);
        }
        self.entries.push((key, weight, self.now + self.ttl));
        before.map_or(Inserted::Added, |(_, weight, _)| Inserted::Replaced(weight))
    }

    fn get(&mut self, key: u32) -> Option<usize> {
        let found = self.take(key)?;
        self.entries.push(found);
        Some(found.1)
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|(_, weight, _)| weight).sum()
    }
}

#[test]
fn it_does_as_a_simple_list_does() {
    let (_turn, clock) = clock();
    let mut model = Model { entries: Vec::new(), max_entries: 12, max_bytes: 60, ttl: 35, now: 0 };
    let cache = Cache::builder(12).max_bytes(60, |_, weight| *weight).ttl(35 * MILLISECOND).build();
    let mut random = 7_u64;
    let mut next = |bound: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % bound
    };
    for _ in 0..50_000 {
        let key = next(24) as u32;
        match next(10) {
            0..4 => {
                // Most are small.
                let weight = if next(8) == 0 { next(80) } else { next(12) } as usize;
                assert_eq!(cache.insert(key, weight), model.insert(key, weight));
            }
            4..8 => assert_eq!(cache.get(&key), model.get(key)),
            8 => assert_eq!(cache.remove(&key), model.take(key).map(|(_, weight, _)| weight)),
            _ => {
                model.now += 7;
                clock.advance(7 * MILLISECOND);
            }
        }
        model.take(u32::MAX);
        assert_eq!((cache.len(), cache.bytes()), (model.entries.len(), model.bytes()));
    }
    let stats = cache.stats();
    assert!(
        stats.evictions > 1_000 && stats.expirations > 1_000 && stats.refusals > 100 && stats.hits > 1_000,
        "{stats:?}"
    );
}
