//! What a call by name allocates, beside what its operation does: nothing, once it is hot (acceptance 18).
//!
//! A measurement is taken many times, and the least of it counts: a histogram of times grows when a call took longer than
//! any before, which depends on the machine.

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use common::block_on;
use lmms::{Config, Gateway, Invocation, Tier};

/// Counts the allocations of each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

fn count() {
    // A thread that is ending has no count.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: all is the system's allocator's; counting allocates nothing.
#[allow(unsafe_code, reason = "a counting allocator cannot be written otherwise")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Plain;

#[lmms::interface]
impl Plain {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn count(&self, text: &str, #[default = 1] times: usize) -> usize {
        text.len() * times
    }

    #[operation]
    async fn count_later(&self, text: &str) -> usize {
        text.len()
    }

    #[operation(cached)]
    fn cached(&self, text: &str) -> usize {
        text.len()
    }

    #[operation(cached)]
    async fn cached_later(&self, text: &str) -> usize {
        text.len()
    }

    #[operation]
    fn repeat(&self, times: usize) -> String {
        "x".repeat(times)
    }

    #[operation]
    fn allocates(&self, text: &str) -> String {
        text.to_owned()
    }
}

/// As many calls of a blazing operation as two of them are timed.
const ROUND: usize = 128;

fn allocations(act: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    act();
    ALLOCATIONS.get() - before
}

/// What calls of this operation allocate in that tier, of 128 in a row.
fn in_tier(operation: &str, tier: Tier, mut call: impl FnMut(&Gateway, &[u8])) -> usize {
    // Tiers as long as it takes to measure in them.
    let threshold = if tier == Tier::Blazing { 10 } else { 5_000 };
    let config = Config::default().with_fast_path_threshold(threshold.try_into().unwrap());
    let gateway = Gateway::new(config.with_heat_half_life(std::time::Duration::ZERO)).unwrap();
    let request = format!(r#"{{"interface":"plain","operation":"{operation}","args":{{"text":"some text"}}}}"#);
    let check = || gateway.check_fast_path(&format!("plain.{operation}")).unwrap().tier;
    let mut reply = Vec::with_capacity(64);
    // Far more often than it takes.
    for _ in (0..100_000).take_while(|_| check() < tier) {
        reply.clear();
        block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply)).unwrap();
    }
    // Learned, cached and timed in this tier.
    (0..2 * ROUND).for_each(|_| call(&gateway, request.as_bytes()));
    let least = (0..8).map(|_| allocations(|| (0..ROUND).for_each(|_| call(&gateway, request.as_bytes())))).min();
    assert_eq!(check(), tier);
    least.unwrap()
}

/// As a handler calls that uses its buffer again.
fn inside(operation: &str, tier: Tier) -> usize {
    let invocation = Invocation::enter();
    let mut reply = Vec::with_capacity(64);
    in_tier(operation, tier, |gateway, request| {
        reply.clear();
        block_on(gateway.execute_in(&invocation, request, &mut reply)).unwrap();
        assert!(reply.starts_with(b"9") || reply == b"\"some text\"");
    })
}

/// As a handler calls that wants an answer of its own.
fn alone(operation: &str, tier: Tier) -> usize {
    in_tier(operation, tier, |gateway, request| drop(block_on(gateway.execute(request)).unwrap()))
}

/// `block_on` makes a waker.
fn of_block_on() -> usize {
    allocations(|| block_on(async {}))
}

#[test]
fn the_counting_sees_what_an_operation_allocates() {
    let own = ROUND * of_block_on();
    assert_eq!(allocations(|| drop(vec![1, 2, 3])), 1);
    assert_eq!(inside("allocates", Tier::Blazing) - own, ROUND);
}

#[test]
fn a_hot_or_blazing_call_allocates_nothing() {
    let own = ROUND * of_block_on();
    for tier in [Tier::Hot, Tier::Blazing] {
        assert_eq!(inside("count", tier) - own, 0, "{tier}");
    }
}

#[test]
fn an_answer_from_the_cache_allocates_nothing() {
    let own = ROUND * of_block_on();
    for tier in [Tier::Hot, Tier::Blazing] {
        assert_eq!(inside("cached", tier) - own, 0, "{tier}");
        assert_eq!(inside("cached_later", tier) - own, 0, "{tier}");
    }
}

#[test]
fn an_answer_of_its_own_is_one_allocation() {
    let own = ROUND * of_block_on();
    for operation in ["count", "cached"] {
        for tier in [Tier::Hot, Tier::Blazing] {
            assert_eq!(alone(operation, tier) - own, ROUND, "{operation} {tier}");
        }
    }
}

#[test]
fn an_async_operation_allocates_its_future_alone() {
    let own = ROUND * of_block_on();
    for tier in [Tier::Hot, Tier::Blazing] {
        assert_eq!(inside("count_later", tier) - own, ROUND, "{tier}");
        assert_eq!(alone("count_later", tier) - own, 2 * ROUND, "{tier}");
    }
}

#[test]
fn a_large_answer_leaves_no_room_behind_that_the_next_one_does_not_need() {
    let gateway = Gateway::new(Config::default().with_fast_path_threshold(5.try_into().unwrap())).unwrap();
    let ask = |times: usize| {
        let request = format!(r#"{{"interface":"plain","operation":"repeat","args":{{"times":{times}}}}}"#);
        let answer = block_on(gateway.execute(request.as_bytes())).unwrap();
        assert_eq!(answer.len(), times + 2);
        answer.capacity()
    };
    // In each tier, timed or not.
    for _ in 0..70 {
        ask(256 << 10);
        let room = ask(1);
        assert!(room <= 128 << 10, "{room}");
    }
}
