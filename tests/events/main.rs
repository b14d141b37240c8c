//! Events as AWS sends them: what kind goes in, that kind comes out, whatever is in it.
#![cfg(all(feature = "http", feature = "sqs"))]

mod hostile;
mod http;
mod samples;
mod sqs;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use lmms::lambda::{Context, Diagnostic, Events};
use lmms::{Config, Gateway};
use serde_json::{Value, json};

/// The interface that all these requests are for.
pub struct Words {
    prefix: &'static str,
}

/// The texts that were kept.
static KEPT: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self { prefix: "<" }
    }

    #[operation]
    fn quote(&self, text: &str) -> String {
        format!("{}{text}>", self.prefix)
    }

    /// Remembers what it was called with, for who asks whether it was.
    #[operation]
    fn keep(&self, text: &str) -> Result<(), String> {
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).push(text.to_owned());
        if text.ends_with("bad") { Err(format!("{text}\nis not kept")) } else { Ok(()) }
    }

    #[operation]
    fn repeat(&self, text: &str, times: usize) -> String {
        text.repeat(times)
    }

    #[operation]
    fn panic(&self) {
        panic!("on purpose")
    }

    #[operation]
    async fn hang(&self) {
        std::future::pending::<()>().await;
    }
}

/// What of these was kept.
fn kept(prefix: &str) -> Vec<String> {
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.iter().filter(|text| text.starts_with(prefix)).cloned().collect()
}

fn events() -> Events {
    Events::from_env(Arc::new(Gateway::new(Config::default()).unwrap())).unwrap()
}

/// As Lambda's, with a minute left.
fn context() -> Context {
    let mut context = Context::default();
    context.request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned();
    context.xray_trace_id =
        Some("Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1".to_owned());
    let deadline = SystemTime::now() + Duration::from_secs(60);
    context.deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis() as u64;
    context
}

async fn answer_with(context: &Context, event: &Value) -> Result<Value, Diagnostic> {
    let event = serde_json::value::to_raw_value(event).unwrap();
    let answer = events().answer(&event, context).await?;
    Ok(serde_json::from_str(answer.get()).unwrap())
}

async fn answer(event: &Value) -> Result<Value, Diagnostic> {
    answer_with(&context(), event).await
}

#[tokio::test]
async fn a_direct_request_is_answered_as_ever() {
    let ask = json!({"interface": "words", "operation": "quote", "args": {"text": "a"}});
    assert_eq!(answer(&ask).await.unwrap(), json!("<a>"));
    assert_eq!(
        answer(&json!({"batch": [ask, {"interface": "nothing", "operation": "at_all"}]})).await.unwrap()[0],
        json!({"result": "<a>"})
    );
    for (event, code) in [
        (json!({"interface": "wrods", "operation": "quote"}), "unknown_interface"),
        (json!({"interface": "words", "operation": "keep", "args": {"text": "direct bad"}}), "operation_failed"),
        (json!({"detail-type": "Scheduled Event", "source": "aws.events"}), "bad_request"),
        (json!({"Records": [{"eventSource": "aws:s3"}]}), "bad_request"),
        (json!(null), "bad_request"),
        (json!([1]), "bad_request"),
    ] {
        assert_eq!(answer(&event).await.unwrap_err().error_type, code, "{event}");
    }
}

#[tokio::test]
async fn a_direct_answer_that_lambda_would_not_carry_is_an_error_that_says_so() {
    let event = json!({"interface": "words", "operation": "repeat", "args": {"text": "1234567", "times": 1 << 20}});
    let error = answer(&event).await.unwrap_err();
    assert_eq!(error.error_type, "payload_too_large");
    assert!(error.error_message.starts_with("the answer is 7340034 bytes large"), "{}", error.error_message);
}
