use std::num::NonZeroU32;

use super::*;

fn scale(threshold: u32, half_life: u64) -> Scale {
    Scale { threshold: NonZeroU32::new(threshold).unwrap(), half_life: Duration::from_secs(half_life) }
}

fn at(seconds: u64) -> Moment {
    Moment(seconds * 1_000)
}

fn called(times: u32, now: Moment, scale: Scale) -> Heat {
    let heat = Heat::new();
    (0..times).for_each(|_| heat.count(now, scale));
    heat
}

#[test]
fn tiers_in_proportion_to_the_threshold() {
    for (threshold, last) in [(50, [10, 50, 200]), (30, [6, 30, 120]), (100, [20, 100, 400]), (1, [0, 1, 4])] {
        let scale = scale(threshold, 0);
        let tier = |calls| scale.tier(called(calls, at(0), scale).calls(at(0), scale));
        let tiers = [Tier::Cold, Tier::Warm, Tier::Hot, Tier::Blazing];
        for (index, last) in last.into_iter().enumerate() {
            assert_eq!(tier(last), tiers[index], "{threshold}: {last}");
            assert_eq!(tier(last + 1), tiers[index + 1]);
        }
    }
}

#[test]
fn half_is_forgotten_each_half_life() {
    let scale = scale(50, 300);
    let heat = called(201, at(7), scale);
    let calls = |now| heat.calls(at(now), scale);
    assert_eq!(heat.cools_at(at(8), scale), Some(at(607)));
    assert_eq!(heat.cools_at(at(607), scale), None);
    assert_eq!([calls(7), calls(306), calls(307)], [201, 201, 100]);
    // What is counted in between is kept, and the half-life goes on as it had begun.
    heat.count(at(400), scale);
    assert_eq!([calls(400), calls(606), calls(607)], [101, 101, 50]);
    assert_eq!(calls(u64::from(u32::MAX)), 0);
}

#[test]
fn without_a_half_life_it_stays() {
    let scale = scale(50, 0);
    let heat = called(51, at(0), scale);
    assert_eq!(scale.tier(heat.calls(at(1 << 40), scale)), Tier::Hot);
    assert_eq!(heat.cools_at(at(0), scale), Some(Moment::NEVER));
    assert_eq!(called(50, at(0), scale).cools_at(at(0), scale), None);
}

#[test]
fn a_saturated_body_counts_again_when_it_has_cooled() {
    let scale = scale(50, 300);
    let heat = called(201, at(0), scale);
    assert!(heat.is_saturated());
    // Of what is not counted one by one, one in so many is looked at.
    heat.count_sample(64, at(10), scale);
    assert_eq!(heat.calls(at(10), scale), 265);
    // Seen, so it counts again.
    assert_eq!(heat.calls(at(300), scale), 132);
    assert!(!heat.is_saturated());
    heat.count_sample(64, at(300), scale);
    assert_eq!(heat.calls(at(300), scale), 132);
}

#[test]
fn what_is_counted_has_an_upper_bound_that_never_takes_away() {
    let (low, high) = (scale(50, 0), scale(100, 0));
    let heat = called(401, at(0), high);
    heat.count_sample(1 << 20, at(0), high);
    assert_eq!(heat.calls(at(0), high), 6_400);
    heat.count_sample(1, at(0), low);
    assert_eq!(heat.calls(at(0), low), 6_400);
}

#[test]
fn another_half_life_is_for_the_time_from_then_on() {
    let (never, minute) = (scale(50, 0), scale(50, 60));
    let heat = called(120, at(0), never);
    heat.restamp(at(300), never);
    assert_eq!([heat.calls(at(300), minute), heat.calls(at(359), minute), heat.calls(at(360), minute)], [120, 120, 60]);
    heat.restamp(at(380), minute);
    assert_eq!(heat.calls(at(3_000), never), 60);
}
