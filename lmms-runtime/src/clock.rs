//! Clock: time as the policy counts it.
//!
//! A container is frozen between requests, and on some hosts the monotonic clock stops with it; after a snapshot is
//! restored, either clock may jump. **Invariant.** Time here never goes back, and what passed is what the monotonic clock
//! says, or the wall clock if that has clearly gone further: frozen time counts, and a wall clock that is set back counts
//! for nothing. Between a snapshot and what it is restored to, the wall clock alone counts: the monotonic clocks of two
//! machines have nothing to do with each other.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::os;

/// A point in time: milliseconds since this process first asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// Later than any that comes.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    /// The time since `earlier`, or nought if that is yet to come.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;

    /// Rounded up: a whole millisecond later is never too early.
    fn add(self, duration: Duration) -> Self {
        let millis = duration.as_nanos().div_ceil(1_000_000);
        Self(self.0.saturating_add(u64::try_from(millis).unwrap_or(u64::MAX)))
    }
}

/// What the two clocks of the system say, in milliseconds.
struct Clocks {
    monotonic: u64,
    wall: u64,
}

impl Clocks {
    fn read() -> Self {
        Self { monotonic: os::monotonic(), wall: os::wall() }
    }
}

/// What the clocks said last, and the time that has passed by then.
struct Reading {
    monotonic: u64,
    wall: u64,
    passed: u64,
    /// The process may be restored on another machine at any time.
    is_suspended: bool,
}

impl Reading {
    /// Takes a new reading. Nothing has passed before the first.
    fn advance(&mut self, clocks: &Clocks) -> u64 {
        if self.monotonic != 0 || self.wall != 0 {
            let monotonic = clocks.monotonic.saturating_sub(self.monotonic);
            let wall = clocks.wall.saturating_sub(self.wall);
            // A wall clock that is a little ahead is not believed: read a moment apart, and in whole milliseconds, each of the
            // two is ahead now and then.
            let is_frozen = wall > monotonic.saturating_add(TOLERANCE);
            let by_wall = is_frozen || self.is_suspended;
            self.passed = self.passed.saturating_add(if by_wall { wall } else { monotonic });
        }
        (self.monotonic, self.wall) = (clocks.monotonic, clocks.wall);
        self.passed
    }
}

/// In milliseconds.
const TOLERANCE: u64 = 50;

static READING: Mutex<Reading> = Mutex::new(Reading { monotonic: 0, wall: 0, passed: 0, is_suspended: false });

/// The time that a [`ManualClock`](crate::testing::ManualClock) shows, or [`OFF`].
static MANUAL: AtomicU64 = AtomicU64::new(OFF);
const OFF: u64 = u64::MAX;

/// The time now.
pub(crate) fn now() -> Moment {
    // Relaxed: a test that sets the clock sees to the order itself.
    match MANUAL.load(Ordering::Relaxed) {
        // A model's time stands still unless it is set: loom repeats every run.
        OFF if cfg!(lmms_loom) => Moment(0),
        OFF => Moment(by_the_clocks()),
        manual => Moment(manual),
    }
}

/// The last reading, for all who ask in the same tick: its monotonic clock, and the time that had passed.
static TICK: AtomicU64 = AtomicU64::new(u64::MAX);
static PASSED: AtomicU64 = AtomicU64::new(0);

fn by_the_clocks() -> u64 {
    // Acquire, with the Release below: the time is that of this tick, or of a later one.
    if os::monotonic() == TICK.load(Ordering::Acquire) {
        return PASSED.load(Ordering::Relaxed);
    }
    let mut reading = READING.lock();
    let clocks = Clocks::read();
    let passed = reading.advance(&clocks);
    PASSED.store(passed, Ordering::Relaxed);
    TICK.store(clocks.monotonic, Ordering::Release);
    passed
}

/// The process is about to be frozen in a snapshot: from now on only the wall clock counts.
pub(crate) fn suspend() {
    read_with(|reading| {
        reading.advance(&Clocks::read());
        reading.is_suspended = true;
    });
}

/// The process was restored: from now on both clocks count again, which are this machine's.
pub(crate) fn resume() {
    read_with(|reading| {
        // Without a word before the snapshot, all that is known is that it may have been another machine.
        reading.is_suspended = true;
        reading.advance(&Clocks::read());
        reading.is_suspended = false;
    });
}

