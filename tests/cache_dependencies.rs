//! A cache entry that depends on an interface keeps it loaded, loaded before or after, until the entry is gone: deleted,
//! cleared, evicted, overwritten, expired though nobody reads it, or dropped with its cache.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{block_on, gateway, resident, unloader, watched};
use lmms::testing::ManualClock;
use lmms::{Cache, Gateway, Inserted, Interface, Invocation, Lease, Reason, Unload};

/// Tests take turns, for they stop the clock and look at what is loaded.
struct Turn {
    // First, so that time goes on before the next turn.
    clock: ManualClock,
    _turn: MutexGuard<'static, ()>,
}

fn turn() -> Turn {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    Turn { clock: ManualClock::install(), _turn: turn }
}

const MILLISECOND: Duration = Duration::from_millis(1);
const TTL: Duration = Duration::from_secs(10);

/// What entries depend on.
struct Words;

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self
    }
}

struct Rules;

#[lmms::interface]
impl Rules {
    #[load]
    fn load() -> Self {
        Self
    }
}

/// Shared by two interfaces.
static ANSWERS: LazyLock<Cache<String, usize>> = LazyLock::new(|| Cache::builder(4).ttl(TTL).build());

/// Another interface, whose operations use the same cache.
struct Writer;

#[lmms::interface(pinned)]
impl Writer {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn write(&self, key: String, value: usize) {
        ANSWERS.insert(key, value);
    }

    #[operation]
    fn nothing(&self) {}
}

fn load<T: Interface>() {
    block_on(Invocation::enter().get_async::<T>()).unwrap();
}

fn is_loaded<T: Interface>() -> bool {
    resident(&gateway()).contains(&T::NAME)
}

fn dependents<T: Interface>() -> usize {
    gateway().interface(T::NAME).unwrap().status().dependents
}

/// Neither a sweep nor a direct unload takes it.
#[track_caller]
fn stays<T: Interface>(reason: Reason) {
    assert!(is_loaded::<T>());
    let swept = block_on(unloader().sweep());
    assert!(!swept.unloaded.contains(&T::NAME), "{swept:?}");
    let unload = block_on(unloader().unload_module(T::NAME)).unwrap();
    assert!(matches!(unload, Unload::Blocked(found) if found == reason), "{unload:?}");
    assert!(is_loaded::<T>());
}

#[track_caller]
fn is_unloaded<T: Interface>() {
    let unload = block_on(unloader().unload_module(T::NAME)).unwrap();
    assert!(matches!(unload, Unload::Unloaded { hook_error: None, .. }), "{unload:?}");
    assert!(!is_loaded::<T>());
}

#[track_caller]
fn is_swept<T: Interface>() {
    let swept = block_on(unloader().sweep());
    assert_eq!(swept.unloaded, [T::NAME]);
    assert!(!is_loaded::<T>());
}

fn cache() -> Cache<&'static str, usize> {
    Cache::builder(2).max_bytes(10, |_, value| *value).build()
}

