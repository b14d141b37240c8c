//! Hostile input over HTTP: an answer in kind with a stable code, whatever it is, and nothing called.

use serde_json::{Value, json};

use crate::answer;
use crate::samples::{ALL, Ask, From, Http};

async fn send(from: From, event: &Value) -> Http {
    from.read(answer(event).await.unwrap_or_else(|error| panic!("{from:?}: {error:?}")))
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % below
    }

    fn text(&mut self, most: usize) -> String {
        let length = self.next(most);
        (0..length).map(|_| char::from_u32(self.next(0x3000) as u32).unwrap_or('"')).collect()
    }
}

#[tokio::test]
async fn random_bodies_and_paths_have_stable_errors() {
    const CODES: [&str; 6] = [
        "bad_request",
        "bad_arguments",
        "not_found",
        "unknown_interface",
        "unknown_operation",
        "unsupported_media_type",
    ];
    let mut noise = Noise(41);
    for round in 0..300 {
        let from = ALL[round % ALL.len()];
        let (body, rest) = (noise.text(60), noise.text(20));
        let path = match round % 3 {
            0 => "/words/quote".to_owned(),
            1 => "/".to_owned(),
            _ => format!("/{rest}"),
        };
        let ask = Ask { is_base64: round % 2 == 0, ..Ask::post(&path, &body) };
        let answer = send(from, &from.event(&ask)).await;
        assert!(CODES.contains(&answer.code().as_str()), "{ask:?}: {answer:?}");
        assert!((400..500).contains(&answer.status), "{answer:?}");
    }
}

#[tokio::test]
async fn what_is_no_base64_or_no_utf8_is_a_bad_request() {
    for from in ALL {
        for body in ["{", "a", "=", "AAA=A", "\u{e4}", "QUJD\u{0}"] {
            let answer = send(from, &from.event(&Ask { is_base64: true, ..Ask::post("/words/quote", body) })).await;
            assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{body}");
        }
        // `{"text":"\xff"}`
        let body = "eyJ0ZXh0Ijoi/yJ9";
        let answer = send(from, &from.event(&Ask { is_base64: true, ..Ask::post("/words/quote", body) })).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_arguments"));
    }
}

#[tokio::test]
async fn paths_lead_nowhere_else() {
    let slashes = "/".repeat(100);
    let long = format!("/{}/quote", "a".repeat(1 << 20));
    for from in ALL {
        for (path, status, code) in [
            ("/words/%ff", 400, "bad_request"),
            ("/%c3%28/quote", 400, "bad_request"),
            ("/words/../words/quote", 404, "not_found"),
            ("/../../etc/passwd", 404, "not_found"),
            ("/../passwd", 404, "unknown_interface"),
            ("/%2e%2e/%2e%2e%2fetc%2fpasswd", 404, "unknown_interface"),
            ("/words%2Fquote/a/b", 404, "not_found"),
            ("/words/quote%00", 404, "unknown_operation"),
            ("/WORDS/quote", 404, "unknown_interface"),
            (&slashes, 404, "not_found"),
            (&long, 404, "unknown_interface"),
            ("/words/quote?text=a", 404, "unknown_operation"),
        ] {
            let answer = send(from, &from.event(&Ask::post(path, r#"{"text":"a"}"#))).await;
            let shown = &path[..path.len().min(40)];
            assert_eq!((answer.status, answer.code().as_str()), (status, code), "{from:?} {shown}");
            assert!(answer.body.len() < 2000, "it repeats {} bytes", answer.body.len());
        }
    }
}

#[tokio::test]
async fn headers_are_as_large_and_as_many_as_they_like() {
    for from in ALL {
        let mut event = from.event(&Ask::post("/words/quote", r#"{"text":"a"}"#));
        let name = if from == From::AlbMulti { "multiValueHeaders" } else { "headers" };
        event[name]["x-huge"] = "x".repeat(1 << 20).into();
        assert_eq!(send(from, &event).await.json(), json!("<a>"));
        // Such as no server lets through.
        event[name]["x-new-line"] = "a\r\nset-cookie: b".into();
        let answer = send(from, &event).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
        event[name] = (0..40_000).map(|index| (format!("h{index}"), json!("a"))).collect();
        let answer = send(from, &event).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    }
}

#[tokio::test]
async fn an_event_that_is_cut_or_bent_is_answered_in_kind() {
    for from in ALL {
        let event = from.event(&Ask::post("/words/quote", r#"{"text":"a"}"#));
        for field in event.as_object().unwrap().keys() {
            for value in [json!(null), json!(7), json!("x"), json!([[]]), json!({"a": {}}), json!(true)] {
                let mut bent = event.clone();
                bent[field] = value;
                // It is of its kind as long as something tells.
                let answered = answer(&bent).await;
                let is_told =
                    !matches!(field.as_str(), "requestContext") || from != From::Alb && from != From::AlbMulti;
                match answered {
                    Ok(answer) => {
                        let answer = from.read(answer);
                        assert!(matches!(answer.status, 200 | 400 | 404 | 405 | 415), "{field}: {answer:?}");
                    }
                    Err(error) => assert!(!is_told && error.error_type == "bad_request", "{field}: {error:?}"),
                }
            }
        }
    }
}
