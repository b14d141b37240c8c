//! Each rule alone: a function of which nothing is to be said, and the one thing about it that is not right, by the barest
//! margin.

use std::num::NonZeroU32;
use std::time::Duration;

use super::facts::{InterfaceFacts, OperationFacts, Residence, Settings};
use super::*;
use crate::clock::Moment;
use crate::heat::Scale;
use crate::history::Past;
use crate::policy::Reason;
use crate::results::{Held, ResultStats, TooHeavy};

const MIB: u64 = 1 << 20;
const MINUTE: Duration = Duration::from_secs(60);

/// Busy and well: much is loaded, in use, hot and cached.
fn healthy() -> Facts {
    Facts {
        settings: Settings {
            lazy: true,
            unloading: true,
            budget: Some(128 * MIB),
            min_resident: 8,
            fast_path: true,
            adaptive: false,
            half_life: Scale::DEFAULT.half_life,
            result_bytes: 16 << 20,
        },
        interfaces: vec![interface("tokens"), interface("places")],
        operations: vec![operation("tokens", 300), operation("places", 7)],
        results: ResultStats {
            hits: 850,
            misses: 150,
            held: Held { entries: 150, bytes: 1 << 20 },
            ..ResultStats::default()
        },
    }
}

fn interface(name: &'static str) -> InterfaceFacts {
    let past = Past {
        failures: 0,
        loaded_at: Moment(0),
        started_in: None,
        soon_after_idling: 0,
        missed: Duration::ZERO,
        soon_after_pressure: 0,
        over_budget: 0,
        short: 0,
    };
    InterfaceFacts {
        name,
        residence: Some(Residence { kept_by: Some(Reason::GracePeriod), idle: Duration::from_secs(3) }),
        bytes: 20 * MIB,
        load_time: Duration::from_millis(50),
        unused_since_start: None,
        grace: Duration::from_secs(30),
        past,
    }
}

/// With so many calls of late.
fn operation(interface: &'static str, heat: u32) -> OperationFacts {
    OperationFacts {
        interface,
        operation: "count",
        calls: u64::from(heat) * 3,
        fast: u64::from(heat),
        heat,
        body_heat: heat,
        scale: Scale::DEFAULT,
        is_cached: true,
        cache_hits: u64::from(heat) * 2,
        cache_misses: u64::from(heat),
    }
}

/// The one thing that was found.
#[track_caller]
fn found(facts: &Facts) -> Finding {
    let Health { status, mut findings } = Health::of(facts);
    assert_eq!((status, findings.len()), (HealthStatus::Warning, 1), "{findings:#?}");
    findings.remove(0)
}

#[track_caller]
fn is_well(facts: &Facts) {
    assert_eq!(Health::of(facts), Health { status: HealthStatus::Ok, findings: Vec::new() });
}

/// That `ail` makes a healthy function have this finding, and `mend` makes it go.
#[track_caller]
fn ails(code: FindingCode, setting: Option<(&str, &str)>, ail: impl Fn(&mut Facts), mend: &[&dyn Fn(&mut Facts)]) {
    let mut ailing = healthy();
    ail(&mut ailing);
    let finding = found(&ailing);
    assert_eq!(finding.code, code);
    let found = finding.setting.as_ref().map(|setting| (setting.variable, setting.value.as_str()));
    assert_eq!(found, setting, "{finding}");
    assert!(!finding.seen.is_empty() && !finding.remedy.is_empty() && !finding.figures.is_empty());
    for mend in mend {
        let mut mended = ailing.clone();
        mend(&mut mended);
        is_well(&mended);
    }
}

fn stays(facts: &mut Facts, index: usize, kept_by: Option<Reason>, idle: Duration) {
    facts.interfaces[index].residence = Some(Residence { kept_by, idle });
}

#[test]
fn a_busy_function_with_the_defaults_is_well() {
    is_well(&healthy());
    let mut without_budget = healthy();
    without_budget.settings.budget = None;
    is_well(&without_budget);
}