/// An entry that was put in keeps the interface loaded, and what `release` does to it lets it go: by a direct unload, and
/// by a sweep.
#[track_caller]
fn releases(release: impl Fn(&Cache<&'static str, usize>)) {
    for gone in [is_unloaded::<Words>, is_swept::<Words>] {
        let cache = cache();
        load::<Words>();
        assert_eq!(cache.insert_depending_on::<Words>("key", 1), Inserted::Added);
        assert_eq!(dependents::<Words>(), 1);
        stays::<Words>(Reason::CacheDependency);
        // A read is no reason to go.
        assert_eq!(cache.get("key"), Some(1));
        stays::<Words>(Reason::CacheDependency);
        release(&cache);
        assert_eq!(dependents::<Words>(), 0);
        gone();
    }
}

#[test]
fn released_by_delete() {
    let _turn = turn();
    releases(|cache| assert_eq!(cache.remove("key"), Some(1)));
}

#[test]
fn released_by_clear() {
    let _turn = turn();
    releases(Cache::clear);
}

#[test]
fn released_by_retain() {
    let _turn = turn();
    releases(|cache| cache.retain(|key, _| *key != "key"));
}

#[test]
fn released_by_eviction() {
    let _turn = turn();
    // By number.
    releases(|cache| {
        cache.insert("second", 1);
        assert_eq!(dependents::<Words>(), 1);
        cache.insert("third", 1);
    });
    // By bytes.
    releases(|cache| {
        cache.insert("second", 9);
        assert_eq!(dependents::<Words>(), 1);
        cache.insert("second", 10);
    });
}

#[test]
fn released_by_overwriting() {
    let _turn = turn();
    releases(|cache| assert_eq!(cache.insert("key", 2), Inserted::Replaced(1)));
    // Even if what was to replace it does not fit.
    releases(|cache| assert_eq!(cache.insert("key", 11), Inserted::Refused(11)));
    releases(|cache| assert_eq!(cache.insert_depending_on::<Rules>("key", 2), Inserted::Replaced(1)));
    // What was refused depends on nothing.
    releases(|cache| assert_eq!(cache.insert_depending_on::<Words>("key", 11), Inserted::Refused(11)));
}

#[test]
fn not_released_by_overwriting_with_what_depends_on_it_too() {
    let _turn = turn();
    releases(|cache| {
        cache.insert_depending_on::<Words>("key", 2);
        assert_eq!(dependents::<Words>(), 1);
        stays::<Words>(Reason::CacheDependency);
        cache.remove("key");
    });
}

#[test]
fn released_by_another_interfaces_operation() {
    let _turn = turn();
    load::<Words>();
    ANSWERS.insert_depending_on::<Words>("key".to_owned(), 1);
    stays::<Words>(Reason::CacheDependency);
    block_on(gateway().execute_operation("writer", "write", br#"{"key":"key","value":2}"#)).unwrap();
    is_unloaded::<Words>();
    assert_eq!(ANSWERS.get("key"), Some(2));
}

#[test]
fn released_by_expiry_without_a_read() {
    let turn = turn();
    for gone in [is_unloaded::<Words>, is_swept::<Words>] {
        load::<Words>();
        ANSWERS.insert_depending_on::<Words>("key".to_owned(), 1);
        turn.clock.advance(TTL - MILLISECOND);
        stays::<Words>(Reason::CacheDependency);
        turn.clock.advance(MILLISECOND);
        gone();
    }
    ANSWERS.insert_depending_on::<Words>("key".to_owned(), 1);
    load::<Words>();
    // An hour frozen.
    turn.clock.advance(Duration::from_secs(3_600));
    is_swept::<Words>();
}

#[test]
fn released_by_dropping_the_cache() {
    let _turn = turn();
    for expires in [true, false] {
        let builder = Cache::builder(4);
        let cache = if expires { builder.ttl(TTL) } else { builder }.build();
        load::<Words>();
        cache.insert_depending_on::<Words>("key", 1);
        stays::<Words>(Reason::CacheDependency);
        drop(cache);
        is_unloaded::<Words>();
    }
}

#[test]
fn declared_before_the_interface_is_loaded_it_still_counts() {
    let _turn = turn();
    let cache = cache();
    cache.insert_depending_on::<Words>("key", 1);
    assert!(!is_loaded::<Words>());
    load::<Words>();
    stays::<Words>(Reason::CacheDependency);
    // After a generation that went, too.
    cache.clear();
    is_unloaded::<Words>();
    cache.insert_depending_on::<Words>("key", 1);
    load::<Words>();
    stays::<Words>(Reason::CacheDependency);
    cache.clear();
    is_unloaded::<Words>();
}

#[test]
fn of_two_entries_both_must_go() {
    let _turn = turn();
    let (one, two) = (cache(), cache());
    load::<Words>();
    one.insert_depending_on::<Words>("one", 1);
    one.insert_depending_on::<Words>("two", 1);
    two.insert_depending_on::<Words>("one", 1);
    one.remove("one");
    stays::<Words>(Reason::CacheDependency);
    two.clear();
    stays::<Words>(Reason::CacheDependency);
    one.remove("two");
    is_unloaded::<Words>();
}

#[test]
fn one_entry_can_depend_on_several_interfaces() {
    let _turn = turn();
    let cache = cache();
    load::<Words>();
    load::<Rules>();
    cache.insert_depending_on::<(Words, Rules)>("key", 1);
    stays::<Words>(Reason::CacheDependency);
    stays::<Rules>(Reason::CacheDependency);
    cache.remove("key");
    is_unloaded::<Words>();
    is_unloaded::<Rules>();
}

#[test]
fn it_is_told_after_what_comes_before_it() {
    let _turn = turn();
    let cache = cache();
    let lease = Invocation::enter().lease::<Words>().unwrap();
    cache.insert_depending_on::<Words>("key", 1);
    stays::<Words>(Reason::ActiveReference);
    drop(lease);
    stays::<Words>(Reason::CacheDependency);
    cache.clear();
    is_unloaded::<Words>();
}

/// Executes what does not touch `Words`: by itself, that sweeps when something can be due.
fn execute_something(gateway: &Gateway) {
    block_on(gateway.execute(br#"{"interface":"writer","operation":"nothing"}"#)).unwrap();
}

#[test]
fn a_sweep_comes_by_itself_when_an_entry_expires_and_not_before() {
    let turn = turn();
    let gateway = unloader();
    load::<Words>();
    ANSWERS.insert_depending_on::<Words>("key".to_owned(), 1);
    // All changes are seen from here on, and only time goes on.
    execute_something(&gateway);
    execute_something(&gateway);
    for _ in 0..5 {
        turn.clock.advance(TTL / 5 - MILLISECOND);
        execute_something(&gateway);
        assert!(is_loaded::<Words>());
    }
    turn.clock.advance(4 * MILLISECOND);
    execute_something(&gateway);
    assert!(is_loaded::<Words>());
    turn.clock.advance(MILLISECOND);
    execute_something(&gateway);
    assert!(!is_loaded::<Words>());
}

#[test]
fn a_sweep_comes_for_the_last_entry_and_not_for_the_first() {
    let turn = turn();
    let gateway = unloader();
    load::<Words>();
    ANSWERS.insert_depending_on::<Words>("one".to_owned(), 1);
    turn.clock.advance(TTL / 2);
    ANSWERS.insert_depending_on::<Words>("two".to_owned(), 1);
    execute_something(&gateway);
    turn.clock.advance(TTL / 2);
    execute_something(&gateway);
    assert_eq!((is_loaded::<Words>(), dependents::<Words>()), (true, 1));
    turn.clock.advance(TTL / 2 - MILLISECOND);
    execute_something(&gateway);
    assert!(is_loaded::<Words>());
    turn.clock.advance(MILLISECOND);
    execute_something(&gateway);
    assert!(!is_loaded::<Words>());
}

#[test]
fn a_sweep_comes_earlier_for_an_entry_that_expires_earlier() {
    let turn = turn();
    let gateway = unloader();
    let lasting = Cache::builder(4).ttl(100 * TTL).build();
    load::<Words>();
    lasting.insert_depending_on::<Words>("key", 1);
    // The next sweep is thought to be far off,
    execute_something(&gateway);
    // and then only what expires earlier is left.
    ANSWERS.insert_depending_on::<Words>("key".to_owned(), 1);
    lasting.clear();
    execute_something(&gateway);
    turn.clock.advance(TTL - MILLISECOND);
    execute_something(&gateway);
    assert!(is_loaded::<Words>());
    turn.clock.advance(MILLISECOND);
    execute_something(&gateway);
    assert!(!is_loaded::<Words>());
}

#[test]
fn a_sweep_comes_for_an_entry_that_was_removed() {
    let _turn = turn();
    let gateway = unloader();
    let cache = cache();
    load::<Words>();
    cache.insert_depending_on::<Words>("key", 1);
    execute_something(&gateway);
    execute_something(&gateway);
    assert!(is_loaded::<Words>());
    cache.clear();
    execute_something(&gateway);
    assert!(!is_loaded::<Words>());
}

#[test]
fn after_expiry_the_other_reasons_count() {
    let turn = turn();
    let config = lmms::Config::default().with_grace_period(2 * TTL).with_min_resident(0).with_fast_path(false);
    let gateway = Gateway::new(config).unwrap();
    load::<Words>();
    ANSWERS.insert_depending_on::<Words>("key".to_owned(), 1);
    execute_something(&gateway);
    let attempt = || block_on(gateway.unload_module("words")).unwrap();
    assert!(matches!(attempt(), Unload::Blocked(Reason::CacheDependency)));
    turn.clock.advance(TTL);
    execute_something(&gateway);
    assert!(matches!(attempt(), Unload::Blocked(Reason::GracePeriod)));
    turn.clock.advance(TTL - MILLISECOND);
    execute_something(&gateway);
    assert!(is_loaded::<Words>());
    turn.clock.advance(MILLISECOND);
    execute_something(&gateway);
    assert!(!is_loaded::<Words>());
}

/// Asks, when it is dropped, whether what it depends on is kept loaded still.
struct Borrower(&'static AtomicUsize);

impl Drop for Borrower {
    fn drop(&mut self) {
        assert!(Invocation::enter().resident::<Words>().is_some());
        self.0.store(dependents::<Words>(), Ordering::SeqCst);
    }
}

#[test]
fn a_value_is_dropped_before_what_it_depends_on_may_go() {
    static SEEN: AtomicUsize = AtomicUsize::new(0);
    let turn = turn();
    watched(move || {
        let cache = Cache::builder(4).ttl(TTL).build();
        load::<Words>();
        cache.insert_depending_on::<Words>("key", Arc::new(Borrower(&SEEN)));
        turn.clock.advance(TTL);
        is_swept::<Words>();
        assert_eq!(SEEN.load(Ordering::SeqCst), 1);
    });
}

/// Cannot be dropped.
struct Broken;

impl Drop for Broken {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

#[test]
fn a_value_that_panics_when_it_expires_hurts_nobody_else() {
    let turn = turn();
    let gateway = unloader();
    let broken = Cache::builder(4).ttl(TTL).build();
    load::<Words>();
    broken.insert_depending_on::<Words>("key", Arc::new(Broken));
    ANSWERS.insert_depending_on::<Words>("key".to_owned(), 1);
    turn.clock.advance(TTL);
    execute_something(&gateway);
    assert!(!is_loaded::<Words>());
}

/// Drops a cache when it is dropped.
struct Owner(Option<Cache<u8, u8>>, &'static AtomicUsize);

impl Drop for Owner {
    fn drop(&mut self) {
        drop(self.0.take());
        self.1.store(dependents::<Words>(), Ordering::SeqCst);
    }
}

#[test]
fn a_cache_that_is_dropped_while_a_sweep_looks_at_it_releases_at_once() {
    static LEFT: AtomicUsize = AtomicUsize::new(9);
    let turn = turn();
    // In this order a sweep looks at them.
    let owner = Cache::builder(4).ttl(TTL).build();
    let owned = Cache::builder(4).ttl(2 * TTL).build();
    owned.insert_depending_on::<Words>(1, 1);
    load::<Words>();
    owner.insert("key", Arc::new(Owner(Some(owned), &LEFT)));
    turn.clock.advance(TTL);
    is_swept::<Words>();
    assert_eq!(LEFT.load(Ordering::SeqCst), 0);
}

/// Holds a cache of entries that depend on itself.
struct Own {
    cache: Cache<u32, Arc<u32>>,
}

#[lmms::interface]
impl Own {
    #[load]
    fn load() -> Self {
        Self { cache: Cache::builder(4).ttl(TTL).build() }
    }

    #[operation]
    fn remember(&self, number: u32) {
        self.cache.insert_depending_on::<Self>(number, Arc::new(number));
    }
}

#[test]
fn an_instance_with_entries_that_depend_on_itself_goes_when_they_expire() {
    let turn = turn();
    let gateway = unloader();
    for _ in 0..3 {
        block_on(gateway.execute_operation("own", "remember", br#"{"number":1}"#)).unwrap();
        stays::<Own>(Reason::CacheDependency);
        turn.clock.advance(TTL);
        execute_something(&gateway);
        assert!(!is_loaded::<Own>());
    }
}

/// Holds a cache of values that lease and depend on another one.
struct Keeper {
    cache: Cache<u32, Arc<Lease<Rules>>>,
}

#[lmms::interface]
impl Keeper {
    #[load]
    fn load() -> Self {
        Self { cache: Cache::builder(4).ttl(TTL).build() }
    }
}

#[test]
fn what_an_instances_cache_keeps_goes_after_that_instance() {
    let _turn = turn();
    {
        let invocation = Invocation::enter();
        let lease = Arc::new(invocation.lease::<Rules>().unwrap());
        invocation.get::<Keeper>().unwrap().cache.insert_depending_on::<Rules>(1, lease);
    }
    let unload = block_on(unloader().unload_module("rules")).unwrap();
    assert!(matches!(unload, Unload::Blocked(Reason::ActiveReference)), "{unload:?}");
    // Both in one sweep: the one that holds, then what it held.
    assert_eq!(block_on(unloader().sweep()).unloaded, ["keeper", "rules"]);
}

#[test]
fn threads_that_insert_and_remove_leave_no_dependency_behind() {
    let _turn = turn();
    watched(|| {
        let cache = Cache::builder(8).ttl(TTL).build();
        std::thread::scope(|scope| {
            for thread in 0..3_usize {
                let cache = &cache;
                scope.spawn(move || {
                    for round in 0..2_000_usize {
                        let key = (round + thread) % 13;
                        match round % 4 {
                            0 => drop(cache.remove(&key)),
                            1 => drop(cache.insert(key, ())),
                            _ => drop(cache.insert_depending_on::<Words>(key, ())),
                        }
                    }
                });
            }
            scope.spawn(|| {
                for _ in 0..200 {
                    load::<Words>();
                    let _ = block_on(unloader().sweep());
                }
            });
        });
        assert!(dependents::<Words>() <= 8);
        cache.clear();
        assert_eq!(dependents::<Words>(), 0);
        load::<Words>();
        is_unloaded::<Words>();
    });
}
