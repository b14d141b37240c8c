//! HTTP, by whoever sends it.

use serde_json::{Value, json};

use crate::samples::{ALL, Ask, From, Http};
use crate::{answer, answer_with, context};

async fn ask(from: From, ask: &Ask<'_>) -> Http {
    from.read(answer(&from.event(ask)).await.unwrap())
}

#[tokio::test]
async fn an_operation_is_called_by_its_path_whoever_sends_it() {
    for from in ALL {
        let answer = ask(from, &Ask::post("/words/quote", r#"{"text":"\"a\" \u00e4"}"#)).await;
        let headers = [("content-type", "application/json"), ("x-content-type-options", "nosniff")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        assert_eq!(answer, Http { status: 200, headers, body: r#""<\"a\" ä>""#.to_owned() }, "{from:?}");
    }
}

#[tokio::test]
async fn an_error_has_its_status_and_what_finds_it_again() {
    for from in ALL {
        let answer = ask(from, &Ask::post("/words/quote", r#"{"text":5}"#)).await;
        assert_eq!(answer.status, 400, "{from:?}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(
            answer.json(),
            json!({"error": {
                "code": "bad_arguments",
                "message": "argument `text`: invalid type: integer `5`, expected a string",
                "interface": "words",
                "operation": "quote",
                "path": "args.text",
                "expected": "words.quote(text: &str) -> String",
                "request_id": "8476a536-e9f4-11e8-9739-2dfe598c3fcd",
                "trace_id": "1-5bef4de7-ad49b0e87f6ef6c87fc2e700",
            }})
        );
    }
    // Where Lambda traces nothing, there is nothing to tell.
    let mut untraced = context();
    untraced.xray_trace_id = None;
    let event = From::FunctionUrl.event(&Ask::post("/words/nothing", ""));
    let answer = From::FunctionUrl.read(answer_with(&untraced, &event).await.unwrap());
    assert_eq!(answer.json()["error"].get("trace_id"), None);
    assert_eq!(answer.json()["error"]["request_id"], untraced.request_id);
}

#[tokio::test]
async fn statuses_are_those_of_the_codes() {
    for from in ALL {
        for (path, body, status, code) in [
            ("/words/quote", "{", 400, "bad_arguments"),
            ("/wrods/quote", "{}", 404, "unknown_interface"),
            ("/words/quoet", "{}", 404, "unknown_operation"),
            ("/words/quote/a/b", "{}", 404, "not_found"),
            ("/words/keep", r#"{"text":"http bad"}"#, 422, "operation_failed"),
            ("/words/panic", "", 500, "operation_panicked"),
            ("/", "", 400, "bad_request"),
            ("/lmms/stats", r#"{"a":1}"#, 400, "bad_arguments"),
        ] {
            let answer = ask(from, &Ask::post(path, body)).await;
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{from:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_request_without_a_body_has_no_arguments() {
    for from in ALL {
        for body in [None, Some(""), Some(" \n")] {
            let answer = ask(from, &Ask { body, content_type: None, ..Ask::post("/words/quote", "") }).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "bad_arguments"));
            assert_eq!(answer.json()["error"]["message"], "argument `text` is missing");
        }
    }
}

#[tokio::test]
async fn a_whole_request_or_a_batch_can_be_posted_to_the_root() {
    for from in ALL {
        let one = json!({"interface": "words", "operation": "quote", "args": {"text": "a"}});
        assert_eq!(ask(from, &Ask::post("/", &one.to_string())).await.json(), json!("<a>"));
        let batch = json!({"batch": [one, {"interface": "words", "operation": "nothing"}]});
        let answer = ask(from, &Ask::post("/", &batch.to_string())).await;
        let items = answer.json();
        assert_eq!((answer.status, &items[0]), (200, &json!({"result": "<a>"})));
        assert_eq!(items[1]["error"]["code"], "unknown_operation");
    }
}

#[tokio::test]
async fn the_built_in_interface_can_be_read() {
    for from in ALL {
        let stats = ask(from, &Ask::of("GET", "/lmms/stats")).await;
        assert_eq!((stats.status, stats.json()["registered"].clone()), (200, json!(1)), "{from:?}");
        let described = ask(from, &Ask::of("GET", "/lmms/describe")).await;
        assert_eq!(described.json()["interfaces"][0]["name"], "words");
        let head = ask(from, &Ask::of("HEAD", "/lmms/stats")).await;
        assert_eq!((head.status, head.body.as_str(), head.headers), (200, "", stats.headers));
        assert_eq!(ask(from, &Ask::of("GET", "/lmms/nothing")).await.code(), "unknown_operation");
    }
}

#[tokio::test]
async fn other_methods_are_told_what_is_allowed() {
    for from in ALL {
        for (path, allowed) in
            [("/words/quote", "OPTIONS, POST"), ("/", "OPTIONS, POST"), ("/lmms/stats", "GET, HEAD, OPTIONS, POST")]
        {
            for method in ["GET", "HEAD", "PUT", "PATCH", "DELETE", "PURGE", "post"] {
                if allowed.split(", ").any(|one| one == method) {
                    continue;
                }
                let answer = ask(from, &Ask::of(method, path)).await;
                let wanted = (405, Some(allowed), "method_not_allowed");
                assert_eq!((answer.status, answer.header("allow"), answer.code().as_str()), wanted, "{method} {path}");
            }
            let options = ask(from, &Ask::of("OPTIONS", path)).await;
            assert_eq!((options.status, options.header("allow"), options.body.as_str()), (204, Some(allowed), ""));
            assert_eq!(options.header("content-type"), None);
        }
        assert_eq!(ask(from, &Ask::of("OPTIONS", "/words/quote/a/b")).await.status, 404);
    }
}

#[tokio::test]
async fn a_body_in_base64_is_decoded() {
    use base64::Engine;
    let body = base64::engine::general_purpose::STANDARD.encode(r#"{"text":"ä"}"#);
    for from in ALL {
        let answer = ask(from, &Ask { is_base64: true, ..Ask::post("/words/quote", &body) }).await;
        assert_eq!((answer.status, answer.json()), (200, json!("<ä>")));
    }
}

#[tokio::test]
async fn a_body_that_is_said_to_be_something_else_is_not_taken_for_json() {
    for from in ALL {
        let of = |content_type| Ask { content_type, ..Ask::post("/words/quote", r#"{"text":"a"}"#) };
        for media in [None, Some("text/plain"), Some("application/vnd.api+json; charset=utf-8")] {
            assert_eq!(ask(from, &of(media)).await.status, 200, "{media:?}");
        }
        let answer = ask(from, &of(Some("application/xml"))).await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "unsupported_media_type"));
        assert_eq!(answer.json()["error"]["message"], "the body is `application/xml`, not JSON");
        assert_eq!(ask(from, &Ask { body: None, ..of(Some("image/png")) }).await.code(), "bad_arguments");
    }
}

#[tokio::test]
async fn an_answer_is_never_more_than_its_sender_carries() {
    for (from, most) in [(From::FunctionUrl, 6 << 20), (From::RestApi, 6 << 20), (From::Alb, 1 << 20)] {
        let of = async |text: &str, times: usize| {
            let args = json!({"text": text, "times": times}).to_string();
            let answer = answer(&from.event(&Ask::post("/words/repeat", &args))).await.unwrap();
            assert!(answer.to_string().len() <= most);
            from.read(answer)
        };
        assert_eq!(of("x", most - 4096).await.status, 200);
        // In JSON each of these takes two bytes, and in the JSON of the event four.
        for (text, times) in [("x", most), ("\"", most / 4)] {
            let answer = of(text, times).await;
            assert_eq!((answer.status, answer.code().as_str()), (413, "payload_too_large"));
            let error: Value = answer.json()["error"].take();
            assert_eq!(error["expected"], format!("at most {most} bytes"));
        }
    }
}

#[tokio::test]
async fn an_error_that_is_too_large_to_tell_is_told_of() {
    let text = format!("{{\"text\":\"http {}bad\"}}", "x".repeat(1 << 20));
    let answer = ask(From::Alb, &Ask::post("/words/keep", &text)).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "payload_too_large"));
}
