//! What an unload gives back: each interface in a fresh container, loaded and unloaded twice.
//!
//! The second cycle shows what unloading comes to while a function goes on: by then, what a crate keeps in statics of its
//! own is there, and an unload can do nothing about it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::play::{self, Error, GRACE, Stats};
use crate::report;
use crate::requests::{self, Request};
use lmms_local::container::{Container, Function};

/// Everything goes when it was idle for a second, and nothing for another reason.
const SETTINGS: [(&str, &str); 4] = [
    ("UNLOAD_GRACE_PERIOD", "1"),
    ("MIN_RESIDENT_MODULES", "0"),
    ("ENABLE_FAST_PATH", "false"),
    ("LMMS_MEMORY_BUDGET_MB", "0"),
];
/// Until it is due: the grace period, and more than the tick of a coarse clock.
const IDLE: Duration = Duration::from_millis(1_100);
/// What holds less is not listed.
const HEAVY: f64 = (1 << 20) as f64;
/// The share that is to come back.
pub(crate) const TARGET: f64 = 0.98;

/// What of a crate stays when its instance is dropped.
const KEPT: [(&str, &str); 2] = [
    (
        "highlight",
        "syntect::parsing::scope::SCOPE_REPO: small blocks for the names of scopes, each of which holds a page",
    ),
    (
        "segment",
        "jieba_rs::DEFAULT_DICT: 8 MiB of unpacked text in a static; and POSSEG, POSSEG_DATA when `tag` was called",
    ),
];
/// What stays of any other, and in the second cycle of these.
const KEPT_BY_ALLOCATOR: &str = match cfg!(feature = "jemalloc") {
    true => "what jemalloc keeps for itself, once: its tables for a first arena, and for threads that a load starts",
    false => {
        "freed blocks that glibc keeps for the thread hold pages; GLIBC_TUNABLES=glibc.malloc.tcache_count=0 keeps none"
    }
};

/// Loads and unloads each heavy interface twice, and prints what it added and what came back.
///
/// # Errors
/// A request that is not answered, an interface that is not unloaded, and whatever keeps the function from starting.
pub async fn returns(function: &Function) -> Result<(), Error> {
    let function = play::with(function, &SETTINGS);
    report::settings("each interface in a container of its own", &SETTINGS);
    report::returns_header();
    let (mut heavy, mut light) = (Vec::new(), Vec::new());
    for (interface, requests) in by_interface()? {
        let cycles = two_cycles(&function, &interface, &requests).await?;
        if cycles[0].anonymous.added < HEAVY {
            light.push(interface);
            continue;
        }
        if cycles.iter().any(|cycle| cycle.leaked.is_none()) {
            return Err(format!("`{interface}` was not unloaded").into());
        }
        report::returned(&interface, &cycles);
        heavy.push((interface, cycles));
    }
    report::returns_footer(&heavy, &light);
    Ok(())
}

/// The requests to one interface each, by its name.
fn by_interface() -> Result<BTreeMap<String, Vec<Request>>, Error> {
    let mut by_interface = BTreeMap::<_, Vec<_>>::new();
    for request in requests::all()? {
        // A batch has none.
        if let Some((interface, _)) = request.title.split_once('.') {
            by_interface.entry(interface.to_owned()).or_default().push(request);
        }
    }
    Ok(by_interface)
}

/// One interface was used and unloaded.
pub(crate) struct Cycle {
    /// Of what the process itself allocated.
    pub(crate) anonymous: Change,
    /// The touched pages of the program's file included. Of the second cycle alone this tells something: until the first
    /// sweep, pages count that were touched at the start and that nobody needs.
    pub(crate) resident: Change,
    /// The answer that loaded it.
    pub(crate) load: Duration,
    /// The answer after which it was unloaded.
    pub(crate) answer: Duration,
    /// How long the function was busy after that one.
    pub(crate) then: Duration,
    /// What the function says is left of it, which it knows with an allocator that keeps accounts. `None` if it is still
    /// loaded.
    pub(crate) leaked: Option<u64>,
}

/// Bytes.
pub(crate) struct Change {
    pub(crate) added: f64,
    back: f64,
}

impl Change {
    fn new(before: u64, loaded: u64, after: u64) -> Self {
        let [before, loaded, after] = [before, loaded, after].map(|bytes| bytes as f64);
        Self { added: loaded - before, back: loaded - after }
    }

    /// Of what was added, what came back.
    pub(crate) fn share(&self) -> f64 {
        self.back / self.added
    }
}

/// Why not all of an interface comes back in its first or its second cycle.
pub(crate) fn kept(interface: &str, cycle: usize) -> &'static str {
    let own = KEPT.iter().find(|(name, _)| *name == interface && cycle == 0);
    own.map_or(KEPT_BY_ALLOCATOR, |(_, kept)| kept)
}

async fn two_cycles(function: &Function, interface: &str, requests: &[Request]) -> Result<[Cycle; 2], Error> {
    let container = Container::start(function).await?;
    // What the first of all requests takes is not the interface's.
    play::stats(&container).await?;
    let cycles = [cycle(&container, interface, requests).await?, cycle(&container, interface, requests).await?];
    container.stop(GRACE).await?;
    Ok(cycles)
}

async fn cycle(container: &Container, interface: &str, requests: &[Request]) -> Result<Cycle, Error> {
    let before = container.memory()?;
    let mut load = None;
    for request in requests {
        let (_, duration) = play::answer(container, request).await?;
        load.get_or_insert(duration);
    }
    container.settled().await?;
    let loaded = container.memory()?;
    tokio::time::sleep(IDLE).await;
    let asked = Instant::now();
    let answer = container.invoke(play::STATS).await?.duration;
    container.settled().await?;
    // Not from when this process went on, which may be late.
    let then = asked.elapsed().saturating_sub(answer);
    let after = container.memory()?;
    let stats = play::stats(container).await?;
    Ok(Cycle {
        anonymous: Change::new(before.anonymous, loaded.anonymous, after.anonymous),
        resident: Change::new(before.resident, loaded.resident, after.resident),
        load: load.unwrap_or_default(),
        answer,
        then,
        leaked: leaked(&stats, interface),
    })
}

/// What is left of an interface that was unloaded.
fn leaked(stats: &Stats, interface: &str) -> Option<u64> {
    let known = stats.interfaces.iter().find(|known| known.name == interface)?;
    (!stats.resident.iter().any(|name| name == interface)).then_some(known.leaked_bytes)
}
