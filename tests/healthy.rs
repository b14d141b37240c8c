//! A function that does well is told so, and asking how it does changes nothing. In a process of its own: nothing was loaded,
//! called or refused before.

mod common;

use std::sync::{Mutex, PoisonError};

use common::{block_on, gateway, resident};
use lmms::testing::ManualClock;
use lmms::{ErrorCode, Gateway, HealthStatus};
use serde_json::{Value, json};

static TURN: Mutex<()> = Mutex::new(());

struct Words;

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn count(&self, text: &str) -> usize {
        text.split_whitespace().count()
    }

    #[operation(cached)]
    fn longest(&self, text: &str) -> String {
        text.split_whitespace().max_by_key(|word| word.len()).unwrap_or_default().to_owned()
    }
}

fn ask(gateway: &Gateway, operation: &str, arguments: &str) -> Value {
    let answer = block_on(gateway.execute_operation("lmms", operation, arguments.as_bytes())).unwrap();
    serde_json::from_slice(&answer).unwrap()
}

#[test]
fn nothing_is_found_at_a_start_nor_when_it_is_busy() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let clock = ManualClock::install();
    let gateway = gateway();
    assert_eq!(gateway.health().status, HealthStatus::Ok);
    for second in 0..1_000 {
        let arguments = format!(r#"{{"text":"to be or not to be {}"}}"#, second % 7);
        block_on(gateway.execute_operation("words", "count", arguments.as_bytes())).unwrap();
        block_on(gateway.execute_operation("words", "longest", arguments.as_bytes())).unwrap();
        clock.advance(std::time::Duration::from_secs(1));
        let health = gateway.health();
        assert!(health.findings.is_empty(), "{second}: {:#?}", health.findings);
    }
    assert_eq!(ask(&gateway, "health", "{}"), json!({ "status": "ok", "findings": [] }));
    // Nor when nobody calls any more.
    clock.advance(std::time::Duration::from_secs(86_400));
    assert_eq!(gateway.health().status, HealthStatus::Ok);
}

#[test]
fn asking_loads_heats_and_holds_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let gateway = common::unloader();
    let _ = block_on(gateway.sweep());
    let gateway = common::gateway();
    let before = (ask(&gateway, "stats", "{}"), gateway.check_fast_path("words.count").unwrap());
    for _ in 0..300 {
        let _ = gateway.health();
        ask(&gateway, "health", "{}");
    }
    assert_eq!(resident(&gateway), [""; 0]);
    assert_eq!((ask(&gateway, "stats", "{}"), gateway.check_fast_path("words.count").unwrap()), before);
    // Nor of what is loaded.
    lmms::Invocation::enter().get::<Words>().unwrap();
    let _ = gateway.health();
    assert_eq!(gateway.interface("words").unwrap().status().holds, 0);
}

#[test]
fn it_takes_no_arguments() {
    let gateway = gateway();
    let error = block_on(gateway.execute_operation("lmms", "health", br#"{"of":"words"}"#)).unwrap_err();
    assert_eq!(error.code(), ErrorCode::BadArguments);
    let error = block_on(gateway.execute_operation("lmms", "helth", b"{}")).unwrap_err();
    assert_eq!(error.expected(), Some("health"));
}
