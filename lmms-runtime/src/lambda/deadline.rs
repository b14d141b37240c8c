//! Deadline: when Lambda gives up on an invocation, if that is told.
//!
//! Tools have a header for it, for `lambda_runtime` wants one, and not always a time in it: with `cargo lambda watch` it is
//! ten minutes past midnight, in 1970.

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;

/// No function takes longer. What is further back than that was no deadline to begin with.
const LONGEST: Duration = Duration::from_secs(15 * 60);

/// In milliseconds since 1970.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Deadline(u64);

impl Deadline {
    pub(crate) fn of(context: &Context) -> Self {
        Self(context.deadline)
    }

    #[cfg(test)]
    pub(crate) fn at(millis: u64) -> Self {
        Self(millis)
    }

    /// The time until then, none if it has passed. `None` if there is no deadline.
    pub(crate) fn left(self, now: SystemTime) -> Option<Duration> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let deadline = Duration::from_millis(self.0);
        (deadline.saturating_add(LONGEST) >= now).then(|| deadline.saturating_sub(now))
    }
}
