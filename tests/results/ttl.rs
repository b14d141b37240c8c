//! For how long a result is good.

use super::*;

fn configured(ttl: u64) -> Config {
    Config::default().with_result_ttl(Some(Duration::from_millis(ttl)))
}

/// Whether it was there.
fn is_there(gateway: &Gateway, names: &str) -> bool {
    let before = computed();
    assert_eq!(ask(gateway, names, r#"{"number":7}"#), Ok("7".to_owned()));
    computed() == before
}

#[test]
fn a_result_is_good_until_the_millisecond_before_its_end() {
    let turn = Turn::take();
    let of_environment = Config::from_vars(|name| (name == "LMMS_RESULT_TTL").then(|| "2".into())).unwrap();
    for (names, config, ttl) in [
        ("numbers.five_seconds", Config::default(), 5_000),
        ("numbers.same", configured(2_000), 2_000),
        ("numbers.same", configured(1), 1),
        ("numbers.same", of_environment, 2_000),
        // Its own wins, be it shorter or longer.
        ("numbers.five_seconds", configured(2_000), 5_000),
        ("numbers.five_seconds", configured(60_000), 5_000),
    ] {
        let gateway = start(config);
        assert!(!is_there(&gateway, names));
        for _ in 0..2 {
            turn.pass(ttl - 1);
            // To be asked for does not make it younger.
            assert!(is_there(&gateway, names), "{names} after {} ms", ttl - 1);
            turn.pass(1);
            assert!(!is_there(&gateway, names), "{names} after {ttl} ms");
        }
        assert_eq!(stats(&gateway)["expirations"], 2);
    }
}

#[test]
fn without_an_age_a_result_is_good_for_ever() {
    let turn = Turn::take();
    let of_environment = Config::from_vars(|name| (name == "LMMS_RESULT_TTL").then(|| "0".into())).unwrap();
    for config in [Config::default(), Config::default().with_result_ttl(Some(Duration::ZERO)), of_environment] {
        let gateway = start(config);
        assert!(!is_there(&gateway, "numbers.same"));
        turn.pass(365 * 86_400_000);
        assert!(is_there(&gateway, "numbers.same"));
    }
}

#[test]
fn what_has_expired_holds_nothing_though_nobody_asks_for_it() {
    let turn = Turn::take();
    let gateway = start(configured(1_000));
    for number in 0..100 {
        ask(&gateway, "numbers.same", &format!(r#"{{"number":{number}}}"#)).unwrap();
    }
    turn.pass(999);
    assert_eq!(entries(&gateway), 100);
    turn.pass(1);
    assert_eq!((entries(&gateway), held(&gateway)), (0, 0));
    assert_eq!((&stats(&gateway)["expirations"], &stats(&gateway)["evictions"]), (&100.into(), &0.into()));
}

#[test]
fn a_new_age_is_for_what_is_computed_from_now_on() {
    let turn = Turn::take();
    let gateway = start(configured(10_000));
    is_there(&gateway, "numbers.same");
    gateway.reconfigure(configured(2_000));
    is_there(&gateway, "numbers.again");
    turn.pass(2_000);
    assert!(is_there(&gateway, "numbers.same") && !is_there(&gateway, "numbers.again"));
    gateway.reconfigure(Config::default());
    turn.pass(2_000);
    assert!(is_there(&gateway, "numbers.same") && !is_there(&gateway, "numbers.again"));
    turn.pass(6_000);
    assert!(!is_there(&gateway, "numbers.same") && is_there(&gateway, "numbers.again"));
}

fn double_for_a_while(gateway: &Gateway) -> Pin<Box<dyn Future<Output = Answer> + '_>> {
    let request = request("gated.double_for_a_while", r#"{"number":4}"#);
    Box::pin(async move { answer(gateway.execute(request.as_bytes()).await) })
}

#[test]
fn its_age_begins_when_it_was_computed() {
    let turn = Turn::take();
    let gateway = start(Config::default());
    let mut call = double_for_a_while(&gateway);
    assert!(poll(call.as_mut()).is_pending());
    turn.pass(60_000);
    GATE.add_permits(1);
    assert_eq!(poll(call.as_mut()), Poll::Ready(Ok("8".to_owned())));
    turn.pass(4_999);
    assert_eq!(poll(double_for_a_while(&gateway).as_mut()), Poll::Ready(Ok("8".to_owned())));
    turn.pass(1);
    assert!(poll(double_for_a_while(&gateway).as_mut()).is_pending());
    assert_eq!(computed(), 2);
}

#[test]
fn who_waited_through_a_freeze_is_not_given_what_is_too_old() {
    let turn = Turn::take();
    let gateway = start(Config::default());
    let (mut leader, mut early, mut late) =
        (double_for_a_while(&gateway), double_for_a_while(&gateway), double_for_a_while(&gateway));
    for call in [&mut leader, &mut early, &mut late] {
        assert!(poll(call.as_mut()).is_pending());
    }
    assert_eq!(computed(), 1);
    GATE.add_permits(1);
    assert_eq!(poll(leader.as_mut()), Poll::Ready(Ok("8".to_owned())));
    turn.pass(4_999);
    assert_eq!(poll(early.as_mut()), Poll::Ready(Ok("8".to_owned())));
    turn.pass(1);
    // It computes again.
    assert!(poll(late.as_mut()).is_pending());
    GATE.add_permits(1);
    assert_eq!(poll(late.as_mut()), Poll::Ready(Ok("8".to_owned())));
    assert_eq!(computed(), 2);
}
