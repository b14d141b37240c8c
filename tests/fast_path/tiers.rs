//! Which call is in which tier, by name, typed and mixed, and what is counted of it (acceptance 18).

use super::*;

/// Calls so often, one by one, and looks after each whether its tier is that of its number, and that as many were
/// dispatched directly as `by_name` says: of the call of that number, whether it was made by name.
#[track_caller]
fn heats_up(gateway: &Gateway, operation: &Operation, mut call: impl FnMut(u32) -> bool) {
    let (counted, all_before) = (Counted::from_now(gateway, operation), gateway.stats().zafp_hits);
    let (mut hits, mut timed) = (0, [0_u64; 4]);
    assert_eq!(gateway.check_fast_path(&operation.names()).unwrap().calls, 0);
    for number in 1..=260 {
        let tier = tier_of(number);
        if call(number) {
            hits += u64::from(number > 50);
            timed[tier as usize] += 1;
        }
        let found = gateway.check_fast_path(&operation.names()).unwrap();
        assert_eq!((found.tier, found.threshold, found.is_fast()), (tier, 50, number > 50), "call {number}");
        let route = match tier {
            Tier::Cold | Tier::Warm => Route::Whole,
            Tier::Hot => Route::Direct,
            Tier::Blazing => Route::Sampled,
        };
        assert_eq!(found.route, route);
        // More than make it blazing are not all counted.
        assert!(found.calls == number || found.calls > 200, "{} after {number}", found.calls);
        let counts = counted.so_far();
        assert_eq!((counts.calls, counts.zafp_hits), (timed.iter().sum(), hits), "call {number}");
        // Where it is dispatched directly, one of so many is timed, and stands for all of them; those that have begun and those
        // that are not over may be off.
        let close = counts.timed.into_iter().zip(timed).map(|(found, made)| found.abs_diff(made));
        let off: Vec<_> = close.zip([0, 0, 14, 126]).filter(|(off, most)| off > most).collect();
        assert!(off.is_empty(), "call {number}: {counts:?} for {timed:?}");
        // This one reads what was counted of all operations.
        if number % 50 < 2 {
            assert_eq!(gateway.stats().zafp_hits - all_before, hits);
        }
    }
}