fn read_with(read: impl FnOnce(&mut Reading)) {
    let mut reading = READING.lock();
    read(&mut reading);
    PASSED.store(reading.passed, Ordering::Relaxed);
    // Release, as in `by_the_clocks`.
    TICK.store(reading.monotonic, Ordering::Release);
}

/// From now on time stands still, and goes on by [`advance_manual`] alone. `false` if it does already.
pub(crate) fn start_manual() -> bool {
    let now = now().0;
    MANUAL.compare_exchange(OFF, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
}

pub(crate) fn advance_manual(by: Duration) {
    let by = u64::try_from(by.as_millis()).unwrap_or(OFF);
    let later = |now: u64| Some(now.saturating_add(by).min(OFF - 1));
    // Always `Ok`: the closure gives a value.
    let _ = MANUAL.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
}

/// Back to the system's clocks, from the time that was shown: it never goes back.
pub(crate) fn end_manual() {
    let mut reading = READING.lock();
    reading.advance(&Clocks::read());
    reading.passed = reading.passed.max(MANUAL.load(Ordering::Relaxed));
    PASSED.store(reading.passed, Ordering::Relaxed);
    MANUAL.store(OFF, Ordering::Relaxed);
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    fn reading() -> Reading {
        let mut reading = Reading { monotonic: 0, wall: 0, passed: 0, is_suspended: false };
        assert_eq!(reading.advance(&clocks(1_000, 50_000)), 0);
        reading
    }

    fn clocks(monotonic: u64, wall: u64) -> Clocks {
        Clocks { monotonic, wall }
    }

    #[test]
    fn both_clocks_go_on() {
        let mut reading = reading();
        assert_eq!(reading.advance(&clocks(1_010, 50_010)), 10);
        assert_eq!(reading.advance(&clocks(1_010, 50_010)), 10);
        assert_eq!(reading.advance(&clocks(1_030, 50_029)), 30);
    }

    #[test]
    fn a_monotonic_clock_that_stood_still_while_frozen() {
        let mut reading = reading();
        assert_eq!(reading.advance(&clocks(1_001, 650_000)), 600_000);
        assert_eq!(reading.advance(&clocks(1_011, 650_010)), 600_010);
    }

    #[test]
    fn a_wall_clock_that_is_set_back() {
        let mut reading = reading();
        assert_eq!(reading.advance(&clocks(1_010, 10)), 10);
        assert_eq!(reading.advance(&clocks(1_020, 20)), 20);
    }

    #[test]
    fn clocks_of_another_machine_after_a_restore() {
        let mut reading = reading();
        assert_eq!(reading.advance(&clocks(3, 86_450_000)), 86_400_000);
        assert_eq!(reading.advance(&clocks(5, 86_450_002)), 86_400_002);
        // Both back: nothing passed, and nothing is taken away.
        assert_eq!(reading.advance(&clocks(1, 1)), 86_400_002);
    }

    #[test]
    fn by_the_wall_clock_alone_between_snapshot_and_restore() {
        let restored = |after: Clocks| {
            let mut reading = reading();
            reading.advance(&clocks(1_010, 50_010));
            reading.is_suspended = true;
            let between = reading.advance(&after);
            reading.is_suspended = false;
            // Both clocks are this machine's from here on.
            assert_eq!(reading.advance(&clocks(after.monotonic + 7, after.wall + 7)), between + 7);
            between
        };
        // Five seconds later, on a machine that has run for a year.
        assert_eq!(restored(clocks(31_536_000_000, 55_010)), 5_010);
        // Days later, on one that was just switched on.
        assert_eq!(restored(clocks(20, 432_050_010)), 432_000_010);
        // Both were set back.
        assert_eq!(restored(clocks(3, 9)), 10);
        // The monotonic clock alone went on.
        assert_eq!(restored(clocks(99_999, 50_010)), 10);
    }

    #[test]
    fn far_off_values_saturate() {
        let mut reading = reading();
        assert_eq!(reading.advance(&clocks(u64::MAX, 0)), u64::MAX - 1_000);
        assert_eq!(reading.advance(&clocks(u64::MAX, u64::MAX)), u64::MAX);
        assert_eq!(Moment(3) + Duration::MAX, Moment::NEVER);
        assert_eq!(Moment(3).since(Moment(5)), Duration::ZERO);
        assert_eq!(Moment(3) + Duration::from_micros(1), Moment(4));
    }
}
