//! The floor, and who goes first (acceptance 11).

use super::*;

#[test]
fn as_many_as_the_floor_stay_and_the_least_recently_used_go_in_that_order() {
    let turn = Turn::take();
    let gateway = gateway();
    for (loaded, gone) in [(8, 0), (9, 1), (12, 4)] {
        // Not used in the order of their names or of their loads.
        (0..loaded).for_each(touch_plain);
        for step in 0..loaded {
            turn.pass(1);
            touch_plain(order(step, loaded));
        }
        turn.pass(30_000);
        let expected: Vec<_> = (0..gone).map(|step| PLAIN[order(step, loaded)]).collect();
        sweeps(&gateway, &expected);
        assert_eq!(resident(&gateway).len(), 8);
        turn.pass(60 * MINUTE);
        sweeps(&gateway, &[]);
        let _ = sweep(&unloader());
    }
}

/// An order of `0..count` that is none of names or loads. Five is no divisor of any `count` here.
fn order(step: usize, count: usize) -> usize {
    (step * 5 + 3) % count
}

#[test]
fn of_two_used_at_the_same_time_the_one_loaded_first_goes() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_min_resident(1));
    for number in [2, 0, 1] {
        touch_plain(number);
    }
    turn.pass(30_000);
    sweeps(&gateway, &["c", "a"]);
}

#[test]
fn a_direct_unload_leaves_as_many_as_the_floor_too() {
    let turn = Turn::take();
    let gateway = gateway();
    (0..9).for_each(touch_plain);
    turn.pass(30_000);
    // Whichever is asked for.
    unloaded::<E>(&gateway);
    for _ in 0..2 {
        blocked::<A>(&gateway, Reason::MinResident);
        turn.pass(60 * MINUTE);
    }
    touch::<L>();
    unloaded::<A>(&gateway);
    blocked::<B>(&gateway, Reason::MinResident);
}

#[test]
fn what_is_in_use_or_pinned_counts_as_loaded() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_min_resident(2));
    let lease = Invocation::enter().lease::<A>().unwrap();
    let second = Invocation::enter().lease::<B>().unwrap();
    touch::<C>();
    turn.pass(30_000);
    sweeps(&gateway, &["c"]);
    touch::<C>();
    drop(second);
    turn.pass(30_000);
    sweeps(&gateway, &["b"]);
    drop(lease);
}

/// splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let word = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        usize::try_from((word ^ word >> 31) % end as u64).unwrap()
    }
}

#[test]
fn whatever_was_used_when_a_sweep_takes_the_least_recently_used_down_to_the_floor() {
    let turn = Turn::take();
    let mut random = Random(4);
    for round in 0..500 {
        let (floor, grace) = (random.below(14), random.below(40));
        let config = Config::default().with_min_resident(floor).with_grace_period(Duration::from_millis(grace as u64));
        let gateway = start(config);
        // Used at times of their own, none at the same.
        let mut uses: Vec<usize> = Vec::new();
        for _ in 0..random.below(40) {
            let number = random.below(PLAIN.len());
            turn.pass(1 + random.below(3) as u64);
            touch_plain(number);
            uses.retain(|used| *used != number);
            uses.push(number);
        }
        let idle = |number: usize| gateway.interface(PLAIN[number]).unwrap().status().idle;
        let due: Vec<_> = uses.iter().filter(|number| idle(**number).as_millis() >= grace as u128).collect();
        let most = uses.len().saturating_sub(floor);
        let expected: Vec<_> = due.iter().take(most).map(|number| PLAIN[**number]).collect();
        let swept = sweep(&gateway);
        assert_eq!(swept.unloaded, expected, "round {round}: floor {floor}, grace {grace} ms, used {uses:?}");
        // What is left goes at the times that are left, and not before.
        let mut left: Vec<_> = uses.into_iter().filter(|number| !expected.contains(&PLAIN[*number])).collect();
        for _ in 0..45 {
            turn.pass(1);
            let due = left.first().is_some_and(|oldest| idle(*oldest).as_millis() >= grace as u128);
            let expected = if due && left.len() > floor { vec![PLAIN[left.remove(0)]] } else { Vec::new() };
            assert_eq!(sweep(&gateway).unloaded, expected, "round {round}");
        }
        let _ = sweep(&unloader());
    }
}