#[test]
fn idle_interfaces_that_unloading_would_take() {
    ails(
        FindingCode::UnloadingDisabled,
        Some(("ENABLE_MODULE_UNLOADING", "true")),
        |facts| {
            (facts.settings.unloading, facts.settings.min_resident) = (false, 1);
            stays(facts, 0, None, MINUTE);
        },
        &[
            &|facts| facts.settings.unloading = true,
            // The floor would keep both.
            &|facts| facts.settings.min_resident = 2,
            &|facts| stays(facts, 0, Some(Reason::HotPath), MINUTE),
            // Too little to tell of: an eighth of the budget is 16 MiB.
            &|facts| facts.interfaces[0].bytes = 16 * MIB - 1,
            // As little of a larger function.
            &|facts| facts.settings.budget = Some(161 * MIB),
        ],
    );
    let mut without_budget = healthy();
    (without_budget.settings.unloading, without_budget.settings.budget) = (false, None);
    without_budget.settings.min_resident = 0;
    stays(&mut without_budget, 0, None, MINUTE);
    assert_eq!(found(&without_budget).figures["bytes"], 20 * MIB);
    without_budget.interfaces[0].bytes = 16 * MIB - 1;
    is_well(&without_budget);
}

#[test]
fn heat_that_keeps_what_nobody_calls() {
    let idle = 15 * MINUTE;
    ails(
        FindingCode::HotKeepsIdle,
        Some(("LMMS_HEAT_HALF_LIFE", "150")),
        |facts| stays(facts, 0, Some(Reason::HotPath), idle),
        &[
            &|facts| stays(facts, 0, Some(Reason::HotPath), idle - Duration::from_millis(1)),
            // Less than half of all.
            &|facts| facts.interfaces[1].bytes = 21 * MIB,
            &|facts| stays(facts, 0, None, idle),
        ],
    );
    let mut never_cools = healthy();
    never_cools.settings.half_life = Duration::ZERO;
    stays(&mut never_cools, 0, Some(Reason::HotPath), idle);
    let finding = found(&never_cools);
    assert_eq!(finding.concerns, ["tokens.count"]);
    assert_eq!(finding.setting.unwrap().value, "300");
}

#[test]
fn a_grace_period_far_longer_than_a_load() {
    ails(
        FindingCode::GraceTooLong,
        Some(("UNLOAD_GRACE_PERIOD", "30")),
        |facts| {
            facts.interfaces[0].grace = 10 * MINUTE;
            stays(facts, 0, Some(Reason::GracePeriod), 2 * MINUTE);
        },
        &[
            &|facts| stays(facts, 0, Some(Reason::GracePeriod), 2 * MINUTE - Duration::from_millis(1)),
            // What is slow to load is worth keeping for longer.
            &|facts| facts.interfaces[0].load_time = Duration::from_millis(121),
            &|facts| facts.interfaces[0].bytes = 15 * MIB,
        ],
    );
}

#[test]
fn a_floor_that_keeps_what_nobody_uses() {
    ails(
        FindingCode::FloorTooHigh,
        Some(("MIN_RESIDENT_MODULES", "1")),
        |facts| stays(facts, 0, Some(Reason::MinResident), 15 * MINUTE),
        &[
            &|facts| stays(facts, 0, Some(Reason::MinResident), 14 * MINUTE),
            &|facts| stays(facts, 0, None, 15 * MINUTE),
            &|facts| facts.settings.budget = Some(161 * MIB),
        ],
    );
}

#[test]
fn holds_and_entries_that_outlive_any_invocation() {
    for (code, reason) in
        [(FindingCode::HeldForLong, Reason::ActiveReference), (FindingCode::CacheEntryKeeps, Reason::CacheDependency)]
    {
        ails(
            code,
            None,
            |facts| stays(facts, 0, Some(reason), 15 * MINUTE),
            &[
                &|facts| stays(facts, 0, Some(reason), 14 * MINUTE),
                &|facts| facts.interfaces[0].residence = None,
                &|facts| facts.interfaces[0].bytes = 0,
            ],
        );
    }
}

#[test]
fn what_is_pinned_is_meant_to_stay() {
    let mut facts = healthy();
    stays(&mut facts, 0, Some(Reason::Pinned), 600 * MINUTE);
    is_well(&facts);
}

