//! The local Lambda against a real `lambda_runtime` function: this very test program, started again.

use std::{env, sync::Arc, time::Duration};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn, streaming};
use lmms_local::{
    answer::{Failure, Outcome},
    container::{Container, Function, StartError},
    serve::Front,
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
    time,
};

const GRACE: Duration = Duration::from_secs(5);

/// Not a test but the function, when started by [`function`].
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let run = match env::var("FUNCTION").as_deref() {
        Ok("streams") => lambda_runtime::run(service_fn(streams)).await,
        _ => lambda_runtime::run_concurrent(service_fn(handler)).await,
    };
    run.expect("the runtime");
}

async fn handler(event: LambdaEvent<Value>) -> Result<Value, Diagnostic> {
    let LambdaEvent { mut payload, context } = event;
    // Over HTTP, what to do is in the body.
    if payload["rawPath"] == "/ask" {
        payload = serde_json::from_str(payload["body"].as_str().unwrap_or_default()).expect("JSON");
    }
    match payload["do"].as_str() {
        Some("fail") => Err(Diagnostic { error_type: "not_today".into(), error_message: "no".into() }),
        Some("panic") => panic!("handler panicked on purpose"),
        Some("exit") => {
            eprintln!("about to exit");
            std::process::exit(9)
        }
        Some("sleep") => {
            time::sleep(Duration::from_millis(payload["ms"].as_u64().unwrap_or(0))).await;
            Ok(payload["ms"].clone())
        }
        Some("answer") => Ok(payload["with"].take()),
        Some("large") => Ok(json!("x".repeat(7 << 20))),
        Some("context") => Ok(json!({
            "id": context.request_id,
            "arn": context.invoked_function_arn,
            "trace": context.xray_trace_id,
            "deadline": context.deadline,
            "memory": context.env_config.memory,
        })),
        _ => Ok(payload),
    }
}

async fn streams(_: LambdaEvent<Value>) -> Result<streaming::Response<streaming::Body>, lambda_runtime::Error> {
    let (mut sender, body) = streaming::channel();
    tokio::spawn(async move {
        for part in ["one ", "two ", "three"] {
            if sender.send_data(part.into()).await.is_err() {
                return;
            }
        }
    });
    Ok(streaming::Response::from(body))
}

fn function() -> Function {
    let this = Function::this_program().expect("this program's path");
    this.args(["--exact", "the_function", "--nocapture"]).timeout(Duration::from_secs(20)).log(|_| ())
}

async fn start(function: &Function) -> Container {
    Container::start(function).await.expect("a container")
}

async fn invoke(container: &Container, event: Value) -> Result<(Value, Outcome), Failure> {
    let answer = container.invoke(event.to_string()).await?;
    Ok((serde_json::from_slice(&answer.payload).expect("JSON"), answer.outcome))
}

#[tokio::test]
async fn events_are_answered_one_after_the_other() {
    let container = start(&function()).await;
    assert!(container.init_duration() > Duration::ZERO);
    for event in [json!({"a": "\u{e4}\""}), json!([]), json!(null), json!("x".repeat(5 << 20))] {
        assert_eq!(invoke(&container, event.clone()).await.unwrap(), (event, Outcome::Ok));
    }
    container.stop(GRACE).await.unwrap();
}

#[tokio::test]
async fn an_invocation_has_its_context() {
    let container = start(&function().memory_mb(256)).await;
    let (first, _) = invoke(&container, json!({"do": "context"})).await.unwrap();
    let (second, _) = invoke(&container, json!({"do": "context"})).await.unwrap();
    assert_ne!(first["id"], second["id"]);
    assert_eq!(first["memory"], 256);
    assert!(first["arn"].as_str().unwrap().starts_with("arn:aws:lambda:"));
    assert!(first["trace"].as_str().unwrap().starts_with("Root=1-"));
    let left = Duration::from_millis(first["deadline"].as_u64().unwrap())
        .checked_sub(std::time::UNIX_EPOCH.elapsed().unwrap())
        .expect("a deadline ahead");
    assert!(left <= Duration::from_secs(20), "{left:?}");
}

