//! The model: what a function is, as far as its cold starts, its memory and its bill go, and what becomes of it under traffic.
//!
//! Virtual time alone, no processes: a discrete-event simulation. **Invariant.** Pure: the same model, traffic and seed give the same
//! outcome. Each request is answered by one container, which has no other at that time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::time::Duration;

use hdrhistogram::Histogram;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::container::Container;
use super::traffic::{DAY, Request, Requests, Traffic};
use crate::bill;

/// A second, in nanoseconds: what all times of the model are in.
pub const SECOND: u64 = 1_000_000_000;

/// A function. Each list of times is what was measured, one of which is drawn each time; an empty one takes no time.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// INIT.
    pub init: Vec<u64>,
    /// What a container holds when it is ready, in bytes.
    pub base: f64,
    /// What a request holds on top of all while it runs, in bytes: for the peak.
    pub scratch: f64,
    /// What is loaded when first needed.
    pub interfaces: Vec<Part>,
    /// What can be asked.
    pub operations: Vec<Calls>,
    /// What it does with what is loaded.
    pub keeping: Keeping,
    /// What a container may hold, in bytes: what was used least recently goes before a load that would exceed it.
    pub budget: Option<f64>,
    /// The share of the requests that the cache of results answers, of those whose operation was asked in the same container before.
    pub hit_rate: f64,
    /// What a request takes, times this: of processor time that is shorter than a whole core. INIT is not.
    pub slower: f64,
}

/// An interface.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Part {
    /// What it holds while it is loaded.
    pub bytes: f64,
    /// What of that its unload leaves behind, for its next load to use.
    pub left: f64,
    /// How long an unload takes, after the answer.
    pub unload: u64,
}

/// The times of an operation's calls.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calls {
    /// The place of its interface.
    pub interface: usize,
    /// Where the interface is not loaded.
    pub first: Vec<u64>,
    /// Where it is.
    pub again: Vec<u64>,
    /// From the cache of results.
    pub hit: Vec<u64>,
}

/// What a function does with what is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// All is loaded in INIT, and is in [`Model::base`].
    AtStart,
    /// Loaded when first needed, and kept.
    Forever,
    /// Loaded when first needed, unloaded at the end of an invocation when idle.
    Idle {
        /// For so long.
        grace: u64,
        /// So many stay loaded.
        floor: usize,
        /// What was called often of late stays loaded.
        heat: Option<Heat>,
    },
}

/// What was called often of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heat {
    /// More calls than that.
    pub threshold: u32,
    /// After so long half of the calls are forgotten.
    pub half_life: u64,
}

/// What a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    First,
    Again,
    Hit,
}

/// Containers as Lambda keeps them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Containers {
    /// An idle one is ended after so long.
    pub idle: u64,
    /// One that is older is ended with its request.
    pub lifetime: u64,
}

impl Default for Containers {
    /// Ten minutes, four hours.
    fn default() -> Self {
        Self { idle: 600 * SECOND, lifetime: 4 * 3_600 * SECOND }
    }
}

impl Model {
    /// Of these interfaces and operations; all else is nothing.
    #[must_use]
    pub fn new(interfaces: Vec<Part>, operations: Vec<Calls>, keeping: Keeping) -> Self {
        let (init, base, scratch, budget, hit_rate, slower) = (Vec::new(), 0.0, 0.0, None, 0.0, 1.0);
        Self { init, base, scratch, interfaces, operations, keeping, budget, hit_rate, slower }
    }

    /// The operations of each interface.
    pub(super) fn by_interface(&self) -> Vec<Vec<usize>> {
        let mut by_interface = vec![Vec::new(); self.interfaces.len()];
        for (place, calls) in self.operations.iter().enumerate() {
            by_interface[calls.interface].push(place);
        }
        by_interface
    }

    fn time(&self, operation: usize, work: Work, pick: f64) -> u64 {
        let calls = &self.operations[operation];
        let times = match work {
            Work::First => &calls.first,
            Work::Again => &calls.again,
            Work::Hit => &calls.hit,
        };
        (one(times, pick) as f64 * self.slower) as u64
    }
}

fn one(times: &[u64], pick: f64) -> u64 {
    times.get((pick * times.len() as f64) as usize).copied().unwrap_or(0)
}

