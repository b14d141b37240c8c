//! Budget: room is made before a load that would not fit.
//!
//! **Invariant.** Grace period and floor yield to the budget, heat yields last, and what is pinned, in use or depended on
//! never does. Loads that do not fit at once go one after the other. If one cannot fit even so, it goes ahead: an answer that
//! might be killed beats none.

use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::cache;
use crate::clock::{self, Moment};
use crate::cycle::{self, Need, Node};
use crate::departure::Departure;
use crate::heat::Judge;
use crate::ledger::Ledger;
use crate::load_error::UnloadHookError;
use crate::memory::Reclaim;
use crate::os;
use crate::policy;
use crate::residents::{Choice, Measures, residents, take_chosen};
use crate::telemetry::{Cause, journal};

/// The budget of the process, and how the gateway that set it judges what may go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// What the process may hold, in bytes.
    pub(crate) bytes: u64,
    pub(crate) measures: Measures,
    /// The gateway that set it.
    pub(crate) judge: Judge,
}

/// One goes only if it holds at least this part of what is short.
const WORTH_WHILE: u64 = 64;

/// The part of the budget that is left to what requests need beside what is loaded.
const HEADROOM: u64 = 32;

static BUDGET: Mutex<Option<Budget>> = Mutex::new(None);

/// How long a load waits for others that have begun before it. They end by themselves, unless one of them waits for this one.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is kept free for loads under way, in the order in which they began.
static ROOMS: Mutex<Vec<Kept>> = Mutex::new(Vec::new());

/// One of them is over.
static OVER: Condvar = Condvar::new();

/// What is kept free for one load, in bytes.
struct Kept {
    node: Node,
    /// Of its room.
    number: u64,
    /// It has a thread to itself until it is over.
    blocking: bool,
    bytes: u64,
    /// With what is kept free for the loads that it is part of.
    whole: u64,
}

/// Sets the budget of the process: it has one memory, however many gateways.
pub(crate) fn set(budget: Option<Budget>) {
    *BUDGET.lock() = budget;
}

/// The budget may be another gateway's, and stays as it is then.
pub(crate) fn judge_by(judge: Judge, measures: Measures) {
    if let Some(budget) = &mut *BUDGET.lock()
        && budget.judge == judge
    {
        budget.measures = measures;
    }
}

pub(crate) fn get() -> Option<Budget> {
    *BUDGET.lock()
}

impl Budget {
    /// By how many bytes the process will be over it, when the loads under way and a request have what they need.
    pub(crate) fn shortage(&self) -> Option<u64> {
        self.shortage_until(u64::MAX)
    }

    /// As [`shortage`](Self::shortage), of the loads until the one with this room: who came later waits, or makes its own.
    fn shortage_until(&self, number: u64) -> Option<u64> {
        let rooms = ROOMS.lock();
        let reserved = rooms.iter().filter(|room| room.number <= number).map(|room| room.bytes);
        let expected = reserved.fold(os::memory().resident, u64::saturating_add);
        expected.checked_sub(self.bytes - self.bytes / HEADROOM).filter(|over| *over > 0)
    }

    /// Of a load of which nothing is known. Too much costs others a reload once, too little may cost the container.
    fn guess(&self) -> u64 {
        self.bytes / 4
    }

    /// Takes out one of those that are to go for `short` bytes. None if none may go. A blocking load passes over those
    /// whose hooks are async.
    fn next_to_go(&self, now: Moment, short: u64, load: Option<For>) -> Option<Departure> {
        let blocking = load.is_some_and(|load| load.blocking);
        take_chosen(|residents| {
            let mut may_go: Vec<_> = residents
                .iter()
                .enumerate()
                .filter(|(_, resident)| resident.options.is_blocking || !blocking)
                .map(|(index, resident)| (index, resident.facts(now, &self.measures)))
                .filter(|(_, facts)| facts.reason_to_stay_under_pressure().is_none())
                .collect();
            // What holds next to nothing of what a load is short of is better kept, unless it takes just those. Where the process
            // is over its budget without a load, something grew after it was measured: it may be any.
            let is_worth_while = |bytes: u64| bytes >= short / WORTH_WHILE;
            let sum = |least: u64| {
                let bytes = may_go.iter().map(|(_, facts)| facts.bytes).filter(|bytes| *bytes >= least);
                bytes.fold(0, u64::saturating_add)
            };
            let takes_all = sum(short / WORTH_WHILE) < short && sum(0) >= short;
            if load.is_some() && !takes_all {
                may_go.retain(|(_, facts)| is_worth_while(facts.bytes));
            }
            may_go.sort_by(|(_, a), (_, b)| a.goes_before(b));
            let bytes: Vec<_> = may_go.iter().map(|(_, facts)| facts.bytes).collect();
            let (index, _) = may_go[policy::first_to_go(&bytes, short)?];
            // However lately it was used.
            Some(Choice { index, idle_since: None, even_if_needed: false })
        })
    }

