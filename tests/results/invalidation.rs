//! Results that are told to be forgotten, of an operation or an interface, also while they are computed.

use super::*;

fn fill(gateway: &Gateway) {
    for names in ["numbers.same", "numbers.again", "others.same"] {
        for number in 1..=3 {
            ask(gateway, names, &format!(r#"{{"number":{number}}}"#)).unwrap();
        }
    }
}

#[test]
fn those_of_an_operation_or_of_an_interface_go_and_no_others() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    fill(&gateway);
    assert_eq!((computed(), entries(&gateway)), (9, 9));
    assert_eq!(gateway.invalidate_results("numbers.again").unwrap(), 3);
    assert_eq!(gateway.invalidate_results("numbers.again").unwrap(), 0);
    fill(&gateway);
    assert_eq!(computed(), 12);
    assert_eq!(gateway.invalidate_results("numbers").unwrap(), 6);
    assert_eq!(entries(&gateway), 3);
    fill(&gateway);
    assert_eq!(computed(), 18);
    // Of an operation that is not cached there are none.
    assert_eq!(gateway.invalidate_results("numbers.never").unwrap(), 0);
    assert_eq!(gateway.invalidate_results("others").unwrap(), 3);
    assert_eq!((entries(&gateway), resident(&gateway)), (6, vec!["numbers", "others"]));
}

#[test]
fn what_there_is_not_is_named_with_the_nearest() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let refused = |names: &str| {
        let error = gateway.invalidate_results(names).unwrap_err();
        (error.code(), error.expected().map(str::to_owned))
    };
    assert_eq!(refused("number"), (ErrorCode::UnknownInterface, Some("numbers".to_owned())));
    assert_eq!(refused("number.same"), (ErrorCode::UnknownInterface, Some("numbers".to_owned())));
    assert_eq!(refused("numbers.sane"), (ErrorCode::UnknownOperation, Some("same".to_owned())));
    assert_eq!(refused("numbers.").0, ErrorCode::UnknownOperation);
    assert_eq!(refused("").0, ErrorCode::UnknownInterface);
    // Nothing is loaded to be told.
    assert_eq!(resident(&gateway), [""; 0]);
}

type Call<'a> = Pin<Box<dyn Future<Output = Answer> + 'a>>;

fn double(gateway: &Gateway, number: u64) -> Call<'_> {
    let request = request("gated.double", &format!(r#"{{"number":{number}}}"#));
    Box::pin(async move { answer(gateway.execute(request.as_bytes()).await) })
}

fn let_one(call: &mut Call<'_>) {
    GATE.add_permits(1);
    assert_eq!(poll(call.as_mut()), Poll::Ready(Ok("8".to_owned())));
}

#[test]
fn a_call_that_begins_afterwards_is_not_answered_from_before() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    for names in ["gated", "gated.double"] {
        let before = computed();
        let (mut first, mut waiting) = (double(&gateway, 4), double(&gateway, 4));
        assert!(poll(first.as_mut()).is_pending() && poll(waiting.as_mut()).is_pending());
        assert_eq!((computed() - before, gateway.invalidate_results(names).unwrap()), (1, 0));
        // It computes for itself, and neither waits for the other.
        let (mut second, mut also) = (double(&gateway, 4), double(&gateway, 4));
        assert!(poll(second.as_mut()).is_pending() && poll(also.as_mut()).is_pending());
        assert_eq!(computed() - before, 2);
        let_one(&mut first);
        // Who began before may have what was computed from before; it is not kept.
        assert_eq!(poll(waiting.as_mut()), Poll::Ready(Ok("8".to_owned())));
        assert_eq!(entries(&gateway), 0);
        assert!(poll(also.as_mut()).is_pending());
        let_one(&mut second);
        assert_eq!(poll(also.as_mut()), Poll::Ready(Ok("8".to_owned())));
        assert_eq!((computed() - before, entries(&gateway)), (2, 1));
        assert_eq!(gateway.invalidate_results(names).unwrap(), 1);
    }
}

#[test]
fn what_is_computed_for_others_meanwhile_is_kept() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let mut call = double(&gateway, 4);
    assert!(poll(call.as_mut()).is_pending());
    gateway.invalidate_results("numbers").unwrap();
    gateway.invalidate_results("gated.double_for_a_while").unwrap();
    let_one(&mut call);
    assert_eq!(entries(&gateway), 1);
}

#[test]
fn a_cache_that_is_switched_off_meanwhile_keeps_nothing() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let (mut first, mut waiting) = (double(&gateway, 4), double(&gateway, 4));
    assert!(poll(first.as_mut()).is_pending() && poll(waiting.as_mut()).is_pending());
    gateway.reconfigure(bytes(0));
    gateway.reconfigure(Config::default());
    let_one(&mut first);
    assert_eq!(poll(waiting.as_mut()), Poll::Ready(Ok("8".to_owned())));
    assert_eq!((computed(), entries(&gateway)), (1, 0));
}

#[test]
fn threads_that_ask_while_results_are_forgotten() {
    let _turn = Turn::take();
    watched(|| {
        let gateway = start(Config::default());
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for number in (0..).map(|number| number % 5).take_while(|_| !is_over.load(Ordering::Relaxed)) {
                        let answer = ask(&gateway, "numbers.same", &format!(r#"{{"number":{number}}}"#));
                        assert_eq!(answer, Ok(number.to_string()));
                    }
                });
            }
            // On a machine that is busy, to yield takes milliseconds.
            for round in 0..300 {
                gateway.invalidate_results(if round % 2 == 0 { "numbers" } else { "numbers.same" }).unwrap();
                std::thread::yield_now();
            }
            is_over.store(true, Ordering::Relaxed);
        });
        gateway.invalidate_results("numbers").unwrap();
        assert_eq!((entries(&gateway), held(&gateway)), (0, 0));
    });
}
