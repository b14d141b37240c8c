//! Which operations a mix of calls makes hot, and by which threshold.

use super::*;

#[test]
fn the_hot_set_covers_80_percent_of_the_calls_and_not_much_more() {
    let turn = Turn::take();
    // Three quarters of what the last of the smallest such set has had, unless the configured 50 does as well.
    for (mix, few, threshold) in [
        ([1_000, 500, 333, 250, 200, 166, 142, 125], 6, 150),
        ([900, 30, 20, 20, 10, 10, 5, 5], 1, 675),
        ([100; 8], 8, 50),
        ([700, 690, 650, 640, 30, 30, 20, 20], 4, 480),
        ([60, 45, 30, 20, 15, 5, 2, 1], 4, 15),
    ] {
        turn.pass(86_400);
        let gateway = start(adaptive());
        play(&turn, &gateway, mix);
        let total: u32 = mix.iter().sum();
        assert_eq!(hot(&gateway), MIX[..few], "{mix:?}");
        let covered = |count: usize| mix[..count].iter().sum::<u32>() * 100 / total;
        assert!(covered(few) >= 80, "{mix:?}");
        // All that are called about as often are hot together.
        assert!(covered(few - 2.min(few)) < 80 || mix[few - 1] == mix[0]);
        has_threshold(&gateway, threshold);
    }
}

#[test]
fn typed_calls_and_answers_from_the_cache_are_part_of_the_mix() {
    let turn = Turn::take();
    let gateway = start(adaptive().with_fast_path_threshold(10.try_into().unwrap()));
    let invocation = Invocation::enter();
    let a = invocation.get::<A>().unwrap();
    (0..1_000).for_each(|_| a.run());
    for interface in ["b", "c", "d"] {
        call(&gateway, interface, 250);
    }
    turn.pass(1);
    let _ = block_on(gateway.sweep());
    assert_eq!((hot(&gateway), check(&gateway, "a").calls), (vec!["a", "b", "c", "d"], 1_000));

    call(&gateway, "cached", 20_000);
    turn.pass(1);
    let _ = block_on(gateway.sweep());
    assert_eq!((hot(&gateway), check(&gateway, "cached").tier), (vec![], Tier::Hot));
}

#[test]
fn answers_from_the_cache_are_counted_as_far_as_calls_are() {
    let turn = Turn::take();
    let gateway = start(adaptive().with_fast_path_threshold(10.try_into().unwrap()));
    // Of all 8,000 calls, most go to one operation. It is hot, whoever else is.
    call(&gateway, "cached", 5_000);
    for interface in ["a", "b", "c"] {
        call(&gateway, interface, 1_000);
    }
    turn.pass(1);
    let _ = block_on(gateway.sweep());
    assert!(check(&gateway, "cached").is_fast(), "{:?}", check(&gateway, "cached"));
}

#[test]
fn until_there_is_a_mix_the_configured_threshold_holds_and_a_fifth_of_it_is_the_least() {
    let turn = Turn::take();
    let gateway = start(adaptive());
    play(&turn, &gateway, [20, 20, 9, 0, 0, 0, 0, 0]);
    has_threshold(&gateway, 50);
    play(&turn, &gateway, [0, 0, 1, 0, 0, 0, 0, 0]);
    has_threshold(&gateway, 15);
    assert_eq!(hot(&gateway), ["a", "b"]);

    turn.pass(86_400);
    play(&turn, &gateway, [8; 8]);
    has_threshold(&gateway, 10);
    assert_eq!(hot(&gateway), [""; 0]);
}

#[test]
fn an_interface_that_declares_a_threshold_keeps_it() {
    let turn = Turn::take();
    let gateway = start(adaptive());
    call(&gateway, "declaring", 21);
    play(&turn, &gateway, [1_000, 800, 20, 10, 0, 0, 0, 0]);
    assert_eq!((check(&gateway, "declaring").threshold, check(&gateway, "declaring").tier), (20, Tier::Hot));
}
