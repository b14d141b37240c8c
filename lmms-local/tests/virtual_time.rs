//! A function whose idle time is skipped: what its clocks say, and what it waits for. It is this test program, started again.

#![cfg(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]

use std::{
    env,
    process::Command,
    sync::mpsc,
    thread,
    time::{Duration, Instant, SystemTime},
};

use lambda_runtime::{LambdaEvent, service_fn};
use lmms_local::{
    container::{Container, Function},
    virtual_time::VirtualClock,
};
use serde_json::{Value, json};
use tokio::time;

const HOUR: Duration = Duration::from_secs(3600);
const GRACE: Duration = Duration::from_secs(5);

/// Not a test but the function, when started by [`function`].
#[tokio::test]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    lambda_runtime::run(service_fn(handler)).await.expect("the runtime");
}

async fn handler(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    match event.payload["do"].as_str() {
        // The library's functions are found by name: `date` reads the clock by itself.
        Some("date") => {
            let date = Command::new("date").arg("+%s").output()?;
            Ok(String::from_utf8(date.stdout)?.trim().parse()?)
        }
        // A deadline made with the clock, and given to the kernel.
        Some("wait") => {
            let (_sender, receiver) = mpsc::channel::<()>();
            Ok(json!(receiver.recv_timeout(Duration::from_millis(20)).is_err()))
        }
        Some("sleep") => {
            thread::sleep(Duration::from_millis(20));
            time::sleep(Duration::from_millis(20)).await;
            Ok(json!(true))
        }
        _ => Ok(json!({
            "wall": SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as u64,
            "monotonic": since_boot().as_millis() as u64,
            "deadline": event.context.deadline,
        })),
    }
}

/// What `Instant` counts from is nobody's concern but here.
fn since_boot() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}

fn function() -> Function {
    let this = Function::this_program().expect("this program's path");
    this.args(["--exact", "the_function", "--nocapture"]).timeout(Duration::from_secs(20)).log(|_| ())
}

async fn start(function: &Function) -> Container {
    Container::start(function).await.expect("a container")
}

async fn ask(container: &Container, event: Value) -> Value {
    // A wait that the clock made an hour long would end in the function's timeout, and this in a failure.
    let answer = container.invoke(event.to_string()).await.expect("an answer");
    serde_json::from_slice(&answer.payload).expect("JSON")
}

fn millis(value: &Value) -> Duration {
    Duration::from_millis(value.as_u64().expect("a number"))
}

#[tokio::test]
async fn a_frozen_function_sees_the_hour_that_was_skipped() {
    let clock = VirtualClock::new().unwrap();
    let container = start(&function().freezing(true).clock(&clock)).await;
    assert_eq!(container.follows_clock(), Some(true));
    let before = ask(&container, json!({})).await;
    container.rested().await.unwrap();
    clock.skip(HOUR);
    let after = ask(&container, json!({})).await;
    for name in ["wall", "monotonic", "deadline"] {
        let passed = millis(&after[name]) - millis(&before[name]);
        assert!((HOUR..HOUR + GRACE).contains(&passed), "{name}: {passed:?}");
    }
    let left = millis(&after["deadline"]) - millis(&after["wall"]);
    assert!(left <= Duration::from_secs(20), "{left:?}");
    assert_eq!(clock.skipped(), HOUR);
    container.stop(GRACE).await.unwrap();
}

#[tokio::test]
async fn containers_of_a_clock_are_on_the_same_time_whenever_they_started() {
    let clock = VirtualClock::new().unwrap();
    clock.skip(HOUR);
    let function = function().clock(&clock);
    let (one, other) = (start(&function).await, start(&function).await);
    clock.skip(HOUR);
    let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    for container in [one, other] {
        let ahead = millis(&ask(&container, json!({})).await["wall"]).saturating_sub(real);
        assert!((2 * HOUR - GRACE..2 * HOUR + GRACE).contains(&ahead), "{ahead:?}");
    }
}

#[tokio::test]
async fn waits_after_a_skip_are_as_long_as_they_say() {
    let clock = VirtualClock::new().unwrap();
    clock.skip(HOUR);
    let container = start(&function().clock(&clock)).await;
    clock.skip(HOUR);
    assert_eq!(ask(&container, json!({"do": "wait"})).await, true);
    assert_eq!(ask(&container, json!({"do": "sleep"})).await, true);
}

#[tokio::test]
async fn programs_that_the_function_starts_are_on_its_time() {
    let clock = VirtualClock::new().unwrap();
    let container = start(&function().clock(&clock)).await;
    clock.skip(24 * HOUR);
    let seconds = ask(&container, json!({"do": "date"})).await.as_u64().unwrap();
    let expected = clock.unix_time().as_secs();
    assert!((expected - 5..=expected).contains(&seconds), "{seconds} is not about {expected}");
}

#[tokio::test]
async fn a_function_without_a_clock_is_on_the_systems_time() {
    let container = start(&function()).await;
    assert_eq!(container.follows_clock(), None);
    let wall = millis(&ask(&container, json!({})).await["wall"]);
    let real = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    assert!(real.abs_diff(wall) < GRACE, "{wall:?}");
}

#[tokio::test]
async fn a_function_that_the_library_does_not_reach_is_told_from_one_that_follows() {
    let clock = VirtualClock::new().unwrap();
    // As a static program: nothing is preloaded into it.
    let this = env::current_exe().unwrap();
    let unset = Function::new("env").args(["-u", "LD_PRELOAD"]).args([this.as_os_str()]);
    let unset = unset.args(["--exact", "the_function", "--nocapture"]).log(|_| ());
    let reached = start(&unset.clone().clock(&clock)).await;
    assert_eq!(reached.follows_clock(), Some(false));
    clock.skip(HOUR);
    let wall = millis(&ask(&reached, json!({})).await["wall"]);
    assert!(wall < clock.unix_time() - HOUR / 2);
}