#[test]
fn what_was_loaded_at_the_start_in_vain() {
    let at_start = |facts: &mut Facts| {
        for interface in &mut facts.interfaces {
            interface.past.started_in = Some(1);
        }
        facts.interfaces[0].unused_since_start = Some(20);
    };
    let mends: [&dyn Fn(&mut Facts); 4] = [
        &|facts| facts.interfaces[0].unused_since_start = None,
        &|facts| facts.interfaces[0].unused_since_start = Some(19),
        &|facts| facts.interfaces[0].residence = None,
        &|facts| {
            facts.interfaces[0].load_time = Duration::from_millis(9);
            facts.interfaces[0].bytes = 15 * MIB;
        },
    ];
    let eager = |facts: &mut Facts| {
        facts.settings.lazy = false;
        at_start(facts);
    };
    ails(FindingCode::LoadedAtStart, Some(("LAZY_LOADING_ENABLED", "true")), eager, &mends);
    ails(FindingCode::PreloadedInVain, None, at_start, &mends);
    // Either is enough: the time it took or the memory it holds.
    let mut facts = healthy();
    at_start(&mut facts);
    facts.interfaces[0].load_time = Duration::from_millis(9);
    assert_eq!(found(&facts).figures["bytes"], 20 * MIB);
    facts.interfaces[0].bytes = 0;
    facts.interfaces[0].load_time = Duration::from_millis(10);
    assert_eq!(found(&facts).concerns, ["tokens"]);
}

#[test]
fn reloads_that_a_longer_grace_period_would_have_saved() {
    ails(
        FindingCode::GraceTooShort,
        Some(("UNLOAD_GRACE_PERIOD", "43")),
        |facts| {
            facts.interfaces[0].past.soon_after_idling = 3;
            facts.interfaces[0].past.missed = Duration::from_millis(42_500);
        },
        &[
            &|facts| facts.interfaces[0].past.soon_after_idling = 2,
            &|facts| facts.interfaces[0].grace = Duration::from_secs(43),
            &|facts| facts.settings.unloading = false,
            &|facts| facts.settings.lazy = false,
        ],
    );
}

#[test]
fn reloads_of_what_made_room() {
    ails(
        FindingCode::BudgetTooSmall,
        Some(("LMMS_MEMORY_BUDGET_MB", "148")),
        |facts| facts.interfaces[0].past.soon_after_pressure = 3,
        &[
            &|facts| facts.interfaces[0].past.soon_after_pressure = 2,
            &|facts| facts.settings.unloading = false,
            &|facts| facts.settings.budget = None,
        ],
    );
}

#[test]
fn a_load_that_did_not_fit() {
    ails(
        FindingCode::OverBudget,
        Some(("LMMS_MEMORY_BUDGET_MB", "135")),
        |facts| {
            facts.interfaces[1].past.over_budget = 1;
            facts.interfaces[1].past.short = 7 * MIB - 5;
        },
        &[&|facts| facts.interfaces[1].past.over_budget = 0, &|facts| facts.settings.budget = None],
    );
}

#[test]
fn loads_that_fail_are_told_one_by_one() {
    ails(
        FindingCode::LoadFails,
        None,
        |facts| facts.interfaces[0].past.failures = 3,
        &[&|facts| facts.interfaces[0].past.failures = 2],
    );
    let mut both = healthy();
    both.interfaces.iter_mut().for_each(|interface| interface.past.failures = 9);
    let health = Health::of(&both);
    let concerns: Vec<_> = health.findings.iter().map(|finding| finding.concerns.join(" ")).collect();
    assert_eq!(concerns, ["tokens", "places"]);
}

#[test]
fn a_fast_path_that_is_switched_off_while_much_is_called() {
    ails(
        FindingCode::FastPathDisabled,
        Some(("ENABLE_FAST_PATH", "true")),
        |facts| facts.settings.fast_path = false,
        &[&|facts| facts.settings.fast_path = true, &|facts| facts.operations[0].heat = 50],
    );
}

fn threshold(facts: &mut Facts, calls: u32) {
    for operation in &mut facts.operations {
        operation.scale.threshold = NonZeroU32::new(calls).unwrap();
    }
}

#[test]
fn a_threshold_that_little_of_the_traffic_reaches() {
    ails(
        FindingCode::ThresholdTooHigh,
        Some(("FAST_PATH_THRESHOLD", "50")),
        |facts| threshold(facts, 300),
        &[
            &|facts| threshold(facts, 299),
            // Seldom is not often, whatever the threshold.
            &|facts| facts.operations[0].heat = 50,
            &|facts| facts.settings.adaptive = true,
            // Half of the calls are of what is hot.
            &|facts| facts.operations[1].heat = 301,
        ],
    );
    // None is too high that is not above the default.
    let mut seldom = healthy();
    seldom.operations[0].heat = 50;
    is_well(&seldom);
}

