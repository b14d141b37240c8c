//! The internal extension against an Extensions API that writes down what it is asked: it always asks for what comes next,
//! for until then Lambda takes the container for busy.
#![cfg(feature = "lambda")]

mod common;

use std::env;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, SystemTime};

use common::watched;
use lmms::Invocation;
use lmms::lambda::{self, LambdaEvent};
use serde_json::Value;

const API: &str = "AWS_LAMBDA_RUNTIME_API";

/// What is flushed to a server that no longer answers.
struct Stuck;

#[lmms::interface]
impl Stuck {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) {
        std::future::pending::<()>().await;
    }
}

struct Kept;

#[lmms::interface]
impl Kept {
    #[load]
    fn load() -> Self {
        Self
    }
}

/// There is one invocation, of which runtime and extension are told. Who asks for a second one waits.
#[derive(Default)]
struct Served {
    runtime: AtomicUsize,
    extension: AtomicUsize,
}

fn serve(connection: TcpStream, served: &Served, asked: &Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(&connection);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    asked
        .send(format!(
            "{} {}",
            path.rsplit_once("/20").map_or(&*path, |(_, path)| path),
            String::from_utf8_lossy(&body)
        ))
        .ok()?;
    let is_second = |count: &AtomicUsize| count.fetch_add(1, Ordering::SeqCst) > 0;
    let (headers, body) = match &*path {
        path if path.ends_with("/invocation/next") => {
            if is_second(&served.runtime) {
                thread::park();
            }
            let deadline = SystemTime::now() + Duration::from_millis(1500);
            let deadline = deadline.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_millis();
            let of = format!("lambda-runtime-deadline-ms: {deadline}\r\nlambda-runtime-invoked-function-arn: arn\r\n");
            (format!("lambda-runtime-aws-request-id: 1\r\n{of}"), "1".to_owned())
        }
        path if path.ends_with("/event/next") => {
            if is_second(&served.extension) {
                thread::park();
            }
            (String::new(), r#"{"eventType":"INVOKE","requestId":"1"}"#.to_owned())
        }
        _ => ("lambda-extension-identifier: lmms-1\r\n".to_owned(), String::new()),
    };
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n", body.len());
    (&connection).write_all((head + &body).as_bytes()).ok()
}

/// A function that ends with the test, however that ends.
struct Function(Child);

impl Drop for Function {
    fn drop(&mut self) {
        // Over already, if it fails.
        let _ = self.0.kill().and_then(|()| self.0.wait());
    }
}

/// This program again as a function, which runs `test` alone.
fn start(test: &str, env: &[(&str, &str)]) -> (Function, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (asked, paths) = mpsc::channel();
    let served = Arc::new(Served::default());
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            let (asked, served) = (asked.clone(), Arc::clone(&served));
            thread::spawn(move || serve(connection, &served, &asked));
        }
    });
    let function = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .stdout(Stdio::piped())
        .env(API, address)
        .envs([("AWS_LAMBDA_FUNCTION_NAME", "test"), ("AWS_LAMBDA_FUNCTION_VERSION", "1")])
        .envs([("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1024"), ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")])
        .envs([("UNLOAD_GRACE_PERIOD", "0"), ("MIN_RESIDENT_MODULES", "0"), ("LMMS_MEMORY_BUDGET_MB", "0")])
        .envs(env.iter().copied())
        .spawn()
        .unwrap();
    (Function(function), paths)
}

/// Waits until this was asked so often, and returns all that was asked by then, one a line.
fn wait_for(paths: Receiver<String>, what: &'static str, times: usize) -> String {
    watched(move || {
        let mut seen = Vec::new();
        while seen.iter().filter(|path: &&String| path.contains(what)).count() < times {
            seen.push(paths.recv().expect("the function goes on"));
        }
        seen.join("\n")
    })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

#[test]
fn an_unload_that_hangs_does_not_keep_the_container_up() {
    if env::var_os(API).is_some() {
        let ran = lambda::run_with(async |invocation: &Invocation, event: LambdaEvent<Value>| {
            invocation.get_async::<Stuck>().await?;
            Ok(event.payload)
        });
        return block_on(ran).unwrap();
    }
    let (_function, paths) = start("an_unload_that_hangs_does_not_keep_the_container_up", &[]);
    wait_for(paths, "/event/next", 2);
}

#[test]
fn the_extension_asks_for_events_also_when_only_the_layer_is_kept() {
    if env::var_os(API).is_some() {
        return block_on(async {
            let _layer = lambda::builder().start().await.unwrap().after_response();
            std::future::pending::<()>().await;
        });
    }
    let (_function, paths) = start("the_extension_asks_for_events_also_when_only_the_layer_is_kept", &[]);
    wait_for(paths, "/event/next", 1);
}

/// With `lambda_runtime`'s graceful shutdown there is one as this one.
#[test]
#[cfg(unix)]
fn a_handler_of_ones_own_for_sigterm_has_the_last_line_told() {
    use tokio::signal::unix::{SignalKind, signal};
    if env::var_os(API).is_some() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        return runtime.block_on(async {
            tokio::spawn(async {
                signal(SignalKind::terminate()).unwrap().recv().await;
                lmms::shutdown().await;
                std::process::exit(0);
            });
            let ran = lambda::run_with(async |invocation: &Invocation, event: LambdaEvent<Value>| {
                invocation.get::<Kept>()?;
                Ok(event.payload)
            });
            ran.await.unwrap();
        });
    }
    let test = "a_handler_of_ones_own_for_sigterm_has_the_last_line_told";
    let (mut function, paths) = start(test, &[("UNLOAD_GRACE_PERIOD", "3600")]);
    let mut output = function.0.stdout.take().unwrap();
    let paths = wait_for(paths, "/invocation/next", 2);
    assert!(!paths.contains("/register"), "it is there for the signal, which another handles");
    let kill = Command::new("kill").arg(function.0.id().to_string()).status().unwrap();
    assert!(kill.success() && function.0.wait().unwrap().success());
    let mut told = String::new();
    output.read_to_string(&mut told).unwrap();
    let last = told.lines().filter_map(|line| line.split_once("[LMMS_STATS] ")).next_back().expect("lines").1;
    let last: Value = serde_json::from_str(last).unwrap();
    assert_eq!((&last["lugs_unloads"], &last["unloaded"][0]["reason"]), (&1.into(), &"shutdown".into()), "{told}");
}

#[test]
fn managed_instances_are_asked_for_no_events_however_few_run_at_once() {
    if env::var_os(API).is_some() {
        return block_on(lambda::run()).unwrap();
    }
    for limit in ["1", "2"] {
        let managed = [("AWS_LAMBDA_INITIALIZATION_TYPE", "lambda-managed-instances"), ("LMMS_PRELOAD", "none")];
        let env = [managed[0], managed[1], ("AWS_LAMBDA_MAX_CONCURRENCY", limit)];
        let (_function, paths) = start("managed_instances_are_asked_for_no_events_however_few_run_at_once", &env);
        let asked = wait_for(paths, "/register", 1);
        assert!(asked.contains(r#"/register {"events":[]}"#), "{limit}: {asked}");
    }
}
