//! Errors are kept where they are declared to be, and only those of the operation itself.

use super::*;

static FAILS: AtomicBool = AtomicBool::new(false);
static LOADS_FAIL: AtomicBool = AtomicBool::new(false);
static LOADS_PANIC: AtomicBool = AtomicBool::new(false);

struct Fallible;

#[lmms::interface]
impl Fallible {
    #[load]
    fn load() -> Result<Self, String> {
        assert!(!LOADS_PANIC.load(Ordering::SeqCst), "on loading");
        if LOADS_FAIL.load(Ordering::SeqCst) { Err("no such luck".to_owned()) } else { Ok(Self) }
    }

    #[operation(cached)]
    fn plain(&self, number: u8) -> Result<u8, String> {
        computing(attempt(number))
    }

    #[operation(cached(errors))]
    fn kept(&self, number: u8) -> Result<u8, String> {
        computing(attempt(number))
    }

    #[operation(cached(errors))]
    async fn kept_later(&self, number: u8) -> Result<u8, String> {
        tokio::task::yield_now().await;
        computing(attempt(number))
    }

    #[operation(cached(errors, ttl = 5))]
    fn kept_for_a_while(&self, number: u8) -> Result<u8, String> {
        computing(attempt(number))
    }

    #[operation(cached(errors))]
    fn panics(&self, number: u8) -> u8 {
        computing(());
        assert!(!FAILS.load(Ordering::SeqCst), "{number} on purpose");
        number
    }
}

fn attempt(number: u8) -> Result<u8, String> {
    if FAILS.load(Ordering::SeqCst) { Err(format!("{number} is refused")) } else { Ok(number) }
}

const SEVEN: &str = r#"{"number":7}"#;

#[test]
fn an_error_is_not_kept_unless_that_is_declared() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    FAILS.store(true, Ordering::SeqCst);
    for _ in 0..5 {
        let refused = ask(&gateway, "fallible.plain", SEVEN);
        is_error(&refused, ErrorCode::OperationFailed, "`fallible.plain` failed: 7 is refused");
    }
    FAILS.store(false, Ordering::SeqCst);
    assert_eq!((computed(), entries(&gateway)), (5, 0));
    assert_eq!(ask(&gateway, "fallible.plain", SEVEN), Ok("7".to_owned()));
    // That is kept.
    FAILS.store(true, Ordering::SeqCst);
    assert_eq!(ask(&gateway, "fallible.plain", SEVEN), Ok("7".to_owned()));
    FAILS.store(false, Ordering::SeqCst);
    assert_eq!(computed(), 6);
}

