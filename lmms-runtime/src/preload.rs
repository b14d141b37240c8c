//! Preload: what is loaded before the first request, all at once.
//!
//! Sync loads run on threads of their own, async ones in the future that asks for them all, which never holds up its
//! executor. **Invariant.** Each load has an invocation of its own, which ends with it: nothing stays held, and what needs
//! something that is just being loaded waits for it as anybody does. Dropping the future gives up its async loads and those
//! not begun; sync ones under way end by themselves, and fill their slots.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use parking_lot::{Condvar, Mutex};

use crate::budget::{self, Room};
use crate::clock;
use crate::config::Preload;
use crate::cycle::Node;
use crate::gateway::{Gateway, StartError};
use crate::history::Starting;
use crate::invocation::Invocation;
use crate::load_error::LoadError;
use crate::memory::{self, AtOnce};
use crate::panics;
use crate::registry::{Entry, Registry};
use crate::step::{BoxFuture, settle, settle_here};
use crate::wording::nearest;

impl Gateway {
    /// Loads what is to be loaded before the first request, concurrently: what [`Config::preload`](crate::Config::preload)
    /// says, or with `LAZY_LOADING_ENABLED=false` everything.
    ///
    /// Sync loads run on threads of their own, async ones in this future; it needs no runtime of its own and does not hold up
    /// the thread that polls it. What is preloaded counts as used when all of it is loaded, and is unloaded as anything else.
    /// What fails to preload is reported on standard error; the first request that needs it tries again. So is what does not
    /// fit into the memory budget, beside what was preloaded before it in the order of names.
    ///
    /// Dropping the future cancels what it can: async loads, and those that have not begun.
    ///
    /// # Errors
    /// With `LAZY_LOADING_ENABLED=false`: of the loads that failed, the first by name, when all are over.
    pub async fn start(&self) -> Result<(), StartError> {
        let config = self.config();
        let is_eager = !config.lazy_loading();
        let preload = if is_eager { &Preload::All } else { config.preload() };
        let chosen = chosen(self.registry, preload);
        if chosen.is_empty() {
            return Ok(());
        }
        let _starting = Starting::begin();
        // In a box, so that the usual future is not as large as the one for this.
        let preloaded = Box::pin(load_all(chosen)).await;
        if !is_eager {
            preloaded.report();
            return Ok(());
        }
        preloaded.failures.into_iter().next().map_or(Ok(()), |failure| Err(failure.into()))
    }
}

/// Refuses names that no interface has.
pub(crate) fn check(registry: &'static Registry, preload: &Preload) -> Result<(), StartError> {
    let Preload::Only(names) = preload else { return Ok(()) };
    match names.iter().find(|name| registry.find(name).is_none()) {
        Some(name) => Err(StartError::UnknownPreload {
            name: name.clone(),
            nearest: nearest(name, registry.iter().map(|entry| entry.descriptor.name)),
        }),
        None => Ok(()),
    }
}

