//! Loads: those that nobody needed, those that come too often, and those that fail.

use std::time::Duration;

use super::facts::{Facts, InterfaceFacts};
use super::{Finding, FindingCode, count, mib};

/// So many invocations have had their chance to use what was loaded at the start.
const INVOCATIONS: u64 = 20;

/// What takes less does not make a start slow: one of an empty function takes longer.
const SLOW: Duration = Duration::from_millis(10);

/// One may be chance. Three of late, which is more than one each five minutes, are a rule.
const OFTEN: u32 = 3;

/// A load that fails is tried again by the next call. Three in a row are no accident.
const FAILURES: u64 = 3;

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(loaded_in_vain(facts));
    findings.extend(grace_too_short(facts));
    findings.extend(budget_too_small(facts));
    findings.extend(over_budget(facts));
    findings.extend(load_fails(facts));
    findings
}

/// What was loaded at the start and not used since. The cold start was so much slower for it.
fn loaded_in_vain(facts: &Facts) -> Option<Finding> {
    let at_start = || facts.interfaces.iter().filter(|interface| interface.past.started_in.is_some());
    let mut unused: Vec<_> = at_start()
        .filter(|interface| interface.residence.is_some())
        .filter(|interface| interface.unused_since_start.is_some_and(|invocations| invocations >= INVOCATIONS))
        .collect();
    unused.sort_by_key(|interface| std::cmp::Reverse((interface.load_time, interface.bytes)));
    let time: Duration = unused.iter().map(|interface| interface.load_time).sum();
    let bytes: u64 = unused.iter().map(|interface| interface.bytes).sum();
    if unused.is_empty() || (time < SLOW && bytes < facts.worth()) {
        return None;
    }
    let invocations = unused.iter().filter_map(|interface| interface.unused_since_start).min()?;
    let seen = format!(
        "{} of {} that were loaded at the start, in {} ms and {} MiB, were not used by {invocations} invocations since",
        unused.len(),
        at_start().count(),
        time.as_millis(),
        mib(bytes),
    );
    let code = if facts.settings.lazy { FindingCode::PreloadedInVain } else { FindingCode::LoadedAtStart };
    let finding = Finding::new(code, names(&unused), seen).figures([
        ("interfaces", unused.len() as u64),
        ("at_start", at_start().count() as u64),
        ("load_time_ms", millis(time)),
        ("bytes", bytes),
        ("invocations", invocations),
    ]);
    Some(match code {
        FindingCode::LoadedAtStart => {
            finding.set("LAZY_LOADING_ENABLED", true, ", so that they load when first needed")
        }
        _ => finding.remedy("take them out of what is preloaded: they load when first needed"),
    })
}

/// What was unloaded for want of use, and was used again soon. It is of the past: a grace period that would have kept it is
/// long enough now.
fn grace_too_short(facts: &Facts) -> Option<Finding> {
    let may_unload = facts.settings.may_unload();
    let mut again: Vec<_> = facts
        .interfaces
        .iter()
        .filter(|interface| may_unload && interface.past.soon_after_idling >= OFTEN)
        .filter(|interface| interface.grace <= interface.past.missed)
        .collect();
    again.sort_by_key(|interface| std::cmp::Reverse(interface.load_time));
    let missed = again.iter().map(|interface| interface.past.missed).max()?;
    let loads: u64 = again.iter().map(|interface| u64::from(interface.past.soon_after_idling)).sum();
    let seen = format!(
        "{} loaded again {loads} times of late, within a minute of being unloaded: the next use came {} s after the last",
        count(again.len(), "interface was", "interfaces were"),
        missed.as_secs(),
    );
    let grace = missed.as_secs() + 1;
    let finding = Finding::new(FindingCode::GraceTooShort, names(&again), seen).figures([
        ("interfaces", again.len() as u64),
        ("loads", loads),
        ("missed_seconds", missed.as_secs()),
    ]);
    let besides = ", or a longer `grace_period` on the interface, or a higher MIN_RESIDENT_MODULES";
    Some(finding.set("UNLOAD_GRACE_PERIOD", grace, besides))
}

/// What went to make room, and was needed again soon.
fn budget_too_small(facts: &Facts) -> Option<Finding> {
    let budget = facts.settings.budget.filter(|_| facts.settings.may_unload())?;
    let mut again: Vec<_> =
        facts.interfaces.iter().filter(|interface| interface.past.soon_after_pressure >= OFTEN).collect();
    again.sort_by_key(|interface| std::cmp::Reverse(interface.past.soon_after_pressure));
    let bytes: u64 = again.iter().map(|interface| interface.bytes).sum();
    let loads: u64 = again.iter().map(|interface| u64::from(interface.past.soon_after_pressure)).sum();
    if again.is_empty() {
        return None;
    }
    let seen = format!(
        "{} loaded again {loads} times of late, within a minute of making room for others in a budget of {} MiB",
        count(again.len(), "interface was", "interfaces were"),
        mib(budget),
    );
    let finding = Finding::new(FindingCode::BudgetTooSmall, names(&again), seen).figures([
        ("interfaces", again.len() as u64),
        ("loads", loads),
        ("bytes", bytes),
        ("budget_bytes", budget),
    ]);
    // So that those need not take turns.
    Some(finding.set("LMMS_MEMORY_BUDGET_MB", mib(budget.saturating_add(bytes)), FUNCTION_SIZE))
}

/// On Lambda the budget follows from it.
const FUNCTION_SIZE: &str = ", or on Lambda give the function more memory, from which the budget follows";

/// Each of them may be the one for which the container is killed.
fn over_budget(facts: &Facts) -> Option<Finding> {
    let budget = facts.settings.budget.filter(|_| facts.settings.may_unload())?;
    let mut over: Vec<_> = facts.interfaces.iter().filter(|interface| interface.past.over_budget > 0).collect();
    over.sort_by_key(|interface| std::cmp::Reverse(interface.past.short));
    let short = over.first()?.past.short;
    let loads: u64 = over.iter().map(|interface| u64::from(interface.past.over_budget)).sum();
    let seen = format!(
        "{} of late went ahead though up to {} MiB were missing in a budget of {} MiB",
        count(usize::try_from(loads).unwrap_or(usize::MAX), "load", "loads"),
        mib(short),
        mib(budget),
    );
    let finding = Finding::new(FindingCode::OverBudget, names(&over), seen).figures([
        ("interfaces", over.len() as u64),
        ("loads", loads),
        ("short_bytes", short),
        ("budget_bytes", budget),
    ]);
    Some(finding.set("LMMS_MEMORY_BUDGET_MB", mib(budget.saturating_add(short)), FUNCTION_SIZE))
}

/// For each its own, for each has its own cause.
fn load_fails(facts: &Facts) -> impl Iterator<Item = Finding> {
    let failing = facts.interfaces.iter().filter(|interface| interface.past.failures >= FAILURES);
    failing.map(|interface| {
        let failures = interface.past.failures;
        let seen = format!("the last {failures} loads of `{}` failed", interface.name);
        let finding = Finding::new(FindingCode::LoadFails, [interface.name], seen).figures([("failures", failures)]);
        finding.remedy("the calls that caused them were answered with the cause, as `load_failed` or `load_cycle`")
    })
}

fn names(interfaces: &[&InterfaceFacts]) -> Vec<&'static str> {
    interfaces.iter().map(|interface| interface.name).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
