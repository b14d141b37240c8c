//! Unloading in a container: what goes after a response, what stays, and what SIGTERM and a freeze do.
//!
//! The demo's own binary, and for what it cannot show, this very test program started again as a function.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use lmms::Invocation;
use lmms::lambda::LambdaEvent;
use lmms_local::answer::Outcome;
use lmms_local::container::{Container, Function};
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::{sleep, timeout};

const GRACE: Duration = Duration::from_secs(10);
/// More than anything takes here: a load in a program that is not optimised, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(120);
/// What is tried again is tried so often.
const STEP: Duration = Duration::from_millis(100);

/// The folder in which the function of this program leaves and looks for its files.
const FILES: &str = "LMMS_TEST_FILES";

fn leave(name: &str) {
    let folder = env::var_os(FILES).expect("the function was told where");
    fs::write(Path::new(&folder).join(name), "").expect("a file");
}

fn is_there(name: &str) -> bool {
    env::var_os(FILES).is_some_and(|folder| Path::new(&folder).join(name).exists())
}

/// Says when it is unloaded, and may be kept from it.
struct Slow;

#[lmms::interface]
impl Slow {
    #[load]
    fn load() -> Self {
        leave("slow is loaded");
        Self
    }

    #[unload]
    fn unload(self) {
        leave("slow is being unloaded");
        // On a thread that is busy, as a drop of much is.
        while is_there("hold slow") {
            thread::sleep(Duration::from_millis(1));
        }
        leave("slow is unloaded");
    }
}

struct Quick;

#[lmms::interface]
impl Quick {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    async fn unload(self) {
        tokio::task::yield_now().await;
        leave("quick is unloaded");
    }
}

/// Not a test but the function, when started by [`Files::function`].
#[tokio::test]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    let ran = lmms::lambda::run_with(async |invocation: &Invocation, event: LambdaEvent<String>| {
        match event.payload.as_str() {
            "slow" => _ = invocation.get::<Slow>()?,
            "quick" => _ = invocation.get_async::<Quick>().await?,
            _ => {}
        }
        Ok(event.payload)
    });
    ran.await.expect("the runtime");
}

/// The files of one test.
struct Files(PathBuf);

impl Files {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        // From the last time, if any.
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn function(&self) -> Function {
        let this = Function::this_program().expect("this program's path");
        unloading(this.args(["--exact", "the_function", "--nocapture"]).env(FILES, &self.0))
    }

    fn has(&self, name: &str) -> bool {
        self.0.join(name).exists()
    }
}

/// The demo's function.
fn demo() -> Function {
    unloading(Function::new(env!("CARGO_BIN_EXE_demo-lambda")))
}

/// Whatever is idle for a second goes.
fn unloading(function: Function) -> Function {
    let settings = [("UNLOAD_GRACE_PERIOD", "1"), ("MIN_RESIDENT_MODULES", "0"), ("LMMS_MEMORY_BUDGET_MB", "0")];
    let function = settings.iter().fold(function, |function, (name, value)| function.env(name, value));
    function.timeout(LIMIT).init_timeout(LIMIT).log(|_| ())
}

async fn invoke(container: &Container, event: Value) -> Value {
    let answer = container.invoke(event.to_string()).await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Ok, "{}", String::from_utf8_lossy(&answer.payload));
    serde_json::from_slice(&answer.payload).expect("JSON")
}

/// What is resident once that which follows the last answer is over.
async fn resident(container: &Container) -> Value {
    container.settled().await.expect("rest");
    invoke(container, json!({"interface": "lmms", "operation": "stats"})).await["resident"].take()
}

/// Sends light requests until nothing is resident.
async fn unloaded(container: &Container) {
    let started = Instant::now();
    while resident(container).await != json!([]) {
        assert!(started.elapsed() < LIMIT, "nothing was unloaded");
        sleep(STEP).await;
    }
    container.settled().await.expect("rest");
}

/// Sends a signal to the process of a container.
async fn signal(container: &Container, signal: &str) {
    let kill = format!("kill -{signal} {}", container.pid());
    assert!(Command::new("sh").args(["-c", &kill]).status().await.expect("a shell").success());
}

