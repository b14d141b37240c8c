//! Whatever an operation comes to, it comes to in each tier, and is counted alike (acceptance 19).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use serde_json::value::RawValue;

/// One operation for each thing that can come of a call.
struct Subject {
    /// More than Lambda carries.
    large: Box<RawValue>,
}

#[lmms::interface]
impl Subject {
    #[load]
    fn load() -> Self {
        Self { large: RawValue::from_string(format!("\"{}\"", "x".repeat(lmms::MAX_PAYLOAD))).unwrap() }
    }

    #[operation]
    fn double(&self, number: u8) -> u32 {
        u32::from(number) * 2
    }

    #[operation]
    async fn double_later(&self, number: u8) -> u32 {
        tokio::task::yield_now().await;
        self.double(number)
    }

    #[operation]
    fn fail(&self, number: u8) -> Result<u8, std::num::ParseIntError> {
        format!("{number}!").parse()
    }

    #[operation]
    async fn fail_later(&self, number: u8) -> Result<u8, String> {
        tokio::task::yield_now().await;
        Err(format!("{number} is refused"))
    }

    #[operation]
    fn panic(&self, number: u8) -> u8 {
        panic!("at the disco, {number} times")
    }

    #[operation]
    async fn panic_later(&self, number: u8) -> u8 {
        tokio::task::yield_now().await;
        panic!("at dawn, {number} times")
    }

    #[operation]
    fn unwritable(&self, number: u8) -> (u8, BTreeMap<(u8, u8), u8>) {
        (number, BTreeMap::from([((1, 2), 3)]))
    }

    #[operation]
    fn large(&self, number: u8) -> (u8, &RawValue) {
        (number, &self.large)
    }

    #[operation(cached)]
    fn large_cached(&self, number: u8) -> (u8, &RawValue) {
        (number, &self.large)
    }

    #[operation(cached)]
    fn cached(&self, number: u8) -> u32 {
        u32::from(number) * 2
    }

    #[operation(cached)]
    async fn cached_later(&self, number: u8) -> u32 {
        tokio::task::yield_now().await;
        u32::from(number) * 2
    }

    #[operation(cached)]
    fn cached_fail(&self, number: u8) -> Result<u8, String> {
        Err(format!("{number} is refused"))
    }

    #[operation(cached(errors))]
    fn cached_errors(&self, number: u8) -> Result<u8, String> {
        Err(format!("{number} is refused"))
    }
}

/// Arguments of all kinds, of which operations take the first two.
const ARGUMENTS: [&str; 14] = [
    r#"{"number":7}"#,
    " { \"number\" :\t9 } ",
    "{}",
    r#"{"number":"7"}"#,
    r#"{"number":700}"#,
    r#"{"number":null}"#,
    r#"{"number":7,"number":7}"#,
    r#"{"numbr":7}"#,
    r#"{"number":7,"other":[1,2]}"#,
    "[]",
    "null",
    r#""number""#,
    r#"{"number":7"#,
    r#"{"number":7} 1"#,
];

/// What a call comes to, the same call again, and what is counted of both but for the tier.
#[derive(Debug, PartialEq)]
struct Outcome {
    answers: Vec<Answer>,
    calls: u64,
    errors: u64,
    cache_hits: u64,
    cache_misses: u64,
    loads: u64,
}