    /// Unloads one after the other, `most` at most, until what is short is gone by what each is known to hold, and gives
    /// them back. Nothing is gone if there is enough without: what is free already counts for nothing.
    pub(crate) async fn unload_for(&self, most: usize, from: Option<For>) -> Gone {
        let mut gone = Gone::default();
        let reclaim = Reclaim::start();
        let short = self.shortage().unwrap_or(0);
        while gone.expected < short && gone.unloaded.len() < most {
            let now = clock::now();
            let Some(departure) = self.next_to_go(now, short - gone.expected, from) else { break };
            // An unload hook that asks for the interface whose load waits for it would wait for ever: now it is a cycle.
            let need = Need::new(from.map(|from| from.node), departure.node);
            // Each counts for something, or there would be no end.
            gone.expected += departure.parts.ledger.bytes().max(1);
            departure.parts.ledger.history.pressed();
            gone.unloaded.push(departure.node.name);
            gone.hook_errors.extend(departure.see_through(Cause::Budget).await);
            drop(need);
        }
        if !gone.unloaded.is_empty() {
            gone.bytes = reclaim.end();
            journal::reclaimed(gone.bytes);
        }
        gone
    }
}

/// The load for which others go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct For {
    node: Node,
    blocking: bool,
}

/// What went for the budget.
#[derive(Debug, Default)]
pub(crate) struct Gone {
    pub(crate) unloaded: Vec<&'static str>,
    pub(crate) hook_errors: Vec<UnloadHookError>,
    /// What they were known to hold.
    expected: u64,
    /// What the system got back.
    pub(crate) bytes: u64,
}

impl Gone {
    /// Whether more of the same may help: not where allocators keep what is dropped, or something else fills the memory.
    pub(crate) fn is_useful(&self) -> bool {
        !self.unloaded.is_empty() && self.bytes >= self.expected / 4
    }
}

/// Room that is kept free for a load, until it is over.
#[derive(Debug)]
pub(crate) struct Room {
    /// Later ones have higher numbers.
    number: u64,
}

impl Room {
    /// Keeps `needed` bytes free, and says how many of them are more than what is kept free already: what a load loads is
    /// part of what that load needs.
    fn keep(node: Node, needed: u64, blocking: bool) -> (Self, u64) {
        let mut rooms = ROOMS.lock();
        let number = rooms.last().map_or(0, |last| last.number + 1);
        let outer = cycle::loading();
        // Its own, too, if a preload has made sure of it.
        let is_for =
            |room: &&Kept| cycle::same(room.node, node) || outer.is_some_and(|outer| cycle::same(room.node, outer));
        let kept = rooms.iter().filter(is_for).map(|room| room.whole).max().unwrap_or(0);
        let bytes = needed.saturating_sub(kept);
        rooms.push(Kept { node, number, blocking, bytes, whole: kept.max(needed) });
        (Self { number }, bytes)
    }

