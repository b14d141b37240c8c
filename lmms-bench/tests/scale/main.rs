//! The simulation: what is known without one, it says too.

mod parameters;

use lmms_bench::scale::{
    Bursts, Calls, Containers, DAY, Heat, Keeping, Model, Outcome, Part, SECOND, Traffic, simulate,
};

const MILLISECOND: u64 = SECOND / 1_000;
const HOUR: u64 = 3_600 * SECOND;
const KEPT: [Keeping; 4] = [
    Keeping::AtStart,
    Keeping::Forever,
    Keeping::Idle { grace: 30 * SECOND, floor: 0, heat: None },
    Keeping::Idle { grace: 30 * SECOND, floor: 8, heat: Some(Heat { threshold: 50, half_life: 300 * SECOND }) },
];

/// Of so many interfaces with two operations each, all alike: 100 bytes, 20 ms when called first, 2 ms when again, 1 ms from the cache.
fn model(interfaces: usize, keeping: Keeping) -> Model {
    let part = Part { bytes: 100.0, left: 0.0, unload: 0 };
    let call = |place: usize| Calls {
        interface: place / 2,
        first: vec![20 * MILLISECOND],
        again: vec![2 * MILLISECOND],
        hit: vec![MILLISECOND],
    };
    Model {
        init: vec![50 * MILLISECOND],
        base: 1_000.0,
        ..Model::new(vec![part; interfaces], (0..2 * interfaces).map(call).collect(), keeping)
    }
}

/// Nothing but so many requests at once, time and again.
fn bursts(every: u64, requests: usize, length: u64) -> Traffic {
    Traffic { length, bursts: Some(Bursts { every, requests }), ..Traffic::day(1e-9) }
}

fn flat(per_day: f64) -> Traffic {
    Traffic { depth: 0.0, ..Traffic::day(per_day) }
}

fn run(model: &Model, traffic: &Traffic) -> Outcome {
    simulate(model, traffic, &Containers { lifetime: u64::MAX, ..Containers::default() }, 7)
}

#[track_caller]
fn assert_near(measured: f64, expected: f64, within: f64) {
    assert!((measured / expected - 1.0).abs() < within, "{measured} is not near {expected}");
}

#[test]
fn each_request_is_answered_whatever_the_function_and_the_traffic() {
    for keeping in KEPT {
        for phases in [1, 6] {
            let bursts = Some(Bursts { every: HOUR, requests: 100 });
            let traffic = Traffic { phases, bursts, ..Traffic::day(50_000.0) };
            let outcome = run(&model(18, keeping), &traffic);
            assert_eq!((outcome.answered, outcome.latencies.len()), (outcome.requests, outcome.requests));
            assert_near(outcome.requests as f64, 50_000.0 + 2_400.0, 0.02);
        }
    }
}

#[test]
fn a_container_runs_one_request_at_a_time() {
    let outcome = run(&model(1, Keeping::Forever), &bursts(DAY, 1_000, DAY));
    assert_eq!((outcome.requests, outcome.cold, outcome.peak_containers), (1_000, 1_000, 1_000));
    // So long that each request finds all containers busy.
    let mut endless = model(1, Keeping::Forever);
    endless.init = vec![2 * DAY];
    let outcome = run(&endless, &flat(500.0));
    assert_eq!(outcome.peak_containers as u64, outcome.requests);
    assert_eq!(outcome.ended, 0);
}

#[test]
fn as_many_containers_are_busy_as_requests_arrive_while_one_is_served() {
    // M/D/inf: 2 a second, for 5 seconds each.
    let mut model = model(1, Keeping::Forever);
    model.init.clear();
    model.operations[0].first = vec![5 * SECOND];
    model.operations[0].again = vec![5 * SECOND];
    model.operations.truncate(1);
    let outcome = run(&model, &flat(2.0 * 86_400.0));
    assert_near(outcome.busy, 10.0, 0.02);
    // And with a curve, on average.
    assert_near(run(&model, &Traffic::day(2.0 * 86_400.0)).busy, 10.0, 0.02);
}

#[test]
fn of_sparse_requests_as_many_are_cold_as_gaps_are_longer_than_the_idle_time() {
    // One every 20 minutes on average: exp(-1/2) of the gaps are longer than 10 minutes.
    let traffic = Traffic { length: 300 * DAY, ..flat(72.0) };
    assert_near(run(&model(1, Keeping::Forever), &traffic).cold_share(), (-0.5_f64).exp(), 0.02);
}

