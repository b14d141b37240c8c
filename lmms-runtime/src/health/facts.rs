//! Facts: what the rules go by, gathered at one moment.

use std::collections::HashMap;
use std::time::Duration;

use crate::cache;
use crate::clock;
use crate::cycle::Node;
use crate::gateway::Gateway;
use crate::heat::Scale;
use crate::history::{self, Past};
use crate::invocation::Invocation;
use crate::policy::{Floor, Reason};
use crate::registry::Entry;
use crate::residents::residents;
use crate::results::ResultStats;

/// What is known at one moment.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) settings: Settings,
    /// Those that were ever loaded, or failed to be.
    pub(super) interfaces: Vec<InterfaceFacts>,
    /// Those that were called.
    pub(super) operations: Vec<OperationFacts>,
    pub(super) results: ResultStats,
}

/// What of the configuration matters.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) lazy: bool,
    pub(super) unloading: bool,
    /// What the process may hold; in force only if anything [may be unloaded](Self::may_unload).
    pub(super) budget: Option<u64>,
    pub(super) min_resident: usize,
    pub(super) fast_path: bool,
    pub(super) adaptive: bool,
    pub(super) half_life: Duration,
    /// What cached results may weigh.
    pub(super) result_bytes: usize,
}

impl Settings {
    pub(super) fn may_unload(&self) -> bool {
        self.lazy && self.unloading
    }
}

#[derive(Debug, Clone)]
pub(super) struct InterfaceFacts {
    pub(super) name: &'static str,
    pub(super) residence: Option<Residence>,
    /// What it holds, or held when it was loaded last.
    pub(super) bytes: u64,
    /// Of the last load.
    pub(super) load_time: Duration,
    /// It was loaded at the start, and so many invocations later none has used it.
    pub(super) unused_since_start: Option<u64>,
    /// How long it may lie idle.
    pub(super) grace: Duration,
    /// Under whatever configuration there was by then.
    pub(super) past: Past,
}

/// How an interface is loaded.
#[derive(Debug, Clone, Copy)]
pub(super) struct Residence {
    /// What keeps it, or would if anything were ever unloaded. `None` if the next sweep may take it.
    pub(super) kept_by: Option<Reason>,
    /// Since its last use by anybody; if it is held, since a hold was last given back, or since the load if none was, or the
    /// last use of another one that leases it.
    pub(super) idle: Duration,
}

#[derive(Debug, Clone)]
pub(super) struct OperationFacts {
    pub(super) interface: &'static str,
    pub(super) operation: &'static str,
    /// By name.
    pub(super) calls: u64,
    /// Of these, the ones dispatched directly.
    pub(super) fast: u64,
    /// Calls of late, typed ones too.
    pub(super) heat: u32,
    /// Of these, the ones that came to its body: they keep its interface.
    pub(super) body_heat: u32,
    /// What its heat is measured by.
    pub(super) scale: Scale,
    /// Declared `cached`.
    pub(super) is_cached: bool,
    pub(super) cache_hits: u64,
    pub(super) cache_misses: u64,
}

impl OperationFacts {
    pub(super) fn name(&self) -> String {
        format!("{}.{}", self.interface, self.operation)
    }

    /// By its calls of late, whether or not there is a fast path.
    pub(super) fn is_hot(&self) -> bool {
        self.scale.tier(self.heat).is_fast()
    }
}

impl Facts {
    pub(super) fn gather(gateway: &Gateway) -> Self {
        let config = gateway.config();
        let settings = Settings {
            lazy: config.lazy_loading(),
            unloading: config.unloading(),
            budget: config.memory_budget(),
            min_resident: config.min_resident(),
            fast_path: config.fast_path(),
            adaptive: config.adaptive_heat(),
            half_life: config.heat_half_life(),
            result_bytes: config.result_limits().max_bytes,
        };
        // What was never loaded, nor failed to be, and was not asked for by name has nothing to tell: of an interface that is only
        // registered not even the operations are listed.
        let known = || gateway.registry.iter().filter(|entry| is_known(entry));
        Self {
            settings,
            interfaces: interfaces(gateway, known()),
            operations: operations(gateway, known()),
            results: gateway.results.stats(),
        }
    }
}