#[tokio::test]
async fn errors_and_panics_are_answers_and_the_function_lives_on() {
    let container = start(&function()).await;
    let (payload, outcome) = invoke(&container, json!({"do": "fail"})).await.unwrap();
    assert_eq!(payload, json!({"errorType": "not_today", "errorMessage": "no"}));
    assert_eq!(outcome, Outcome::FunctionError { error_type: "not_today".into() });
    let (payload, outcome) = invoke(&container, json!({"do": "panic"})).await.unwrap();
    assert!(payload["errorMessage"].as_str().unwrap().contains("on purpose"), "{payload}");
    assert_ne!(outcome, Outcome::Ok);
    assert_eq!(invoke(&container, json!(1)).await.unwrap().0, 1);
}

#[tokio::test]
async fn an_answer_over_six_megabytes_is_a_function_error() {
    let container = start(&function()).await;
    let (_, outcome) = invoke(&container, json!({"do": "large"})).await.unwrap();
    assert_eq!(outcome, Outcome::FunctionError { error_type: "Function.ResponseSizeTooLarge".into() });
    assert_eq!(invoke(&container, json!(1)).await.unwrap().0, 1);
}

#[tokio::test]
async fn a_streamed_answer_is_collected() {
    let container = start(&function().env("FUNCTION", "streams")).await;
    let answer = container.invoke("{}").await.unwrap();
    let text = String::from_utf8_lossy(&answer.payload);
    assert!(text.starts_with('{') && text.ends_with("\0one two three"), "{text:?}");
}

#[tokio::test]
async fn a_concurrent_function_takes_several_at_once() {
    let container = Arc::new(start(&function().concurrency(4)).await);
    let begun = time::Instant::now();
    let all: Vec<_> = (0..8)
        .map(|n| {
            let container = Arc::clone(&container);
            let event = json!({"do": "sleep", "ms": 300 + n});
            tokio::spawn(async move { invoke(&container, event).await })
        })
        .collect();
    for (n, task) in all.into_iter().enumerate() {
        assert_eq!(task.await.unwrap().unwrap().0, 300 + n);
    }
    // One at a time would be 2.4 s; this is not about speed.
    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    container.settled().await.unwrap();
}

#[tokio::test]
async fn many_requests_queue_for_a_function_that_takes_one() {
    let container = start(&function()).await;
    let one = async |n: u64| invoke(&container, json!({"do": "sleep", "ms": n})).await.unwrap().0;
    let (a, b, c) = tokio::join!(one(1), one(2), one(3));
    assert_eq!((a, b, c), (json!(1), json!(2), json!(3)));
}

#[tokio::test]
async fn an_abandoned_invocation_is_not_waited_for() {
    let container = start(&function()).await;
    let slow = json!({"do": "sleep", "ms": 300}).to_string();
    assert!(time::timeout(Duration::from_millis(100), container.invoke(slow)).await.is_err());
    // The function answers the first to nobody, and this one as ever.
    assert_eq!(invoke(&container, json!(1)).await.unwrap().0, 1);
}

