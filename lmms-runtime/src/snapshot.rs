//! Snapshot: a process that is frozen at its start and goes on from there many times, each time elsewhere and later.
//!
//! **Invariant.** What holds something outside of the process (it has an `#[unload]`) is in no snapshot. The time between
//! snapshot and restore makes cached values old, but nothing idle and nothing cold: nobody could have called.

use crate::clock::{self, Moment};
use crate::departure::Departure;
use crate::descriptor::Options;
use crate::gateway::Gateway;
use crate::load_error::UnloadHookError;
use crate::memory::{self, Reclaim};
use crate::preload;
use crate::residents::{Choice, Resident, residents, take_chosen};
use crate::sweep;
use crate::telemetry::{Cause, journal};

/// What was done before a snapshot.
#[derive(Debug, Default)]
#[must_use = "what was in use is in the snapshot, and an unload hook can have failed"]
#[non_exhaustive]
pub struct Snapshot {
    /// The interfaces that were unloaded, in this order.
    pub unloaded: Vec<&'static str>,
    /// What their `#[unload]` hooks failed with. The instances are gone all the same.
    pub hook_errors: Vec<UnloadHookError>,
    /// Those that should have been, but are in use, or a cache entry depends on them.
    pub remaining: Vec<&'static str>,
    /// What the system got back, in bytes, as measured.
    pub reclaimed_bytes: u64,
}

/// A gateway between snapshot and restore.
#[derive(Debug)]
pub(crate) struct Suspended {
    since: Moment,
    /// By name, in no order, and maybe twice.
    unloaded: Vec<&'static str>,
}

impl Gateway {
    /// Prepares the process for a snapshot: to be called when everything is loaded and no request is answered, before the
    /// snapshot is taken. `lmms::lambda` does so by itself where SnapStart is on.
    ///
    /// Unloads, in reverse order of loading, what must not be in a snapshot: interfaces with an `#[unload]`, since they hold
    /// something outside of the process, and those declared `#[lmms::interface(snapshot = false)]`; not those declared
    /// `snapshot = true`. Neither `pinned` nor `ENABLE_MODULE_UNLOADING=false` keeps one in. If one is held by a
    /// [`Lease`](crate::Lease), what was loaded after it is unloaded first, for that may store the lease. Then memory is given
    /// back to the system, so that the snapshot is small.
    ///
    /// From here until [`after_restore`](Self::after_restore), only the wall clock counts.
    pub async fn before_snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        clock::suspend();
        // Hooks may load what has gone. So many are enough, or this might not end.
        let most = residents().lock().len();
        let mut reclaim = None;
        while snapshot.unloaded.len() < most
            && let Some(departure) = next_to_go()
        {
            reclaim.get_or_insert_with(Reclaim::start);
            snapshot.unloaded.push(departure.node.name);
            snapshot.hook_errors.extend(departure.see_through(Cause::Snapshot).await);
        }
        match reclaim.map(Reclaim::end) {
            Some(bytes) => {
                journal::reclaimed(bytes);
                snapshot.reclaimed_bytes = bytes;
            }
            None => _ = memory::tidy(),
        }
        snapshot.remaining = residents().lock().iter().filter(|resident| goes(&resident.options)).map(name).collect();
        let mut suspended = self.snapshot.lock();
        // One that was announced before, and not restored from, may be it still: what went for it is missed as well.
        let suspended = suspended.get_or_insert_with(|| Suspended { since: clock::now(), unloaded: Vec::new() });
        suspended.unloaded.extend(&snapshot.unloaded);
        snapshot
    }

    /// Makes up for a snapshot: to be called when the process was restored, before the first request.
    ///
    /// The clocks are read afresh, for they may be another machine's. The time between counts for what is cached, results
    /// included; but what stayed loaded counts as used just now, and as hot as it was. What was unloaded for the snapshot is
    /// loaded again, as [`start`](Self::start) preloads: what fails is reported on standard error, and the first request that
    /// needs it tries again.
    pub async fn after_restore(&self) {
        clock::resume();
        let now = clock::now();
        let Some(Suspended { since, unloaded }) = self.snapshot.lock().take() else {
            touch_all(now);
            return;
        };
        self.pass_over(since, now);
        touch_all(now);
        let unloaded: Vec<_> = self.registry.iter().filter(|entry| unloaded.contains(&entry.descriptor.name)).collect();
        if !unloaded.is_empty() {
            preload::load_all(unloaded).await.report();
        }
    }
}

/// Whether it must not be in a snapshot.
fn goes(options: &Options) -> bool {
    !options.snapshot.unwrap_or(!options.has_unload)
}

fn name(resident: &Resident) -> &'static str {
    resident.node.name
}

/// Takes out the one that was loaded last, of those that must not stay and that nothing keeps; or else one that may hold one
/// of those.
fn next_to_go() -> Option<Departure> {
    take_chosen(|residents| {
        let is_free =
            |resident: &Resident| resident.parts.header.holds() == 0 && resident.parts.ledger.dependents() == 0;
        let index =
            residents.iter().rposition(|resident| goes(&resident.options) && is_free(resident)).or_else(|| {
                let is_held = |resident: &Resident| goes(&resident.options) && resident.parts.header.holds() > 0;
                let held = residents.iter().position(is_held)?;
                // One that says it may stay does.
                let may_hold_it = |resident: &Resident| is_free(resident) && resident.options.snapshot != Some(true);
                residents[held..].iter().rposition(may_hold_it).map(|index| held + index)
            })?;
        // However lately it was used.
        Some(Choice { index, idle_since: None, even_if_needed: false })
    })
}

fn touch_all(now: Moment) {
    for resident in &*residents().lock() {
        resident.parts.header.touch(now);
    }
    sweep::something_changed();
}
