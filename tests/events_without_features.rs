//! An event of a kind that was not built in. (`cargo test -p lmms --features lambda`: the whole workspace has them all.)
#![cfg(all(feature = "lambda", not(all(feature = "http", feature = "sqs"))))]

use std::sync::Arc;

use lmms::lambda::{Context, Events};
use lmms::{Config, Gateway};

#[tokio::test]
async fn the_error_names_the_feature_to_switch_on() {
    let events = Events::from_env(Arc::new(Gateway::new(Config::default()).unwrap())).unwrap();
    for (feature, is_built, event) in [
        (
            "http",
            cfg!(feature = "http"),
            r#"{"version":"2.0","routeKey":"$default","rawPath":"/","requestContext":{}}"#,
        ),
        ("http", cfg!(feature = "http"), r#"{"requestContext":{"elb":{}},"httpMethod":"GET"}"#),
        ("sqs", cfg!(feature = "sqs"), r#"{"Records":[{"messageId":"a","eventSource":"aws:sqs"}]}"#),
    ] {
        let answer = events.answer(serde_json::from_str(event).unwrap(), &Context::default()).await;
        if !is_built {
            let error = answer.unwrap_err();
            assert_eq!(error.error_type, "bad_request");
            assert!(error.error_message.contains(&format!("its feature `{feature}`")), "{}", error.error_message);
        }
    }
}
