//! Asking for a tier: heats nothing, loads nothing, and says which name was probably meant (acceptance 18).

use super::*;

struct Asked;

#[lmms::interface]
impl Asked {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn number(&self) -> u8 {
        7
    }
}

const NUMBER: Operation = Operation::new("asked", "number", "{}");

#[test]
fn asking_a_thousand_times_heats_nothing_and_loads_nothing() {
    let turn = Turn::take();
    let gateway = start(keeping());
    for calls in [0, 10, 50, 200] {
        turn.cool();
        NUMBER.call(&gateway, calls);
        let counted = Counted::from_now(&gateway, &NUMBER);
        let (before, hits) = (gateway.check_fast_path("asked.number").unwrap(), gateway.stats().zafp_hits);
        for _ in 0..1_000 {
            assert_eq!(gateway.check_fast_path("asked.number").unwrap(), before);
            gateway.operation_stats("asked.number").unwrap();
        }
        ask(&gateway, r#"{"interface":"lmms","operation":"stats"}"#).unwrap();
        assert_eq!((before.calls, before.tier), (calls as u32, tier_of(calls as u32)));
        assert_eq!(counted.so_far(), Counted::from_now(&gateway, &NUMBER).so_far());
        assert_eq!(gateway.stats().zafp_hits, hits);
        let loads = gateway.interface("asked").unwrap().status().loads;
        assert_eq!(loads > 0, calls > 0, "{loads}");
    }
}

#[track_caller]
fn refused(names: &str) -> (ErrorCode, String, Option<String>) {
    let gateway = gateway();
    let loads = gateway.stats().ligs_loads;
    let error = gateway.check_fast_path(names).unwrap_err();
    let of_stats = gateway.operation_stats(names).unwrap_err();
    assert_eq!(answer(Err(of_stats)), answer(Err(gateway.check_fast_path(names).unwrap_err())));
    assert_eq!(gateway.stats().ligs_loads, loads);
    (error.code(), error.to_string(), error.expected().map(str::to_owned))
}

#[test]
fn a_name_that_nothing_has_is_an_error_with_the_nearest() {
    let _turn = Turn::take();
    let (code, text, expected) = refused("askd.number");
    assert_eq!((code, expected.as_deref()), (ErrorCode::UnknownInterface, Some("asked")));
    assert_eq!(text, "there is no interface `askd`; did you mean `asked`?");

    let (code, text, expected) = refused("asked.numbr");
    assert_eq!((code, expected.as_deref()), (ErrorCode::UnknownOperation, Some("number")));
    assert_eq!(text, "interface `asked` has no operation `numbr`; did you mean `number`?");

    // An interface alone is no operation, and neither is more than one.
    assert_eq!(refused("asked").0, ErrorCode::UnknownOperation);
    assert_eq!(refused("asked.").0, ErrorCode::UnknownOperation);
    assert_eq!(refused("asked.number.number").0, ErrorCode::UnknownOperation);
    assert_eq!(refused("").0, ErrorCode::UnknownInterface);
    assert_eq!(refused(".").0, ErrorCode::UnknownInterface);
    assert_eq!(refused("Asked.number").0, ErrorCode::UnknownInterface);
    assert_eq!(refused(&"x".repeat(1 << 20)).0, ErrorCode::UnknownInterface);
    assert!(refused(&"x".repeat(1 << 20)).1.len() < 200);
}

#[test]
fn the_built_in_interface_is_not_what_was_meant_by_its_own_name() {
    let _turn = Turn::take();
    // Its operations have no tier; but whoever names it made no mistake in writing.
    let (_, text, _) = refused("lmms.stats");
    assert!(!text.contains("did you mean `lmms`"), "{text}");
}
