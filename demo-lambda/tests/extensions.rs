//! The local Lambda's Extensions API, its snapshots and its ends, against a function by hand.

#![cfg(unix)]

use std::{
    collections::BTreeSet,
    fs,
    os::unix::process::ExitStatusExt,
    time::{Duration, Instant},
};

use lmms_local::{
    answer::Failure,
    container::{Container, End, Function, StartError},
};
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

mod fake;
use fake::function;

const GRACE: Duration = Duration::from_secs(5);
/// Long enough to see that nothing happens.
const MOMENT: Duration = Duration::from_millis(100);

/// Not a test but the function, when started by [`function`].
#[test]
fn the_function() {
    fake::run();
}

async fn start(function: &Function) -> Container {
    Container::start(function).await.expect("a container")
}

async fn invoke(container: &Container, event: Value) -> Value {
    let answer = container.invoke(event.to_string()).await.expect("an answer");
    serde_json::from_slice(&answer.payload).expect("JSON")
}

#[tokio::test]
async fn an_extension_is_told_of_each_invocation_once() {
    let container = start(&function("extension")).await;
    assert_eq!(container.api().extensions(), ["lmms"]);
    for n in 0..5 {
        assert_eq!(invoke(&container, json!(n)).await, n);
    }
    container.settled().await.expect("rest");
    let told = invoke(&container, json!("told")).await;
    let told: Vec<_> = told.as_array().expect("ids").iter().map(Value::to_string).collect();
    // Of this one it may have been told already.
    assert!(told.len() == 5 || told.len() == 6, "{told:?}");
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), told.len());
}

#[tokio::test]
async fn what_no_extension_may_do_is_refused() {
    let statuses = async |function: &Function| invoke(&start(function).await, json!("statuses")).await;
    // Without a name, SHUTDOWN, an unknown event, no JSON; registered; the same name again; an unknown identifier.
    assert_eq!(statuses(&function("extension")).await, "403 403 400 400 200 403 403");
    // Where several invocations run at once there are no events at all.
    assert_eq!(statuses(&function("extension no-events").concurrency(2)).await, "403 403 403 400 200 403 403");
    assert_eq!(statuses(&function("").without_extensions()).await, "404 404 404 404 404");
}

#[tokio::test]
async fn init_lasts_until_the_extension_asks_for_an_event() {
    let folder = fake::folder("init_lasts");
    let function = function("extension late").env(fake::FILES, &folder);
    let starting = Container::start(&function);
    tokio::pin!(starting);
    assert!(timeout(MOMENT, &mut starting).await.is_err(), "INIT ended without the extension");
    fs::write(folder.join("go"), "").expect("a file");
    let container = starting.await.expect("a container");
    assert!(container.first_poll().await.expect("a poll") < container.init_duration());
    assert_eq!(invoke(&container, json!(1)).await, 1);
}

#[tokio::test]
async fn an_answer_waits_for_no_extension_and_the_next_invocation_does() {
    let folder = fake::folder("an_answer_waits");
    let container = start(&function("extension hold").env(fake::FILES, &folder)).await;
    assert_eq!(invoke(&container, json!(1)).await, 1);
    assert!(timeout(MOMENT, container.settled()).await.is_err(), "the extension is at work");
    let second = invoke(&container, json!(2));
    tokio::pin!(second);
    assert!(timeout(MOMENT, &mut second).await.is_err(), "the extension is at work");
    fs::write(folder.join("go"), "").expect("a file");
    assert_eq!(second.await, 2);
    container.settled().await.expect("rest");
}

#[tokio::test]
async fn an_extension_that_gives_up_ends_the_container() {
    let Err(StartError::Init(failure)) = Container::start(&function("extension gives-up")).await else {
        panic!("it started")
    };
    assert!(matches!(failure, Failure::Extension { .. }), "{failure}");
    assert_eq!(failure.to_string(), "extension `lmms` gave up: no_disk: it is full");
}

#[tokio::test]
async fn only_a_function_with_an_extension_is_asked_to_end() {
    for (words, signal) in [("", 9), ("extension", 15), ("extension no-events", 15)] {
        let container = start(&function(words).end(End::AsLambda)).await;
        assert_eq!(invoke(&container, json!(1)).await, 1);
        assert_eq!(container.stop(GRACE).await.expect("an end").signal(), Some(signal), "{words}");
    }
    let container = start(&function("").freezing(true)).await;
    assert_eq!(container.stop(GRACE).await.expect("an end").signal(), Some(15), "unless it is said");
}

#[tokio::test]
async fn a_snapshot_is_restored_when_it_is_said() {
    let container = start(&function("restore extension").snap_start()).await;
    let early = container.first_poll();
    assert!(timeout(MOMENT, early).await.is_err(), "it went on before the restore");
    container.restore().await.expect("a restore");
    assert_eq!(invoke(&container, json!(1)).await, 1);

    let container = start(&function("restore restore-fails").snap_start()).await;
    let failure = container.restore().await.expect_err("an error");
    assert_eq!(failure.to_string(), "the function could not be restored: no_key: it is gone");
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn a_container_at_rest_is_frozen_and_an_event_thaws_it() {
    for words in ["", "extension"] {
        let container = start(&function(words).freezing(true)).await;
        for n in 0..20 {
            assert_eq!(invoke(&container, json!(n)).await, n);
        }
        container.settled().await.expect("rest");
        let begun = Instant::now();
        // The signal is sent; the process stops when the system comes to it.
        while state(&container) != "T" {
            assert!(begun.elapsed() < GRACE, "{}", state(&container));
            sleep(Duration::from_millis(1)).await;
        }
        assert!(container.freezes() > 0);
        container.stop(GRACE).await.expect("an end");
    }
}

/// The process's state, as `/proc` has it.
#[cfg(target_os = "linux")]
fn state(container: &Container) -> String {
    let stat = fs::read_to_string(format!("/proc/{}/stat", container.pid())).expect("a process");
    let state = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().next());
    state.expect("a state").to_owned()
}