/// In the order of their names.
fn chosen(registry: &'static Registry, preload: &Preload) -> Vec<&'static Entry> {
    let is_chosen = |entry: &&Entry| match preload {
        Preload::Declared => entry.descriptor.options.preload,
        Preload::None => false,
        Preload::All => true,
        Preload::Only(names) => names.iter().any(|name| name == entry.descriptor.name),
    };
    registry.iter().filter(is_chosen).collect()
}

/// What loads at once came to.
#[derive(Default)]
pub(crate) struct Preloaded {
    /// In the order in which the interfaces were given.
    pub(crate) failures: Vec<LoadError>,
    /// What would not have fitted into the memory budget, and the budget.
    left: Vec<&'static str>,
    budget: u64,
}

impl Preloaded {
    /// For those that are loaded when they are first needed instead.
    pub(crate) fn report(&self) {
        for failure in &self.failures {
            eprintln!("lmms: {failure}; the first request that needs it tries again");
        }
        if !self.left.is_empty() {
            let names = self.left.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
            let mib = self.budget.div_ceil(1 << 20);
            eprintln!("lmms: not preloaded, for want of room in the memory budget of {mib} MiB: {names}");
        }
    }
}

/// Loads all of these.
pub(crate) async fn load_all(entries: Vec<&'static Entry>) -> Preloaded {
    let mut loading = Loading::of(&entries);
    poll_fn(|context| loading.poll(context)).await;
    let Loading { mut failures, left, budget, .. } = loading;
    failures.sort_by_key(|(index, _)| *index);
    let now = clock::now();
    for entry in entries {
        (entry.descriptor.slot)().header.touch(now);
    }
    Preloaded { failures: failures.into_iter().map(|(_, failure)| failure).collect(), left, budget }
}

type Outcome = Result<(), LoadError>;

/// One load that may begin.
struct Job {
    index: usize,
    entry: &'static Entry,
    /// Kept free for it until it is over.
    room: Option<Room>,
}

impl Job {
    /// On this thread.
    fn run(self) -> (usize, Outcome) {
        let load = self.entry.descriptor.load;
        let _at_once = AtOnce::begin();
        // A panic of the user's is an outcome already; one of ours must not be waited for for ever.
        let outcome = panics::catch(|| {
            let invocation = Invocation::enter();
            settle_here(|| load(&invocation))
        });
        let outcome = outcome.unwrap_or_else(|message| Err(LoadError::panicked(self.entry.descriptor.name, message)));
        drop(self.room);
        (self.index, outcome)
    }

    async fn run_async(self) -> (usize, Outcome) {
        let load = self.entry.descriptor.load;
        let _at_once = AtOnce::begin();
        let outcome = {
            let invocation = Invocation::enter();
            settle(|| load(&invocation)).await
        };
        drop(self.room);
        (self.index, outcome)
    }
}

/// Loads under way, and those that wait for room.
struct Loading {
    waiting: VecDeque<(usize, &'static Entry)>,
    crew: Crew,
    futures: Vec<BoxFuture<'static, (usize, Outcome)>>,
    under_way: usize,
    failures: Vec<(usize, LoadError)>,
    left: Vec<&'static str>,
    budget: u64,
}

impl Loading {
    fn of(entries: &[&'static Entry]) -> Self {
        let sync = entries.iter().filter(|entry| entry.descriptor.options.is_blocking).count();
        Self {
            waiting: entries.iter().copied().enumerate().collect(),
            crew: Crew::of(sync),
            futures: Vec::new(),
            under_way: 0,
            failures: Vec::new(),
            left: Vec::new(),
            budget: 0,
        }
    }

    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // First, so that what ends from here on wakes.
        self.crew.wake_by(context.waker());
        // What ends makes room for others, which want a first poll.
        while self.admit() | self.proceed(context) {}
        if self.under_way == 0 { Poll::Ready(()) } else { Poll::Pending }
    }

    /// Begins what there is room for, strictly in order, so that what is left is no matter of luck. Whether any was there.
    fn admit(&mut self) -> bool {
        let mut any = false;
        while let Some((index, entry)) = self.waiting.front().copied() {
            let room = match reserve(entry) {
                Ok(room) => room,
                // What is under way may need less than was thought.
                Err(_) if self.under_way > 0 => break,
                // So may what loads before it have left over.
                Err(_) if memory::tidy() => continue,
                Err(budget) => {
                    self.budget = budget;
                    self.left.push(entry.descriptor.name);
                    self.waiting.pop_front();
                    continue;
                }
            };
            self.waiting.pop_front();
            self.under_way += 1;
            any = true;
            let job = Job { index, entry, room };
            match entry.descriptor.options.is_blocking {
                true => self.crew.give(job),
                false => self.futures.push(Box::pin(job.run_async())),
            }
        }
        any
    }

    /// Whether any ended.
    fn proceed(&mut self, context: &mut Context<'_>) -> bool {
        let mut over = self.crew.take_over();
        // All of them: there are few, and few wakes.
        self.futures.retain_mut(|future| match future.as_mut().poll(context) {
            Poll::Ready(outcome) => {
                over.push(outcome);
                false
            }
            Poll::Pending => true,
        });
        self.under_way -= over.len();
        let any = !over.is_empty();
        self.failures.extend(over.into_iter().filter_map(|(index, outcome)| Some((index, outcome.err()?))));
        any
    }
}

/// Room for a load of it, if others need not go for that.
///
/// # Errors
/// The budget, in bytes.
fn reserve(entry: &'static Entry) -> Result<Option<Room>, u64> {
    let descriptor = &entry.descriptor;
    if descriptor.status().resident {
        return Ok(None);
    }
    let slot = (descriptor.slot)();
    budget::reserve(Node::new(descriptor.name, slot), slot.ledger, descriptor.options.memory_mb)
}

/// In bytes, as usual for the main thread; pages that nobody touches cost nothing.
const STACK: usize = 8 << 20;

/// The threads of sync loads: as many as there are processors, but two at least, for what waits for the network.
struct Crew {
    shared: Arc<Shared>,
    threads: usize,
}

#[derive(Default)]
struct Shared {
    orders: Mutex<Orders>,
    given: Condvar,
}

#[derive(Default)]
struct Orders {
    jobs: VecDeque<Job>,
    over: Vec<(usize, Outcome)>,
    waker: Option<Waker>,
    is_dismissed: bool,
}

impl Crew {
    fn of(jobs: usize) -> Self {
        let shared = Arc::new(Shared::default());
        let most = thread::available_parallelism().map_or(1, usize::from).max(2).min(jobs);
        let spawn = |_: &usize| {
            let shared = Arc::clone(&shared);
            let context = RuntimeContext::current();
            let work = move || context.within(|| shared.work());
            // A load must not overflow here what would hold it on the main thread.
            thread::Builder::new().name("lmms-preload".to_owned()).stack_size(STACK).spawn(work).is_ok()
        };
        let threads = (0..most).take_while(spawn).count();
        Self { shared, threads }
    }

    fn wake_by(&self, waker: &Waker) {
        self.shared.orders.lock().waker = Some(waker.clone());
    }

    fn give(&self, job: Job) {
        if self.threads == 0 {
            // The system gives no thread: better here than not at all.
            let outcome = job.run();
            self.shared.orders.lock().over.push(outcome);
            return;
        }
        self.shared.orders.lock().jobs.push_back(job);
        self.shared.given.notify_one();
    }

    fn take_over(&self) -> Vec<(usize, Outcome)> {
        std::mem::take(&mut self.shared.orders.lock().over)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        let orders = {
            let mut orders = self.shared.orders.lock();
            std::mem::replace(&mut *orders, Orders { is_dismissed: true, ..Orders::default() })
        };
        self.shared.given.notify_all();
        // Not under the lock: they hold room, and a waker is the executor's.
        drop(orders);
    }
}

impl Shared {
    fn work(&self) {
        while let Some(job) = self.next() {
            let outcome = job.run();
            let waker = {
                let mut orders = self.orders.lock();
                orders.over.push(outcome);
                orders.waker.clone()
            };
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut orders = self.orders.lock();
        loop {
            if orders.is_dismissed {
                return None;
            }
            match orders.jobs.pop_front() {
                Some(job) => return Some(job),
                None => self.given.wait(&mut orders),
            }
        }
    }
}

/// The runtime in whose context loads are started: a sync one may spawn tasks, or open a client that does.
#[derive(Clone)]
struct RuntimeContext {
    #[cfg(feature = "lambda")]
    handle: Option<tokio::runtime::Handle>,
}

impl RuntimeContext {
    fn current() -> Self {
        Self {
            #[cfg(feature = "lambda")]
            handle: tokio::runtime::Handle::try_current().ok(),
        }
    }

    fn within(self, work: impl FnOnce()) {
        #[cfg(feature = "lambda")]
        let _entered = self.handle.as_ref().map(tokio::runtime::Handle::enter);
        work();
    }
}