#[test]
fn an_idle_container_is_ended_after_its_time_and_not_before() {
    let idle = Containers::default().idle;
    let model = model(1, Keeping::Forever);
    // One request at half an hour: 50 ms of INIT, 20 ms of load, and 10 minutes.
    let outcome = run(&model, &bursts(HOUR, 1, HOUR));
    assert_eq!((outcome.cold, outcome.ended), (1, 1));
    assert_near(outcome.containers * 3_600.0, 600.07, 1e-9);
    // What is a moment longer than that finds none, what is a moment shorter does.
    let longer = run(&model, &bursts(idle + 71 * MILLISECOND, 1, DAY));
    assert_eq!(longer.cold, longer.requests);
    assert_eq!(run(&model, &bursts(idle, 1, DAY)).cold, 1);
}

#[test]
fn an_old_container_is_ended_with_its_request() {
    let containers = Containers { lifetime: HOUR, ..Containers::default() };
    let outcome = simulate(&model(1, Keeping::Forever), &bursts(SECOND, 1, DAY), &containers, 7);
    assert_eq!((outcome.cold, outcome.peak_containers), (24, 1));
}

#[test]
fn the_same_seed_is_the_same_outcome_and_another_is_another() {
    let (model, traffic) = (model(18, KEPT[3]), Traffic::day(20_000.0));
    let run = |seed| simulate(&model, &traffic, &Containers::default(), seed);
    assert_eq!(run(7), run(7));
    assert_ne!(run(7), run(8));
}

#[test]
fn who_never_unloads_is_as_a_lazylock() {
    let traffic = Traffic { phases: 6, ..Traffic::day(20_000.0) };
    let lazylock = run(&model(18, Keeping::Forever), &traffic);
    let endless = Keeping::Idle { grace: u64::MAX, floor: 0, heat: None };
    assert_eq!(run(&model(18, endless), &traffic), lazylock);
    assert_eq!(run(&model(18, Keeping::Idle { grace: 0, floor: 18, heat: None }), &traffic), lazylock);
    // What was called once is hot for ever.
    let hot = Keeping::Idle { grace: 0, floor: 0, heat: Some(Heat { threshold: 0, half_life: u64::MAX }) };
    assert_eq!(run(&model(18, hot), &traffic), lazylock);
    let unloads = run(&model(18, KEPT[2]), &traffic);
    assert!(unloads.unloads > 0 && unloads.bytes < lazylock.bytes, "{unloads:?}");
}

#[test]
fn what_idles_for_the_grace_period_goes_but_for_the_floor() {
    // A request each 40 seconds, of one of two interfaces: the other one has idled for as long.
    let unload = |grace, floor| {
        let model = model(2, Keeping::Idle { grace, floor, heat: None });
        run(&model, &Traffic { exponent: 0.0, ..bursts(40 * SECOND, 1, DAY) })
    };
    let outcome = unload(30 * SECOND, 0);
    // One at a time but while the second is loaded: never both at the end of an invocation.
    assert_eq!(outcome.loads - outcome.unloads, 1);
    assert_eq!(outcome.peak_bytes, 1_200.0);
    assert!((1_099.0..1_101.0).contains(&outcome.bytes), "{}", outcome.bytes);
    assert_eq!((unload(30 * SECOND, 2).unloads, unload(DAY, 0).unloads), (0, 0));
    // Of three, one more than the floor is one too many.
    let three = Keeping::Idle { grace: 30 * SECOND, floor: 2, heat: None };
    let outcome = run(&model(3, three), &Traffic { exponent: 0.0, ..bursts(40 * SECOND, 1, DAY) });
    assert_eq!(outcome.loads - outcome.unloads, 2);
    assert!(outcome.unloads > 100, "{}", outcome.unloads);
}