#[test]
fn a_half_life_by_which_calls_do_not_add_up() {
    let second = |seconds| move |facts: &mut Facts| facts.settings.half_life = Duration::from_secs(seconds);
    let seldom_hot = |facts: &mut Facts, fast| {
        let operation = &mut facts.operations[0];
        (operation.calls, operation.fast, operation.heat) = (200, fast, 50);
    };
    ails(
        FindingCode::HeatCoolsTooFast,
        Some(("LMMS_HEAT_HALF_LIFE", "300")),
        |facts| {
            second(299)(facts);
            seldom_hot(facts, 19);
        },
        &[
            &second(300),
            &second(0),
            &|facts| seldom_hot(facts, 20),
            &|facts| facts.operations[0].heat = 51,
            &|facts| facts.operations[0].calls = 199,
            &|facts| threshold(facts, 51),
        ],
    );
}

#[test]
fn a_cache_of_results_that_is_switched_off() {
    ails(
        FindingCode::ResultCacheDisabled,
        Some(("LMMS_RESULT_CACHE_MB", "16")),
        |facts| {
            facts.settings.result_bytes = 0;
            facts.operations[0].calls = 100;
            // Said once, not also for what follows from it.
            facts.operations[0].cache_hits = 0;
        },
        &[&|facts| {
            facts.operations[0].is_cached = false;
            facts.operations[0].cache_misses = 0;
        }],
    );
    let mut seldom = healthy();
    seldom.settings.result_bytes = 0;
    seldom.operations.iter_mut().for_each(|operation| operation.calls = 99);
    is_well(&seldom);
}

#[test]
fn results_that_give_way_before_they_are_of_use() {
    ails(
        FindingCode::ResultCacheTooSmall,
        Some(("LMMS_RESULT_CACHE_MB", "32")),
        |facts| {
            facts.results.evictions = 75;
            facts.results.held.bytes = (8 << 20) + 1;
            // Which is why.
            facts.operations[0].cache_hits = 0;
            facts.operations[0].cache_misses = 99;
        },
        &[&|facts| facts.results.evictions = 74, &|facts| facts.settings.result_bytes *= 2, &|facts| {
            facts.results.misses = 99
        }],
    );
}

#[test]
fn results_that_are_too_heavy() {
    ails(
        FindingCode::ResultsTooHeavy,
        Some(("LMMS_RESULT_CACHE_MB", "24")),
        |facts| facts.results.too_heavy = TooHeavy { count: 15, bytes: 3 << 20 },
        &[&|facts| facts.results.too_heavy.count = 14, &|facts| {
            facts.results.misses = 0;
            facts.results.too_heavy.count = 9;
        }],
    );
}

#[test]
fn results_that_nobody_asks_for_again() {
    let hits = |facts: &mut Facts, hits, misses| {
        (facts.operations[0].cache_hits, facts.operations[0].cache_misses) = (hits, misses);
    };
    ails(
        FindingCode::FewCacheHits,
        None,
        |facts| hits(facts, 4, 96),
        &[&|facts| hits(facts, 5, 95), &|facts| hits(facts, 0, 99)],
    );
}

#[test]
fn a_finding_names_ten_and_counts_all() {
    let mut facts = healthy();
    for _ in 0..30 {
        let mut idle = interface("idle");
        idle.residence = Some(Residence { kept_by: Some(Reason::MinResident), idle: 60 * MINUTE });
        facts.interfaces.push(idle);
    }
    let finding = found(&facts);
    assert_eq!((finding.concerns.len(), finding.figures["interfaces"]), (10, 30));
}

#[test]
fn in_json_a_finding_has_all_of_it() {
    let mut facts = healthy();
    facts.interfaces[1].past.over_budget = 1;
    facts.interfaces[1].past.short = 7 * MIB;
    let health = serde_json::to_value(Health::of(&facts)).unwrap();
    let expected = serde_json::json!({
        "status": "warning",
        "findings": [{
            "code": "over_budget",
            "concerns": ["places"],
            "seen": "1 load of late went ahead though up to 7 MiB were missing in a budget of 128 MiB",
            "figures": { "interfaces": 1, "loads": 1, "short_bytes": 7 * MIB, "budget_bytes": 128 * MIB },
            "remedy": "set LMMS_MEMORY_BUDGET_MB=135, or on Lambda give the function more memory, from which the budget follows",
            "setting": { "variable": "LMMS_MEMORY_BUDGET_MB", "value": "135" },
        }],
    });
    assert_eq!(health, expected);
}