    /// Waits on this thread until one of the loads before this one is over. False if there is none to wait for, or that takes too
    /// long.
    ///
    /// A load within another has begun when that one has, and does not wait. Nor is an async one waited for: this thread may be
    /// the one that it goes on with.
    fn wait_for_one(&self, until: Instant) -> bool {
        if cycle::loading().is_some() {
            return false;
        }
        let mut rooms = ROOMS.lock();
        let ahead = |rooms: &[Kept]| rooms.iter().filter(|room| room.number < self.number && room.blocking).count();
        let before = ahead(&rooms);
        while before > 0 && ahead(&rooms) == before {
            if OVER.wait_until(&mut rooms, until).timed_out() {
                return false;
            }
        }
        before > 0
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        ROOMS.lock().retain(|room| room.number != self.number);
        OVER.notify_all();
    }
}

/// Unloads others until a load of `node` fits into the budget, if there is one and they may go. A blocking load passes over
/// those whose hooks are async. So does one with sync hooks that is awaited: who waits for it may hold up the thread on
/// which those hooks would go on.
///
/// What it needs is what its last load did, or what it declares, in MiB, if that is more; if neither is known, a quarter of
/// the budget.
pub(crate) async fn make_room(
    node: Node,
    ledger: &'static Ledger,
    declared: Option<u32>,
    blocking: bool,
) -> Option<Room> {
    let budget = get()?;
    let known = known(ledger, declared);
    let needed = known.unwrap_or_else(|| budget.guess());
    // Before anything is looked at: of two that begin at once, one sees the other's.
    let (room, more) = Room::keep(node, needed, blocking);
    if more > 0 && budget.shortage_until(room.number).is_some() {
        // In a box, so that the usual load's future is not as large as this one.
        Box::pin(unload_others(For { node, blocking }, &room, ledger, budget, known)).await;
    }
    Some(room)
}

/// What a load needs, as far as anything is known.
fn known(ledger: &Ledger, declared: Option<u32>) -> Option<u64> {
    ledger.need().max(declared.map(|mebibytes| u64::from(mebibytes) << 20))
}

/// Keeps room for a load of `node` if there is enough without unloading others, by what [`make_room`] goes by. The load
/// itself then finds it made.
///
/// # Errors
/// If there is not: the budget, in bytes.
pub(crate) fn reserve(node: Node, ledger: &Ledger, declared: Option<u32>) -> Result<Option<Room>, u64> {
    let Some(budget) = get() else { return Ok(None) };
    let needed = known(ledger, declared).unwrap_or_else(|| budget.guess());
    // Whoever waited for it would wait for its load, not for what a preload reserves.
    let (room, _) = Room::keep(node, needed, false);
    if budget.shortage().is_none() { Ok(Some(room)) } else { Err(budget.bytes) }
}

async fn unload_others(load: For, room: &Room, ledger: &Ledger, budget: Budget, needed: Option<u64>) {
    // What is dropped may ask for the interface whose load waits for it: that is a cycle, as with an unload hook.
    cycle::within(load.node, || cache::expire(clock::now()));
    // Hooks may load others instead of those that went. So many are enough, or this might not end.
    let mut most = residents().lock().len();
    let mut until = None;
    while budget.shortage_until(room.number).is_some() {
        let gone = budget.unload_for(most, Some(load)).await;
        most -= gone.unloaded.len();
        for error in &gone.hook_errors {
            eprintln!("lmms: {error}");
        }
        if gone.is_useful() {
            continue;
        }
        // What another load needs beside what it will hold comes back when it is over, and what it has loaded may go then.
        if load.blocking && room.wait_for_one(*until.get_or_insert_with(|| Instant::now() + PATIENCE)) {
            most = residents().lock().len();
            continue;
        }
        // A guess is no reason to warn.
        if let (Some(short), Some(needed)) = (budget.shortage_until(room.number), needed) {
            journal::over_budget();
            ledger.history.over_budget(short);
            if ledger.warn_once() {
                warn(load.node, &budget, needed, short);
            }
        }
        return;
    }
}

fn warn(node: Node, budget: &Budget, needed: u64, short: u64) {
    let mib = |bytes: u64| bytes.div_ceil(1 << 20);
    eprintln!(
        "lmms: `{}` is expected to need {} MiB to load, {} MiB more than the budget of {} MiB leaves, and unloading \
         others gives no more back: it loads all the same",
        node.name,
        mib(needed),
        mib(short),
        mib(budget.bytes),
    );
}
