//! Time that passes when a test says so.

use std::time::Duration;

use crate::clock;

/// Stops the clock by which idle time is counted, for the whole process, and lets a test advance it.
///
/// While it is installed, grace periods, the life of cache entries and the cooling of heat take as long as the test says.
/// When it is dropped, time goes on from where it was.
///
/// ```
/// use std::time::Duration;
/// use lmms_runtime::testing::ManualClock;
///
/// let clock = ManualClock::install();
/// clock.advance(Duration::from_secs(30));
/// ```
#[derive(Debug)]
#[must_use = "time goes on by itself when it is dropped"]
pub struct ManualClock(());

impl ManualClock {
    /// Stops the clock at the present time.
    ///
    /// # Panics
    /// If another one is installed: tests that use it in one process take turns.
    pub fn install() -> Self {
        assert!(clock::start_manual(), "another `ManualClock` is installed: tests that use one take turns");
        Self(())
    }

    /// Lets `duration` pass, in whole milliseconds.
    pub fn advance(&self, duration: Duration) {
        clock::advance_manual(duration);
    }
}

impl Drop for ManualClock {
    fn drop(&mut self) {
        clock::end_manual();
    }
}
