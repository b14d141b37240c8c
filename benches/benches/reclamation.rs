//! How an instance is kept from being unloaded while an invocation uses it: lmms counts holds per invocation and slot;
//! the alternative is an epoch-like guard, `seize::OwnedGuard`, per invocation and a protected load per access.
//!
//! The guard alone cannot tell *which* interfaces a running invocation has touched, which the unload policy must know
//! (`ActiveReference`). So it runs twice: alone, and with the least bookkeeping that makes that exact.
#![allow(missing_docs)]
#![allow(unsafe_code, reason = "the prototype reads through the pointers that seize protects")]

use std::cell::Cell;
use std::hint::black_box;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicPtr, AtomicU64, AtomicUsize, Ordering};

use lmms::Invocation;
use lmms_benches::contest::{self, Contest};
use lmms_benches::table::Target::Told;
use lmms_benches::threads::at_once;
use seize::{Collector, Guard, OwnedGuard};

/// The instance behind each slot, the same for all rivals.
#[derive(Clone, Copy)]
pub struct State(u64);

/// The most slots that an invocation of this bench touches.
const SLOTS: usize = 8;

mod slots {
    macro_rules! slots {
        ($($slot:ident $index:literal),*) => {
            $(
                pub struct $slot(super::State);

                #[lmms::interface]
                impl $slot {
                    #[load]
                    fn load() -> Self {
                        Self(super::State($index))
                    }
                }
            )*

            /// What the first `touched` slots hold, added up.
            #[inline(always)]
            pub(super) fn touch(invocation: &lmms::Invocation, touched: usize) -> u64 {
                let mut sum = 0;
                $(if $index < touched {
                    sum += invocation.get::<$slot>().expect("it loads").0.0;
                })*
                sum
            }
        };
    }
    slots!(A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7);
}

/// The prototype that the design proposed: an invocation is a guard, an access is one protected load.
struct Seized {
    guard: OwnedGuard<'static>,
}

/// The same, and which slots it touched: as a list of its own, and as a count in each slot.
struct SeizedTouching {
    guard: OwnedGuard<'static>,
    id: u64,
    touched: [Cell<Option<&'static SeizeSlot>>; SLOTS],
}

struct SeizeSlot {
    state: AtomicPtr<State>,
    /// Running invocations that touched it: nought is what lets the policy unload it.
    users: AtomicUsize,
    /// The last invocation that touched it, for the access to be quick.
    stamp: AtomicU64,
}

static COLLECTOR: LazyLock<Collector> = LazyLock::new(Collector::new);
static SEIZE_SLOTS: [SeizeSlot; SLOTS] = [const {
    SeizeSlot { state: AtomicPtr::new(std::ptr::null_mut()), users: AtomicUsize::new(0), stamp: AtomicU64::new(0) }
}; SLOTS];

/// What both prototypes do at an access. `None` would be the way to the load.
#[inline(always)]
fn protect<'i>(guard: &'i OwnedGuard<'_>, slot: &'static SeizeSlot) -> Option<&'i State> {
    let state = guard.protect(&slot.state, Ordering::Acquire);
    // SAFETY: `fill` wrote it from a box that is never freed; in earnest it would be retired through the collector.
    unsafe { state.as_ref() }
}

impl Seized {
    fn enter() -> Self {
        Self { guard: COLLECTOR.enter_owned() }
    }

    #[inline(always)]
    fn get(&self, slot: usize) -> u64 {
        protect(&self.guard, &SEIZE_SLOTS[slot]).expect("it is filled").0
    }
}

impl SeizedTouching {
    fn enter() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self {
            guard: COLLECTOR.enter_owned(),
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            touched: [const { Cell::new(None) }; SLOTS],
        }
    }

    #[inline(always)]
    fn get(&self, slot: usize) -> u64 {
        let slot = &SEIZE_SLOTS[slot];
        if slot.stamp.load(Ordering::Relaxed) != self.id {
            self.touch(slot);
        }
        protect(&self.guard, slot).expect("it is filled").0
    }

    fn touch(&self, slot: &'static SeizeSlot) {
        for place in &self.touched {
            match place.get() {
                Some(known) if std::ptr::eq(known, slot) => return,
                Some(_) => {}
                None => {
                    place.set(Some(slot));
                    slot.users.fetch_add(1, Ordering::Acquire);
                    slot.stamp.store(self.id, Ordering::Relaxed);
                    return;
                }
            }
        }
    }
}