/// Asks in a tier: as a request, by names, and as an item of a batch.
fn outcome(turn: &Turn, gateway: &Gateway, operation: &Operation, arguments: &str, tier: Tier) -> Outcome {
    turn.bring(gateway, operation, tier);
    // So that the first is to be computed and the second need not be.
    gateway.invalidate_results("subject").unwrap();
    let loads = gateway.stats().ligs_loads;
    let counted = Counted::from_now(gateway, operation);
    let Operation { interface, name, .. } = operation;
    let request = format!(r#"{{"interface":"{interface}","operation":"{name}","args":{arguments}}}"#);
    let answers = vec![
        ask(gateway, &request),
        answer(block_on(gateway.execute_operation(interface, name, arguments.as_bytes()))),
        ask(gateway, format!(r#"{{"batch":[{request}]}}"#)),
        ask(gateway, &request),
    ];
    let Counts { calls, zafp_hits, errors, cache_hits, cache_misses, .. } = counted.so_far();
    assert_eq!(zafp_hits, if tier.is_fast() { calls } else { 0 }, "{name} {arguments} {tier}");
    Outcome { answers, calls, errors, cache_hits, cache_misses, loads: gateway.stats().ligs_loads - loads }
}

#[test]
fn each_outcome_is_the_same_in_each_tier() {
    let turn = Turn::take();
    typed(|subject: &Subject| subject.double(1));
    let subject = gateway().interface("subject").unwrap();
    // The larger cache keeps an answer that is too large.
    for config in [keeping().with_result_cache(0), keeping().with_result_cache(64 << 20)] {
        // A low threshold, so that few calls reach each tier.
        let gateway = start(threshold(config, 5));
        for name in subject.operations() {
            let operation = Operation::new("subject", name, ARGUMENTS[0]);
            // Megabytes take their time in a program that is not optimised.
            for arguments in ARGUMENTS.into_iter().take(if name.starts_with("large") { 1 } else { 14 }) {
                let cold = outcome(&turn, &gateway, &operation, arguments, Tier::Cold);
                for tier in [Tier::Warm, Tier::Hot, Tier::Blazing] {
                    let found = outcome(&turn, &gateway, &operation, arguments, tier);
                    assert_eq!(found, cold, "{name} {arguments} {tier}");
                }
            }
        }
    }
}

#[test]
fn from_the_first_call_to_the_thousandth_the_answer_is_the_same() {
    let turn = Turn::take();
    let gateway = start(keeping());
    for name in ["double", "double_later", "fail", "fail_later", "unwritable", "cached", "cached_errors"] {
        turn.cool();
        let operation = Operation::new("subject", name, ARGUMENTS[0]);
        let (counted, first) = (Counted::from_now(&gateway, &operation), ask(&gateway, operation.request()));
        for number in 2..=1_000 {
            assert_eq!(ask(&gateway, operation.request()), first, "{name}, call {number}");
        }
        let Counts { calls, zafp_hits, errors, .. } = counted.so_far();
        assert_eq!((calls, zafp_hits, errors), (1_000, 950, if first.is_err() { 1_000 } else { 0 }));
    }
}

#[test]
fn a_reply_is_appended_to_and_left_as_it_was_by_an_error() {
    let turn = Turn::take();
    let gateway = start(threshold(keeping(), 5));
    for (name, expected) in
        [("double", "before14"), ("unwritable", "before"), ("large", "before"), ("cached", "before14")]
    {
        let operation = Operation::new("subject", name, ARGUMENTS[0]);
        for tier in TIERS {
            turn.bring(&gateway, &operation, tier);
            let mut reply = b"before".to_vec();
            let request = operation.request();
            let outcome = block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply));
            assert_eq!((String::from_utf8(reply).unwrap().as_str(), outcome.is_ok()), (expected, expected != "before"));
        }
    }
}

/// Loads unless it is told not to.
struct Unreliable;

static FAILS: AtomicBool = AtomicBool::new(false);

#[lmms::interface]
impl Unreliable {
    #[load]
    fn load() -> Result<Self, String> {
        if FAILS.load(Ordering::SeqCst) { Err("no such luck".to_owned()) } else { Ok(Self) }
    }

    #[operation]
    fn run(&self) {}

    #[operation]
    async fn run_later(&self) {}
}

#[test]
fn a_load_that_fails_is_told_alike_in_each_tier() {
    let turn = Turn::take();
    let unloader = unloader();
    let gateway = start(keeping());
    for name in ["run", "run_later"] {
        let operation = Operation::new("unreliable", name, "{}");
        let mut told = Vec::new();
        for tier in TIERS {
            turn.bring(&gateway, &operation, tier);
            let _ = block_on(unloader.unload_module("unreliable")).unwrap();
            let counted = Counted::from_now(&gateway, &operation);
            FAILS.store(true, Ordering::SeqCst);
            told.extend([ask(&gateway, operation.request()), ask(&gateway, operation.request())]);
            FAILS.store(false, Ordering::SeqCst);
            // It did not come to the operation, so it does not heat.
            assert_eq!(ask(&gateway, operation.request()), Ok("null".to_owned()));
            let Counts { calls, zafp_hits, errors, .. } = counted.so_far();
            assert_eq!((calls, zafp_hits, errors), (3, if tier.is_fast() { 3 } else { 0 }, 2));
        }
        assert!(told[0].as_ref().unwrap_err().contains("load_failed"), "{:?}", told[0]);
        assert!(told.iter().all(|answer| *answer == told[0]), "{told:?}");
    }
}
