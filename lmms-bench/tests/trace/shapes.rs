//! Bounds are of some standard deviations: they hold for nearly all seeds, and for this one always.

use std::collections::BTreeSet;
use std::time::Duration;

use lmms_bench::trace::{Arrivals, Bursts, Curve, Day, GenerateError, Mix, Recipe, Standard, Trace};

use crate::{counted, number, recipe, workload};

/// Arrivals in each of so many parts of the trace's time.
fn parts(trace: &Trace, duration: Duration, count: usize) -> Vec<usize> {
    let mut parts = vec![0; count];
    for arrival in &trace.arrivals {
        parts[(arrival.at.as_secs_f64() / duration.as_secs_f64() * count as f64) as usize] += 1;
    }
    parts
}

#[test]
fn arrivals_have_the_rate_and_gaps_of_a_poisson_process() {
    let recipe = Recipe { arrivals: Arrivals::poisson(4.0), fresh_percent: 0.0, ..recipe() };
    let trace = recipe.generate(&workload(0)).unwrap();
    assert!((13_800..15_000).contains(&trace.arrivals.len()), "{}", trace.arrivals.len());
    assert!(trace.arrivals.is_sorted_by_key(|arrival| arrival.at) && trace.duration() < recipe.duration);
    // Of exponential gaps, 1 in e is longer than their mean.
    let gaps = trace.arrivals.windows(2).map(|pair| (pair[1].at - pair[0].at).as_secs_f64());
    let longer = gaps.filter(|gap| *gap > 0.25).count() as f64 / trace.arrivals.len() as f64;
    assert!((0.35..0.39).contains(&longer), "{longer}");
}

#[test]
fn a_day_has_a_night_and_a_noon_and_the_same_mean() {
    let day = Some(Day { period: Duration::from_secs(3_600), curve: Curve::Sine { depth: 0.8 } });
    let arrivals = Arrivals { day, ..Arrivals::poisson(4.0) };
    let recipe = Recipe { arrivals, fresh_percent: 0.0, ..recipe() };
    let trace = recipe.generate(&workload(0)).unwrap();
    assert!((13_800..15_000).contains(&trace.arrivals.len()), "{}", trace.arrivals.len());
    let parts = parts(&trace, recipe.duration, 12);
    let (night, noon) = (parts[0] + parts[11], parts[5] + parts[6]);
    // 9 to 1 at the very moment, over ten minutes about 1.76 to 0.24.
    assert!(noon > 6 * night && noon < 9 * night, "{parts:?}");
}

#[test]
fn hours_have_the_weights_that_were_given() {
    let mut weights = [1.0; 24];
    weights[3] = 0.0;
    weights[12] = 10.0;
    let day = Some(Day { period: Duration::from_secs(1_800), curve: Curve::Hours(Box::new(weights)) });
    let arrivals = Arrivals { day, ..Arrivals::poisson(4.0) };
    let recipe = Recipe { arrivals, fresh_percent: 0.0, ..recipe() };
    // Two days of half an hour.
    let parts = parts(&recipe.generate(&workload(0)).unwrap(), recipe.duration, 48);
    assert_eq!((parts[3], parts[27]), (0, 0));
    let others = (parts.iter().sum::<usize>() - parts[12] - parts[36]) as f64 / 44.0;
    let peak = (parts[12] + parts[36]) as f64 / 2.0;
    assert!((8.5..11.5).contains(&(peak / others)), "{parts:?}");
}

#[test]
fn bursts_come_once_in_an_interval_and_multiply_the_rate() {
    let (every, length) = (Duration::from_secs(600), Duration::from_secs(60));
    let arrivals = Arrivals { bursts: Some(Bursts { every, length, times: 10.0 }), ..Arrivals::poisson(2.0) };
    let recipe = Recipe { arrivals, fresh_percent: 0.0, ..recipe() };
    let trace = recipe.generate(&workload(0)).unwrap();
    let mut begins = BTreeSet::new();
    for interval in parts(&trace, recipe.duration, 6 * 60).chunks(60) {
        let mut highest = interval.iter().copied().enumerate().collect::<Vec<_>>();
        highest.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        // 10 seconds hold 20 outside and 200 inside; a burst covers 5 of them wholly and one or two in part.
        assert!(highest[..5].iter().all(|(_, count)| (140..270).contains(count)), "{interval:?}");
        assert!(highest[7..].iter().all(|(_, count)| *count < 50), "{interval:?}");
        let places = highest[..5].iter().map(|(place, _)| *place);
        let (first, last) = (places.clone().min().unwrap(), places.max().unwrap());
        assert!(last - first < 7, "one burst, not several: {interval:?}");
        begins.insert(first);
    }
    assert!(begins.len() > 3, "not always at the same place: {begins:?}");
}

