//! The keeper of a fleet: gives each event to a container, starts and ends containers, and writes the account.
//!
//! **Invariant.** One task decides everything, in the order in which it learns of it; what takes time is a job of its own, and as long
//! as there is one, no time is skipped.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use lmms_local::{
    answer::{Answer, Failure, MAX_EVENT, Outcome},
    container::{Container, End, Function, StartError},
    virtual_time::VirtualClock,
};
use tokio::{task::JoinSet, time};

use super::{
    ContainerAccount, Invocation, LifeEnd, Options, Progress, Replay, ReplayError, Request, RequestOutcome, Sample,
    job::{self, Done, Lines, Reading, What},
    time::Time,
};
use crate::trace::Arrival;

/// So many failed starts without a good one are not bad luck.
const HOPELESS: usize = 3;

/// See the module.
pub(super) struct Keeper<'a, P> {
    function: Function,
    arrivals: &'a [Arrival],
    options: &'a Options,
    on_progress: P,
    time: Time,
    began_ms: u64,
    jobs: JoinSet<Done>,
    /// The arrivals by their time, and the next of them.
    order: Vec<usize>,
    next: usize,
    /// Arrived, and there is no container for them yet.
    queue: VecDeque<usize>,
    /// By arrival.
    requests: Vec<Option<Request>>,
    pending: Vec<Pending>,
    containers: Vec<Kept>,
    progress: Progress,
    late: Duration,
    is_over: bool,
}

/// A request that has no end yet.
#[derive(Clone, Copy, Default)]
struct Pending {
    arrived: Duration,
    /// No container was free for it.
    waits: bool,
    queued: Duration,
    is_cold: bool,
}

/// A container, from its start to the end of its account.
struct Kept {
    account: ContainerAccount,
    lines: Lines,
    state: State,
    /// The events of it that are under way.
    busy: usize,
    /// What it does after an answer is being waited for.
    settles: bool,
    /// It was looked whether it follows the clock.
    is_known: bool,
    /// Since when it is idle: when it was used last.
    idle_since: Duration,
    /// What INIT took, until it is billed.
    init: Option<Duration>,
}

enum State {
    /// For this request, which it will take.
    Starting(usize),
    Up(Arc<Container>),
    /// Its account says why. It is stopped when nothing of it is under way.
    Ending(Arc<Container>),
    Gone,
}

impl Kept {
    /// Whether it takes another event.
    fn is_free(&self, concurrency: usize) -> bool {
        let settled = concurrency > 1 || !self.settles;
        matches!(self.state, State::Up(_)) && settled && self.busy < concurrency
    }

    fn is_idle(&self) -> bool {
        matches!(self.state, State::Up(_)) && !self.settles && self.busy == 0
    }

    fn exists(&self) -> bool {
        matches!(self.state, State::Starting(_) | State::Up(_))
    }

    fn keep_lines(&mut self) {
        self.account.lines = self.lines.take();
    }

    fn note(&mut self, at: Duration, reading: Option<Reading>) {
        let Some(Reading { memory, cpu }) = reading else { return };
        self.account.peak = self.account.peak.max(memory.peak);
        self.account.cpu = self.account.cpu.max(cpu);
        let sample = Sample { at, resident: memory.resident, anonymous: memory.anonymous };
        let as_before = self.account.samples.last().is_some_and(|last| Sample { at, ..*last } == sample);
        if !as_before {
            self.account.samples.push(sample);
        }
    }
}

