//! What was computed once is not computed again, and nothing is loaded for it.

use super::*;

#[test]
fn a_hit_computes_nothing() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    for _ in 0..300 {
        assert_eq!(ask(&gateway, "numbers.same", r#"{"number":7}"#), Ok("7".to_owned()));
    }
    assert_eq!(computed(), 1);
    // What is not declared pure is computed each time.
    for _ in 0..3 {
        assert_eq!(ask(&gateway, "numbers.never", r#"{"number":7}"#), Ok("7".to_owned()));
    }
    assert_eq!(computed(), 4);
}

#[test]
fn a_hit_loads_nothing_also_while_the_interface_is_unloaded() {
    let turn = Turn::take();
    // All goes after each call.
    let gateway = unloader();
    let loads = gateway.stats().ligs_loads;
    assert_eq!(ask(&gateway, "numbers.same", r#"{"number":7}"#), Ok("7".to_owned()));
    assert_eq!((gateway.stats().ligs_loads - loads, resident(&gateway)), (1, vec![]));
    let status = || gateway.interface("numbers").unwrap().status().loads;
    let before = status();
    for _ in 0..100 {
        assert_eq!(ask(&gateway, "numbers.same", r#"{"number":7}"#), Ok("7".to_owned()));
        assert_eq!(resident(&gateway), [""; 0]);
        turn.pass(1_000);
    }
    assert_eq!((gateway.stats().ligs_loads - loads, status() - before, computed()), (1, 0, 1));
    // Other arguments are another matter.
    assert_eq!(ask(&gateway, "numbers.same", r#"{"number":8}"#), Ok("8".to_owned()));
    assert_eq!((gateway.stats().ligs_loads - loads, status() - before, computed()), (2, 1, 2));
}

#[test]
fn a_hit_keeps_nothing_loaded() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_min_resident(0));
    ask(&gateway, "numbers.same", r#"{"number":7}"#).unwrap();
    assert_eq!(resident(&gateway), ["numbers"]);
    for _ in 0..30 {
        turn.pass(1_000);
        ask(&gateway, "numbers.same", r#"{"number":7}"#).unwrap();
    }
    assert_eq!(resident(&gateway), [""; 0]);
}

#[test]
fn all_ways_by_name_share_what_was_computed() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let request = request("numbers.same", r#"{"number":7}"#);
    let batch = format!(r#"{{"batch":[{request},{request},{request}]}}"#);
    let results = Ok(r#"[{"result":7},{"result":7},{"result":7}]"#.to_owned());
    assert_eq!(answer(block_on(gateway.execute(batch.as_bytes()))), results);
    assert_eq!(computed(), 1);
    assert_eq!(answer(block_on(gateway.execute_operation("numbers", "same", br#"{"number":7}"#))), Ok("7".to_owned()));
    let mut reply = b"before ".to_vec();
    block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply)).unwrap();
    assert_eq!(reply, b"before 7");
    assert_eq!(answer(block_on(gateway.execute(batch.as_bytes()))), results);
    assert_eq!((computed(), entries(&gateway)), (1, 1));
}

#[test]
fn what_was_written_before_it_in_a_reply_is_no_part_of_a_result() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let mut reply = b"before ".to_vec();
    let request = request("numbers.same", r#"{"number":7}"#);
    block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply)).unwrap();
    assert_eq!(reply, b"before 7");
    assert_eq!(ask(&gateway, "numbers.same", r#"{"number":7}"#), Ok("7".to_owned()));
    assert_eq!(computed(), 1);
}

#[test]
fn typed_calls_are_computed_and_their_results_are_not_kept() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let typed = || Invocation::enter().get::<Numbers>().unwrap().same(7);
    assert_eq!((typed(), typed(), computed(), entries(&gateway)), (7, 7, 2, 0));
    ask(&gateway, "numbers.same", r#"{"number":7}"#).unwrap();
    assert_eq!((computed(), entries(&gateway)), (3, 1));
    assert_eq!((typed(), computed()), (7, 4));
}

#[test]
fn gateways_have_results_of_their_own() {
    let _turn = Turn::take();
    let (first, second) = (start(Config::default()), start(Config::default()));
    for gateway in [&first, &second, &first, &second] {
        ask(gateway, "numbers.same", r#"{"number":7}"#).unwrap();
    }
    assert_eq!((computed(), entries(&first), entries(&second)), (2, 1, 1));
    assert_eq!((first.stats().cache_hits, second.stats().cache_misses), (1, 1));
}

#[test]
fn without_a_cache_all_is_computed_and_nothing_counted() {
    let _turn = Turn::take();
    let of_environment = Config::from_vars(|name| (name == "LMMS_RESULT_CACHE_MB").then(|| "0".into())).unwrap();
    for config in [bytes(0), of_environment] {
        let gateway = start(config);
        let before = computed();
        for _ in 0..10 {
            assert_eq!(ask(&gateway, "numbers.same", r#"{"number":7}"#), Ok("7".to_owned()));
        }
        assert_eq!(computed() - before, 10);
        let stats = stats(&gateway);
        let counts = ["hits", "misses", "evictions", "expirations", "refusals", "entries", "bytes"];
        assert_eq!(counts.map(|count| stats[count].as_u64().unwrap()), [0; 7]);
    }
}
