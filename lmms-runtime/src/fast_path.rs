//! Fast path: what can be asked about how an operation is dispatched. Asking does not heat.

use crate::clock;
use crate::dispatch::Target;
use crate::error::Error;
use crate::gateway::Gateway;
use crate::heat::Tier;
use crate::latency::Latency;
use crate::meter::Figures;

/// How calls of an operation are dispatched: what [`Gateway::check_fast_path`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct FastPath {
    /// The tier that its calls so far have brought it to.
    pub tier: Tier,
    /// How its calls are dispatched in that tier.
    pub route: Route,
    /// Its calls that count: those of late, by name or typed. More than make it blazing are not all counted.
    pub calls: u32,
    /// T: with more calls it is hot.
    pub threshold: u32,
}

impl FastPath {
    /// Whether it is dispatched directly.
    #[must_use]
    pub fn is_fast(&self) -> bool {
        self.tier.is_fast()
    }
}

/// How a call by name is dispatched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route {
    /// The whole way: the request is read, the names are looked up, the call is timed and counted.
    Whole,
    /// From the request's first bytes straight to the operation, unless its arguments come first; one call in eight is timed.
    Direct,
    /// As [`Direct`](Self::Direct), but one call in 64 is timed, and heats for all.
    Sampled,
}

impl From<Tier> for Route {
    fn from(tier: Tier) -> Self {
        match tier {
            Tier::Cold | Tier::Warm => Self::Whole,
            Tier::Hot => Self::Direct,
            Tier::Blazing => Self::Sampled,
        }
    }
}

/// What was counted of an operation's calls by name: what [`Gateway::operation_stats`] tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct OperationStats {
    /// Calls by name, whatever came of them.
    pub calls: u64,
    /// Of these, the ones while it was HOT or BLAZING.
    pub zafp_hits: u64,
    /// Of these, the ones that were answered with an error.
    pub errors: u64,
    /// Of these, the ones that were answered from the cache of results.
    pub cache_hits: u64,
    /// Of these, the ones whose results were put there, or could have been.
    pub cache_misses: u64,
    latency: [Option<Latency>; 4],
}

impl OperationStats {
    /// How long its calls in a tier took. `None` if none was timed there.
    #[must_use]
    pub fn latency(&self, tier: Tier) -> Option<Latency> {
        self.latency[tier as usize]
    }
}

impl Gateway {
    /// ARCH-07's `check_fast_path`: the tier of an operation, as `tokens.count`, and what follows from it. Does not heat.
    ///
    /// # Errors
    /// If there is no such operation.
    pub fn check_fast_path(&self, operation: &str) -> Result<FastPath, Error> {
        let Target { entry, operation } = self.find(operation)?;
        let (rules, options) = (self.heat.get(), &entry.descriptor.options);
        let scale = rules.scale_of(options);
        let calls = operation.meter.calls(clock::now(), scale);
        let tier = rules.tier(calls, options);
        Ok(FastPath { tier, route: tier.into(), calls, threshold: scale.threshold.get() })
    }

    /// What was counted of an operation, as `tokens.count`, since the process started.
    ///
    /// # Errors
    /// If there is no such operation.
    pub fn operation_stats(&self, operation: &str) -> Result<OperationStats, Error> {
        let Figures { calls, fast, errors, cache_hits, cache_misses, latency } =
            self.find(operation)?.operation.meter.figures();
        Ok(OperationStats { calls, zafp_hits: fast, errors, cache_hits, cache_misses, latency })
    }

    /// `interface.operation`, found. A name has no dot in it.
    fn find(&self, names: &str) -> Result<Target, Error> {
        let (interface, operation) = names.split_once('.').unwrap_or((names, ""));
        self.resolve(interface, operation)
    }
}
