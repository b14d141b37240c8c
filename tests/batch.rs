//! A batch is answered item by item, in order, in one invocation; an item that is wrong spoils no other.

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use common::{block_on, gateway};
use lmms::{ErrorCode, Gateway, Invocation};
use serde_json::{Value, json};

struct Echo;

#[lmms::interface]
impl Echo {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn say(&self, text: &str) -> String {
        text.to_owned()
    }

    #[operation]
    async fn say_later(&self, text: &str) -> String {
        tokio::task::yield_now().await;
        text.to_owned()
    }

    #[operation]
    fn invocation(&self, invocation: &Invocation) -> u64 {
        invocation.id()
    }

    #[operation]
    fn fail(&self) -> Result<(), std::fmt::Error> {
        Err(std::fmt::Error)
    }

    #[operation]
    fn panic(&self) {
        panic!("on purpose");
    }
}

struct Broken;

static ATTEMPTS: AtomicUsize = AtomicUsize::new(0);

#[lmms::interface]
impl Broken {
    #[load]
    fn load() -> Result<Self, String> {
        ATTEMPTS.fetch_add(1, Ordering::SeqCst);
        Err("no power".to_owned())
    }

    #[operation]
    fn nothing(&self) {}
}

fn ask(gateway: &Gateway, items: &[Value]) -> Vec<Value> {
    let request = json!({ "batch": items }).to_string();
    serde_json::from_slice(&block_on(gateway.execute(request.as_bytes())).unwrap()).unwrap()
}

fn say(operation: &str, text: &str) -> Value {
    json!({"interface": "echo", "operation": operation, "args": {"text": text}})
}

#[test]
fn answers_come_in_the_order_of_the_items() {
    let items: Vec<_> = (0..100).map(|n| say(if n % 3 == 0 { "say_later" } else { "say" }, &n.to_string())).collect();
    let answers: Vec<_> = (0..100).map(|n| json!({"result": n.to_string()})).collect();
    assert_eq!(ask(&gateway(), &items), answers);
}

#[test]
fn an_empty_batch_has_an_empty_answer() {
    assert_eq!(block_on(gateway().execute(br#"{"batch":[]}"#)).unwrap(), b"[]");
    assert_eq!(block_on(gateway().execute(b" { \"batch\" : [ ] } ")).unwrap(), b"[]");
}

#[test]
fn an_item_that_is_wrong_spoils_no_other() {
    let wrong = [
        (json!({"interface": "ecko", "operation": "say"}), "unknown_interface"),
        (json!({"interface": "echo", "operation": "shout"}), "unknown_operation"),
        (json!({"interface": "echo", "operation": "say"}), "bad_arguments"),
        (json!({"interface": "echo", "operation": "say", "args": {"text": 1}}), "bad_arguments"),
        (json!({"interface": "echo", "operation": "fail"}), "operation_failed"),
        (json!({"interface": "echo", "operation": "panic"}), "operation_panicked"),
        (json!({"interface": "broken", "operation": "nothing"}), "load_failed"),
        (json!({"operation": "say"}), "bad_request"),
        (json!({"batch": []}), "bad_request"),
        (json!([]), "bad_request"),
        (json!(null), "bad_request"),
        (json!("say"), "bad_request"),
    ];
    let items: Vec<_> = wrong.iter().flat_map(|(item, _)| [item.clone(), say("say", "fine")]).collect();
    let answers = ask(&gateway(), &items);
    assert_eq!(answers.len(), items.len());
    for ((item, code), answer) in wrong.iter().zip(answers.chunks(2)) {
        assert_eq!(answer[0]["error"]["code"], *code, "{item}");
        assert!(answer[0].get("result").is_none(), "{item}");
        assert_eq!(answer[1], json!({"result": "fine"}), "after {item}");
    }
    assert_eq!(ATTEMPTS.load(Ordering::SeqCst), 1);
}

#[test]
fn a_batch_is_one_invocation() {
    let gateway = gateway();
    let item = json!({"interface": "echo", "operation": "invocation"});
    let one = ask(&gateway, &[item.clone(), say("say", "between"), item.clone()]);
    assert_eq!(one[0], one[2]);
    assert!(one[0]["result"].is_u64());
    let other = ask(&gateway, std::slice::from_ref(&item));
    assert_ne!(one[0], other[0]);

    let invocation = Invocation::enter();
    let mut reply = b"kept:".to_vec();
    let request = json!({"batch": [item]}).to_string();
    block_on(gateway.execute_in(&invocation, request.as_bytes(), &mut reply)).unwrap();
    assert_eq!(String::from_utf8(reply).unwrap(), format!("kept:[{{\"result\":{}}}]", invocation.id()));
}

/// What cannot be read as a batch is one error, before any item runs, and leaves the reply as it was.
#[test]
fn a_batch_that_cannot_be_read_fails_as_a_whole() {
    let gateway = gateway();
    for request in [
        r#"{"batch":[{"interface":"echo","operation":"say","args":{"text":"a"}}"#,
        r#"{"batch":[{"interface":"echo","operation":"say","args":{"text":"a"}},]}"#,
        r#"{"batch":[{"interface":"echo"} {"interface":"echo"}]}"#,
        r#"{"batch":{"interface":"echo","operation":"say","args":{"text":"a"}}}"#,
        r#"{"batch":[],"batch":[]}"#,
        r#"{"batch":[],"interface":"echo"}"#,
        r#"{"args":{},"batch":[]}"#,
    ] {
        let mut reply = b"kept".to_vec();
        let refused = block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply));
        assert_eq!(refused.unwrap_err().code(), ErrorCode::BadRequest, "{request}");
        assert_eq!(reply, b"kept");
    }
}
