//! Residents: what is loaded, in the order of loading, and the lock under which is decided what goes.
//!
//! **Invariant.** Whoever decides that an interface may go takes it out under the same lock. So two who decide at once
//! cannot both count on the same other one to stay: the floor is exact.

use std::time::Duration;

use crate::clock::Moment;
use crate::cycle::Node;
use crate::departure::{Departing, Departure, Leaving};
use crate::descriptor::Options;
use crate::flight::{Boarding, Flights, Leader};
use crate::heat::HeatRules;
use crate::ledger::Ledger;
use crate::meter::Meter;
use crate::policy::Facts;
use crate::residency::Header;
use crate::sync::{Mutex, static_unless_loom};

/// What of a slot does not depend on its type.
#[derive(Clone, Copy)]
pub struct Parts {
    pub(crate) header: &'static Header,
    pub(crate) flights: &'static Flights,
    pub(crate) ledger: &'static Ledger,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("ledger", &self.ledger).finish_non_exhaustive()
    }
}

impl Parts {
    pub(crate) fn is(self, other: Self) -> bool {
        std::ptr::eq(self.header, other.header)
    }
}

/// Whether what a resident was chosen by is still so.
pub(crate) type Still<'a> = &'a dyn Fn(&Header) -> bool;

/// One loaded interface.
pub(crate) struct Resident {
    pub(crate) node: Node,
    pub(crate) options: Options,
    pub(crate) parts: Parts,
    /// Of its operations.
    pub(crate) meters: &'static [Meter],
    /// Takes its generation out, unless it is held, or what it was chosen by is no longer so.
    pub(crate) take: fn(Still<'_>) -> Option<Box<dyn Departing>>,
}

/// What turns a resident into facts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measures {
    pub(crate) heat: HeatRules,
    /// Of those that declare none.
    pub(crate) grace_period: Duration,
    /// `UNLOAD_GRACE_PERIOD` was given, and wins over what is declared.
    pub(crate) grace_period_wins: bool,
}

impl Measures {
    pub(crate) fn grace_period_of(&self, options: &Options) -> Duration {
        match options.grace_period {
            Some(seconds) if !self.grace_period_wins => Duration::from_secs(seconds.into()),
            _ => self.grace_period,
        }
    }
}

impl Resident {
    pub(crate) fn facts(&self, now: Moment, measures: &Measures) -> Facts {
        let scale = measures.heat.scale_of(&self.options);
        let ledger = self.parts.ledger;
        // Before the time of the last use, which it orders.
        let in_use = self.parts.header.holds() > 0;
        let calls = self.meters.iter().map(|meter| meter.heat.calls(now, scale));
        let (hottest, calls) = calls.fold((0, 0), |(most, sum), calls| (calls.max(most), sum + u64::from(calls)));
        Facts {
            pinned: self.options.pinned,
            in_use,
            depended_on: ledger.dependents() > 0,
            hot: measures.heat.tier(hottest, &self.options).is_fast(),
            idle: now.since(self.parts.header.last_use()),
            grace: measures.grace_period_of(&self.options),
            bytes: ledger.bytes(),
            load_time: ledger.load_time(),
            calls,
        }
    }

    /// When none of its operations will be hot, if none is called.
    pub(crate) fn cools_at(&self, now: Moment, measures: &Measures) -> Moment {
        let scale = measures.heat.scale_of(&self.options);
        self.meters.iter().filter_map(|meter| meter.heat.cools_at(now, scale)).max().unwrap_or(now)
    }
}

static_unless_loom! {
    /// All that is loaded.
    pub(crate) fn residents() -> &'static Mutex<Vec<Resident>> = Mutex::new(Vec::new());
}

/// What a try to take one out came to.
pub(crate) enum Taken {
    Departure(Departure),
    /// Somebody got a hold of it, or used it, since it was looked at. The right to end the flight that was begun is for the
    /// caller to drop, outside of the lock.
    Held(Leader),
    /// A load or another unload of it goes on.
    Busy,
}

/// Takes out the chosen one, unless it is held or was used or came to be needed since.
pub(crate) fn take(residents: &mut Vec<Resident>, choice: Choice) -> Taken {
    let Choice { index, idle_since, even_if_needed } = choice;
    let Resident { node, parts, take, .. } = residents[index];
    let Boarding::Lead(leader) = parts.flights.board(parts.header, false) else { return Taken::Busy };
    // A use in the same tick of the clock leaves the same time, but not without its dependencies.
    let still = |header: &Header| {
        idle_since.is_none_or(|since| header.last_use() == since) && (even_if_needed || parts.ledger.dependents() == 0)
    };
    match take(&still) {
        Some(generation) => {
            // First, so that who looks at one after the other misses none.
            let leaving = Leaving::new(node.name);
            // In order, for those that remain.
            residents.remove(index);
            Taken::Departure(Departure { node, parts, generation, leader, leaving })
        }
        None => Taken::Held(leader),
    }
}

/// Which resident is to go.
pub(crate) struct Choice {
    pub(crate) index: usize,
    /// Its last use, if it was chosen for that.
    pub(crate) idle_since: Option<Moment>,
    /// Cache entries that depend on it do not count: this is the end of the process.
    pub(crate) even_if_needed: bool,
}

/// Takes out the one that `choose` chooses, if any.
pub(crate) fn take_chosen(mut choose: impl FnMut(&[Resident]) -> Option<Choice>) -> Option<Departure> {
    // One that somebody uses at the last moment is another case when it is looked at again. Where all are in use all the
    // time, another sweep may do better.
    const TRIES: usize = 8;
    for _ in 0..TRIES {
        let mut residents = residents().lock();
        let choice = choose(&residents)?;
        let taken = take(&mut residents, choice);
        // First, for what wakes up when the flight ends may want it.
        drop(residents);
        match taken {
            Taken::Departure(departure) => return Some(departure),
            Taken::Held(leader) => drop(leader),
            Taken::Busy => {}
        }
    }
    None
}
