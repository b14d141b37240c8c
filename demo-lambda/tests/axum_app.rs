//! An axum app as a function, `lambda_http::run`, with interfaces as its handlers' arguments: this very test program, started
//! again.

use std::env;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use lmms::axum::Interface;
use lmms::{Config, Gateway, Invocation, InvocationLayer};
use lmms_local::answer::Outcome;
use lmms_local::container::{Container, Function};
use serde_json::{Value, json};

const GRACE: Duration = Duration::from_secs(5);

struct Greetings(Vec<&'static str>);

#[lmms::interface]
impl Greetings {
    #[load]
    fn load() -> Self {
        Self(vec!["hello", "good day"])
    }
}

struct Broken;

#[lmms::interface]
impl Broken {
    #[load]
    fn load() -> Result<Self, String> {
        Err("no such luck".to_owned())
    }
}

async fn greet(Interface(greetings): Interface<Greetings>, name: String) -> String {
    // Held across an `await`, as a handler holds it.
    tokio::task::yield_now().await;
    format!("{}, {name}", greetings.0[0])
}

/// What it is in, and how often the interface was loaded by then.
async fn look(_: Interface<Greetings>) -> String {
    let id = Invocation::current().map(|current| current.id());
    format!("{} {}", id.is_some(), lmms::testing::loads::<Greetings>())
}

/// Not a test but the function, when started by [`function`].
#[tokio::test]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let broken = get(async |_: Interface<Broken>| "loaded");
    let app = Router::new().route("/greet", post(greet)).route("/look", get(look)).route("/broken", broken);
    // Without grace and floor, so that each sweep unloads.
    let config = Config::default().with_grace_period(Duration::ZERO).with_min_resident(0);
    let layer = InvocationLayer::with_sweep(Arc::new(Gateway::new(config).expect("a gateway")));
    lambda_http::run(app.layer(layer)).await.expect("the runtime");
}

/// An event of a function URL.
fn event(method: &str, path: &str, body: &str) -> String {
    let http = json!({
        "method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "test",
    });
    let context = json!({
        "http": http, "accountId": "anonymous", "apiId": "test", "domainName": "test", "domainPrefix": "test",
        "requestId": "1", "routeKey": "$default", "stage": "$default", "time": "01/Jan/2026:00:00:00 +0000",
        "timeEpoch": 0,
    });
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": path, "rawQueryString": "", "headers": {},
        "requestContext": context, "body": body, "isBase64Encoded": false,
    })
    .to_string()
}

async fn answer(container: &Container, method: &str, path: &str, body: &str) -> (Value, String) {
    let answer = container.invoke(event(method, path, body)).await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Ok, "{answer:?}");
    let answer: Value = serde_json::from_slice(&answer.payload).expect("JSON");
    (answer["statusCode"].clone(), answer["body"].as_str().expect("a body").to_owned())
}

#[tokio::test]
async fn interfaces_are_arguments_of_its_handlers_and_go_when_they_are_due() {
    let this = Function::this_program().expect("this program's path");
    let function = this.args(["--exact", "the_function", "--nocapture"]).timeout(Duration::from_secs(20)).log(|_| ());
    let container = Container::start(&function).await.expect("a container");
    assert_eq!(answer(&container, "POST", "/greet", "Ada").await, (json!(200), "hello, Ada".to_owned()));
    let (status, body) = answer(&container, "GET", "/broken", "").await;
    assert_eq!(status, 503);
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(body["error"]["code"], "load_failed");
    assert_eq!(body["error"]["message"], "interface `broken` failed to load: no such luck");

    // The sweep goes on beside the requests: sooner or later it has unloaded, and the next one loads again.
    for _ in 0..1_000 {
        let (status, body) = answer(&container, "GET", "/look", "").await;
        let (has_invocation, loads) = body.split_once(' ').expect("two words");
        assert_eq!((status, has_invocation), (json!(200), "true"));
        if loads != "1" {
            container.stop(GRACE).await.expect("an end");
            return;
        }
    }
    panic!("nothing was ever unloaded");
}
