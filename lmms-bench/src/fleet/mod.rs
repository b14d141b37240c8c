//! Containers as Lambda keeps them, and the replay of a trace on them.
//!
//! Each container is a process with a Runtime API of its own (`lmms-local`), which takes one request at a time. An event goes to the
//! idle container that was used last; if none is idle, a new one is started for it, and the event waits for that one even if another
//! becomes idle meanwhile. A container is idle, and frozen, when the runtime and its extensions have asked for the next event. Idle
//! for [`Options::idle`], it is shut down as Lambda does. AWS documents none of these choices; they are what is observed there.
//!
//! There are at most [`Options::max_containers`] at once. What arrives beyond waits in the order of arrival, for the first that is
//! free, and the wait is part of its latency ([`Request::queued`]). Lambda would refuse it (429), for its client to try again.
//!
//! **Invariant.** Arrivals wait for nobody's answer, and each has one [`Request`] in the account, whatever becomes of its container.
//! Time goes on as it does while anything runs; it is skipped only while every container is at rest, and only to the next arrival or
//! the next shutdown.

mod account;
mod job;
mod keeper;
mod time;

use std::{io, time::Duration};

use lmms_local::{
    container::{Function, StartError},
    virtual_time::VirtualClock,
};

pub use account::{ContainerAccount, Invocation, LifeEnd, Replay, Request, RequestOutcome, Sample, percentile};

use crate::trace::Arrival;

/// How a trace is replayed.
#[derive(Debug, Clone)]
pub struct Options {
    /// How long an idle container is kept. Lambda does not say; 5 to 15 minutes are observed.
    pub idle: Duration,
    /// The most containers at once, at least one.
    pub max_containers: usize,
    /// The requests that one container takes at once, at least one. Beyond one, the billed time of invocations that overlap counts for
    /// each of them, which AWS, where it has such functions, does not bill at all.
    pub concurrency: usize,
    /// Waits for what could be skipped.
    pub real_time: bool,
    /// Keeps the answers, in [`Request::answer`].
    pub keep_answers: bool,
    /// Keeps what the containers print, in [`ContainerAccount::lines`].
    pub keep_lines: bool,
    /// Goes on at least until then, since the begin, with the containers idle.
    pub until: Duration,
}

impl Default for Options {
    /// Ten minutes, eight containers, one request at a time; lines are kept, answers are not; ends with the last request.
    fn default() -> Self {
        Self {
            idle: Duration::from_secs(600),
            max_containers: 8,
            concurrency: 1,
            real_time: false,
            keep_answers: false,
            keep_lines: true,
            until: Duration::ZERO,
        }
    }
}

/// How far a replay is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The requests of the trace.
    pub total: usize,
    /// Of these, the ones that have an end, good or bad.
    pub done: usize,
    /// Of these, the ones with an error.
    pub errors: usize,
    /// The time since the begin, as the functions see it.
    pub at: Duration,
    /// The containers that there are now.
    pub containers: usize,
    /// The containers that were started so far.
    pub started: usize,
    /// The function does not see the virtual clock: what could be skipped is waited for.
    pub waits: bool,
}

/// Why there is no replay. What happens to single requests and containers is no reason: it is in the account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// There is no virtual time here.
    #[error("time cannot be skipped; in real time (`--real-time`) it could be replayed")]
    Clock(#[source] io::Error),
    /// No container has ever started, and several could not.
    #[error("the function does not start")]
    Start(#[source] StartError),
}

/// Replays a trace with a function, whose settings are kept but for its clock, freezing, concurrency, log and end.
///
/// The arrivals may be in any order; the account has them in theirs. `on_progress` is called after each request.
///
/// # Errors
/// There is no virtual time on this machine, or the function does not start at all.
pub async fn replay(
    function: &Function,
    arrivals: &[Arrival],
    options: &Options,
    on_progress: impl FnMut(&Progress),
) -> Result<Replay, ReplayError> {
    let clock = if options.real_time { None } else { Some(VirtualClock::new().map_err(ReplayError::Clock)?) };
    keeper::Keeper::new(function, arrivals, options, clock, on_progress).run().await
}
