//! The account of a replay: what became of each request, and what each container did.
//!
//! **Invariant.** What was measured, and sums of it; prices are in [`bill`].

use std::time::Duration;

use crate::bill;

/// All of a replay. Times are since its begin, on the functions' clock, unless they say otherwise.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Replay {
    /// The begin on the functions' clock, in milliseconds since 1970.
    pub began_ms: u64,
    /// Its length.
    pub length: Duration,
    /// How long it really took.
    pub took: Duration,
    /// Whether what was idle was skipped: not in real time, and not if the function does not see the virtual clock.
    pub skipped: bool,
    /// The most that an event was handed over after its time, for want of processor or timer: below what is to be told apart, or the
    /// replay was not this trace's.
    pub late: Duration,
    /// One for each arrival, in the trace's order.
    pub requests: Vec<Request>,
    /// One for each container, in the order of their starts.
    pub containers: Vec<ContainerAccount>,
}

/// What became of one arrival.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// When it arrived.
    pub at: Duration,
    /// Until the client had its answer, or its error: with the start of the container, and with the wait in the queue.
    pub latency: Duration,
    /// Of this, the wait for a container to be free, when there were as many as there may be.
    pub queued: Duration,
    /// A container was started for it.
    pub is_cold: bool,
    /// Which container it went to; none if the event is too large to be one.
    pub container: Option<usize>,
    /// How it went.
    pub outcome: RequestOutcome,
    /// The function's answer, if it is kept and there is one.
    pub answer: Option<Vec<u8>>,
}

/// How a request went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestOutcome {
    /// The function returned. What it returned may still be an error in its own terms.
    Ok,
    /// The function said that it failed.
    FunctionError {
        /// The `errorType`.
        error_type: String,
    },
    /// There was no answer.
    Failed {
        /// A stable code: `container_ended`, `timed_out`, `init_failed`, ..
        code: &'static str,
        /// What happened.
        message: String,
    },
}

/// What one container did.
#[derive(Debug, Clone, PartialEq)]
pub struct ContainerAccount {
    /// Which, from 0.
    pub index: usize,
    /// When its process was started.
    pub spawned: Duration,
    /// INIT: until the runtime and its extensions asked for the first event, or until that failed.
    pub init: Duration,
    /// Its invocations, in the order of their ends.
    pub invocations: Vec<Invocation>,
    /// What it held, whenever it came to rest and that was not what it held before; the last is that of its end.
    pub samples: Vec<Sample>,
    /// The most that was resident at once, until it last came to rest.
    pub peak: u64,
    /// The processor time that it used, start included, until it last came to rest; in steps of 10 ms.
    pub cpu: Duration,
    /// Of this, what INIT used: on several threads it may be more than [`init`](Self::init).
    pub init_cpu: Duration,
    /// What it printed, if that is kept.
    pub lines: Vec<String>,
    /// When it ended.
    pub ended: Duration,
    /// Why.
    pub end: LifeEnd,
}

/// One invocation of a container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// Which of [`Replay::requests`].
    pub request: usize,
    /// When the event was delivered.
    pub at: Duration,
    /// From the delivery until the answer, or the failure.
    pub answered: Duration,
    /// From the delivery until the runtime and its extensions asked for the next event, or the failure: AWS bills what extensions do
    /// after the answer too.
    pub duration: Duration,
    /// The INIT that is billed with it, if it was the container's first.
    pub init: Option<Duration>,
}

/// The memory of a container at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub at: Duration,
    /// Resident bytes, by the kernel's counters.
    pub resident: u64,
    /// Of these, what no file backs.
    pub anonymous: u64,
}

/// Why a container ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LifeEnd {
    /// It was idle for too long.
    Reaped,
    /// It was there at the end of the replay.
    Kept,
    /// It ended by itself, or was ended for a timeout.
    Failed(String),
    /// It never was ready.
    NotStarted(String),
}

impl RequestOutcome {
    /// Whether the function returned.
    pub fn is_ok(&self) -> bool {
        *self == Self::Ok
    }
}

