//! With SnapStart, `lmms::lambda` preloads before the snapshot is taken, closes what must not be in it, and opens it again
//! after the restore, before the first request: held against `lambda_runtime` and a Runtime API that writes down what it is
//! asked.
#![cfg(feature = "lambda")]

mod common;

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command};
use std::sync::mpsc::{self, Sender};
use std::thread;

use common::watched;

const API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Tells the Runtime API, so that what happens here has its place in what is asked there.
fn tell(what: &str) {
    let mut connection = TcpStream::connect(env::var(API).unwrap()).unwrap();
    write!(connection, "GET /{what} HTTP/1.1\r\nhost: test\r\n\r\n").unwrap();
    let mut answer = String::new();
    BufReader::new(connection).read_line(&mut answer).unwrap();
    assert!(answer.contains("200"), "{answer}");
}

struct Connection;

#[lmms::interface]
impl Connection {
    #[load]
    fn load() -> Self {
        tell("connection-opened");
        Self
    }

    #[unload]
    fn unload(self) {
        tell("connection-closed");
    }
}

struct Words;

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        tell("words-loaded");
        Self
    }
}

/// Answers whatever is asked, except for an invocation: there is none.
fn serve(connection: TcpStream, asked: &Sender<String>) -> Option<()> {
    let mut lines = BufReader::new(&connection).lines();
    let path = lines.next()?.ok()?.split(' ').nth(1)?.to_owned();
    while !lines.next()?.ok()?.is_empty() {}
    let is_last = path.ends_with("/invocation/next");
    // The other end may be gone: then nobody waits for the answer either.
    asked.send(path).ok()?;
    if is_last {
        thread::park();
    }
    (&connection).write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").ok()
}

/// A function that ends with the test, however that ends.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        // Over already, if it fails.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

#[test]
fn what_must_not_be_in_the_snapshot_is_closed_before_and_opened_after() {
    // The function is this program again, in a process of its own.
    if env::var_os(API).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(lmms::lambda::run()).unwrap();
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (asked, paths) = mpsc::channel();
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let asked = asked.clone();
            thread::spawn(move || serve(connection, &asked));
        }
    });
    let function = Command::new(env::current_exe().unwrap())
        .args(["--exact", "what_must_not_be_in_the_snapshot_is_closed_before_and_opened_after"])
        .envs([(API, &*address), ("AWS_LAMBDA_INITIALIZATION_TYPE", "snap-start")])
        .envs([("AWS_LAMBDA_FUNCTION_NAME", "test"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")])
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024")
        .spawn()
        .unwrap();
    let _function = Function(function);
    let seen = watched(move || {
        let mut seen = Vec::new();
        while let Ok(path) = paths.recv() {
            let last = path.rsplit_once("/runtime/").map_or(path.trim_start_matches('/'), |(_, last)| last).to_owned();
            // What registers extensions is another test's.
            let is_ours =
                ["restore/", "invocation/", "connection-", "words-"].iter().any(|ours| last.starts_with(ours));
            let is_last = last == "invocation/next";
            seen.extend(is_ours.then_some(last));
            if is_last {
                break;
            }
        }
        seen
    });
    let mut preloaded = seen[..2].to_vec();
    preloaded.sort_unstable();
    assert_eq!(preloaded, ["connection-opened", "words-loaded"]);
    assert_eq!(seen[2..], ["connection-closed", "restore/next", "connection-opened", "invocation/next"]);
}
