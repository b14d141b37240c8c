//! Calls that could be dispatched directly, and are not.
//!
//! What the fast path saves of one call is small; but what is hot also stays loaded, and is told from what is not.

use std::cmp::Reverse;

use super::facts::{Facts, OperationFacts};
use super::{Finding, FindingCode, count};
use crate::heat::Scale;

/// An operation with so many calls would be blazing by the default threshold, if none were forgotten.
const MANY: u64 = 4 * Scale::DEFAULT.threshold.get() as u64;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    [fast_path_disabled, threshold_too_high, heat_cools_too_fast].into_iter().filter_map(|rule| rule(facts)).collect()
}

/// Those of the operations for which something holds, the most called first.
fn most_called(facts: &Facts, holds: impl Fn(&OperationFacts) -> bool) -> Option<Vec<&OperationFacts>> {
    let mut found: Vec<_> = facts.operations.iter().filter(|operation| holds(operation)).collect();
    found.sort_by_key(|operation| Reverse((operation.heat, operation.calls)));
    (!found.is_empty()).then_some(found)
}

fn names<'a>(operations: &'a [&OperationFacts]) -> impl Iterator<Item = String> + use<'a> {
    operations.iter().map(|operation| operation.name())
}

fn heat(operations: &[&OperationFacts]) -> u64 {
    operations.iter().map(|operation| u64::from(operation.heat)).sum()
}

fn fast_path_disabled(facts: &Facts) -> Option<Finding> {
    if facts.settings.fast_path {
        return None;
    }
    let would_be_hot = most_called(facts, OperationFacts::is_hot)?;
    let seen = format!(
        "{} called more than {} times of late, but the fast path is switched off",
        count(would_be_hot.len(), "operation was", "operations were"),
        would_be_hot[0].scale.threshold,
    );
    let figures = [("operations", would_be_hot.len() as u64), ("calls", heat(&would_be_hot))];
    let finding = Finding::new(FindingCode::FastPathDisabled, names(&would_be_hot), seen).figures(figures);
    Some(finding.set("ENABLE_FAST_PATH", true, ""))
}

/// A threshold above the default, by which less than half of the calls of late are of hot operations, while others would be hot
/// by the default. Where it is no higher than that, calls are seldom, and there is nothing wrong with a threshold.
fn threshold_too_high(facts: &Facts) -> Option<Finding> {
    if !facts.settings.fast_path || facts.settings.adaptive {
        return None;
    }
    let default = Scale::DEFAULT.threshold;
    let would_be_hot = most_called(facts, |operation| {
        operation.scale.threshold > default && operation.heat > default.get() && !operation.is_hot()
    })?;
    let all: u64 = facts.operations.iter().map(|operation| u64::from(operation.heat)).sum();
    let hot: u64 =
        facts.operations.iter().filter(|operation| operation.is_hot()).map(|operation| u64::from(operation.heat)).sum();
    if hot * 2 >= all {
        return None;
    }
    let threshold = would_be_hot[0].scale.threshold;
    let seen = format!(
        "{} called up to {} times of late, which a threshold of {threshold} does not call hot: {hot} of {all} calls were of hot \
         operations",
        count(would_be_hot.len(), "operation was", "operations were"),
        would_be_hot[0].heat,
    );
    let finding = Finding::new(FindingCode::ThresholdTooHigh, names(&would_be_hot), seen).figures([
        ("operations", would_be_hot.len() as u64),
        ("calls", all),
        ("hot_calls", hot),
        ("threshold", u64::from(threshold.get())),
    ]);
    Some(finding.set("FAST_PATH_THRESHOLD", default, ", or LMMS_ADAPTIVE_HEAT=true, by which it follows the traffic"))
}

/// A half-life below the default, by which an operation with many calls was hardly ever hot: they come one by one, and are
/// forgotten between. With the default or more such calls are seldom, and hot is what they are not.
fn heat_cools_too_fast(facts: &Facts) -> Option<Finding> {
    let (half_life, default) = (facts.settings.half_life, Scale::DEFAULT.half_life);
    if !facts.settings.fast_path || half_life.is_zero() || half_life >= default {
        return None;
    }
    let cooled = most_called(facts, |operation| {
        let many = MANY.max(4 * u64::from(operation.scale.threshold.get()));
        operation.calls >= many && operation.fast < operation.calls / 10 && !operation.is_hot()
    })?;
    let calls: u64 = cooled.iter().map(|operation| operation.calls).sum();
    let fast: u64 = cooled.iter().map(|operation| operation.fast).sum();
    let seen = format!(
        "{} called {calls} times, {fast} of them while hot: half of the calls are forgotten every {} s",
        count(cooled.len(), "operation was", "operations were"),
        half_life.as_secs(),
    );
    let finding = Finding::new(FindingCode::HeatCoolsTooFast, names(&cooled), seen).figures([
        ("operations", cooled.len() as u64),
        ("calls", calls),
        ("zafp_hits", fast),
        ("half_life_seconds", half_life.as_secs()),
    ]);
    Some(finding.set("LMMS_HEAT_HALF_LIFE", default.as_secs(), ""))
}
