//! A typed call inside an invocation, against what else leads to a value that is made when first needed.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::{Arc, LazyLock};

use arc_swap::{ArcSwap, Cache};
use lmms::Invocation;
use lmms_benches::contest::{self, Contest};
use lmms_benches::table::Target::{AtLeast, AtMost, Told};

pub struct Sums {
    terms: [u64; 8],
}

#[lmms::interface]
impl Sums {
    #[load]
    fn load() -> Self {
        Self { terms: std::array::from_fn(|index| 0x9e37_79b9_7f4a_7c15_u64.rotate_left(index as u32)) }
    }

    /// As small as an operation can be, so that what leads to it shows.
    #[operation]
    #[inline(never)]
    pub fn add(&self, x: u64) -> u64 {
        self.add_inline(x)
    }

    #[inline(always)]
    fn add_inline(&self, x: u64) -> u64 {
        self.terms[x as usize % 8].wrapping_add(x)
    }
}

static LAZY: LazyLock<Sums> = LazyLock::new(Sums::load);
static CELL: once_cell::sync::OnceCell<Sums> = once_cell::sync::OnceCell::new();

/// The places from which all rivals but the statics take the instance.
struct Places {
    direct: Sums,
    swap: ArcSwap<Sums>,
    lock: parking_lot::RwLock<Option<Arc<Sums>>>,
    std_lock: std::sync::RwLock<Option<Arc<Sums>>>,
    invocation: Invocation,
}

impl Places {
    fn new() -> Self {
        Self {
            direct: Sums::load(),
            swap: ArcSwap::from_pointee(Sums::load()),
            lock: parking_lot::RwLock::new(Some(Arc::new(Sums::load()))),
            std_lock: std::sync::RwLock::new(Some(Arc::new(Sums::load()))),
            invocation: Invocation::enter(),
        }
    }

    /// All ways to the instance, each with `add` at its end.
    fn contest<'a>(
        &'a self,
        title: &'static str,
        method: &'static str,
        add: impl Fn(&Sums, u64) -> u64 + Copy + 'a,
    ) -> Contest<'a> {
        let Self { direct, swap, lock, std_lock, invocation } = self;
        let mut cache = Cache::new(swap);
        Contest::new(title, method)
            .rival("direct", move |calls| sum(calls, |x| add(black_box(direct), x)))
            .rival("LazyLock", move |calls| sum(calls, |x| add(&LAZY, x)))
            .rival("OnceCell", move |calls| sum(calls, |x| add(CELL.get_or_init(Sums::load), x)))
            .rival("lmms", move |calls| sum(calls, |x| add(invocation.get().expect("it loads"), x)))
            .rival("ArcSwap::load", move |calls| sum(calls, |x| add(&swap.load(), x)))
            .rival("arc_swap::Cache", move |calls| sum(calls, |x| add(cache.load(), x)))
            .rival("RwLock<Option<Arc>>, parking_lot", move |calls| {
                sum(calls, |x| add(&lock.read().clone().expect("it is there"), x))
            })
            .rival("RwLock<Option<Arc>>, std", move |calls| {
                sum(calls, |x| add(&std_lock.read().expect("no panic").clone().expect("it is there"), x))
            })
    }
}

/// The loop that all rivals share.
#[inline(always)]
fn sum(calls: u64, mut add: impl FnMut(u64) -> u64) -> u64 {
    (0..calls).fold(0, |sum, x| sum.wrapping_add(add(black_box(x))))
}

fn main() {
    let places = Places::new();
    let call = places.contest(
        "typed call",
        "access and call of one operation, not inlined, in a loop; lmms inside one invocation",
        Sums::add,
    );
    let access = places.contest(
        "typed access",
        "the same with the operation inlined, so that the access is most of what is left",
        Sums::add_inline,
    );
    contest::run([
        call.claim("lmms", "LazyLock", AtMost(1.3))
            .claim("ArcSwap::load", "lmms", AtLeast(5.0))
            .claim("lmms", "OnceCell", Told)
            .claim("RwLock<Option<Arc>>, parking_lot", "lmms", Told)
            .claim("RwLock<Option<Arc>>, std", "lmms", Told),
        access.claim("lmms", "LazyLock", Told).claim("ArcSwap::load", "lmms", Told),
    ]);
}