fn correct() -> Value {
    json!({"interface": "spelling", "operation": "correct", "args": {"text": "acknowleged"}})
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn what_is_idle_goes_after_a_response_and_its_memory_with_it() {
    // Long enough that nothing goes before it was measured.
    let container = Container::start(&demo().env("UNLOAD_GRACE_PERIOD", "3")).await.expect("a container");
    let first = invoke(&container, correct()).await;
    invoke(
        &container,
        json!({"interface": "qr", "operation": "svg", "args": {"text": "qr", "correction": "quartile"}}),
    )
    .await;
    assert_eq!(resident(&container).await, json!(["qr", "spelling"]));
    let loaded = container.memory().expect("its memory");
    unloaded(&container).await;
    let after = container.memory().expect("its memory");
    assert!(after.resident + (30 << 20) < loaded.resident, "{loaded:?}, then {after:?}");
    // Loaded again, it answers as before.
    assert_eq!(invoke(&container, correct()).await, first);
    container.stop(GRACE).await.expect("an end");
}

#[tokio::test]
async fn nothing_goes_when_unloading_is_switched_off() {
    let container = Container::start(&demo().env("ENABLE_MODULE_UNLOADING", "false")).await.expect("a container");
    invoke(&container, correct()).await;
    for _ in 0..2 {
        // Twice the grace period in all, and a chance to sweep after each.
        sleep(Duration::from_secs(1)).await;
        assert_eq!(resident(&container).await, json!(["spelling"]));
    }
    container.stop(GRACE).await.expect("an end");
}

#[tokio::test]
async fn at_sigterm_everything_is_unloaded_and_the_process_ends_well() {
    let files = Files::new("sigterm");
    let container = Container::start(&files.function()).await.expect("a container");
    invoke(&container, json!("slow")).await;
    invoke(&container, json!("quick")).await;
    container.settled().await.expect("rest");
    assert!(files.has("slow is loaded") && !files.has("slow is being unloaded"));
    let status = container.stop(GRACE).await.expect("an end");
    assert!(status.success(), "{status}");
    assert!(files.has("slow is unloaded") && files.has("quick is unloaded"));

    // The demo has an interface with a hook, too: a database that it closes.
    let container = Container::start(&demo()).await.expect("a container");
    let one = json!({"interface": "sql", "operation": "query", "args": {"sql": "SELECT 1 AS one", "params": []}});
    invoke(&container, one).await;
    let status = container.stop(GRACE).await.expect("an end");
    assert!(status.success(), "{status}");
}

#[tokio::test]
async fn frozen_time_counts_as_idle_time() {
    let container = Container::start(&demo()).await.expect("a container");
    invoke(&container, correct()).await;
    container.settled().await.expect("rest");
    signal(&container, "STOP").await;
    sleep(Duration::from_secs(2)).await;
    signal(&container, "CONT").await;
    let ask = json!({"interface": "hyphenate", "operation": "split", "args": {"word": "anfractuous"}});
    assert_eq!(invoke(&container, ask).await, json!(["an", "frac", "tu", "ous"]));
    let resident = resident(&container).await;
    assert!(!resident.as_array().expect("names").contains(&json!("spelling")), "{resident}");
    container.stop(GRACE).await.expect("an end");
}

#[tokio::test]
async fn a_response_does_not_wait_for_what_is_dropped_after_it() {
    let files = Files::new("after_the_response");
    let container = Container::start(&files.function()).await.expect("a container");
    invoke(&container, json!("slow")).await;
    fs::write(files.0.join("hold slow"), "").expect("a file");
    let started = Instant::now();
    while !files.has("slow is being unloaded") {
        assert!(started.elapsed() < LIMIT, "it was not unloaded");
        sleep(STEP).await;
        // Each is answered, the one after which the unload begins, too: the unload does not end before the file is gone.
        assert_eq!(invoke(&container, json!("light")).await, json!("light"));
        // Until it has begun, or the function wants more, and so has nothing to unload yet.
        while !files.has("slow is being unloaded") && timeout(STEP, container.settled()).await.is_err() {}
    }
    assert!(!files.has("slow is unloaded"));
    fs::remove_file(files.0.join("hold slow")).expect("it is there");
    container.settled().await.expect("rest");
    assert!(files.has("slow is unloaded"));
    assert!(container.stop(GRACE).await.expect("an end").success());
}
