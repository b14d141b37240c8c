//! What comes of an event: the function's [`Answer`], or the [`Failure`] of its container.

use std::{
    fmt,
    process::ExitStatus,
    time::{Duration, Instant},
};

use hyper::body::Bytes;

/// The most bytes that an event may have: Lambda's bound for a synchronous call.
pub const MAX_EVENT: usize = 6 << 20;
/// What the function made of an event.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The answer's bytes: JSON, unless the function streams something else.
    pub payload: Bytes,
    /// Whether they are a result or an error.
    pub outcome: Outcome,
    /// The time between handing the event over and having the whole answer.
    pub duration: Duration,
    /// When it was handed over.
    pub delivered: Instant,
}

/// How an invocation went for the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It returned.
    Ok,
    /// It failed, and says so in its payload, `{"errorType": .., "errorMessage": ..}`.
    FunctionError {
        /// The `errorType` of the payload.
        error_type: String,
    },
}

/// Why an event got no answer. Except for [`Failure::PayloadTooLarge`] it is the end of the container.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// The event is over [`MAX_EVENT`]; it was not sent.
    #[error("the event has {bytes} bytes, and {MAX_EVENT} is the limit")]
    PayloadTooLarge {
        /// The size of the event.
        bytes: usize,
    },
    /// The function reported that it cannot start.
    #[error("the function could not start: {error_type}: {message}")]
    Init {
        /// The kind of error, as the function names it.
        error_type: String,
        /// What it says.
        message: String,
    },
    /// The function reported that it cannot go on after its snapshot.
    #[error("the function could not be restored: {error_type}: {message}")]
    Restore {
        /// The kind of error, as the function names it.
        error_type: String,
        /// What it says.
        message: String,
    },
    /// An extension reported that it cannot start or go on.
    #[error("extension `{name}` gave up: {error_type}: {message}")]
    Extension {
        /// As it registered.
        name: String,
        /// The kind of error, as the extension names it.
        error_type: String,
        /// What it says.
        message: String,
    },
    /// The function did not start in time.
    #[error("the function did not ask for an event within {after:?} of its start{}", Log(log))]
    InitTimedOut {
        /// The time it had.
        after: Duration,
        /// The last lines that it printed.
        log: String,
    },
    /// An invocation took longer than the function's timeout; as on Lambda, its container does not outlive it.
    #[error("{request_id}: the task timed out after {after:?}")]
    TimedOut {
        /// The invocation.
        request_id: String,
        /// The timeout.
        after: Duration,
    },
    /// The function answered, but never asked for another event.
    #[error("the function has not asked for an event for {after:?}")]
    NotPolling {
        /// How long nothing was heard of it.
        after: Duration,
    },
    /// The process ended.
    #[error("the container ended, {status}{}", Log(log))]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// The last lines that it printed.
        log: String,
    },
    /// It was shut down from here.
    #[error("the container is shut down")]
    Closed,
}

impl Failure {
    /// A stable code, in the style of the gateway's.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PayloadTooLarge { .. } => "payload_too_large",
            Self::Init { .. } | Self::InitTimedOut { .. } | Self::Restore { .. } => "init_failed",
            Self::TimedOut { .. } | Self::NotPolling { .. } => "timed_out",
            Self::Exited { .. } | Self::Extension { .. } => "container_ended",
            Self::Closed => "shut_down",
        }
    }
}

/// Shows what a dead process printed last, if it printed anything.
struct Log<'a>(&'a str);

impl fmt::Display for Log<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("; it printed nothing"),
            log => write!(f, "; it printed last:\n{log}"),
        }
    }
}
