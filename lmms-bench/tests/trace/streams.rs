//! The same seed, the same trace; and what is changed changes nothing else.

use std::time::Duration;

use lmms_bench::trace::{Arrival, Arrivals, Bursts, Mix, Recipe, Trace};

use crate::{counted, number, recipe, workload};

fn bytes(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    trace.write(&mut bytes).unwrap();
    bytes
}

fn all<T>(trace: &Trace, one: impl Fn(&Arrival) -> T) -> Vec<T> {
    trace.arrivals.iter().map(one).collect()
}

#[test]
fn the_same_seed_is_the_same_trace_byte_for_byte() {
    let workload = workload(250);
    let trace = recipe().generate(&workload).unwrap();
    assert_eq!(bytes(&trace), bytes(&recipe().generate(&workload).unwrap()));
    assert_ne!(bytes(&trace), bytes(&Recipe { seed: 8, ..recipe() }.generate(&workload).unwrap()));
}

/// A new version of `rand_distr` may draw others: then what was measured is no longer what is generated, and this says so.
#[test]
fn the_trace_of_a_seed_is_what_it_was() {
    let trace = recipe().generate(&workload(250)).unwrap();
    let first = trace.arrivals[..4]
        .iter()
        .map(|arrival| (arrival.at.as_micros(), &*arrival.operation, number(&arrival.event)))
        .collect::<Vec<_>>();
    let expected = [
        (1_991_124, "interface13.operation0", 3),
        (3_045_298, "interface3.operation1", 14),
        (4_099_949, "interface9.operation0", 20),
        (4_717_617, "interface3.operation0", 2),
    ];
    assert_eq!(first, expected);
}

#[test]
fn another_mix_leaves_the_moments_alone() {
    let workload = workload(250);
    let zipf = recipe().generate(&workload).unwrap();
    let phases = Recipe { mix: Mix::Phases { count: 6 }, ..recipe() }.generate(&workload).unwrap();
    assert_eq!(all(&zipf, |arrival| arrival.at), all(&phases, |arrival| arrival.at));
    // And what each operation is asked with, as far as both ask it.
    let known = |trace: &Trace, name: &str| {
        let of = trace.arrivals.iter().filter(|arrival| arrival.operation == name);
        of.map(|arrival| number(&arrival.event)).collect::<Vec<_>>()
    };
    let (mut alike, mut both) = (0, 0);
    for name in counted(&zipf, |arrival| arrival.operation.clone()).keys() {
        let pairs =
            known(&zipf, name).into_iter().zip(known(&phases, name)).filter(|(one, other)| *one.max(other) < 50);
        pairs.for_each(|(one, other)| (alike, both) = (alike + usize::from(one == other), both + 1));
    }
    assert!(both > 1_000 && alike == both, "{alike} of {both}");
}

#[test]
fn other_arrivals_leave_operations_and_arguments_alone() {
    let workload = workload(250);
    let what = |trace: &Trace| all(trace, |arrival| (arrival.operation.clone(), arrival.event.clone()));
    let once = what(&recipe().generate(&workload).unwrap());
    let bursts = Some(Bursts { every: Duration::from_secs(600), length: Duration::from_secs(30), times: 5.0 });
    let arrivals = Arrivals { rate: 0.7, bursts, day: None };
    let other = what(&Recipe { arrivals, ..recipe() }.generate(&workload).unwrap());
    let common = once.len().min(other.len());
    assert!(common > 2_000);
    assert_eq!(once[..common], other[..common]);
}

#[test]
fn more_fresh_events_leave_the_known_ones_alone() {
    let workload = workload(400);
    let few = recipe().generate(&workload).unwrap();
    let many = Recipe { fresh_percent: 10.0, ..recipe() }.generate(&workload).unwrap();
    assert_eq!(all(&few, |arrival| arrival.operation.clone()), all(&many, |arrival| arrival.operation.clone()));
    let pairs = few.arrivals.iter().zip(&many.arrivals).filter(|(_, other)| number(&other.event) < 50);
    let mut compared = 0;
    for (one, other) in pairs {
        compared += 1;
        assert_eq!(one.event, other.event);
    }
    assert!(compared > 3_000);
}
