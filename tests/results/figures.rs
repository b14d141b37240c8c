//! What is told of the cache of results, by the gateway and per operation.

use super::*;

/// An operation in `lmms.stats`.
fn operation(gateway: &Gateway, interface: &str, name: &str) -> Value {
    let find =
        |of: &Value, name: &str| of.as_array().unwrap().iter().find(|known| known["name"] == name).unwrap().clone();
    find(&find(&all_stats(gateway)["interfaces"], interface)["operations"], name)
}

#[test]
fn hits_misses_evictions_entries_and_bytes_are_counted() {
    let turn = Turn::take();
    let gateway = start(Config::default().with_result_ttl(Some(Duration::from_secs(60))));
    let same = |number: u64| drop(ask(&gateway, "numbers.same", &format!(r#"{{"number":{number}}}"#)).unwrap());
    (0..10).for_each(same);
    (0..7).for_each(same);
    let one = held(&gateway) / 10;
    let expected = |hits, misses, evictions, expirations, refusals, entries: usize| {
        json!({
            "hits": hits, "misses": misses, "evictions": evictions, "expirations": expirations, "refusals": refusals,
            "entries": entries, "bytes": entries * one,
        })
    };
    assert_eq!(stats(&gateway), expected(7, 10, 0, 0, 0, 10));
    gateway.reconfigure(bytes(8 * one).with_result_ttl(Some(Duration::from_secs(60))));
    assert_eq!(stats(&gateway), expected(7, 10, 2, 0, 0, 8));
    ask(&gateway, "numbers.text", r#"{"length":1000}"#).unwrap();
    assert_eq!(stats(&gateway), expected(7, 11, 2, 0, 1, 8));
    turn.pass(60_000);
    assert_eq!(stats(&gateway), expected(7, 11, 2, 8, 1, 0));
    same(1);
    gateway.invalidate_results("numbers").unwrap();
    // What is forgotten because it was told to be is neither.
    assert_eq!(stats(&gateway), expected(7, 12, 2, 8, 1, 0));
    assert_eq!((gateway.stats().cache_hits, gateway.stats().cache_misses), (7, 12));
}

#[test]
fn each_operation_has_its_share() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let before = gateway.operation_stats("numbers.again").unwrap();
    for number in [1, 2, 1, 1] {
        ask(&gateway, "numbers.again", &format!(r#"{{"number":{number}}}"#)).unwrap();
    }
    ask(&gateway, "numbers.same", r#"{"number":1}"#).unwrap();
    ask(&gateway, "numbers.never", r#"{"number":1}"#).unwrap();
    let after = gateway.operation_stats("numbers.again").unwrap();
    assert_eq!((after.calls - before.calls, after.errors - before.errors), (4, 0));
    assert_eq!((after.cache_hits - before.cache_hits, after.cache_misses - before.cache_misses), (2, 2));

    let (again, same) = (operation(&gateway, "numbers", "again"), operation(&gateway, "numbers", "same"));
    assert_eq!((&again["cache_hits"], &again["cache_misses"]), (&after.cache_hits.into(), &after.cache_misses.into()));
    assert_eq!((&again["cached_entries"], &same["cached_entries"]), (&2.into(), &1.into()));
    let bytes = again["cached_bytes"].as_u64().unwrap() + same["cached_bytes"].as_u64().unwrap();
    assert_eq!(bytes as usize, held(&gateway));
    // One that is not cached has none of these.
    let never = operation(&gateway, "numbers", "never");
    assert!(never.get("cache_hits").is_none() && never.get("cached_bytes").is_none(), "{never}");
}

#[test]
fn who_waited_for_a_result_is_a_hit() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let request = request("gated.double", r#"{"number":4}"#);
    let mut calls: Vec<_> = (0..5).map(|_| Box::pin(gateway.execute(request.as_bytes()))).collect();
    for call in &mut calls {
        assert!(poll(call.as_mut()).is_pending());
    }
    GATE.add_permits(1);
    for mut call in calls {
        assert!(matches!(poll(call.as_mut()), Poll::Ready(Ok(answer)) if answer == b"8"));
    }
    assert_eq!((gateway.stats().cache_hits, gateway.stats().cache_misses), (4, 1));
}
