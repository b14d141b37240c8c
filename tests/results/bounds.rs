//! What all results take together, and what gives way when it is too much.

use super::*;

fn same(gateway: &Gateway, number: u64) -> bool {
    let before = computed();
    assert_eq!(ask(gateway, "numbers.same", &format!(r#"{{"number":{number}}}"#)), Ok(number.to_string()));
    // Whether it was there.
    computed() == before
}

/// What one result of `numbers.same` takes, if the number has one digit.
fn one() -> usize {
    let gateway = start(Config::default());
    same(&gateway, 7);
    let one = held(&gateway);
    // The arguments, the answer, and what it takes to keep them.
    assert!((8..1_000).contains(&one), "{one}");
    one
}

#[test]
fn the_least_recently_used_gives_way() {
    let _turn = Turn::take();
    let one = one();
    let gateway = start(bytes(8 * one));
    for number in 0..8 {
        assert!(!same(&gateway, number));
    }
    assert_eq!((entries(&gateway), held(&gateway)), (8, 8 * one));
    // All are there, and then 0 is the last used.
    assert!((0..8).all(|number| same(&gateway, number)) && same(&gateway, 0));
    assert_eq!(stats(&gateway)["evictions"], 0);
    assert!(!same(&gateway, 8));
    assert_eq!((entries(&gateway), stats(&gateway)["evictions"].clone()), (8, 1.into()));
    assert!(same(&gateway, 0) && same(&gateway, 2) && !same(&gateway, 1));
    // That took the place of 3.
    assert!(same(&gateway, 8) && same(&gateway, 4) && !same(&gateway, 3));
    assert_eq!((entries(&gateway), stats(&gateway)["evictions"].clone()), (8, 3.into()));
}

#[test]
fn bytes_count_arguments_answer_and_weight() {
    let _turn = Turn::take();
    let one = one();
    let gateway = start(Config::default());
    let mut before = 0;
    let mut adds = |names: &str, arguments: &str| {
        ask(&gateway, names, arguments).unwrap();
        let added = held(&gateway) - before;
        before += added;
        added
    };
    assert_eq!(adds("numbers.same", r#"{"number":1}"#), one);
    assert_eq!(adds("numbers.same", r#"{"number":12345}"#), one + 8);
    // White space is no part of a key.
    assert_eq!(adds("numbers.same", "  { \"number\" :\n 2 } "), one);
    assert_eq!(adds("numbers.heavy", r#"{"number":3}"#), 4 * one);
    let text = adds("numbers.text", r#"{"length":1}"#);
    assert_eq!(adds("numbers.text", r#"{"length":9}"#), text + 8);
    assert_eq!(adds("numbers.same", r#"{"number":1}"#), 0);
}

#[test]
fn there_is_never_more_than_the_bound() {
    let _turn = Turn::take();
    let most = 20_000;
    let gateway = start(bytes(most));
    let mut random = 7_u64;
    for round in 0..3_000 {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let length = ((random >> 33) % 60).pow(2);
        let expected = Ok(format!("\"{}\"", "x".repeat(length as usize)));
        assert_eq!(ask(&gateway, "numbers.text", &format!(r#"{{"length":{length}}}"#)), expected);
        // Reading them takes a while in a program that is not optimised.
        if round % 20 == 0 {
            let (held, entries) = (held(&gateway), entries(&gateway));
            assert!(held <= most && entries as usize * 288 <= held, "{held} bytes of {entries}");
        }
    }
    let stats = stats(&gateway);
    let count = |name: &str| stats[name].as_u64().unwrap();
    assert!(count("evictions") > 100 && count("refusals") > 100 && count("hits") > 100, "{stats}");
    assert_eq!((count("hits") + count("misses"), count("misses")), (3_000, computed() as u64));
}

#[test]
fn what_is_heavier_than_an_eighth_is_computed_each_time() {
    let _turn = Turn::take();
    let one = one();
    // Just too small for one of them, or just not.
    for (most, kept) in [(8 * one, true), (8 * one - 1, false)] {
        let gateway = start(bytes(most));
        same(&gateway, 1);
        assert_eq!((same(&gateway, 1), entries(&gateway)), (kept, u64::from(kept)));
        assert_eq!(stats(&gateway)["refusals"], if kept { 0 } else { 2 });
    }
    let gateway = start(bytes(8 * one));
    // White space is no part of a key, however much there is of it.
    let spaced = format!(r#"{{"number":{}1}}"#, " ".repeat(2 * one));
    for _ in 0..2 {
        ask(&gateway, "numbers.same", &spaced).unwrap();
    }
    assert_eq!((entries(&gateway), stats(&gateway)["hits"].clone()), (1, 1.into()));
    // Arguments alone can be too heavy.
    for _ in 0..2 {
        ask(&gateway, "numbers.heavy", r#"{"number":1}"#).unwrap();
    }
    assert_eq!((entries(&gateway), stats(&gateway)["refusals"].clone()), (1, 2.into()));
}

#[test]
fn a_smaller_bound_takes_the_least_used_and_a_larger_one_keeps_all() {
    let _turn = Turn::take();
    let one = one();
    let gateway = start(bytes(16 * one));
    // With two digits, some are larger.
    (0..10).for_each(|number| _ = same(&gateway, number));
    gateway.reconfigure(bytes(64 * one));
    assert!((0..10).all(|number| same(&gateway, number)));
    gateway.reconfigure(bytes(8 * one));
    assert_eq!((entries(&gateway), stats(&gateway)["evictions"].clone()), (8, 2.into()));
    assert!((2..10).all(|number| same(&gateway, number)));
    assert!(!same(&gateway, 0));
    // None of them may be as heavy as it is.
    gateway.reconfigure(bytes(4 * one));
    assert_eq!((entries(&gateway), held(&gateway)), (0, 0));
    gateway.reconfigure(bytes(8 * one));
    assert!(!same(&gateway, 9) && same(&gateway, 9));
    gateway.reconfigure(bytes(0));
    assert!(!same(&gateway, 9));
    gateway.reconfigure(bytes(8 * one));
    assert!(!same(&gateway, 9));
}

#[test]
fn it_is_never_more_than_an_eighth_of_a_memory_budget() {
    let _turn = Turn::take();
    let one = one();
    let gateway = start(Config::default().with_memory_budget(Some(8 * 8 * one as u64)));
    (0..20).for_each(|number| _ = same(&gateway, number % 10));
    assert_eq!((entries(&gateway), held(&gateway)), (8, 8 * one));
    // A budget is the process's: the next gateway begins without.
    drop(start(Config::default()));
}