#[test]
fn of_all_operations_the_first_is_as_frequent_as_zipf_has_it() {
    let recipe = Recipe { arrivals: Arrivals::poisson(4.0), fresh_percent: 0.0, ..recipe() };
    let workload = workload(0);
    let operations = |recipe: &Recipe| {
        let mut counts: Vec<_> = counted(&recipe.generate(&workload).unwrap(), |arrival| arrival.operation.clone())
            .into_iter()
            .map(|(name, count)| (count, name))
            .collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        counts
    };
    let counts = operations(&recipe);
    assert_eq!(counts.len(), 29);
    let total = counts.iter().map(|(count, _)| count).sum::<usize>() as f64;
    // 1 / (1 + 1/2 + .. + 1/29) is 0.252, and half of it 0.126.
    assert!((0.235..0.27).contains(&(counts[0].0 as f64 / total)), "{counts:?}");
    assert!((0.11..0.142).contains(&(counts[1].0 as f64 / total)), "{counts:?}");
    // Which one it is has nothing to do with the file.
    let firsts: BTreeSet<_> =
        (0..8).map(|seed| operations(&Recipe { seed, ..recipe.clone() }).swap_remove(0).1).collect();
    assert!(firsts.len() > 4, "{firsts:?}");
}

#[test]
fn arguments_come_back_by_zipf_and_fresh_ones_never() {
    let recipe = Recipe { mix: Mix::Hot { operation: "tokens.count".to_owned(), share: 1.0 }, ..recipe() };
    let trace = recipe.generate(&workload(300)).unwrap();
    let counts = counted(&trace, |arrival| number(&arrival.event));
    let known = trace.arrivals.iter().filter(|arrival| number(&arrival.event) < 50).count() as f64;
    // 1 / (1 + 1/2 + .. + 1/50) is 0.222.
    assert!((0.2..0.245).contains(&(counts[&0] as f64 / known)), "{counts:?}");
    assert!(counts.iter().all(|(number, count)| *number < 50 || *count == 1), "{counts:?}");
    let fresh = counts.keys().filter(|number| **number >= 50).count() as f64 / trace.arrivals.len() as f64;
    assert!((0.04..0.06).contains(&fresh), "{fresh}");
}

#[test]
fn a_hot_operation_has_its_share_and_the_others_the_rest() {
    let mix = Mix::Hot { operation: "tokens.count".to_owned(), share: 0.9 };
    let trace = Recipe { mix, fresh_percent: 0.0, ..recipe() }.generate(&workload(0)).unwrap();
    let counts = counted(&trace, |arrival| arrival.operation.clone());
    let share = counts["tokens.count"] as f64 / trace.arrivals.len() as f64;
    assert!((0.88..0.92).contains(&share), "{share}");
    assert!(counts.len() > 20, "{counts:?}");
}

#[test]
fn phases_have_as_many_interfaces_each_and_none_in_common() {
    let recipe = Recipe { mix: Mix::Phases { count: 6 }, fresh_percent: 0.0, ..recipe() };
    let trace = recipe.generate(&workload(0)).unwrap();
    let mut phases = vec![BTreeSet::new(); 6];
    for arrival in &trace.arrivals {
        phases[arrival.at.as_secs() as usize / 600].insert(arrival.operation.split('.').next().unwrap());
    }
    assert!(phases.iter().all(|phase| phase.len() == 3), "{phases:?}");
    assert_eq!(phases.iter().flatten().collect::<BTreeSet<_>>().len(), 18, "{phases:?}");

    // Where they cannot all have as many, none has two more than another.
    let recipe = Recipe { mix: Mix::Phases { count: 5 }, ..recipe };
    let trace = recipe.generate(&workload(0)).unwrap();
    let mut phases = vec![BTreeSet::new(); 5];
    for arrival in &trace.arrivals {
        phases[arrival.at.as_secs() as usize / 720].insert(arrival.operation.split('.').next().unwrap());
    }
    assert!(phases.iter().all(|phase| (3..=4).contains(&phase.len())), "{phases:?}");
}

#[test]
fn the_standard_traces_are_as_they_say() {
    let workload = workload(250);
    for standard in Standard::ALL {
        let trace = standard.generate(&workload, lmms_bench::trace::standard::SEED, false).unwrap();
        let quick = standard.generate(&workload, lmms_bench::trace::standard::SEED, true).unwrap();
        let (requests, operations) = (trace.arrivals.len(), counted(&trace, |arrival| arrival.operation.clone()));
        match standard {
            Standard::Hot => assert_eq!(operations.len(), 1),
            Standard::Zipf | Standard::Phases => assert!(operations.len() > 27, "{operations:?}"),
        }
        // The bursts come on top.
        let most = if standard == Standard::Zipf { 4_700 } else { 3_850 };
        assert!((3_350..most).contains(&requests), "{}: {requests}", standard.id());
        let sixth = quick.arrivals.len() as f64 / requests as f64;
        assert!((0.13..0.21).contains(&sixth), "{}: {sixth}", standard.id());
        assert!(trace.duration() < standard.duration(false) && quick.duration() < standard.duration(true));
        let fresh = trace.arrivals.iter().filter(|arrival| number(&arrival.event) >= 50).count() as f64;
        assert!((0.04..0.06).contains(&(fresh / requests as f64)), "{}: {fresh}", standard.id());
    }
}