#[test]
fn what_was_used_least_recently_makes_room_within_the_budget() {
    let never = Keeping::Idle { grace: u64::MAX, floor: 8, heat: None };
    let mut limited = Model { budget: Some(1_200.0), ..model(3, never) };
    limited.interfaces.iter_mut().for_each(|part| part.unload = 5 * MILLISECOND);
    let traffic = Traffic { exponent: 0.0, ..bursts(SECOND, 1, 3_000 * SECOND) };
    let outcome = run(&limited, &traffic);
    // Two of three fit. A third of the calls ask for the one that does not: it takes the place of one, on the client's time.
    assert_eq!((outcome.peak_bytes, outcome.loads - outcome.unloads), (1_200.0, 2));
    assert_near(outcome.loads as f64, 1_000.0, 0.1);
    assert_near(outcome.percentile(90.0), 25.0, 1e-3);
    assert_eq!(run(&Model { budget: Some(1_300.0), ..limited.clone() }, &traffic).unloads, 0);
    // What does not fit at all goes ahead.
    let outcome = run(&Model { budget: Some(1.0), ..limited }, &traffic);
    assert_eq!((outcome.peak_bytes, outcome.answered), (1_100.0, outcome.requests));
}

#[test]
fn what_an_unload_leaves_behind_is_there_once() {
    let mut model = model(2, KEPT[2]);
    for part in &mut model.interfaces {
        *part = Part { left: 40.0, unload: 5 * MILLISECOND, ..*part };
    }
    let traffic = Traffic { exponent: 0.0, ..bursts(40 * SECOND, 1, DAY) };
    let outcome = run(&model, &traffic);
    // 1,000 and one of 100 and what 60 of the other have left.
    assert!((1_139.0..1_141.0).contains(&outcome.bytes), "{}", outcome.bytes);
    assert_eq!(outcome.peak_bytes, 1_200.0);
    // All else is 20 ms or 2 ms for each request: the unloads are billed.
    let requests = outcome.requests - outcome.loads;
    let expected = 50 + 20 * outcome.loads + 2 * requests + 5 * outcome.unloads;
    assert_eq!(outcome.billed_ms, expected);
}

#[test]
fn time_is_billed_per_request_and_a_start_with_its_first() {
    let mut model = model(1, Keeping::Forever);
    model.init = vec![50_300_000];
    model.operations.iter_mut().for_each(|calls| (calls.first, calls.again) = (vec![20_400_000], vec![70_000]));
    let outcome = run(&model, &bursts(SECOND, 1, 10 * SECOND));
    // 70.7 ms are 71, and nine times 0.07 ms are nine.
    assert_eq!((outcome.requests, outcome.billed_ms), (10, 80));
    // To three digits, as the histogram has it.
    assert_near(outcome.percentile(100.0), 70.7, 1e-3);
    assert_near(outcome.percentile(50.0), 0.07, 1e-3);
    // 80 ms of 1 GB in ten seconds.
    assert_near(outcome.gb_seconds(1_024), 0.08 * 8_640.0, 1e-9);
    // Half of a processor makes the calls longer, not the start.
    let slower = run(&Model { slower: 2.0, ..model }, &bursts(SECOND, 1, SECOND));
    assert_near(slower.percentile(100.0), 50.3 + 40.8, 1e-3);
}

#[test]
fn the_cache_answers_what_was_asked_before_without_a_load() {
    let with = |hit_rate| run(&Model { hit_rate, ..model(2, KEPT[2]) }, &bursts(SECOND, 1, 3_000 * SECOND));
    let all = with(1.0);
    assert_eq!((all.requests, all.cold, all.loads), (3_000, 1, 2));
    assert_eq!(all.percentile(50.0), 1.0);
    // The four operations missed once each: two loaded, two found their interface loaded or load it again.
    assert!(all.unloads <= 3 && all.billed_ms <= 50 + 4 * 20 + 2_996, "{all:?}");
    assert_eq!(with(0.0).percentile(50.0), 2.0);
}

#[test]
fn everything_at_the_start_is_in_the_start() {
    let outcome = run(&model(18, Keeping::AtStart), &flat(1_000.0));
    assert_eq!((outcome.loads, outcome.peak_bytes), (0, 1_000.0));
    assert_near(outcome.bytes, 1_000.0, 1e-9);
    let scratch = run(&Model { scratch: 50.0, ..model(18, Keeping::AtStart) }, &flat(1_000.0));
    assert_eq!((scratch.peak_bytes, scratch.bytes), (1_050.0, outcome.bytes));
}

#[test]
fn each_function_sees_the_same_requests() {
    let requests = KEPT.map(|keeping| run(&model(18, keeping), &Traffic::day(20_000.0)).requests);
    assert!(requests.iter().all(|one| *one == requests[0]), "{requests:?}");
}
