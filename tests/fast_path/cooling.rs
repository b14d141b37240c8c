//! What is called no more cools, tier by tier, and heats again (acceptance 18).

use super::*;

/// The tier of `plain.double` now, and its calls that count.
fn heat(gateway: &Gateway) -> (Tier, u32) {
    let found = gateway.check_fast_path("plain.double").unwrap();
    (found.tier, found.calls)
}

fn half_life(seconds: u64) -> Config {
    keeping().with_heat_half_life(Duration::from_secs(seconds))
}

#[test]
fn half_of_the_calls_are_forgotten_each_half_life() {
    let turn = Turn::take();
    let gateway = start(half_life(60));
    DOUBLE.call(&gateway, 201);
    assert_eq!(heat(&gateway), (Tier::Blazing, 201));
    // Heat counts in whole seconds: it may have been counted up to a second before now.
    turn.pass(59);
    assert_eq!(heat(&gateway), (Tier::Blazing, 201));
    let cooler = [100, 50, 25, 12, 6, 3, 1, 0];
    for (calls, seconds) in cooler.into_iter().zip([1, 60, 60, 60, 60, 60, 60, 60]) {
        turn.pass(seconds);
        assert_eq!(heat(&gateway), (tier_of(calls), calls));
    }
    turn.pass(10 * 60);
    assert_eq!(heat(&gateway), (Tier::Cold, 0));
}

#[test]
fn what_has_cooled_goes_the_whole_way_again() {
    let turn = Turn::take();
    let gateway = start(half_life(60));
    DOUBLE.call(&gateway, 80);
    turn.pass(60);
    let counted = Counted::from_now(&gateway, &DOUBLE);
    assert_eq!(heat(&gateway), (Tier::Warm, 40));
    DOUBLE.call(&gateway, 10);
    assert_eq!((counted.so_far().zafp_hits, counted.so_far().timed), (0, [0, 10, 0, 0]));
    DOUBLE.call(&gateway, 16);
    assert_eq!((counted.so_far().zafp_hits, counted.so_far().timed[..2].to_vec()), (16, vec![0, 10]));
    assert!(counted.so_far().timed[2] > 0);
}

#[test]
fn what_was_blazing_is_counted_again_by_name_and_typed() {
    let turn = Turn::take();
    let gateway = start(half_life(60));
    let typed = || _ = typed(|plain: &Plain| plain.double(7));
    let by_name = || DOUBLE.call(&gateway, 1);
    let calls: [&dyn Fn(); 2] = [&typed, &by_name];
    for call in calls {
        turn.cool();
        (0..201).for_each(|_| call());
        turn.pass(60);
        assert_eq!(heat(&gateway), (Tier::Hot, 100));
        (0..100).for_each(|_| call());
        assert_eq!(heat(&gateway), (Tier::Hot, 200));
        call();
        assert_eq!(heat(&gateway), (Tier::Blazing, 201));
    }
}

#[test]
fn without_a_half_life_nothing_cools() {
    let turn = Turn::take();
    let gateway = start(half_life(0));
    DOUBLE.call(&gateway, 51);
    turn.pass(365 * 86_400);
    assert_eq!(heat(&gateway), (Tier::Hot, 51));
    // For who judges by a half-life it has cooled.
    assert_eq!(heat(&start(half_life(60))), (Tier::Cold, 0));
}

#[test]
fn another_half_life_is_for_the_time_from_then_on() {
    let turn = Turn::take();
    let gateway = start(half_life(0));
    DOUBLE.call(&gateway, 60);
    turn.pass(600);
    gateway.reconfigure(half_life(400));
    assert_eq!(heat(&gateway), (Tier::Hot, 60));
    turn.pass(400);
    assert_eq!(heat(&gateway), (Tier::Warm, 30));
    gateway.reconfigure(half_life(0));
    turn.pass(6_000);
    assert_eq!(heat(&gateway), (Tier::Warm, 30));
}

#[test]
fn a_sweep_takes_what_has_cooled_and_leaves_what_is_hot() {
    let turn = Turn::take();
    let _ = block_on(unloader().sweep());
    let config = Config::default().with_min_resident(0).with_grace_period(Duration::from_secs(1));
    let gateway = start(config.with_heat_half_life(Duration::from_secs(60)));
    DOUBLE.call(&gateway, 201);
    turn.pass(60);
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    turn.pass(59);
    assert_eq!(block_on(gateway.sweep()).unloaded, [""; 0]);
    turn.pass(1);
    assert_eq!(block_on(gateway.sweep()).unloaded, ["plain"]);
}
