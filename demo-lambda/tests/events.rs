//! The demo invoked by what AWS sends: the real binary, the real `lambda_runtime`, in a container of the local Lambda.

#[path = "../../tests/events/samples.rs"]
#[allow(dead_code, reason = "another test uses the rest of it")]
mod samples;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lmms_local::answer::{Failure, Outcome};
use lmms_local::container::{Container, Function, StartError};
use lmms_local::serve::Front;
use samples::{ALL, Ask, From};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

const GRACE: Duration = Duration::from_secs(5);
/// More than a load takes in a program that is not optimised.
const LIMIT: Duration = Duration::from_secs(120);

fn demo() -> Function {
    Function::new(env!("CARGO_BIN_EXE_demo-lambda")).timeout(LIMIT).init_timeout(LIMIT).log(|_| ())
}

async fn invoke(container: &Container, event: &Value) -> (Value, Outcome) {
    let answer = container.invoke(event.to_string()).await.expect("an answer");
    (serde_json::from_slice(&answer.payload).expect("JSON"), answer.outcome)
}

fn count(text: &str) -> Value {
    json!({"interface": "tokens", "operation": "count", "args": {"text": text}})
}

#[tokio::test]
async fn every_kind_is_answered_in_kind_by_one_function_one_after_the_other_and_at_once() {
    for concurrency in [1, 8] {
        let container = Arc::new(Container::start(&demo().concurrency(concurrency)).await.expect("a container"));
        let asks = (0..4 * ALL.len()).map(|index| {
            let container = Arc::clone(&container);
            let from = ALL[index % ALL.len()];
            tokio::spawn(async move {
                let body = json!({"text": "one two three"}).to_string();
                let (answer, outcome) = invoke(&container, &from.event(&Ask::post("/tokens/count", &body))).await;
                let answer = from.read(answer);
                assert_eq!((answer.status, answer.json(), outcome), (200, json!(3), Outcome::Ok), "{from:?}");
                assert_eq!(invoke(&container, &count("one two three")).await, (json!(3), Outcome::Ok));
                let event = samples::sqs(&[("1", count("a").to_string()), ("2", "{".to_owned())]);
                let failed = json!({"batchItemFailures": [{"itemIdentifier": "2"}]});
                assert_eq!(invoke(&container, &event).await, (failed, Outcome::Ok));
            })
        });
        for ask in asks.collect::<Vec<_>>() {
            ask.await.expect("an answer in kind");
        }
    }
}

#[tokio::test]
async fn an_error_over_http_has_the_ids_of_its_invocation() {
    let container = Container::start(&demo()).await.expect("a container");
    for from in ALL {
        let (answer, outcome) = invoke(&container, &from.event(&Ask::post("/tokens/cuont", "{}"))).await;
        // For Lambda it is a success: what a client did wrong is no failure of the function.
        assert_eq!(outcome, Outcome::Ok);
        let answer = from.read(answer);
        let error = &answer.json()["error"];
        assert_eq!((answer.status, &error["code"]), (404, &json!("unknown_operation")));
        assert_eq!(error["request_id"].as_str().map(str::len), Some(36), "{error}");
        assert!(error["trace_id"].as_str().is_some_and(|id| id.starts_with("1-") && !id.contains(';')), "{error}");
    }
    container.stop(GRACE).await.expect("an end");
}

#[tokio::test]
async fn failed_messages_are_reported_on_a_line_each_with_the_request() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&lines);
    let function = demo().log(move |line| kept.lock().expect("lines").push(line.to_owned()));
    let container = Container::start(&function).await.expect("a container");
    let unknown = json!({"interface": "nothing", "operation": "a"}).to_string();
    let event = samples::sqs_fifo(&[("m1", "g", unknown), ("m2", "g", count("a").to_string())]);
    let (answer, _) = invoke(&container, &event).await;
    assert_eq!(answer, json!({"batchItemFailures": [{"itemIdentifier": "m1"}, {"itemIdentifier": "m2"}]}));
    container.stop(GRACE).await.expect("an end");
    let lines = lines.lock().expect("lines");
    let find = |start: &str| {
        let line = lines.iter().find(|line| line.starts_with(start)).unwrap_or_else(|| panic!("{start}: {lines:?}"));
        line.rsplit_once("(request ").expect("its request").1.to_owned()
    };
    let first = find("lmms: SQS message m1: unknown_interface: there is no interface `nothing`");
    assert_eq!(first, find("lmms: SQS message m2: not_executed: a message before it in its group failed"));
    assert_eq!(first.len(), 37, "{first}");
}

#[tokio::test]
async fn the_front_serves_what_the_function_does() {
    let container = Container::start(&demo()).await.expect("a container");
    let front = Front::bind(0, container.api().clone()).await.expect("a port");
    let addr = front.url().strip_prefix("http://").expect("a URL").to_owned();
    let (stop, stopped) = oneshot::channel::<()>();
    let serving = tokio::spawn(front.run_until(async { _ = stopped.await }));

    // As `curl -d` sends it.
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    let (head, body) = exchange(&addr, "POST /tokens/count", form, r#"{"text":"one two three"}"#).await;
    assert!(head.starts_with("HTTP/1.1 200 ") && body == "3", "{head}: {body}");
    assert!(head.contains("content-type: application/json") && head.contains("x-content-type-options: nosniff"));
    let (head, body) = exchange(&addr, "GET /lmms/stats", "", "").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && body.contains(r#""resident":["tokens"]"#), "{head}: {body}");
    let (head, _) = exchange(&addr, "DELETE /tokens/count", "", "").await;
    assert!(head.starts_with("HTTP/1.1 405 ") && head.contains("allow: OPTIONS, POST"), "{head}");
    let (head, body) = exchange(&addr, "OPTIONS /tokens/count", "", "").await;
    assert!(head.starts_with("HTTP/1.1 204 ") && body.is_empty(), "{head}: {body}");
    let (head, body) = exchange(&addr, "POST /tokens", "", "{}").await;
    assert!(head.starts_with("HTTP/1.1 404 ") && body.contains(r#""code":"not_found""#), "{head}: {body}");

    stop.send(()).expect("it still serves");
    serving.await.expect("a task").expect("its end");
}

#[tokio::test]
async fn a_base_path_is_read_from_the_environment_and_a_wrong_one_stops_the_start() {
    let container = Container::start(&demo().env("LMMS_HTTP_BASE_PATH", "/api/v1")).await.expect("a container");
    for (path, status) in [("/api/v1/lmms/stats", 200), ("/lmms/stats", 404)] {
        let (answer, _) = invoke(&container, &From::HttpApi.event(&Ask::of("GET", path))).await;
        assert_eq!(From::HttpApi.read(answer).status, status, "{path}");
    }
    container.stop(GRACE).await.expect("an end");

    match Container::start(&demo().env("LMMS_HTTP_BASE_PATH", "api")).await {
        Err(StartError::Init(Failure::Exited { log, .. })) => {
            assert!(log.contains("LMMS_HTTP_BASE_PATH=`api` is not understood: expected a path as `/api/v1`"), "{log}");
        }
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it started"),
    }
}

/// The head and the body of the answer.
async fn exchange(addr: &str, what: &str, headers: &str, body: &str) -> (String, String) {
    let mut stream = TcpStream::connect(addr).await.expect("a connection");
    let length = body.len();
    let request = format!(
        "{what} HTTP/1.1\r\nhost: {addr}\r\nconnection: close\r\n{headers}content-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    (head.to_owned(), body.to_owned())
}
