//! Batches of messages.

use std::time::{Duration, SystemTime};

use aws_lambda_events::sqs::SqsBatchResponse;
use serde_json::{Value, json};

use crate::samples::{sqs, sqs_fifo};
use crate::{answer, answer_with, context, kept};

fn keep(text: &str) -> String {
    json!({"interface": "words", "operation": "keep", "args": {"text": text}}).to_string()
}

/// The ids of the messages that failed.
fn failed(answer: Value) -> Vec<String> {
    assert!(answer.as_object().unwrap().keys().eq(["batchItemFailures"]), "{answer}");
    let response: SqsBatchResponse = serde_json::from_value(answer).unwrap();
    response.batch_item_failures.into_iter().map(|failure| failure.item_identifier).collect()
}

#[tokio::test]
async fn messages_are_executed_in_their_order_and_those_that_fail_are_listed() {
    let event = sqs(&[
        ("1", keep("std 1")),
        ("2", keep("std 2 bad")),
        ("3", json!({"interface": "words", "operation": "panic"}).to_string()),
        ("4", "{".to_owned()),
        ("5", String::new()),
        ("6", json!({"interface": "words", "operation": "nothing"}).to_string()),
        ("7", keep("std 7")),
    ]);
    assert_eq!(failed(answer(&event).await.unwrap()), ["2", "3", "4", "5", "6"]);
    assert_eq!(kept("std"), ["std 1", "std 2 bad", "std 7"]);
    assert_eq!(answer(&sqs(&[("1", keep("good"))])).await.unwrap(), json!({"batchItemFailures": []}));
}

#[tokio::test]
async fn a_batch_in_a_message_fails_with_any_of_its_items() {
    let batch = |texts: [&str; 2]| {
        let items: Vec<Value> = texts.iter().map(|text| serde_json::from_str(&keep(text)).unwrap()).collect();
        json!({"batch": items}).to_string()
    };
    let event = sqs(&[("1", batch(["batch 1", "batch 2"])), ("2", batch(["batch 3 bad", "batch 4"]))]);
    assert_eq!(failed(answer(&event).await.unwrap()), ["2"]);
    assert_eq!(kept("batch"), ["batch 1", "batch 2", "batch 3 bad", "batch 4"]);
}

#[tokio::test]
async fn in_a_fifo_queue_nothing_of_a_group_is_executed_after_it_failed() {
    let event = sqs_fifo(&[
        ("1", "a", keep("fifo 1")),
        ("2", "b", keep("fifo 2 bad")),
        ("3", "b", keep("fifo 3")),
        ("4", "a", keep("fifo 4")),
        ("5", "b", keep("fifo 5")),
        ("6", "a", keep("fifo 6 bad")),
        ("7", "c", keep("fifo 7")),
    ]);
    assert_eq!(failed(answer(&event).await.unwrap()), ["2", "3", "5", "6"]);
    assert_eq!(kept("fifo"), ["fifo 1", "fifo 2 bad", "fifo 4", "fifo 6 bad", "fifo 7"]);
}

#[tokio::test]
async fn when_there_is_no_time_left_nothing_is_begun_that_would_be_cut_off() {
    let mut late = context();
    late.deadline -= 61_000;
    let event = sqs(&[("1", keep("late 1")), ("2", keep("late 2"))]);
    assert_eq!(failed(answer_with(&late, &event).await.unwrap()), ["1", "2"]);
    assert_eq!(kept("late"), [""; 0]);
}

/// As `cargo lambda watch` has it, and a context by `Default`.
#[tokio::test]
async fn a_deadline_that_is_none_leaves_all_the_time() {
    for (deadline, text) in [(600_000, "watched"), (0, "by default")] {
        let mut context = context();
        context.deadline = deadline;
        assert_eq!(failed(answer_with(&context, &sqs(&[("1", keep(text))])).await.unwrap()), [""; 0]);
        assert_eq!(kept(text), [text]);
    }
}

/// The clock of the runtime goes on by itself when there is nothing to do but wait.
#[tokio::test(start_paused = true)]
async fn a_message_that_hangs_is_cancelled_before_the_function_is() {
    let begun = SystemTime::now();
    let event = sqs(&[("1", keep("hang 1")), ("2", json!({"interface": "words", "operation": "hang"}).to_string())]);
    assert_eq!(failed(answer(&event).await.unwrap()), ["2"]);
    assert_eq!(kept("hang"), ["hang 1"]);
    assert!(begun.elapsed().unwrap() < Duration::from_secs(50), "it was waited for");
}

#[tokio::test]
async fn a_message_without_an_id_makes_all_come_again() {
    let mut event = sqs(&[("1", keep("anonymous bad"))]);
    event["Records"][0].as_object_mut().unwrap().remove("messageId");
    // An empty identifier is what SQS takes for a failure of the whole batch.
    assert_eq!(failed(answer(&event).await.unwrap()), [""]);
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_the_functions_error() {
    let mut event = sqs(&[("1", keep("unread"))]);
    event["Records"][0]["attributes"] = json!(7);
    assert_eq!(answer(&event).await.unwrap_err().error_type, "bad_request");
    assert_eq!(kept("unread"), [""; 0]);
}