impl Drop for SeizedTouching {
    fn drop(&mut self) {
        for slot in self.touched.iter().map_while(Cell::get) {
            slot.users.fetch_sub(1, Ordering::Release);
        }
    }
}

fn fill() {
    for (slot, index) in SEIZE_SLOTS.iter().zip(0..) {
        slot.state.store(Box::into_raw(Box::new(State(index))), Ordering::Release);
    }
}

/// Whole invocations: enter, touch so many slots, leave.
fn invocations<const TOUCHED: usize>(title: &'static str) -> Contest<'static> {
    let contest = Contest::new(title, "enter, first access to each, leave");
    // Loaded before the clock runs, as the rival's slots are.
    slots::touch(&Invocation::enter(), TOUCHED);
    contest
        .rival("lmms", |calls| sum(calls, || slots::touch(&black_box(Invocation::enter()), TOUCHED)))
        .rival("seize", |calls| {
            sum(calls, || {
                let seized = black_box(Seized::enter());
                (0..TOUCHED).map(|slot| seized.get(slot)).sum()
            })
        })
        .rival("seize, ActiveReference exact", |calls| {
            sum(calls, || {
                let seized = black_box(SeizedTouching::enter());
                (0..TOUCHED).map(|slot| seized.get(slot)).sum()
            })
        })
        .claim("seize", "lmms", Told)
        .claim("seize, ActiveReference exact", "lmms", Told)
}

fn accesses(title: &'static str) -> Contest<'static> {
    Contest::new(title, "one access, in a loop inside one invocation")
        .rival("lmms", lmms_accesses)
        .rival("seize", seize_accesses)
        .rival("seize, ActiveReference exact", seize_touching_accesses)
        .claim("seize", "lmms", Told)
        .claim("seize, ActiveReference exact", "lmms", Told)
}

fn lmms_accesses(calls: u64) -> u64 {
    let invocation = Invocation::enter();
    sum(calls, || slots::touch(black_box(&invocation), 1) + 1)
}

fn seize_accesses(calls: u64) -> u64 {
    let seized = Seized::enter();
    sum(calls, || black_box(&seized).get(0) + 1)
}

fn seize_touching_accesses(calls: u64) -> u64 {
    let seized = SeizedTouching::enter();
    sum(calls, || black_box(&seized).get(0) + 1)
}

/// The same work on two threads at once, all on one slot: the worst case, and that of a multi-concurrent function.
fn two_threads() -> [Contest<'static>; 2] {
    let method = "two threads at once on one slot; time for each to do it once";
    [
        Contest::threaded("two threads, invocations that touch 1 slot", method)
            .rival("lmms", |calls| {
                twice(calls, |calls| sum(calls, || slots::touch(&black_box(Invocation::enter()), 1)))
            })
            .rival("seize", |calls| twice(calls, |calls| sum(calls, || black_box(Seized::enter()).get(0))))
            .rival("seize, ActiveReference exact", |calls| {
                twice(calls, |calls| sum(calls, || black_box(SeizedTouching::enter()).get(0)))
            })
            .claim("seize", "lmms", Told)
            .claim("seize, ActiveReference exact", "lmms", Told),
        Contest::threaded("two threads, access inside an invocation each", method)
            .rival("lmms", |calls| twice(calls, lmms_accesses))
            .rival("seize", |calls| twice(calls, seize_accesses))
            .rival("seize, ActiveReference exact", |calls| twice(calls, seize_touching_accesses))
            .claim("seize", "lmms", Told)
            .claim("seize, ActiveReference exact", "lmms", Told),
    ]
}

/// The loop that all rivals share.
#[inline(always)]
fn sum(calls: u64, mut call: impl FnMut() -> u64) -> u64 {
    (0..calls).fold(0, |sum, _| sum.wrapping_add(call()))
}

fn twice(calls: u64, work: fn(u64) -> u64) -> u64 {
    at_once(2, |_| work(calls)).into_iter().fold(0, u64::wrapping_add)
}

fn main() {
    fill();
    let contests = [
        invocations::<0>("an invocation that touches no slot"),
        invocations::<1>("an invocation that touches 1 slot"),
        invocations::<3>("an invocation that touches 3 slots"),
        invocations::<8>("an invocation that touches 8 slots"),
        accesses("access inside an invocation"),
    ];
    contest::run(contests.into_iter().chain(two_threads()));
}