#[tokio::test]
async fn a_container_that_dies_fails_what_is_under_way_and_what_comes() {
    let container = start(&function()).await;
    let failure = invoke(&container, json!({"do": "exit"})).await.unwrap_err();
    let said = failure.to_string();
    assert!(said.contains("exit status: 9") && said.contains("about to exit"), "{said}");
    assert_eq!(invoke(&container, json!(1)).await.unwrap_err().code(), "container_ended");
    assert_eq!(container.stop(GRACE).await.unwrap().code(), Some(9));
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_ended() {
    let container = start(&function().timeout(Duration::from_millis(300))).await;
    let slow = invoke(&container, json!({"do": "sleep", "ms": 60_000}));
    let (slow, queued) = tokio::join!(slow, invoke(&container, json!(1)));
    assert!(matches!(slow, Err(Failure::TimedOut { .. })), "{slow:?}");
    assert_eq!(queued.unwrap_err().code(), "timed_out");
    assert!(!container.stop(GRACE).await.unwrap().success(), "it was killed");
}

#[tokio::test]
#[cfg(unix)]
async fn an_init_error_is_what_the_function_says() {
    // A bootstrap in shell, which posts `/init/error` by hand.
    let script = r#"
        exec 3<>"/dev/tcp/127.0.0.1/${AWS_LAMBDA_RUNTIME_API##*:}"
        body='{"errorType":"bad_config","errorMessage":"LMMS_X is `q`, expected a number"}'
        printf 'POST /2018-06-01/runtime/init/error HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: %s\r\n\r\n%s' "${#body}" "$body" >&3
        cat <&3 >/dev/null
        exit 1
    "#;
    let function = Function::new("bash").args(["-c", script]).log(|_| ());
    let Err(StartError::Init(failure)) = Container::start(&function).await else { panic!("it started") };
    assert_eq!(failure.to_string(), "the function could not start: bad_config: LMMS_X is `q`, expected a number");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn memory_is_read_at_rest_and_gone_with_the_process() {
    let container = start(&function()).await;
    invoke(&container, json!("x".repeat(1 << 20))).await.unwrap();
    container.settled().await.unwrap();
    let memory = container.memory().unwrap();
    assert!(memory.anonymous > 100 << 10 && memory.peak >= memory.resident, "{memory:?}");
    let pid = container.pid();
    drop(container);
    for _ in 0..200 {
        if lmms_local::memory::Memory::of(pid).is_err() {
            return;
        }
        time::sleep(Duration::from_millis(10)).await;
    }
    panic!("process {pid} outlives its container");
}

#[tokio::test]
async fn the_front_is_a_function_url() {
    let container = start(&function()).await;
    let front = Front::bind(0, container.api().clone()).await.unwrap();
    let addr = front.url().strip_prefix("http://").unwrap().to_owned();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(front.run_until(async { _ = stopped.await }));

    // What is no HTTP answer is the body of one: here, of a function that answers with what it was sent, the event.
    let (status, event) = request(&addr, "PUT", "/a%20b/c?d=e&d=f", "{}").await;
    assert_eq!(status, 200);
    for (pointer, value) in [
        ("/version", "2.0"),
        ("/rawPath", "/a%20b/c"),
        ("/rawQueryString", "d=e&d=f"),
        ("/requestContext/http/method", "PUT"),
        ("/requestContext/stage", "$default"),
        ("/headers/host", addr.as_str()),
        ("/body", "{}"),
    ] {
        assert_eq!(event.pointer(pointer), Some(&json!(value)), "{pointer} in {event}");
    }
    let answer = json!({"do": "answer", "with": {
        "statusCode": 418, "headers": {"x-pot": "tea"}, "cookies": ["a=b", "c=d"], "body": "InNob3J0Ig==", "isBase64Encoded": true
    }});
    let (head, body) = exchange(&addr, "POST", "/ask", &answer.to_string()).await;
    assert!(head.starts_with("HTTP/1.1 418 ") && body == r#""short""#, "{head}: {body}");
    for line in ["x-pot: tea", "set-cookie: a=b", "set-cookie: c=d"] {
        assert!(head.contains(line), "{line} in {head}");
    }
    for (path, body, status, code) in [
        ("/ask", r#"{"do":"fail"}"#, 502, "not_today"),
        ("/ask", r#"{"do":"answer","with":{"statusCode":1}}"#, 502, "bad_answer"),
        ("/a/b", &" ".repeat((6 << 20) + 1), 413, "payload_too_large"),
        // As an event it is larger.
        ("/a/b", &"\"".repeat(5 << 20), 413, "payload_too_large"),
    ] {
        let (got, answer) = request(&addr, "POST", path, body).await;
        assert_eq!((got, answer["errorType"].as_str()), (status, Some(code)), "{path}");
    }

    stop.send(()).unwrap();
    time::timeout(GRACE, serving).await.expect("it stops").unwrap().unwrap();
    assert!(TcpStream::connect(&addr).await.is_err(), "it still listens");
}

#[tokio::test]
async fn the_front_ends_with_its_container() {
    let container = start(&function()).await;
    let front = Front::bind(0, container.api().clone()).await.unwrap();
    let addr = front.url().strip_prefix("http://").unwrap().to_owned();
    let serving = tokio::spawn(front.run_until(std::future::pending()));
    let (status, body) = request(&addr, "POST", "/ask", r#"{"do":"exit"}"#).await;
    assert_eq!((status, body["errorType"].as_str()), (502, Some("container_ended")));
    let end = time::timeout(GRACE, serving).await.expect("it ends").unwrap();
    assert_eq!(end.unwrap_err().code(), "container_ended");
}

async fn request(addr: &str, method: &str, path: &str, body: &str) -> (u16, Value) {
    let (head, body) = exchange(addr, method, path, body).await;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status"), serde_json::from_str(&body).expect("JSON"))
}

/// The head and the body of the answer.
async fn exchange(addr: &str, method: &str, path: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    let length = body.len();
    let head =
        format!("{method} {path} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(head.as_bytes()).await.expect("a head");
    stream.write_all(body.as_bytes()).await.expect("a body");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    (head.to_owned(), body.to_owned())
}