impl<'a, P: FnMut(&Progress)> Keeper<'a, P> {
    pub(super) fn new(
        function: &Function,
        arrivals: &'a [Arrival],
        options: &'a Options,
        clock: Option<VirtualClock>,
        on_progress: P,
    ) -> Self {
        let function = function.clone().freezing(true).end(End::AsLambda).concurrency(options.concurrency);
        let function = match &clock {
            Some(clock) => function.clock(clock),
            None => function,
        };
        let mut order: Vec<_> = (0..arrivals.len()).collect();
        order.sort_by_key(|index| arrivals[*index].at);
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            function,
            arrivals,
            options,
            on_progress,
            time: Time::begin(clock),
            began_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
            jobs: JoinSet::new(),
            order,
            next: 0,
            queue: VecDeque::new(),
            requests: vec![None; arrivals.len()],
            pending: vec![Pending::default(); arrivals.len()],
            containers: Vec::new(),
            progress: Progress { total: arrivals.len(), ..Progress::default() },
            late: Duration::ZERO,
            is_over: false,
        }
    }

    pub(super) async fn run(mut self) -> Result<Replay, ReplayError> {
        loop {
            self.take_arrivals();
            self.reap();
            if self.jobs.is_empty() && self.is_done() {
                if self.is_over {
                    return Ok(self.account());
                }
                self.end_all();
                continue;
            }
            let due = self.due();
            if self.jobs.is_empty() {
                // Everything is at rest, or there is nothing yet.
                self.time.skip_to(due.unwrap_or_default());
            }
            let is_timed = due.is_some() || self.jobs.is_empty();
            let moment = time::Instant::from_std(self.time.moment(due.unwrap_or_default()));
            tokio::select! {
                Some(done) = self.jobs.join_next() => match done {
                    Ok(done) => self.learn(done)?,
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                },
                () = time::sleep_until(moment), if is_timed => {}
            }
        }
    }

    /// Hands over what has arrived by now.
    fn take_arrivals(&mut self) {
        while let Some(&request) = self.order.get(self.next) {
            let (at, now) = (self.arrivals[request].at, self.time.now());
            if at > now {
                return;
            }
            self.next += 1;
            self.late = self.late.max(now - at);
            self.pending[request].arrived = now;
            let bytes = self.arrivals[request].event.len();
            if bytes > MAX_EVENT {
                // Lambda itself refuses it.
                self.end_request(request, None, now, failed(&Failure::PayloadTooLarge { bytes }), None);
                continue;
            }
            self.queue.push_back(request);
            self.hand_over();
            self.pending[request].waits = self.queue.back() == Some(&request);
        }
    }

    /// Gives the queue to containers, as far as there are any, or may be.
    fn hand_over(&mut self) {
        while let Some(&request) = self.queue.front() {
            let concurrency = self.options.concurrency.max(1);
            let free = self.containers.iter().enumerate().filter(|(_, kept)| kept.is_free(concurrency));
            if let Some((index, _)) = free.max_by_key(|(_, kept)| kept.idle_since) {
                self.invoke(index, request);
            } else if self.containers.iter().filter(|kept| kept.exists()).count() < self.options.max_containers.max(1) {
                self.start(request);
            } else {
                return;
            }
            self.queue.pop_front();
            let now = self.time.now();
            let pending = &mut self.pending[request];
            if pending.waits {
                pending.queued = now.saturating_sub(pending.arrived);
            }
        }
    }

    fn start(&mut self, request: usize) {
        let index = self.containers.len();
        let lines = Lines::default();
        let function = if self.options.keep_lines {
            let lines = lines.clone();
            self.function.clone().log(move |line| lines.push(line))
        } else {
            self.function.clone().log(|_| ())
        };
        let spawned = self.time.now();
        let account = ContainerAccount {
            index,
            spawned,
            init: Duration::ZERO,
            invocations: Vec::new(),
            samples: Vec::new(),
            peak: 0,
            cpu: Duration::ZERO,
            init_cpu: Duration::ZERO,
            lines: Vec::new(),
            ended: spawned,
            end: LifeEnd::Kept,
        };
        let state = State::Starting(request);
        let kept =
            Kept { account, lines, state, busy: 0, settles: false, is_known: false, idle_since: spawned, init: None };
        self.containers.push(kept);
        self.pending[request].is_cold = true;
        self.progress.started += 1;
        self.jobs.spawn(job::start(index, function));
    }

    fn invoke(&mut self, index: usize, request: usize) {
        let kept = &mut self.containers[index];
        if let State::Up(container) = &kept.state {
            kept.busy += 1;
            let event = self.arrivals[request].event.clone();
            self.jobs.spawn(job::invoke(index, Arc::clone(container), request, event));
        }
    }

    fn learn(&mut self, Done { index, what }: Done) -> Result<(), ReplayError> {
        match what {
            What::Started { container, reading } => self.started(index, container, reading)?,
            What::Invoked { request, sent, ended, answer } => self.invoked(index, request, (sent, ended), answer),
            What::Rested { at, reading, follows } => self.rested(index, at, reading, follows),
            What::Stopped => self.containers[index].keep_lines(),
        }
        self.hand_over();
        Ok(())
    }

    fn started(
        &mut self,
        index: usize,
        container: Result<Arc<Container>, StartError>,
        reading: Option<Reading>,
    ) -> Result<(), ReplayError> {
        let now = self.time.now();
        let kept = &mut self.containers[index];
        let State::Starting(request) = kept.state else { return Ok(()) };
        match container {
            Ok(container) => {
                kept.account.init = container.init_duration();
                kept.init = Some(kept.account.init);
                kept.note(now, reading);
                kept.account.init_cpu = kept.account.cpu;
                kept.state = State::Up(container);
                self.invoke(index, request);
            }
            Err(error) => {
                kept.account.init = now.saturating_sub(kept.account.spawned);
                kept.keep_lines();
                kept.account.ended = now;
                kept.account.end = LifeEnd::NotStarted(error.to_string());
                kept.state = State::Gone;
                let never = |kept: &Kept| matches!(kept.account.end, LifeEnd::NotStarted(_));
                if self.containers.len() >= HOPELESS && self.containers.iter().all(never) {
                    return Err(ReplayError::Start(error));
                }
                let outcome = match &error {
                    StartError::Init(failure) => failed(failure),
                    _ => RequestOutcome::Failed { code: "init_failed", message: error.to_string() },
                };
                self.end_request(request, Some(index), now, outcome, None);
            }
        }
        Ok(())
    }

    fn invoked(&mut self, index: usize, request: usize, when: (Instant, Instant), answer: Result<Answer, Failure>) {
        let ended = self.time.at(when.1);
        let kept = &mut self.containers[index];
        kept.busy -= 1;
        let init = kept.init.take();
        // Until it is at rest, this is all that is known of how long it takes.
        let begun = answer.as_ref().map_or(when.0, |answer| answer.delivered);
        let answered = answer.as_ref().map_or(when.1.saturating_duration_since(when.0), |answer| answer.duration);
        let at = self.time.at(begun);
        kept.account.invocations.push(Invocation { request, at, answered, duration: answered, init });
        let (outcome, payload) = match answer {
            Ok(answer) => {
                let payload = self.options.keep_answers.then(|| answer.payload.to_vec());
                match answer.outcome {
                    Outcome::Ok => (RequestOutcome::Ok, payload),
                    Outcome::FunctionError { error_type } => (RequestOutcome::FunctionError { error_type }, payload),
                }
            }
            Err(failure) => {
                self.end_life(index, ended, LifeEnd::Failed(failure.to_string()));
                (failed(&failure), None)
            }
        };
        self.end_request(request, Some(index), ended, outcome, payload);
        self.settle(index);
    }

    /// Sees what a container does when nobody waits for it any more.
    fn settle(&mut self, index: usize) {
        let kept = &mut self.containers[index];
        if kept.busy > 0 || kept.settles {
            return;
        }
        match &kept.state {
            State::Up(container) => {
                kept.settles = true;
                self.jobs.spawn(job::rest(index, Arc::clone(container), !kept.is_known));
            }
            State::Ending(_) => self.stop(index),
            State::Starting(_) | State::Gone => {}
        }
    }

    fn rested(&mut self, index: usize, at: Result<Instant, Failure>, reading: Option<Reading>, follows: Option<bool>) {
        let kept = &mut self.containers[index];
        (kept.settles, kept.is_known) = (false, true);
        if follows == Some(false) {
            self.time.wait();
            self.progress.waits = true;
        }
        let now = self.time.now();
        let until = at.as_ref().map_or(now, |at| self.time.at(*at));
        kept.note(until, reading);
        // Where several are under way at once, what comes after each answer is nobody's.
        if self.options.concurrency <= 1
            && let Some(last) = kept.account.invocations.last_mut()
        {
            last.duration = last.duration.max(until.saturating_sub(last.at));
        }
        kept.idle_since = until;
        match at {
            Ok(_) if matches!(kept.state, State::Up(_)) => {}
            Ok(_) => self.settle(index),
            Err(failure) => {
                self.end_life(index, now, LifeEnd::Failed(failure.to_string()));
                self.settle(index);
            }
        }
    }

    /// It takes no more events. One that has ended keeps its end.
    fn end_life(&mut self, index: usize, at: Duration, end: LifeEnd) {
        let kept = &mut self.containers[index];
        let State::Up(container) = &kept.state else { return };
        kept.state = State::Ending(Arc::clone(container));
        kept.account.ended = at;
        kept.account.end = end;
        if let Some(last) = kept.account.samples.last().copied().filter(|last| last.at < at) {
            kept.account.samples.push(Sample { at, ..last });
        }
    }

    /// Once nothing of it is under way.
    fn stop(&mut self, index: usize) {
        if let State::Ending(container) = std::mem::replace(&mut self.containers[index].state, State::Gone) {
            // Nobody else has it by now; if somebody did, it would be killed when dropped.
            self.jobs.spawn(job::stop(index, Arc::into_inner(container)));
        }
    }

    fn end_request(
        &mut self,
        request: usize,
        container: Option<usize>,
        ended: Duration,
        outcome: RequestOutcome,
        answer: Option<Vec<u8>>,
    ) {
        let Pending { arrived, queued, is_cold, .. } = self.pending[request];
        self.progress.done += 1;
        self.progress.errors += usize::from(!outcome.is_ok());
        let (at, latency) = (self.arrivals[request].at, ended.saturating_sub(arrived));
        self.requests[request] = Some(Request { at, latency, queued, is_cold, container, outcome, answer });
        self.progress.at = self.time.now();
        self.progress.containers = self.containers.iter().filter(|kept| kept.exists()).count();
        (self.on_progress)(&self.progress);
    }

    /// Shuts down what was idle for too long.
    fn reap(&mut self) {
        let now = self.time.now();
        for index in 0..self.containers.len() {
            let kept = &self.containers[index];
            if kept.is_idle() && kept.idle_since + self.options.idle <= now {
                self.end_life(index, now, LifeEnd::Reaped);
                self.stop(index);
            }
        }
    }

    /// What comes next, if nothing happens before.
    fn due(&self) -> Option<Duration> {
        let arrival = self.order.get(self.next).map(|request| self.arrivals[*request].at);
        let idle = self.containers.iter().filter(|kept| kept.is_idle());
        let reaped = idle.map(|kept| kept.idle_since + self.options.idle).min();
        let end = arrival.is_none().then_some(self.options.until).filter(|until| *until > self.time.now());
        [arrival, reaped, end].into_iter().flatten().min()
    }

    fn is_done(&self) -> bool {
        self.next == self.order.len() && self.queue.is_empty() && self.time.now() >= self.options.until
    }

    fn end_all(&mut self) {
        self.is_over = true;
        self.progress.at = self.time.now();
        for index in 0..self.containers.len() {
            self.end_life(index, self.progress.at, LifeEnd::Kept);
            self.stop(index);
        }
    }

    fn account(self) -> Replay {
        Replay {
            began_ms: self.began_ms,
            length: self.progress.at,
            took: self.time.real(),
            skipped: self.time.skips(),
            late: self.late,
            // Each has one by now.
            requests: self.requests.into_iter().flatten().collect(),
            containers: self.containers.into_iter().map(|kept| kept.account).collect(),
        }
    }
}

fn failed(failure: &Failure) -> RequestOutcome {
    RequestOutcome::Failed { code: failure.code(), message: failure.to_string() }
}
