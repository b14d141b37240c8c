//! The rivals answer what the demo answers, or there would be nothing to compare.

use std::time::Duration;

use lmms::{Config, Gateway};
use lmms_local::answer::Outcome;
use lmms_local::container::{Container, Function};
use serde_json::Value;

lmms::link!();

/// More than a load takes in a program that is not optimised.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test]
async fn the_rivals_answer_what_the_demo_answers() {
    let gateway = Gateway::new(Config::default()).unwrap();
    let start = async |program: &str| {
        Container::start(&Function::new(program).timeout(LIMIT).init_timeout(LIMIT).log(|_| ())).await.unwrap()
    };
    let rivals = [start(env!("CARGO_BIN_EXE_lazylock")).await, start(env!("CARGO_BIN_EXE_timer")).await];
    let mut compared = 0;
    for request in demo_lambda::requests::all().unwrap() {
        if request.title.starts_with("batch") {
            continue;
        }
        let expected: Value = serde_json::from_slice(&gateway.execute(&request.event).await.unwrap()).unwrap();
        for rival in &rivals {
            let answer = rival.invoke(request.event.clone()).await.unwrap();
            assert_eq!(answer.outcome, Outcome::Ok, "{}: {:?}", request.title, answer.payload);
            assert_eq!(serde_json::from_slice::<Value>(&answer.payload).unwrap(), expected, "{}", request.title);
        }
        compared += 1;
    }
    assert_eq!(compared, 29);
}

#[tokio::test]
async fn what_is_not_there_is_an_error_that_leaves_the_function_alone() {
    for program in [env!("CARGO_BIN_EXE_lazylock"), env!("CARGO_BIN_EXE_timer")] {
        let rival = Container::start(&Function::new(program).log(|_| ())).await.unwrap();
        for (event, code) in [
            (r#"{"interface":"nope","operation":"count","args":{}}"#, "unknown_interface"),
            (r#"{"interface":"qr","operation":"nope","args":{}}"#, "unknown_operation"),
            (r#"{"interface":"qr","operation":"svg","args":{"text":1}}"#, "bad_arguments"),
        ] {
            let answer = rival.invoke(event).await.unwrap();
            assert_eq!(answer.outcome, Outcome::FunctionError { error_type: code.to_owned() });
        }
    }
}
