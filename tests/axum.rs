//! Interfaces as arguments of axum handlers: on a real server, with the layer and without.
#![cfg(feature = "axum")]

mod common;

use std::io;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use common::{gateway, unloader};
use lmms::axum::Interface;
use lmms::{Interface as _, Invocation, InvocationLayer, Lease, Reason, Unload, testing};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

struct Words(Vec<&'static str>);

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self(vec!["lima", "nairobi"])
    }

    #[operation]
    fn number(&self, word: &str) -> Option<usize> {
        self.0.iter().position(|known| *known == word)
    }
}

struct Client(u16);

#[lmms::interface]
impl Client {
    #[load]
    async fn load() -> io::Result<Self> {
        tokio::task::yield_now().await;
        Ok(Self(7))
    }
}

struct Failing;

static TRIES: AtomicUsize = AtomicUsize::new(0);

#[lmms::interface]
impl Failing {
    #[load]
    fn load() -> Result<Self, String> {
        match TRIES.fetch_add(1, Ordering::Relaxed) {
            0 => Err("no network".to_owned()),
            _ => Ok(Self),
        }
    }
}

struct Cyclic;

#[lmms::interface]
impl Cyclic {
    #[load]
    fn load(load: &lmms::Load<'_>) -> Result<Self, lmms::LoadError> {
        load.get::<Self>()?;
        Ok(Self)
    }
}

async fn number(Interface(words): Interface<Words>, body: String) -> String {
    format!("{:?}", words.number(&body))
}

/// Both hold the same instance, one of them with `await`s in its way.
async fn both(client: Interface<Client>, words: Interface<Words>) -> String {
    tokio::task::yield_now().await;
    format!("{} {}", client.0.0, words.number("nairobi").is_some())
}

fn app() -> Router {
    Router::new()
        .route("/number", post(number))
        .route("/both", get(both))
        .route("/failing", get(async |_: Interface<Failing>| "loaded"))
        .route("/cyclic", get(async |_: Interface<Cyclic>| "loaded"))
}

async fn call(app: &mut Router, method: &str, path: &str, body: &'static str) -> Response {
    let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
    app.call(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().into()).unwrap()
}

#[tokio::test]
async fn handlers_get_blocking_and_async_interfaces_with_the_layer_and_without() {
    let turn = testing::exclusive();
    for mut app in [app(), app().layer(InvocationLayer::new())] {
        assert_eq!(text(call(&mut app, "POST", "/number", "nairobi").await).await, "Some(1)");
        assert_eq!(text(call(&mut app, "POST", "/number", "oslo").await).await, "None");
        assert_eq!(text(call(&mut app, "GET", "/both", "").await).await, "7 true");
    }
    assert_eq!(turn.loads::<Words>(), 1);
}

#[tokio::test]
async fn a_load_that_fails_is_answered_with_its_code_and_tried_again() {
    let _turn = testing::exclusive();
    let mut app = app();
    let response = call(&mut app, "GET", "/failing", "").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = serde_json::from_str(&text(response).await).unwrap();
    let message = "interface `failing` failed to load: no network";
    assert_eq!(body, json!({"error": {"code": "load_failed", "message": message, "interface": "failing"}}));

    assert_eq!(text(call(&mut app, "GET", "/failing", "").await).await, "loaded");

    let response = call(&mut app, "GET", "/cyclic", "").await;
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(body["error"]["code"], "load_cycle");
    assert_eq!(body["error"]["message"], "interface `cyclic` needs itself to load: cyclic -> cyclic");
}

#[tokio::test]
async fn an_argument_that_outlives_the_handler_keeps_its_instance() {
    let _turn = testing::exclusive();
    static KEPT: Mutex<Option<Lease<Words>>> = Mutex::new(None);
    let keep = async |Interface(words): Interface<Words>| *KEPT.lock().unwrap() = Some(words);
    for mut app in
        [Router::new().route("/", get(keep)), Router::new().route("/", get(keep)).layer(InvocationLayer::new())]
    {
        assert_eq!(call(&mut app, "GET", "/", "").await.status(), StatusCode::OK);
        let unload = unloader().unload_module(Words::NAME).await.unwrap();
        assert!(matches!(unload, Unload::Blocked(Reason::ActiveReference)), "{unload:?}");
        *KEPT.lock().unwrap() = None;
        let unload = unloader().unload_module(Words::NAME).await.unwrap();
        assert!(matches!(unload, Unload::Unloaded { .. }), "{unload:?}");
    }
}

#[tokio::test]
async fn with_the_layer_the_argument_is_of_the_requests_invocation() {
    let _turn = testing::exclusive();
    let look = async |words: Interface<Words>| {
        let current = Invocation::current().expect("the layer's");
        let touched = current.resident::<Words>().is_some_and(|found| std::ptr::eq(found, &*words));
        // Once by the argument, once by the invocation.
        format!("{touched} {}", gateway().interface(Words::NAME).unwrap().status().holds)
    };
    let mut app = Router::new().route("/", get(look)).layer(InvocationLayer::new());
    assert_eq!(text(call(&mut app, "GET", "/", "").await).await, "true 2");
    assert_eq!(gateway().interface(Words::NAME).unwrap().status().holds, 0);
}

#[tokio::test]
async fn a_fake_is_what_a_handler_gets() {
    let _turn = testing::exclusive();
    let _fake = testing::fake(|| Words(vec!["oslo"]));
    assert_eq!(text(call(&mut app(), "POST", "/number", "oslo").await).await, "Some(0)");
}

#[tokio::test]
async fn a_server_of_its_own_serves_it() {
    let _turn = testing::exclusive();
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async { axum::serve(listener, app().layer(InvocationLayer::new())).await });
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = "POST /number HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: 4\r\n\r\nlima";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nSome(0)"), "{answer}");
    server.abort();
}