impl Invocation {
    /// The milliseconds billed for it.
    pub fn billed_ms(&self) -> u64 {
        bill::billed_ms(self.init, self.duration)
    }
}

impl ContainerAccount {
    /// The milliseconds billed for all that it did: each invocation rounded up, and an INIT that led to none.
    ///
    /// The shutdown is not in it: Lambda's reports, which bill, come with invocations.
    pub fn billed_ms(&self) -> u64 {
        if self.invocations.is_empty() {
            return bill::billed_ms(Some(self.init), Duration::ZERO);
        }
        self.invocations.iter().map(Invocation::billed_ms).sum()
    }

    /// Resident bytes times nanoseconds, over its life.
    fn byte_nanos(&self) -> u128 {
        let ends = self.samples.iter().skip(1).map(|sample| sample.at).chain([self.ended]);
        let held = self.samples.iter().zip(ends);
        held.map(|(sample, end)| u128::from(sample.resident) * end.saturating_sub(sample.at).as_nanos()).sum()
    }
}

impl Replay {
    /// Requests that did not return.
    pub fn errors(&self) -> usize {
        self.requests.iter().filter(|request| !request.outcome.is_ok()).count()
    }

    /// Requests that waited for a start.
    pub fn cold(&self) -> usize {
        self.requests.iter().filter(|request| request.is_cold).count()
    }

    /// Requests that waited for a container to be free.
    pub fn queued(&self) -> usize {
        self.requests.iter().filter(|request| !request.queued.is_zero()).count()
    }

    /// What the clients waited, shortest first: for [`percentile`].
    pub fn latencies(&self) -> Vec<Duration> {
        let mut all: Vec<_> = self.requests.iter().map(|request| request.latency).collect();
        all.sort_unstable();
        all
    }

    /// All that is billed, in milliseconds.
    pub fn billed_ms(&self) -> u64 {
        self.containers.iter().map(ContainerAccount::billed_ms).sum()
    }

    /// All of INIT.
    pub fn init(&self) -> Duration {
        self.containers.iter().map(|container| container.init).sum()
    }

    /// The processor time of all containers.
    pub fn cpu(&self) -> Duration {
        self.containers.iter().map(|container| container.cpu).sum()
    }

    /// The most that one container held at once, in bytes.
    pub fn peak(&self) -> u64 {
        self.containers.iter().map(|container| container.peak).max().unwrap_or(0)
    }

    /// What a container held on average over its life, from the end of its INIT: all of them together, by the time that there were.
    pub fn sustained(&self) -> u64 {
        let held: u128 = self.containers.iter().map(ContainerAccount::byte_nanos).sum();
        let lives = self.containers.iter().filter_map(|one| Some(one.ended.saturating_sub(one.samples.first()?.at)));
        let nanos: u128 = lives.map(|life| life.as_nanos()).sum();
        held.checked_div(nanos).and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0)
    }

    /// All that is billed if the function had the processor that AWS gives it with `memory_mb`, in milliseconds: the processor's part
    /// of the invocations is [stretched](bill::stretched), by container; INIT is not.
    ///
    /// What is longer is rounded up once for each container, not for each invocation.
    pub fn stretched_ms(&self, memory_mb: u32) -> u64 {
        let stretched = |container: &ContainerAccount| {
            let busy: Duration = container.invocations.iter().map(|invocation| invocation.duration).sum();
            let cpu = container.cpu.saturating_sub(container.init_cpu);
            let longer = bill::stretched(busy, cpu, memory_mb).saturating_sub(busy);
            container.billed_ms() + bill::billed_ms(None, longer)
        };
        self.containers.iter().map(stretched).sum()
    }
}

/// The shortest of `sorted` durations that so many `percent` of them do not exceed; nought of none.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use lmms_bench::fleet::percentile;
///
/// let sorted: Vec<_> = (1..=200).map(Duration::from_millis).collect();
/// assert_eq!(percentile(&sorted, 99.0), Duration::from_millis(198));
/// ```
pub fn percentile(sorted: &[Duration], percent: f64) -> Duration {
    let rank = (sorted.len() as f64 * percent / 100.0 - 1e-9).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or_default()
}