#[test]
fn calls_1_to_10_are_cold_to_50_warm_to_200_hot_and_then_blazing() {
    let turn = Turn::take();
    let gateway = start(keeping());
    let request = DOUBLE.request();
    heats_up(&gateway, &DOUBLE, |_| ask(&gateway, &request) == Ok("14".to_owned()));
    turn.cool();
    let inside = |_| {
        block_on(async {
            let mut reply = Vec::new();
            gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply).await.is_ok() && reply == b"14"
        })
    };
    heats_up(&gateway, &DOUBLE, inside);
    turn.cool();
    heats_up(&gateway, &DOUBLE, |_| {
        block_on(gateway.execute_operation("plain", "double", br#"{"number":7}"#)).is_ok_and(|answer| answer == b"14")
    });
    turn.cool();
    let batch = format!(r#"{{"batch":[{request}]}}"#);
    heats_up(&gateway, &DOUBLE, |_| ask(&gateway, &batch) == Ok(r#"[{"result":14}]"#.to_owned()));
}

#[test]
fn typed_calls_heat_alike_and_are_no_hits() {
    let turn = Turn::take();
    let gateway = start(keeping());
    heats_up(&gateway, &DOUBLE, |_| {
        typed(|plain: &Plain| assert_eq!(plain.double(7), 14));
        false
    });
    turn.cool();
    // Of all that go through one invocation, each counts.
    let invocation = Invocation::enter();
    let plain = invocation.get::<Plain>().unwrap();
    heats_up(&gateway, &DOUBLE, |_| {
        plain.double(7);
        false
    });
}

#[test]
fn calls_by_name_and_typed_ones_heat_together_and_those_by_name_are_hits() {
    let turn = Turn::take();
    let gateway = start(keeping());
    for by_name in [|number: u32| number.is_multiple_of(2), |number| number % 3 > 0, |number| number > 200] {
        heats_up(&gateway, &DOUBLE, |number| {
            if by_name(number) {
                DOUBLE.call(&gateway, 1);
            } else {
                typed(|plain: &Plain| plain.double(7));
            }
            by_name(number)
        });
        turn.cool();
    }
}

#[test]
fn an_answer_from_the_cache_heats_as_a_call_does() {
    let turn = Turn::take();
    let gateway = start(keeping());
    let halve = Operation::new("forms", "half", r#"{"number":14}"#);
    let request = halve.request();
    heats_up(&gateway, &halve, |_| ask(&gateway, &request) == Ok("7".to_owned()));
    assert_eq!(gateway.stats().cache_hits, 259);
    // And together with calls that are computed, of which there may be more or fewer.
    for every in [2, 3, 50] {
        turn.cool();
        heats_up(&gateway, &halve, |number| {
            if number % every == 0 {
                ask(&gateway, &request).is_ok()
            } else {
                typed(|forms: &Forms| forms.half(14)) == 0
            }
        });
    }
}

#[test]
fn operations_heat_each_for_itself() {
    let _turn = Turn::take();
    let gateway = start(keeping());
    let other = Operation::new("plain", "other", "{}");
    for (calls, operation) in [(50, &DOUBLE), (51, &other)] {
        operation.call(&gateway, calls);
    }
    let tier = |operation: &Operation| gateway.check_fast_path(&operation.names()).unwrap().tier;
    assert_eq!((tier(&DOUBLE), tier(&other)), (Tier::Warm, Tier::Hot));
}

#[test]
fn of_calls_on_several_threads_each_counts() {
    let turn = Turn::take();
    let gateway = start(keeping());
    typed(|plain: &Plain| plain.double(7));
    turn.cool();
    for (each, tier) in [(12, Tier::Warm), (38, Tier::Hot)] {
        std::thread::scope(|scope| {
            for by_name in [true, true, false, false] {
                let gateway = &gateway;
                scope.spawn(move || {
                    for _ in 0..each {
                        if by_name {
                            DOUBLE.call(gateway, 1);
                        } else {
                            typed(|plain: &Plain| plain.double(7));
                        }
                    }
                });
            }
        });
        let found = gateway.check_fast_path("plain.double").unwrap();
        assert_eq!((found.tier, found.calls), (tier, if each == 12 { 48 } else { 200 }));
    }
    DOUBLE.call(&gateway, 1);
    assert_eq!(gateway.check_fast_path("plain.double").unwrap().tier, Tier::Blazing);
}

struct Forms;

#[lmms::interface]
impl Forms {
    #[load]
    fn load() -> Self {
        Self
    }

    /// Its body can count nothing: who calls it by name does.
    #[operation]
    const fn constant(&self) -> u8 {
        7
    }

    #[operation]
    async fn later(&self) -> u8 {
        tokio::task::yield_now().await;
        7
    }

    #[operation]
    fn fail(&self) -> Result<u8, String> {
        Err("on purpose".to_owned())
    }

    #[operation]
    fn panic(&self) -> u8 {
        std::panic::panic_any("on purpose")
    }

    #[operation(cached)]
    fn half(&self, number: u32) -> u32 {
        number / 2
    }
}

/// With an async load, so that its sync operations can be awaited.
struct Remote;

#[lmms::interface]
impl Remote {
    #[load]
    async fn load() -> Self {
        tokio::task::yield_now().await;
        Self
    }

    #[operation]
    fn now(&self) -> u8 {
        7
    }

    #[operation]
    async fn later(&self) -> u8 {
        tokio::task::yield_now().await;
        7
    }
}

#[test]
fn an_operation_heats_whatever_its_form_and_whatever_comes_of_it() {
    let turn = Turn::take();
    let gateway = start(keeping());
    let seven = Ok("7".to_owned());
    for names in ["forms.constant", "forms.later", "remote.now", "remote.later"] {
        let (interface, name) = names.split_once('.').unwrap();
        let operation = Operation::new(interface, name, "{}");
        heats_up(&gateway, &operation, |_| ask(&gateway, operation.request()) == seven);
    }
    for name in ["fail", "panic"] {
        let operation = Operation::new("forms", name, "{}");
        heats_up(&gateway, &operation, |_| ask(&gateway, operation.request()).is_err());
    }
    turn.cool();
    let (forms, remote) = (Operation::new("forms", "later", "{}"), Operation::new("remote", "now", "{}"));
    heats_up(&gateway, &forms, |_| {
        block_on(async { Invocation::enter().get_async::<Forms>().await.unwrap().later().await });
        false
    });
    heats_up(&gateway, &remote, |_| {
        block_on(async { Invocation::enter().get_async::<Remote>().await.unwrap().now() });
        false
    });
}
