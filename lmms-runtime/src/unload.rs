//! Unload: one interface, directly, by the same rules as a sweep.

use crate::cache;
use crate::clock;
use crate::cycle::{self, Need, Node};
use crate::departure::Departure;
use crate::flight::Boarding;
use crate::load_error::UnloadHookError;
use crate::memory::Reclaim;
use crate::policy::{Floor, Reason};
use crate::residents::{Choice, Parts, Taken, residents, take};
use crate::slot::Busy;
use crate::sweep::Rules;
use crate::telemetry::{Cause, journal};

/// What an unload came to.
#[derive(Debug)]
#[must_use = "an unload can be refused, and its hook can fail"]
#[non_exhaustive]
pub enum Unload {
    /// The instance is gone.
    #[non_exhaustive]
    Unloaded {
        /// What the system got back, in bytes: measured, so nought if others took as much meanwhile, or where it cannot be
        /// measured.
        bytes: u64,
        /// What the interface's `#[unload]` failed with. The instance is gone all the same.
        hook_error: Option<UnloadHookError>,
    },
    /// Something keeps it loaded.
    Blocked(Reason),
    /// There was nothing to unload.
    NotLoaded,
}

/// Unloads the interface in `slot`, if the rules allow.
pub(crate) async fn one(name: &'static str, slot: Parts, rules: &Rules) -> Unload {
    loop {
        cache::expire(clock::now());
        match look(Node::new(name, slot), slot, rules) {
            Look::Departure(departure) => {
                let reclaim = Reclaim::start();
                let hook_error = departure.see_through(Cause::Direct).await;
                let bytes = reclaim.end();
                journal::reclaimed(bytes);
                return Unload::Unloaded { bytes, hook_error };
            }
            Look::Over(unload) => return unload,
            Look::Again => {}
            // However it ends, there is more to be said about the slot then.
            Look::Busy(busy) => drop(busy.landing().await),
        }
    }
}

enum Look {
    Departure(Departure),
    Over(Unload),
    Again,
    Busy(Busy),
}

fn look(node: Node, slot: Parts, rules: &Rules) -> Look {
    let now = clock::now();
    let mut residents = residents().lock();
    let Some(index) = residents.iter().position(|resident| resident.parts.is(slot)) else {
        drop(residents);
        return not_resident(node, slot);
    };
    let resident = &residents[index];
    let last_use = resident.parts.header.last_use();
    let floor = Floor { resident: residents.len(), least: rules.min_resident };
    if let Some(reason) = resident.facts(now, &rules.measures).reason_to_stay(floor) {
        return Look::Over(Unload::Blocked(reason));
    }
    let choice = Choice { index, idle_since: Some(last_use), even_if_needed: false };
    let taken = take(&mut residents, choice);
    // First, for what wakes up when the flight ends may want it.
    drop(residents);
    match taken {
        Taken::Departure(departure) => Look::Departure(departure),
        Taken::Held(_) => Look::Again,
        Taken::Busy => not_resident(node, slot),
    }
}

/// Nothing to unload, unless somebody is at it.
fn not_resident(node: Node, slot: Parts) -> Look {
    match slot.flights.board(slot.header, false) {
        Boarding::LookAgain => Look::Over(Unload::NotLoaded),
        // A load ended just now, and has listed it by now.
        Boarding::Lead(_) => Look::Again,
        // A load, after which there is something to unload, or another unload.
        Boarding::Follow(flight) => match Need::new(cycle::loading(), node) {
            Ok(need) => Look::Busy(Busy::new(flight, need)),
            // It is this very hook's own: what it is part of is not over.
            Err(_) => Look::Over(Unload::Blocked(Reason::ActiveReference)),
        },
    }
}
