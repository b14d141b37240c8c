//! The time of a replay: that of the machine, and what was skipped.
//!
//! **Invariant.** It is skipped while nothing runs alone, so that between the begin of any work and its end it is the machine's.

use std::time::{Duration, Instant};

use lmms_local::virtual_time::VirtualClock;

/// The time since the begin of a replay.
#[derive(Debug)]
pub(super) struct Time {
    began: Instant,
    clock: Option<VirtualClock>,
    /// A container does not see the clock.
    waits: bool,
}

impl Time {
    /// Begins now. The clock is one that nobody has put forward yet.
    pub(super) fn begin(clock: Option<VirtualClock>) -> Self {
        Self { began: Instant::now(), clock, waits: false }
    }

    pub(super) fn now(&self) -> Duration {
        self.at(Instant::now())
    }

    /// The time at a moment since the last skip.
    pub(super) fn at(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.began) + self.skipped()
    }

    fn skipped(&self) -> Duration {
        self.clock.as_ref().map_or(Duration::ZERO, VirtualClock::skipped)
    }

    /// The moment at which it will be so late, if nothing is skipped.
    pub(super) fn moment(&self, at: Duration) -> Instant {
        Instant::now() + at.saturating_sub(self.now())
    }

    /// Puts it forward to `at`, if it can.
    pub(super) fn skip_to(&self, at: Duration) {
        if let Some(clock) = self.clock.as_ref().filter(|_| !self.waits) {
            clock.skip(at.saturating_sub(self.now()));
        }
    }

    /// From now on it goes on as it does: what is skipped would be missed.
    pub(super) fn wait(&mut self) {
        self.waits = true;
    }

    /// Whether what is idle was, and will be, skipped.
    pub(super) fn skips(&self) -> bool {
        self.clock.is_some() && !self.waits
    }

    /// Since the begin, as the machine has it.
    pub(super) fn real(&self) -> Duration {
        self.began.elapsed()
    }
}