/// What became of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// How long, in days.
    pub days: f64,
    /// Requests that arrived.
    pub requests: u64,
    /// Requests that were answered.
    pub answered: u64,
    /// Of these, the ones for which a container was started.
    pub cold: u64,
    /// Containers that were ended for idling, or for their age, by the end.
    pub ended: u64,
    /// Containers at once, on average.
    pub containers: f64,
    /// Containers at once, at most.
    pub peak_containers: usize,
    /// Containers that ran something, on average.
    pub busy: f64,
    /// What a container holds on average over its life, in bytes.
    pub bytes: f64,
    /// The most that one held.
    pub peak_bytes: f64,
    /// Loads after INIT.
    pub loads: u64,
    /// Unloads.
    pub unloads: u64,
    /// All that is billed, in milliseconds.
    pub billed_ms: u64,
    /// Until the answer, INIT included, in microseconds.
    pub latencies: Histogram<u64>,
}

impl Outcome {
    /// The time that so many per cent of the requests did not exceed, in milliseconds.
    #[must_use]
    pub fn percentile(&self, percent: f64) -> f64 {
        self.latencies.value_at_percentile(percent) as f64 / 1e3
    }

    /// The share of the requests that met a cold start.
    #[must_use]
    pub fn cold_share(&self) -> f64 {
        self.cold as f64 / self.answered.max(1) as f64
    }

    /// The smallest memory setting that it fits, in MB, if any.
    #[must_use]
    pub fn setting(&self) -> Option<u32> {
        bill::memory_setting(self.peak_bytes as u64, bill::MARGIN)
    }

    /// GB-seconds a day at that memory setting.
    #[must_use]
    pub fn gb_seconds(&self, setting: u32) -> f64 {
        bill::gb_seconds(self.billed_ms, setting) / self.days
    }

    /// USD a day at that memory setting, without the free tier.
    #[must_use]
    pub fn usd(&self, setting: u32) -> f64 {
        bill::price_usd(self.gb_seconds(setting) * self.days, self.answered) / self.days
    }
}

/// Traffic on a function.
///
/// ```
/// use lmms_bench::scale::{Calls, Containers, Keeping, Model, Part, SECOND, Traffic, simulate};
///
/// let call = Calls { first: vec![SECOND / 10], again: vec![SECOND / 1_000], ..Calls::default() };
/// let model = Model::new(vec![Part::default()], vec![call], Keeping::Forever);
/// let outcome = simulate(&model, &Traffic::day(10_000.0), &Containers::default(), 7);
/// assert_eq!(outcome.requests, outcome.answered);
/// assert_eq!(outcome.percentile(50.0), 1.0);
/// ```
///
/// # Panics
/// If an operation of the model names an interface that it does not have.
#[must_use]
pub fn simulate(model: &Model, traffic: &Traffic, containers: &Containers, seed: u64) -> Outcome {
    let mut root = Pcg64::seed_from_u64(seed);
    let interfaces: Vec<_> = model.operations.iter().map(|calls| calls.interface).collect();
    let requests = Requests::of(traffic, &interfaces, &mut root);
    let mut fleet = Fleet::of(model, traffic.length, *containers, &mut root);
    for request in requests {
        fleet.serve(request);
    }
    fleet.close()
}

/// What containers go by.
pub(super) struct Plan<'a> {
    pub(super) model: &'a Model,
    /// The operations of each interface.
    pub(super) by_interface: Vec<Vec<usize>>,
    /// Of the simulated time: what comes later does not count.
    pub(super) end: u64,
}

/// The containers at one moment.
struct Fleet<'a> {
    plan: Plan<'a>,
    rules: Containers,
    /// Busy until when, and which.
    busy: BinaryHeap<Reverse<(u64, usize)>>,
    /// The one that is idle for the longest first. Containers become idle in the order of time, so that it stays sorted.
    idle: VecDeque<usize>,
    all: Vec<Option<Container>>,
    /// Places of those that have ended.
    vacant: Vec<usize>,
    lives: f64,
    byte_seconds: f64,
    busy_nanos: f64,
    starts: Pcg64,
    draws: Pcg64,
    outcome: Outcome,
}

impl<'a> Fleet<'a> {
    fn of(model: &'a Model, end: u64, rules: Containers, seed: &mut Pcg64) -> Self {
        let [starts, draws] = [(); 2].map(|()| Pcg64::from_rng(seed));
        // Microseconds up to an hour, three digits of them: well within what a histogram may be.
        let latencies = Histogram::new_with_max(3_600_000_000, 3).unwrap_or_else(|_| unreachable!("it may be so"));
        let outcome = Outcome {
            days: end as f64 / DAY as f64,
            requests: 0,
            answered: 0,
            cold: 0,
            ended: 0,
            containers: 0.0,
            peak_containers: 0,
            busy: 0.0,
            bytes: 0.0,
            peak_bytes: model.base,
            loads: 0,
            unloads: 0,
            billed_ms: 0,
            latencies,
        };
        let (busy, idle, all, vacant) = (BinaryHeap::new(), VecDeque::new(), Vec::new(), Vec::new());
        let (lives, byte_seconds, busy_nanos) = (0.0, 0.0, 0.0);
        let plan = Plan { model, by_interface: model.by_interface(), end };
        Self { plan, rules, busy, idle, all, vacant, lives, byte_seconds, busy_nanos, starts, draws, outcome }
    }

