//! Beside `lambda_runtime`'s own graceful shutdown there is no second extension, and `lmms::shutdown` is for its hook.

#![cfg(unix)]

use std::env;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lmms_local::container::{Container, End, Function};

const GRACE: Duration = Duration::from_secs(5);

struct Journal;

#[lmms::interface]
impl Journal {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn write(&self, text: &str) -> usize {
        text.len()
    }

    #[unload]
    fn unload(self) {
        println!("the journal is closed");
    }
}

/// Not a test but the function, when started by [`function`].
#[tokio::test(flavor = "current_thread")]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    if env::var_os("HELPED").is_some() {
        lambda_runtime::spawn_graceful_shutdown_handler(|| async { lmms::shutdown().await }).await;
    }
    lmms::lambda::run().await.expect("the runtime");
}

/// What the function printed by its end, and which extensions it had.
async fn run(function: Function, end: End) -> (Vec<String>, Vec<String>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let printed = Arc::clone(&lines);
    let function = function
        .args(["--exact", "the_function", "--nocapture"])
        .end(end)
        .log(move |line| printed.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned()));
    let container = Container::start(&function).await.expect("a container");
    let answer = container.invoke(r#"{"interface":"journal","operation":"write","args":{"text":"one"}}"#).await;
    assert_eq!(answer.expect("an answer").payload, "3");
    let extensions = container.api().extensions();
    assert!(container.stop(GRACE).await.expect("an end").success());
    let lines = lines.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (lines, extensions)
}

fn function() -> Function {
    Function::this_program().expect("this program's path").timeout(Duration::from_secs(20))
}

fn closed(lines: &[String]) -> usize {
    lines.iter().filter(|line| line.contains("the journal is closed")).count()
}

#[tokio::test]
async fn what_handles_sigterm_already_is_left_to_it() {
    let (lines, extensions) = run(function().env("HELPED", "true"), End::AsLambda).await;
    assert_eq!(extensions, ["_lambda-rust-runtime-no-op-graceful-shutdown-helper"]);
    assert_eq!(closed(&lines), 1, "{lines:?}");
    let said = lines.iter().filter(|line| line.contains("call `lmms::shutdown()` there")).count();
    assert_eq!(said, 1, "{lines:?}");
}

#[tokio::test]
async fn by_itself_it_has_an_extension_and_ends_in_order() {
    let (lines, extensions) = run(function(), End::AsLambda).await;
    assert_eq!(extensions, ["lmms"]);
    assert_eq!(closed(&lines), 1, "{lines:?}");
    // In one line or in two: the end may have come before the first.
    for told in [r#""loaded":[{"interface":"journal""#, r#""unloaded":[{"interface":"journal""#] {
        let times = lines.iter().filter(|line| line.starts_with("[LMMS_STATS]") && line.contains(told)).count();
        assert_eq!(times, 1, "{told}: {lines:?}");
    }
}

#[tokio::test]
async fn where_there_are_no_extensions_it_says_so_once() {
    let (lines, extensions) = run(function().without_extensions(), End::Graceful).await;
    assert!(extensions.is_empty());
    let said = lines.iter().filter(|line| line.contains("no extension could be registered")).count();
    assert_eq!(said, 1, "{lines:?}");
}
