//! Budget: room is made before a load that would not fit.
//!
//! **Invariant.** Grace period and floor yield to the budget, heat yields last, and what is pinned, in use or depended on
//! never does. If it cannot fit even so, the load goes ahead: an answer that might be killed beats none.

use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;

use crate::cache;
use crate::clock::{self, Moment};
use crate::cycle::{Need, Node};
use crate::memory::Reclaim;
use crate::metrics;
use crate::os;
use crate::residents::{Choice, Departure, Measures, take_chosen};

/// The budget of the process, and how the gateway that set it judges what may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// What the process may hold, in bytes.
    pub(crate) bytes: u64,
    pub(crate) measures: Measures,
}

static BUDGET: Mutex<Option<Budget>> = Mutex::new(None);

/// What loads under way are expected to need, in bytes.
static RESERVED: AtomicU64 = AtomicU64::new(0);

/// Sets the budget of the process: it has one memory, however many gateways.
pub(crate) fn set(budget: Option<Budget>) {
    *BUDGET.lock() = budget;
}

pub(crate) fn get() -> Option<Budget> {
    *BUDGET.lock()
}

impl Budget {
    /// By how many bytes the process is over it, if it grows by `more`.
    pub(crate) fn shortage(&self, more: u64) -> Option<u64> {
        // Relaxed: a load that starts at this very moment makes its own room.
        let expected = os::memory().resident.saturating_add(RESERVED.load(Ordering::Relaxed)).saturating_add(more);
        expected.checked_sub(self.bytes).filter(|over| *over > 0)
    }

    /// Of a load of which nothing is known. Too much costs others a reload once, too little may cost the container.
    fn guess(&self) -> u64 {
        self.bytes / 4
    }

    /// Takes out the one that goes first when memory is short. None if none may go.
    pub(crate) fn next_to_go(&self, now: Moment, blocking: bool) -> Option<Departure> {
        take_chosen(|residents| {
            let may_go = residents
                .iter()
                .enumerate()
                .filter(|(_, resident)| resident.options.is_blocking || !blocking)
                .map(|(index, resident)| (index, resident.facts(now, &self.measures)))
                .filter(|(_, facts)| facts.reason_to_stay_under_pressure().is_none());
            let (index, _) = may_go.min_by(|(_, a), (_, b)| a.goes_before(b))?;
            // However lately it was used.
            Some(Choice { index, idle_since: None })
        })
    }
}

/// What is known of what a load needs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// Declared, in MiB.
    pub(crate) declared: Option<u32>,
    /// Seen at the last load, in bytes; nought if there was none.
    pub(crate) seen: u64,
}

/// Room that is kept free for a load, until it is over.
#[derive(Debug)]
pub(crate) struct Room(u64);

impl Room {
    fn reserve(bytes: u64) -> Self {
        RESERVED.fetch_add(bytes, Ordering::Relaxed);
        Self(bytes)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        RESERVED.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// Unloads others until a load of `node` fits into the budget, if there is one and they may go. A blocking load passes over
/// those whose hooks are async.
pub(crate) async fn make_room(node: Node, expected: Expected, blocking: bool) -> Option<Room> {
    let budget = get()?;
    let declared = u64::from(expected.declared.unwrap_or(0)) << 20;
    let needed = match expected.seen.max(declared) {
        0 => budget.guess(),
        needed => needed,
    };
    if budget.shortage(needed).is_some() {
        // In a box, so that the usual load's future is not as large as this one.
        Box::pin(unload_others(node, budget, needed, blocking)).await;
    }
    Some(Room::reserve(needed))
}

async fn unload_others(node: Node, budget: Budget, needed: u64, blocking: bool) {
    cache::expire(clock::now());
    while let Some(short) = budget.shortage(needed) {
        let Some(departure) = budget.next_to_go(clock::now(), blocking) else {
            warn(node, &budget, needed, short);
            return;
        };
        // An unload hook that asks for the interface whose load waits for it would wait for ever: now it is a cycle.
        let need = Need::new(Some(node), departure.node);
        let reclaim = Reclaim::start();
        if let Some(error) = departure.see_through().await {
            eprintln!("lmms: {error}");
        }
        metrics::reclaimed(reclaim.end());
        drop(need);
    }
}

fn warn(node: Node, budget: &Budget, needed: u64, short: u64) {
    metrics::over_budget();
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    eprintln!(
        "lmms: `{}` is expected to need {} MiB to load, {} MiB more than the budget of {} MiB leaves, and nothing else may \
         be unloaded: it loads all the same",
        node.name,
        mib(needed),
        mib(short),
        mib(budget.bytes),
    );
}
