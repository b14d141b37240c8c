//! Results that are declared worth caching, and are computed all the same.

use super::facts::{Facts, OperationFacts};
use super::{Finding, FindingCode, count};

/// Fewer look-ups say nothing of how many hit.
const ENOUGH: u64 = 100;

/// A hit saves a thousand times what a look-up costs, or a few times: one in twenty is worth it for any operation but the
/// smallest.
const ONE_IN: u64 = 20;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    if let Some(disabled) = result_cache_disabled(facts) {
        return vec![disabled];
    }
    // A cache that is too small for all is why single operations have few hits.
    let too_small = result_cache_too_small(facts);
    let few_hits = if too_small.is_none() { few_cache_hits(facts) } else { Vec::new() };
    too_small.into_iter().chain(results_too_heavy(facts)).chain(few_hits).collect()
}

fn result_cache_disabled(facts: &Facts) -> Option<Finding> {
    if facts.settings.result_bytes > 0 {
        return None;
    }
    let mut declared: Vec<_> =
        facts.operations.iter().filter(|operation| operation.is_cached && operation.calls >= ENOUGH).collect();
    declared.sort_by_key(|operation| std::cmp::Reverse(operation.calls));
    let calls = declared.iter().map(|operation| operation.calls).sum();
    if declared.is_empty() {
        return None;
    }
    let seen = format!(
        "{} declared `cached` and called {calls} times, but the cache of results is switched off",
        count(declared.len(), "operation is", "operations are"),
    );
    let finding = Finding::new(FindingCode::ResultCacheDisabled, names(&declared), seen)
        .figures([("operations", declared.len() as u64), ("calls", calls)]);
    Some(finding.set("LMMS_RESULT_CACHE_MB", 16, ""))
}

/// Full, and half of what was computed or more gave way again.
fn result_cache_too_small(facts: &Facts) -> Option<Finding> {
    let (results, most) = (&facts.results, facts.settings.result_bytes);
    let is_full = results.held.bytes > most / 2;
    if results.misses < ENOUGH || !is_full || results.evictions < results.misses / 2 {
        return None;
    }
    let seen = format!(
        "{} of {} results that were computed gave way to others in a cache of {} KiB, which answered {} calls",
        results.evictions,
        results.misses,
        most / 1024,
        results.hits,
    );
    let finding = Finding::new(FindingCode::ResultCacheTooSmall, [""; 0], seen).figures([
        ("evictions", results.evictions),
        ("misses", results.misses),
        ("hits", results.hits),
        ("bytes", results.held.bytes as u64),
        ("most_bytes", most as u64),
    ]);
    Some(finding.set("LMMS_RESULT_CACHE_MB", mebibytes(most.saturating_mul(2)), EIGHTH_OF_BUDGET))
}

/// An entry may weigh an eighth of the cache. Ten that weigh more, and a tenth of all that is computed, are not one odd request.
fn results_too_heavy(facts: &Facts) -> Option<Finding> {
    let (heavy, misses) = (facts.results.too_heavy, facts.results.misses);
    if heavy.count < 10 || heavy.count < misses / 10 {
        return None;
    }
    let seen = format!(
        "{} results weigh more than an eighth of the cache, up to {} KiB of {} KiB, and are not kept",
        heavy.count,
        heavy.bytes / 1024,
        facts.settings.result_bytes / 1024,
    );
    let finding = Finding::new(FindingCode::ResultsTooHeavy, [""; 0], seen).figures([
        ("refusals", heavy.count),
        ("bytes", heavy.bytes as u64),
        ("most_bytes", facts.settings.result_bytes as u64),
    ]);
    Some(finding.set("LMMS_RESULT_CACHE_MB", mebibytes(heavy.bytes.saturating_mul(8)), EIGHTH_OF_BUDGET))
}

/// For each its own, for each is declared by itself.
fn few_cache_hits(facts: &Facts) -> Vec<Finding> {
    let looked_up = |operation: &OperationFacts| operation.cache_hits + operation.cache_misses;
    let few = facts
        .operations
        .iter()
        .filter(|operation| looked_up(operation) >= ENOUGH && operation.cache_hits < looked_up(operation) / ONE_IN);
    let finding = |operation: &OperationFacts| {
        let (hits, all) = (operation.cache_hits, looked_up(operation));
        let seen = format!("{hits} of {all} calls of `{}` were answered from the cache", operation.name());
        let finding = Finding::new(FindingCode::FewCacheHits, [operation.name()], seen);
        finding.figures([("hits", hits), ("lookups", all)]).remedy(
            "declare it without `cached`, or with a longer `ttl` if its results expire before they are asked for again",
        )
    };
    few.map(finding).collect()
}

/// What is configured is not all that bounds it.
const EIGHTH_OF_BUDGET: &str = ", of which a memory budget allows no more than an eighth of itself";

fn mebibytes(bytes: usize) -> usize {
    bytes.div_ceil(1 << 20)
}

fn names(operations: &[&OperationFacts]) -> Vec<String> {
    operations.iter().map(|operation| operation.name()).collect()
}
