//! Memory that does not return: what keeps interfaces that nobody uses.
//!
//! All rules here have one measure in common: what is kept has to be [worth telling](Facts::worth), for an interface of a few
//! kilobytes may stay for ever.

use std::time::Duration;

use super::facts::{Facts, InterfaceFacts, Residence};
use super::{Finding, FindingCode, count, mib};
use crate::heat::Scale;
use crate::policy::Reason;

/// A function's invocation ends within 15 minutes: what was not used for longer is not used by any that runs.
const UNUSED: Duration = Duration::from_secs(15 * 60);

/// Four times the default grace period.
const LONG_GRACE: Duration = Duration::from_secs(120);

/// To keep what lay idle for a thousand times as long as its load takes saves less than a thousandth of the time.
const LOADS: u32 = 1_000;

/// Where no budget says what is much.
const MUCH: u64 = 16 << 20;

impl Facts {
    /// How many bytes are worth a finding: an eighth of the budget, for that much makes the next smaller size of function do.
    pub(super) fn worth(&self) -> u64 {
        self.settings.budget.map_or(MUCH, |budget| (budget / 8).max(1))
    }

    /// Loaded interfaces, those that hold most first.
    fn residents(&self) -> Vec<(&InterfaceFacts, Residence)> {
        let mut residents: Vec<_> =
            self.interfaces.iter().filter_map(|interface| Some((interface, interface.residence?))).collect();
        residents.sort_by_key(|(interface, _)| std::cmp::Reverse(interface.bytes));
        residents
    }

    /// Those that a reason keeps, if that is worth telling.
    fn kept(&self, by: Reason, is_idle: impl Fn(&InterfaceFacts, Duration) -> bool) -> Option<Kept<'_>> {
        let kept_by = |(interface, residence): (_, Residence)| {
            (residence.kept_by == Some(by) && is_idle(interface, residence.idle)).then_some((interface, residence))
        };
        Kept::of(self.residents().into_iter().filter_map(kept_by).collect()).filter(|kept| kept.bytes >= self.worth())
    }
}

/// Some of the loaded interfaces.
struct Kept<'a> {
    interfaces: Vec<&'a InterfaceFacts>,
    bytes: u64,
    /// Of the one that was used last.
    idle: Duration,
}