#[test]
fn a_declared_error_is_told_again_as_it_was() {
    let _turn = Turn::take();
    let gateway = unloader();
    for names in ["fallible.kept", "fallible.kept_later"] {
        let errors = || gateway.operation_stats(names).unwrap().errors;
        let (before, errors_before) = (computed(), errors());
        FAILS.store(true, Ordering::SeqCst);
        let first = ask(&gateway, names, SEVEN);
        FAILS.store(false, Ordering::SeqCst);
        is_error(&first, ErrorCode::OperationFailed, &format!("`{names}` failed: 7 is refused"));
        let loads = gateway.stats().ligs_loads;
        for _ in 0..100 {
            assert_eq!(ask(&gateway, names, SEVEN), first);
        }
        let batch = format!(r#"{{"batch":[{}]}}"#, request(names, SEVEN));
        let item = format!(r#"[{{"error":{}}}]"#, first.unwrap_err());
        assert_eq!(answer(block_on(gateway.execute(batch.as_bytes()))), Ok(item));
        assert_eq!((computed() - before, gateway.stats().ligs_loads), (1, loads));
        // As a client counts: each was an error, whether it was computed or not.
        assert_eq!(errors() - errors_before, 102);
        // Other arguments have results of their own.
        assert_eq!(ask(&gateway, names, r#"{"number":8}"#), Ok("8".to_owned()));
    }
}

#[test]
fn a_declared_error_has_an_age_a_weight_and_can_be_forgotten() {
    let turn = Turn::take();
    let gateway = start(Config::default());
    let fails = || {
        FAILS.store(true, Ordering::SeqCst);
        assert!(ask(&gateway, "fallible.kept_for_a_while", SEVEN).is_err());
        FAILS.store(false, Ordering::SeqCst);
        assert!(ask(&gateway, "fallible.kept_for_a_while", SEVEN).is_err());
        assert!(entries(&gateway) == 1 && held(&gateway) > 100);
    };
    fails();
    turn.pass(4_999);
    assert!(ask(&gateway, "fallible.kept_for_a_while", SEVEN).is_err());
    turn.pass(1);
    assert_eq!(ask(&gateway, "fallible.kept_for_a_while", SEVEN), Ok("7".to_owned()));
    assert_eq!(gateway.invalidate_results("fallible").unwrap(), 1);
    fails();
    assert_eq!(gateway.invalidate_results("fallible.kept_for_a_while").unwrap(), 1);
    assert_eq!(ask(&gateway, "fallible.kept_for_a_while", SEVEN), Ok("7".to_owned()));
}

#[test]
fn a_panic_is_never_kept() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    FAILS.store(true, Ordering::SeqCst);
    for _ in 0..3 {
        let panicked = ask(&gateway, "fallible.panics", SEVEN);
        is_error(&panicked, ErrorCode::OperationPanicked, "`fallible.panics` panicked: 7 on purpose");
    }
    FAILS.store(false, Ordering::SeqCst);
    assert_eq!((computed(), entries(&gateway)), (3, 0));
    assert_eq!(ask(&gateway, "fallible.panics", SEVEN), Ok("7".to_owned()));
}

#[test]
fn a_load_that_fails_or_panics_is_never_kept() {
    let _turn = Turn::take();
    let gateway = unloader();
    for (flag, told) in [(&LOADS_FAIL, "no such luck"), (&LOADS_PANIC, "on loading")] {
        for names in ["fallible.plain", "fallible.kept", "fallible.kept_later"] {
            let before = computed();
            flag.store(true, Ordering::SeqCst);
            for _ in 0..3 {
                let failed = ask(&gateway, names, SEVEN).unwrap_err();
                assert!(failed.contains("load_failed") && failed.contains(told), "{failed}");
            }
            flag.store(false, Ordering::SeqCst);
            assert_eq!((computed() - before, entries(&gateway)), (0, 0));
            assert_eq!(ask(&gateway, names, SEVEN), Ok("7".to_owned()));
            gateway.invalidate_results("fallible").unwrap();
        }
    }
}

#[test]
fn a_refused_call_is_never_kept_and_asks_nothing_of_the_cache() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let wrong = [
        "{}",
        r#"{"number":700}"#,
        r#"{"number":"7"}"#,
        r#"{"numbr":7}"#,
        r#"{"number":7,"number":7}"#,
        "[]",
        r#"{"number":7"#,
    ];
    for names in ["fallible.plain", "fallible.kept", "fallible.kept_later"] {
        for arguments in wrong {
            let first = ask(&gateway, names, arguments);
            assert!(first.is_err(), "{arguments}: {first:?}");
            assert_eq!(ask(&gateway, names, arguments), first);
        }
        // What is right is there, and is no answer to what is wrong.
        assert_eq!(ask(&gateway, names, SEVEN), Ok("7".to_owned()));
        for arguments in wrong {
            assert!(ask(&gateway, names, arguments).is_err(), "{arguments}");
        }
        gateway.invalidate_results("fallible").unwrap();
    }
    assert_eq!((computed(), entries(&gateway)), (3, 0));
}

#[test]
fn a_refused_call_is_no_miss() {
    let _turn = Turn::take();
    let gateway = start(Config::default());
    let before = gateway.operation_stats("fallible.plain").unwrap().cache_misses;
    for arguments in ["{}", r#"{"number":700}"#, r#"{"number":"7"}"#, r#"{"numbr":7}"#] {
        ask(&gateway, "fallible.plain", arguments).unwrap_err();
    }
    // Its result could not have been there.
    let after = gateway.operation_stats("fallible.plain").unwrap().cache_misses;
    assert_eq!((gateway.stats().cache_misses, after - before), (0, 0));
}
