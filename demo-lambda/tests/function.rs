//! The demo as a Lambda function: the real binary, the real `lambda_runtime`, in a container of the local Lambda.

use std::sync::Arc;
use std::time::Duration;

use demo_lambda::requests;
use lmms_local::answer::{Failure, Outcome};
use lmms_local::container::{Container, Function, StartError};
use serde_json::{Value, json};

const GRACE: Duration = Duration::from_secs(5);
/// More than a load takes in a program that is not optimised.
const LIMIT: Duration = Duration::from_secs(120);

fn demo() -> Function {
    Function::new(env!("CARGO_BIN_EXE_demo-lambda")).timeout(LIMIT).init_timeout(LIMIT).log(|_| ())
}

async fn invoke(container: &Container, event: Value) -> (Value, Outcome) {
    let answer = container.invoke(event.to_string()).await.expect("an answer");
    (serde_json::from_slice(&answer.payload).expect("JSON"), answer.outcome)
}

async fn stats(container: &Container) -> Value {
    invoke(container, json!({"interface": "lmms", "operation": "stats"})).await.0
}

#[tokio::test]
async fn nothing_is_loaded_before_it_is_needed_and_each_request_loads_what_it_needs() {
    let container = Container::start(&demo()).await.expect("a container");
    let start = stats(&container).await;
    assert_eq!((&start["registered"], &start["resident"]), (&json!(18), &json!([])));

    let ask = json!({"interface": "tokens", "operation": "count", "args": {"text": "one two three"}});
    assert_eq!(invoke(&container, ask.clone()).await, (json!(3), Outcome::Ok));
    assert_eq!(invoke(&container, ask).await, (json!(3), Outcome::Ok));
    let now = stats(&container).await;
    assert_eq!((&now["resident"], &now["ligs_loads"]), (&json!(["tokens"]), &json!(1)));
    container.stop(GRACE).await.expect("an end");
}

#[tokio::test]
async fn every_request_of_the_demo_is_answered_and_every_interface_asked() {
    let container = Container::start(&demo()).await.expect("a container");
    for request in requests::all().expect("the requests") {
        let answer = container.invoke(request.event.clone()).await.expect("an answer");
        let text = String::from_utf8_lossy(&answer.payload);
        assert_eq!(answer.outcome, Outcome::Ok, "{}: {text}", request.title);
        assert!(!text.contains(r#"{"error":"#), "{}: {text}", request.title);
    }
    assert_eq!(stats(&container).await["ligs_loads"], 18);
    container.stop(GRACE).await.expect("an end");
}

#[tokio::test]
async fn many_requests_at_once_share_each_load() {
    let container = Arc::new(Container::start(&demo().concurrency(16)).await.expect("a container"));
    let asks = (0..64).map(|index| {
        let container = Arc::clone(&container);
        let event = match index % 3 {
            0 => json!({"interface": "tokens", "operation": "count", "args": {"text": "one two three"}}),
            1 => {
                json!({"interface": "language", "operation": "detect", "args": {"text": "que nadie entiende de noche"}})
            }
            _ => json!({"interface": "hyphenate", "operation": "split", "args": {"word": "anfractuous"}}),
        };
        tokio::spawn(async move { (index, invoke(&container, event).await) })
    });
    for ask in asks.collect::<Vec<_>>() {
        let (index, (answer, outcome)) = ask.await.expect("a task");
        assert_eq!(outcome, Outcome::Ok, "{answer}");
        if index % 3 == 0 {
            assert_eq!(answer, json!(3));
        }
    }
    assert_eq!(stats(&container).await["ligs_loads"], 3);
}

#[tokio::test]
async fn an_error_has_its_code_as_type_and_ends_nothing() {
    let container = Container::start(&demo()).await.expect("a container");
    let (error, outcome) = invoke(&container, json!({"interface": "tokens", "operation": "cuont"})).await;
    assert_eq!(outcome, Outcome::FunctionError { error_type: "unknown_operation".to_owned() });
    assert_eq!(error["errorMessage"], "interface `tokens` has no operation `cuont`; did you mean `count`?");

    let (error, _) =
        invoke(&container, json!({"interface": "tokens", "operation": "count", "args": {"text": 5}})).await;
    assert_eq!(error["errorType"], "bad_arguments");
    let text = error["errorMessage"].as_str().expect("text");
    assert!(text.contains("args.text") && text.contains("tokens.count(text: &str) -> usize"), "{text}");

    assert_eq!(stats(&container).await["ligs_loads"], 0, "a wrong request loads nothing");
    container.stop(GRACE).await.expect("an end");
}

#[tokio::test]
async fn a_wrong_environment_stops_the_start_and_says_why() {
    let wrong = demo().env("LAZY_LOADING_ENABLED", "perhaps");
    match Container::start(&wrong).await {
        Err(StartError::Init(Failure::Exited { log, .. })) => assert!(
            log.contains("LAZY_LOADING_ENABLED=`perhaps` is not understood: expected `true` or `false`"),
            "{log}"
        ),
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
}