impl<'a> Kept<'a> {
    fn of(residents: Vec<(&'a InterfaceFacts, Residence)>) -> Option<Self> {
        let idle = residents.iter().map(|(_, residence)| residence.idle).min()?;
        let interfaces: Vec<_> = residents.into_iter().map(|(interface, _)| interface).collect();
        Some(Self { bytes: interfaces.iter().map(|interface| interface.bytes).sum(), interfaces, idle })
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.interfaces.iter().map(|interface| interface.name)
    }

    /// As `2 interfaces hold 40 MiB`.
    fn holding(&self) -> String {
        format!("{} {} MiB", count(self.interfaces.len(), "interface holds", "interfaces hold"), mib(self.bytes))
    }

    fn figures(&self) -> [(&'static str, u64); 3] {
        [("interfaces", self.interfaces.len() as u64), ("bytes", self.bytes), ("idle_seconds", self.idle.as_secs())]
    }
}

pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let rules = [unloading_disabled, hot_keeps_idle, grace_too_long, floor_too_high, held_for_long, cache_entry_keeps];
    // What was loaded at the start to stay is the matter of `loaded_at_start`.
    if !facts.settings.lazy {
        return Vec::new();
    }
    rules.into_iter().filter_map(|rule| rule(facts)).collect()
}

/// Those that a sweep would take, the longest idle first, down to the floor.
fn unloading_disabled(facts: &Facts) -> Option<Finding> {
    let residents = facts.residents();
    let may_go = residents.len().saturating_sub(facts.settings.min_resident);
    let mut due: Vec<_> = residents.into_iter().filter(|(_, residence)| residence.kept_by.is_none()).collect();
    due.sort_by_key(|(_, residence)| std::cmp::Reverse(residence.idle));
    due.truncate(may_go);
    let kept = Kept::of(due).filter(|kept| !facts.settings.unloading && kept.bytes >= facts.worth())?;
    let seen = format!("{} and would be unloaded, but unloading is switched off", kept.holding());
    let finding = Finding::new(FindingCode::UnloadingDisabled, kept.names(), seen).figures(kept.figures());
    Some(finding.set("ENABLE_MODULE_UNLOADING", true, ""))
}

/// Heat outlasts use by design, for what was hot will be called again. It is too much where it keeps half of all memory for
/// longer than an invocation can run.
fn hot_keeps_idle(facts: &Facts) -> Option<Finding> {
    let kept = facts.kept(Reason::HotPath, |_, idle| idle >= UNUSED)?;
    let all: u64 = facts.residents().iter().map(|(interface, _)| interface.bytes).sum();
    if kept.bytes < all / 2 {
        return None;
    }
    let pins = facts.operations.iter().filter(|operation| {
        kept.names().any(|name| name == operation.interface) && operation.scale.tier(operation.body_heat).is_fast()
    });
    let seen = format!(
        "{}, {} % of what all hold, only because operations are hot that were not called for {} s",
        kept.holding(),
        kept.bytes * 100 / all.max(1),
        kept.idle.as_secs(),
    );
    let half_life = match facts.settings.half_life.as_secs() {
        0 => Scale::DEFAULT.half_life.as_secs(),
        seconds => (seconds / 2).max(1),
    };
    let finding = Finding::new(FindingCode::HotKeepsIdle, pins.map(|operation| operation.name()), seen)
        .figures(kept.figures().into_iter().chain([("resident_bytes", all)]));
    Some(finding.set("LMMS_HEAT_HALF_LIFE", half_life, ", so that they cool sooner, or raise FAST_PATH_THRESHOLD"))
}

fn grace_too_long(facts: &Facts) -> Option<Finding> {
    let kept = facts.kept(Reason::GracePeriod, |interface, idle| {
        idle >= LONG_GRACE && idle >= interface.load_time.saturating_mul(LOADS)
    })?;
    let longest = kept.interfaces.iter().map(|interface| interface.grace).max()?;
    let slowest = kept.interfaces.iter().map(|interface| interface.load_time).max()?;
    let seen = format!(
        "{} and nobody used one for {} s, within a grace period of {} s, where loading one again takes {} ms at most",
        kept.holding(),
        kept.idle.as_secs(),
        longest.as_secs(),
        slowest.as_millis(),
    );
    let finding =
        Finding::new(FindingCode::GraceTooLong, kept.names(), seen).figures(kept.figures().into_iter().chain([
            ("grace_seconds", longest.as_secs()),
            ("load_time_ms", u64::try_from(slowest.as_millis()).unwrap_or(u64::MAX)),
        ]));
    Some(finding.set("UNLOAD_GRACE_PERIOD", 30, ", or a shorter `grace_period` on the interface"))
}

fn floor_too_high(facts: &Facts) -> Option<Finding> {
    let kept = facts.kept(Reason::MinResident, |_, idle| idle >= UNUSED)?;
    let seen = format!(
        "{} and nobody used one for {} s; they stay because {} are to stay loaded in any case",
        kept.holding(),
        kept.idle.as_secs(),
        facts.settings.min_resident,
    );
    let finding = Finding::new(FindingCode::FloorTooHigh, kept.names(), seen)
        .figures(kept.figures().into_iter().chain([("min_resident", facts.settings.min_resident as u64)]));
    // What stays is what is in use.
    let in_use = facts.residents().len() - kept.interfaces.len();
    Some(finding.set("MIN_RESIDENT_MODULES", in_use, ", which is how many are loaded for other reasons"))
}

fn held_for_long(facts: &Facts) -> Option<Finding> {
    let kept = facts.kept(Reason::ActiveReference, |_, idle| idle >= UNUSED)?;
    let seen = format!(
        "{}, and nobody began to use one or was done with it for {} s: no invocation runs as long",
        kept.holding(),
        kept.idle.as_secs()
    );
    let finding = Finding::new(FindingCode::HeldForLong, kept.names(), seen).figures(kept.figures());
    Some(finding.remedy(
        "drop the `Lease` or the `Invocation` that is kept somewhere: in a static, a task, or another interface",
    ))
}

fn cache_entry_keeps(facts: &Facts) -> Option<Finding> {
    let kept = facts.kept(Reason::CacheDependency, |_, idle| idle >= UNUSED)?;
    let seen = format!(
        "{} and nobody used one for {} s; entries of a `Cache` that depend on them keep them",
        kept.holding(),
        kept.idle.as_secs(),
    );
    let finding = Finding::new(FindingCode::CacheEntryKeeps, kept.names(), seen).figures(kept.figures());
    Some(finding.remedy("give the cache a shorter `ttl`, or `insert` what does not need the interface"))
}