    fn serve(&mut self, Request { at, operation }: Request) {
        self.outcome.requests += 1;
        self.proceed(at);
        let (place, init) = match self.idle.pop_back() {
            Some(place) => (place, None),
            None => (self.start(at), Some(one(&self.plan.model.init, self.starts.random()))),
        };
        // As many draws for each request whatever it takes, so that all functions see the same luck.
        let [luck, pick] = [(); 2].map(|()| self.draws.random::<f64>());
        let Some(container) = &mut self.all[place] else { unreachable!("an idle container is there") };
        let begin = at + init.unwrap_or(0);
        let done = container.take(operation, luck < self.plan.model.hit_rate, begin, &self.plan);
        let room = (done.room as f64 * self.plan.model.slower) as u64;
        let answered = begin + room + self.plan.model.time(operation, done.work, pick);
        let peak = container.bytes + self.plan.model.scratch;
        let (after, unloads) = container.end_of_invocation(operation, answered, &self.plan);
        let free = answered + (after as f64 * self.plan.model.slower) as u64;
        container.idle_since = free;
        self.busy.push(Reverse((free, place)));
        self.busy_nanos += (free.min(self.plan.end) - at) as f64;

        let outcome = &mut self.outcome;
        outcome.answered += 1;
        outcome.cold += u64::from(init.is_some());
        outcome.loads += u64::from(done.loads);
        outcome.unloads += done.unloads + unloads;
        outcome.peak_bytes = outcome.peak_bytes.max(peak);
        outcome.billed_ms += bill::billed_ms(init.map(Duration::from_nanos), Duration::from_nanos(free - begin));
        outcome.latencies.saturating_record((answered - at).div_ceil(1_000));
    }

    /// All that happens up to `now`.
    fn proceed(&mut self, now: u64) {
        while let Some(&Reverse((free, place))) = self.busy.peek()
            && free <= now
        {
            self.busy.pop();
            self.reap(free);
            match self.is_old(place, free) {
                true => self.end(place, free),
                false => self.idle.push_back(place),
            }
        }
        self.reap(now);
    }

    /// Ends those that idle for too long. What is old is ended at the same chance.
    fn reap(&mut self, now: u64) {
        while let Some(&place) = self.idle.front()
            && let Some(container) = &self.all[place]
        {
            let until = container.idle_since.saturating_add(self.rules.idle);
            if until > now {
                break;
            }
            self.idle.pop_front();
            self.end(place, until);
        }
    }

    fn is_old(&self, place: usize, now: u64) -> bool {
        self.all[place].as_ref().is_some_and(|container| now - container.born >= self.rules.lifetime)
    }

    fn start(&mut self, now: u64) -> usize {
        let container = Some(Container::born(now, self.plan.model));
        let place = match self.vacant.pop() {
            Some(place) => {
                self.all[place] = container;
                place
            }
            None => {
                self.all.push(container);
                self.all.len() - 1
            }
        };
        let alive = self.all.len() - self.vacant.len();
        self.outcome.peak_containers = self.outcome.peak_containers.max(alive);
        place
    }

    fn end(&mut self, place: usize, now: u64) {
        if let Some(container) = self.all[place].take() {
            self.bury(container, now);
            self.vacant.push(place);
            self.outcome.ended += 1;
        }
    }

    fn bury(&mut self, mut container: Container, now: u64) {
        container.count(now, self.plan.end);
        self.byte_seconds += container.byte_seconds;
        self.lives += now.min(self.plan.end).saturating_sub(container.born) as f64 / 1e9;
    }

    fn close(mut self) -> Outcome {
        self.proceed(self.plan.end);
        for container in std::mem::take(&mut self.all).into_iter().flatten() {
            self.bury(container, self.plan.end);
        }
        let seconds = self.plan.end as f64 / 1e9;
        let mut outcome = self.outcome;
        outcome.containers = self.lives / seconds;
        outcome.busy = self.busy_nanos / 1e9 / seconds;
        outcome.bytes = if self.lives > 0.0 { self.byte_seconds / self.lives } else { 0.0 };
        outcome
    }
}
