//! Statistics: what has happened, as `lmms.stats` tells it.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::clock;
use crate::describe::Sequence;
use crate::descriptor::Operation;
use crate::gateway::Gateway;
use crate::heat::{TIERS, Tier};
use crate::latency::Latency;
use crate::meter::Figures;
use crate::registry::Entry;
use crate::results::{Held, OperationId, ResultStats};

/// `lmms.stats`: what is resident and what has happened.
pub(crate) struct Statistics<'a>(pub(crate) &'a Gateway);

fn milliseconds(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn microseconds(time: std::time::Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

impl Serialize for Statistics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let gateway = self.0;
        let (registry, stats) = (gateway.registry, gateway.stats());
        let resident: Vec<_> = registry
            .iter()
            .map(|entry| &entry.descriptor)
            .filter(|known| known.status().resident)
            .map(|known| known.name)
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("registered", &registry.len())?;
        map.serialize_entry("resident", &resident)?;
        map.serialize_entry("ligs_loads", &stats.ligs_loads)?;
        map.serialize_entry("reloads", &stats.reloads)?;
        map.serialize_entry("lugs_unloads", &stats.lugs_unloads)?;
        map.serialize_entry("zafp_hits", &stats.zafp_hits)?;
        map.serialize_entry("fast_path_response_time_us", &microseconds(stats.fast_path_response_time))?;
        map.serialize_entry("over_budget_loads", &stats.over_budget_loads)?;
        map.serialize_entry("memory_reclaimed_mb", &(stats.reclaimed_bytes as f64 / f64::from(1 << 20)))?;
        map.serialize_entry("load_time_ms", &milliseconds(stats.load_time))?;
        map.serialize_entry("fast_path_threshold", &gateway.heat.get().scale.threshold)?;
        map.serialize_entry("result_cache", &Cached(gateway.results.stats()))?;
        let held = &gateway.results.held_by_operation();
        let used = || registry.iter().filter(|entry| is_used(entry));
        map.serialize_entry("interfaces", &Sequence(|| used().map(|entry| Used { gateway, entry, held })))?;
        map.end()
    }
}

/// The cache of results.
struct Cached(ResultStats);

impl Serialize for Cached {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ResultStats { hits, misses, evictions, expirations, refusals, held, .. } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("hits", &hits)?;
        map.serialize_entry("misses", &misses)?;
        map.serialize_entry("evictions", &evictions)?;
        map.serialize_entry("expirations", &expirations)?;
        map.serialize_entry("refusals", &refusals)?;
        map.serialize_entry("entries", &held.entries)?;
        map.serialize_entry("bytes", &held.bytes)?;
        map.end()
    }
}

fn is_used(entry: &Entry) -> bool {
    entry.descriptor.status().loads > 0
        || entry.known_operations().is_some_and(|known| known.iter().any(|operation| operation.meter.is_used()))
}

/// What results are held.
type ByOperation = BTreeMap<OperationId, Held>;

/// What is known of an interface that was loaded, or asked for.
struct Used<'a> {
    gateway: &'a Gateway,
    entry: &'static Entry,
    held: &'a ByOperation,
}

impl Serialize for Used<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { gateway, entry, held } = *self;
        let status = entry.descriptor.status();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", entry.descriptor.name)?;
        map.serialize_entry("resident", &status.resident)?;
        map.serialize_entry("holds", &status.holds)?;
        map.serialize_entry("dependents", &status.dependents)?;
        map.serialize_entry("loads", &status.loads)?;
        map.serialize_entry("load_time_ms", &milliseconds(status.load_time))?;
        map.serialize_entry("bytes", &status.bytes)?;
        map.serialize_entry("needed_bytes", &status.needed_bytes)?;
        map.serialize_entry("leaked_bytes", &status.leaked)?;
        let called = || entry.operations().iter().filter(|operation| operation.meter.is_used());
        map.serialize_entry(
            "operations",
            &Sequence(|| called().map(|operation| Called { gateway, entry, held, operation })),
        )?;
        map.end()
    }
}

/// What is known of an operation that was called.
struct Called<'a> {
    gateway: &'a Gateway,
    entry: &'static Entry,
    held: &'a ByOperation,
    operation: &'static Operation,
}

impl Serialize for Called<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { gateway, entry, held, operation } = *self;
        let Figures { calls, fast, errors, cache_hits, cache_misses, latency } = operation.meter.figures();
        let (rules, options) = (gateway.heat.get(), &entry.descriptor.options);
        let heat = operation.meter.calls(clock::now(), rules.scale_of(options));
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", operation.name)?;
        map.serialize_entry("calls", &calls)?;
        map.serialize_entry("zafp_hits", &fast)?;
        map.serialize_entry("errors", &errors)?;
        map.serialize_entry("tier", rules.tier(heat, options).as_str())?;
        map.serialize_entry("heat", &heat)?;
        if operation.caching.is_some() {
            map.serialize_entry("cache_hits", &cache_hits)?;
            map.serialize_entry("cache_misses", &cache_misses)?;
            let held = held.get(&OperationId::of(operation.meter)).copied().unwrap_or_default();
            map.serialize_entry("cached_entries", &held.entries)?;
            map.serialize_entry("cached_bytes", &held.bytes)?;
        }
        map.serialize_entry("latency_us", &ByTier(latency))?;
        map.end()
    }
}

struct ByTier([Option<Latency>; TIERS.len()]);

impl Serialize for ByTier {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let timed = || TIERS.iter().zip(&self.0).filter_map(|(tier, latency)| Some((tier, (*latency)?)));
        let mut map = serializer.serialize_map(None)?;
        for (tier, latency) in timed() {
            map.serialize_entry(Tier::as_str(*tier), &Micros(latency))?;
        }
        map.end()
    }
}

struct Micros(Latency);

impl Serialize for Micros {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Latency { count, mean, p50, p90, p99, max } = self.0;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("count", &count)?;
        for (name, time) in [("mean", mean), ("p50", p50), ("p90", p90), ("p99", p99), ("max", max)] {
            map.serialize_entry(name, &microseconds(time))?;
        }
        map.end()
    }
}