fn is_known(entry: &Entry) -> bool {
    let ledger = (entry.descriptor.slot)().ledger;
    entry.known_operations().is_some() || ledger.generations() > 0 || ledger.history.failures() > 0
}

fn interfaces(gateway: &Gateway, known: impl Iterator<Item = &'static Entry>) -> Vec<InterfaceFacts> {
    let residences = residences(gateway);
    let measures = gateway.sweeper.rules().measures;
    // Its number tells how many there were before. It touches nothing.
    let invocations = Invocation::enter().id();
    let facts = |entry: &'static Entry| {
        let parts = (entry.descriptor.slot)();
        let (name, past) = (entry.descriptor.name, parts.ledger.history.read());
        let is_unused = |loaded_by: &u64| parts.header.last_invocation() == *loaded_by;
        InterfaceFacts {
            name,
            residence: residences.get(name).copied(),
            bytes: parts.ledger.bytes(),
            load_time: parts.ledger.load_time(),
            unused_since_start: past
                .started_in
                .filter(is_unused)
                .map(|loaded_by| invocations.saturating_sub(loaded_by + 1)),
            grace: measures.grace_period_of(&entry.descriptor.options),
            past,
        }
    };
    known.map(facts).collect()
}

/// What is loaded, and why.
fn residences(gateway: &Gateway) -> HashMap<&'static str, Residence> {
    let (now, rules) = (clock::now(), gateway.sweeper.rules());
    // An entry that has expired keeps nothing, but only a sweep may take it out: that runs code of the user's.
    let has_expired = cache::next_expiry() <= now;
    let residents = residents().lock();
    let floor = Floor { resident: residents.len(), least: rules.min_resident };
    let mut residences: Vec<(Node, Residence)> = Vec::with_capacity(residents.len());
    // The youngest first: who leases another one was loaded after it.
    for resident in residents.iter().rev() {
        let facts = resident.facts(now, &rules.measures);
        let loaded_at = resident.parts.ledger.history.read().loaded_at;
        let last_use = resident.parts.header.last_use().max(loaded_at);
        let kept_by = match facts.reason_to_stay(floor) {
            Some(Reason::CacheDependency) if has_expired => None,
            reason => reason,
        };
        let mut idle = now.since(last_use);
        if kept_by == Some(Reason::ActiveReference) {
            let users = residences.iter().filter(|(user, _)| history::has_leased(*user, resident.node));
            idle = users.map(|(_, user)| user.idle).fold(idle, Duration::min);
        }
        residences.push((resident.node, Residence { kept_by, idle }));
    }
    residences.into_iter().map(|(node, residence)| (node.name, residence)).collect()
}

fn operations(gateway: &Gateway, known: impl Iterator<Item = &'static Entry>) -> Vec<OperationFacts> {
    let (now, rules) = (clock::now(), gateway.heat.get());
    let of = |entry: &'static Entry| {
        let scale = rules.scale_of(&entry.descriptor.options);
        entry.operations().iter().map(move |operation| {
            // Not all figures: quantiles take longer than the rest together.
            let (cache_hits, cache_misses) = operation.meter.cache_hits_and_misses();
            OperationFacts {
                interface: entry.descriptor.name,
                operation: operation.name,
                calls: operation.meter.calls_by_name(),
                fast: operation.meter.counted().1,
                heat: operation.meter.calls(now, scale),
                body_heat: operation.meter.heat.calls(now, scale),
                scale,
                is_cached: operation.caching.is_some(),
                cache_hits,
                cache_misses,
            }
        })
    };
    known.flat_map(of).filter(|operation| operation.calls > 0 || operation.heat > 0).collect()
}