#[test]
fn what_cannot_be_generated_says_what_was_expected() {
    let workload = workload(3);
    let error = |recipe: Recipe| recipe.generate(&workload).unwrap_err();
    let hot = |operation: &str| Mix::Hot { operation: operation.to_owned(), share: 1.0 };

    // More than are there, and as many as it says are enough.
    let ran_out = error(Recipe { mix: hot("tokens.count"), ..recipe() });
    let GenerateError::FreshRanOut { ref operation, needed, has: 3 } = ran_out else { panic!("{ran_out}") };
    assert_eq!(operation, "tokens.count");
    assert!(ran_out.to_string().starts_with(&format!("`tokens.count` needs {needed} fresh events")), "{ran_out}");
    assert!(Recipe { mix: hot("tokens.count"), ..recipe() }.generate(&crate::workload(needed)).is_ok());
    assert!(Recipe { mix: hot("tokens.count"), ..recipe() }.generate(&crate::workload(needed - 1)).is_err());

    let unknown = error(Recipe { mix: hot("token.count"), ..recipe() }).to_string();
    assert!(unknown.contains("no operation `token.count`; expected one of tokens.count, "), "{unknown}");
    let phases = error(Recipe { mix: Mix::Phases { count: 19 }, ..recipe() }).to_string();
    assert!(phases.contains("expected 1 to 18 phases"), "{phases}");
    let rate = |rate| error(Recipe { arrivals: Arrivals::poisson(rate), ..recipe() }).to_string();
    assert!(rate(0.0).contains("the rate is 0; expected more than 0"), "{}", rate(0.0));
    assert!(rate(f64::NAN).contains("expected more than 0"), "{}", rate(f64::NAN));
    assert!(rate(1e9).contains("more than 10000000 requests"), "{}", rate(1e9));
    let none = Recipe { ..recipe() }.generate(&crate::workload(0)).unwrap_err().to_string();
    assert!(none.contains("the share of fresh events is 5; expected 0"), "{none}");
    let exponent = error(Recipe { mix: Mix::Zipf { exponent: -1.0 }, ..recipe() }).to_string();
    assert!(exponent.contains("exponent is -1; expected 0 or more"), "{exponent}");
    let (every, length) = (Duration::from_secs(10), Duration::from_secs(11));
    let arrivals = Arrivals { bursts: Some(Bursts { every, length, times: 2.0 }), ..Arrivals::poisson(1.0) };
    let burst = error(Recipe { arrivals, ..recipe() }).to_string();
    assert!(burst.contains("11s in every 10s; expected at most the interval"), "{burst}");
}

#[test]
fn an_operation_without_fresh_events_asks_with_known_ones() {
    let mut workload = workload(300);
    workload.operations[0].fresh.clear();
    let recipe = Recipe { mix: Mix::Hot { operation: "tokens.count".to_owned(), share: 0.5 }, ..recipe() };
    let trace = recipe.generate(&workload).unwrap();
    let (hot, others): (Vec<_>, Vec<_>) =
        trace.arrivals.iter().partition(|arrival| arrival.operation == "tokens.count");
    assert!(hot.len() > 1_000 && hot.iter().all(|arrival| number(&arrival.event) < 50));
    assert!(others.iter().any(|arrival| number(&arrival.event) >= 50));
}

#[test]
fn mixes_and_bursts_are_parsed_as_they_are_written() {
    for text in ["hot:tokens.count:0.9", "zipf:1.2", "phases:6"] {
        assert_eq!(text.parse::<Mix>().unwrap().to_string(), text);
    }
    assert_eq!("hot:a.b".parse(), Ok(Mix::Hot { operation: "a.b".to_owned(), share: 1.0 }));
    assert_eq!("zipf".parse(), Ok(Mix::Zipf { exponent: 1.0 }));
    for text in ["", "hot", "hot:a:much", "zip", "zipf:steep", "phases", "phases:-1"] {
        let error = text.parse::<Mix>().unwrap_err();
        assert!(error.contains("expected hot:OPERATION[:SHARE], zipf[:EXPONENT] or phases:COUNT"), "{error}");
    }
    let (every, length) = (Duration::from_secs(600), Duration::from_secs(30));
    assert_eq!("10m:30s:x5".parse(), Ok(Bursts { every, length, times: 5.0 }));
    for text in ["10m", "10m:30s", "10m:30s:5", "10m:30:x5", "soon:30s:x5"] {
        let error = text.parse::<Bursts>().unwrap_err();
        assert!(error.contains("expected EVERY:LENGTH:xTIMES"), "{error}");
    }
}
