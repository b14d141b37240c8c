//! A function by hand: a runtime and an extension in one process, in blocking HTTP, so that each step is where it is seen.
//!
//! The test program itself, started again: its test `the_function` calls [`run`].

#![allow(dead_code)] // each test binary uses a part

use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use lmms_local::container::Function;

/// What the function is to do: words.
const FAKE: &str = "FAKE";
/// The folder of the files that it waits for and leaves.
pub const FILES: &str = "FAKE_FILES";

const RUNTIME: &str = "/2018-06-01/runtime";
const EXTENSION: &str = "/2020-01-01/extension";

/// The function that does what `words` say: `extension`, `no-events`, `hold` (each `extension` event until a file `go` is
/// there), `late` (the extension's first poll), `restore`, `restore-fails`, `gives-up`.
pub fn function(words: &str) -> Function {
    let this = Function::this_program().expect("this program's path");
    let this = this.args(["--exact", "the_function", "--nocapture"]).env(FAKE, words);
    this.timeout(Duration::from_secs(20)).log(|_| ())
}

/// An HTTP answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> Option<&str> {
        let line = self.head.lines().find(|line| line.to_ascii_lowercase().starts_with(&format!("{name}:")))?;
        Some(line.split_once(':')?.1.trim())
    }
}

/// One request to the APIs of this process's container.
pub fn request(method: &str, path: &str, headers: &str, body: &str) -> Reply {
    let api = env::var("AWS_LAMBDA_RUNTIME_API").expect("the API's address");
    let mut stream = TcpStream::connect(&api).expect("a connection");
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n"
    );
    // Two writes, with a step in between: the head is read before the body is there.
    stream.write_all(head.as_bytes()).expect("a head");
    thread::yield_now();
    stream.write_all(body.as_bytes()).expect("a body");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("HTTP");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    Reply { status, head: head.to_owned(), body: body.to_owned() }
}

pub fn register(name: &str, events: &str) -> Reply {
    request("POST", &format!("{EXTENSION}/register"), &format!("lambda-extension-name: {name}\r\n"), events)
}

fn extension_next(id: &str) -> Reply {
    request("GET", &format!("{EXTENSION}/event/next"), &format!("lambda-extension-identifier: {id}\r\n"), "")
}

/// The function, in its process; `false` in the test's own.
pub fn run() -> bool {
    let Ok(words) = env::var(FAKE) else { return false };
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return false;
    }
    let has = |word: &str| words.split(' ').any(|known| known == word);
    let mut refused = Vec::new();
    for (name, events) in [
        ("", r#"{"events":["INVOKE"]}"#),
        ("shutdown", r#"{"events":["SHUTDOWN"]}"#),
        ("unknown", r#"{"events":["INVOKE","TEA"]}"#),
        ("broken", "{"),
    ] {
        refused.push(register(name, events).status.to_string());
    }
    let events = if has("no-events") { "[]" } else { r#"["INVOKE"]"# };
    if has("extension") {
        let registered = register("lmms", &format!(r#"{{"events":{events}}}"#));
        refused.push(registered.status.to_string());
        refused.push(register("lmms", r#"{"events":[]}"#).status.to_string());
        let id = registered.header("lambda-extension-identifier").unwrap_or_default().to_owned();
        if has("gives-up") {
            let header = format!("lambda-extension-identifier: {id}\r\n");
            let report = r#"{"errorType":"no_disk","errorMessage":"it is full"}"#;
            request("POST", &format!("{EXTENSION}/exit/error"), &header, report);
        }
        let (hold, late) = (has("hold"), has("late"));
        thread::spawn(move || extend(&id, hold, late));
    }
    if has("restore") {
        let restored = request("GET", &format!("{RUNTIME}/restore/next"), "", "").status;
        refused.push(restored.to_string());
        if has("restore-fails") {
            let report = r#"{"errorType":"no_key","errorMessage":"it is gone"}"#;
            request("POST", &format!("{RUNTIME}/restore/error"), "", report);
        }
    }
    let unknown = extension_next("nobody").status;
    refused.push(unknown.to_string());
    let statuses = refused.join(" ");
    loop {
        let event = request("GET", &format!("{RUNTIME}/invocation/next"), "", "");
        if event.status != 200 {
            return true;
        }
        let id = event.header("lambda-runtime-aws-request-id").expect("an id");
        let answer = match event.body.as_str() {
            r#""statuses""# => format!("{statuses:?}"),
            r#""told""# => format!("{:?}", TOLD.lock().unwrap_or_else(PoisonError::into_inner)),
            _ => event.body.clone(),
        };
        let path = format!("{RUNTIME}/invocation/{id}/response");
        assert_eq!(request("POST", &path, "", &answer).status, 202, "{}", event.body);
    }
}

/// The requests that the extension was told of.
static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn extend(id: &str, hold: bool, late: bool) {
    if late {
        wait_for("go");
    }
    loop {
        let event = extension_next(id);
        if event.status != 200 {
            return;
        }
        let event: serde_json::Value = serde_json::from_str(&event.body).expect("JSON");
        assert_eq!(event["eventType"], "INVOKE");
        assert!(event["deadlineMs"].as_u64() > Some(0) && event["tracing"]["value"].is_string(), "{event}");
        if hold {
            wait_for("go");
        }
        let id = event["requestId"].as_str().expect("an id").to_owned();
        TOLD.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }
}

fn wait_for(name: &str) {
    let folder = env::var(FILES).expect("the function was told where");
    while !Path::new(&folder).join(name).exists() {
        thread::sleep(Duration::from_millis(1));
    }
}

/// An empty folder for one test.
pub fn folder(test: &str) -> std::path::PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    // From the last time, if any.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}
