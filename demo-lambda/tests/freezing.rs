//! Freeze and thaw between any two steps: no answer is lost, each is given once, and what became due goes.
//!
//! The function by hand comes to every step that there is; the demo's is the real one.

#![cfg(target_os = "linux")]

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use lmms_local::{
    answer::Outcome,
    container::{Container, Function},
    signal::Process,
    step::Step,
};
use serde_json::{Value, json};
use tokio::time::sleep;

mod fake;

const GRACE: Duration = Duration::from_secs(10);
/// More than anything takes here: a load in a program that is not optimised, on a machine that is busy.
const LIMIT: Duration = Duration::from_secs(120);
/// The freeze of the walk.
const FREEZE: Duration = Duration::from_millis(50);
/// Longer than the demo's grace period here.
const LONG: Duration = Duration::from_millis(1_200);

/// Not a test but the function, when started by [`fake::function`].
#[test]
fn the_function() {
    fake::run();
}

/// Freezes at the steps that it is told, and counts them all.
#[derive(Default)]
struct Freezes {
    is_armed: AtomicBool,
    is_frozen: AtomicBool,
    done: AtomicUsize,
    /// Answers begun, answers taken.
    answering: AtomicUsize,
    answered: AtomicUsize,
}

impl Freezes {
    /// The function, to be frozen while this is armed where `is_wanted` gives a time.
    fn of(
        function: Function,
        is_wanted: impl Fn(Step) -> Option<Duration> + Send + Sync + 'static,
    ) -> (Function, Arc<Self>) {
        let freezes = Arc::new(Self::default());
        let seen = Arc::clone(&freezes);
        let function = function.on_step(move |step, process| {
            match step {
                Step::Answering => _ = seen.answering.fetch_add(1, SeqCst),
                Step::Answered => _ = seen.answered.fetch_add(1, SeqCst),
                _ => {}
            }
            if seen.is_armed.load(SeqCst)
                && let Some(time) = is_wanted(step)
                && !seen.is_frozen.swap(true, SeqCst)
            {
                stop(process);
                tokio::spawn(Arc::clone(&seen).thaw(process.clone(), time));
            }
        });
        (function, freezes)
    }

    async fn thaw(self: Arc<Self>, process: Process, time: Duration) {
        sleep(time).await;
        assert!(is_stopped(&process), "it went on by itself");
        process.thaw().expect("it is there");
        self.done.fetch_add(1, SeqCst);
        self.is_frozen.store(false, SeqCst);
    }

    fn arm(&self, is_armed: bool) {
        self.is_armed.store(is_armed, SeqCst);
    }

    /// Waits until the process goes on for good.
    async fn end(&self) {
        self.arm(false);
        let begun = Instant::now();
        while self.is_frozen.load(SeqCst) {
            assert!(begun.elapsed() < LIMIT, "it was not thawed");
            sleep(Duration::from_millis(5)).await;
        }
    }

    /// Nothing was answered twice, and everything once.
    fn check(&self, invocations: usize) {
        assert_eq!(self.answered.load(SeqCst), invocations, "answers");
        assert_eq!(self.answering.load(SeqCst), invocations, "attempts to answer");
    }
}

/// Freezes it, and waits until it is: the signal is for one thread, which stops the others when it next runs, and on a busy
/// machine they go on till then. The API waits here, too, so that the freeze is at this step and nowhere else.
fn stop(process: &Process) {
    process.freeze().expect("it is there");
    let begun = Instant::now();
    while !is_stopped(process) {
        assert!(begun.elapsed() < LIMIT, "it does not stop");
        thread::sleep(Duration::from_micros(200));
    }
}

/// Whether all its threads are stopped, as `/proc` has it.
fn is_stopped(process: &Process) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{}/task", process.pid())) else { return false };
    threads.flatten().all(|thread| {
        // One that has ended meanwhile does nothing any more.
        let Ok(stat) = fs::read_to_string(thread.path().join("stat")) else { return true };
        // The name, in parentheses, may contain anything.
        stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with('T'))
    })
}

/// Two clients at once, each with its own requests, all of which are answered with their own answers.
async fn invocations(container: &Container, from: usize, count: usize, ask: fn(usize) -> (Value, Value)) {
    let one = async |parity: usize| {
        for n in (from..from + count).filter(|n| n % 2 == parity) {
            let (event, expected) = ask(n);
            assert_eq!(invoke(container, event).await, expected, "request {n}");
        }
    };
    tokio::join!(one(0), one(1));
}

async fn invoke(container: &Container, event: Value) -> Value {
    let answer = container.invoke(event.to_string()).await.expect("an answer");
    assert_eq!(answer.outcome, Outcome::Ok, "{}", String::from_utf8_lossy(&answer.payload));
    serde_json::from_slice(&answer.payload).expect("JSON")
}

fn echo(n: usize) -> (Value, Value) {
    (json!(n), json!(n))
}

/// Of the demo: light, and with an answer of its own for each.
fn request(n: usize) -> Value {
    let word = "a".repeat(n % 20 + 1);
    let ask = json!({"interface": "qr", "operation": "svg", "args": {"text": word}});
    json!({"batch": [ask, {"interface": "hyphenate", "operation": "split", "args": {"word": word}}]})
}

/// The demo's own answers cannot be known before: they are asked for once, calmly.
async fn demo_invocations(container: &Container, calm: &[Value], from: usize, count: usize) {
    let one = async |parity: usize| {
        for n in (from..from + count).filter(|n| n % 2 == parity) {
            assert_eq!(invoke(container, request(n)).await, calm[n % 20], "request {n}");
        }
    };
    tokio::join!(one(0), one(1));
}

fn demo() -> Function {
    let settings = [("UNLOAD_GRACE_PERIOD", "1"), ("MIN_RESIDENT_MODULES", "0"), ("LMMS_MEMORY_BUDGET_MB", "0")];
    let demo = Function::new(env!("CARGO_BIN_EXE_demo-lambda"));
    let demo = settings.iter().fold(demo, |function, (name, value)| function.env(name, value));
    demo.timeout(LIMIT).init_timeout(LIMIT).log(|_| ())
}

#[tokio::test]
async fn a_freeze_at_any_step_loses_no_answer() {
    for words in ["extension", "extension no-events", ""] {
        for wanted in Step::ALL {
            let only_with_events = [Step::ExtensionDelivered, Step::ExtensionPolled, Step::Registered];
            if words != "extension" && only_with_events.contains(&wanted) {
                continue;
            }
            let (function, freezes) =
                Freezes::of(fake::function(words), move |step| (step == wanted).then_some(FREEZE));
            // From the first: the steps of INIT count.
            freezes.arm(true);
            let container = Container::start(&function).await.expect("a container");
            invocations(&container, 0, 4, echo).await;
            container.settled().await.expect("rest");
            freezes.end().await;
            freezes.check(4);
            assert!(freezes.done.load(SeqCst) > 0, "no freeze at {wanted:?} of `{words}`");
            container.stop(GRACE).await.expect("an end");
        }
    }
}

/// Numbers that are the same in every run, from 0 up to a bound.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

/// Whether to freeze, and for how long: at one step in three, up to 15 ms.
fn at_random() -> impl Fn(Step) -> Option<Duration> + Send + Sync {
    let random = std::sync::Mutex::new(Random(0x9e37_79b9_7f4a_7c15));
    move |_| {
        let mut random = random.lock().expect("no panic under it");
        (random.below(3) == 0).then(|| Duration::from_millis(1 + random.below(15)))
    }
}

#[tokio::test]
async fn two_hundred_freezes_at_random_lose_no_answer() {
    for concurrency in [1, 2] {
        // One event at a time is what the function by hand takes; told that there may be two, its extension gets none.
        let words = if concurrency > 1 { "extension no-events" } else { "extension" };
        let (function, freezes) = Freezes::of(fake::function(words).concurrency(concurrency), at_random());
        freezes.arm(true);
        let container = Container::start(&function).await.expect("a container");
        let mut asked = 0;
        while freezes.done.load(SeqCst) < 200 / concurrency {
            invocations(&container, asked, 10, echo).await;
            asked += 10;
        }
        freezes.end().await;
        freezes.check(asked);
        container.stop(GRACE).await.expect("an end");
    }
}

async fn calm_answers(container: &Container) -> Vec<Value> {
    let mut calm = Vec::new();
    for n in 0..20 {
        calm.push(invoke(container, request(n)).await);
    }
    container.settled().await.expect("rest");
    calm
}

#[tokio::test]
async fn the_demo_answers_all_through_two_hundred_freezes_at_random() {
    let (function, freezes) = Freezes::of(demo(), at_random());
    let container = Container::start(&function).await.expect("a container");
    let calm = calm_answers(&container).await;
    freezes.arm(true);
    let mut asked = 0;
    while freezes.done.load(SeqCst) < 200 {
        demo_invocations(&container, &calm, asked, 10).await;
        asked += 10;
    }
    freezes.arm(false);
    freezes.check(asked + 20);
    container.stop(GRACE).await.expect("an end");
}

const STATS: &str = r#"{"interface":"lmms","operation":"stats"}"#;

async fn resident(container: &Container) -> Value {
    let stats: Value = serde_json::from_str(STATS).expect("JSON");
    invoke(container, stats).await["resident"].clone()
}

#[tokio::test]
async fn what_becomes_due_during_a_freeze_at_any_step_goes_at_the_next_sweep() {
    // An extension registers in INIT, when nothing is loaded.
    for wanted in Step::ALL.into_iter().filter(|step| *step != Step::Registered) {
        let (function, freezes) = Freezes::of(demo(), move |step| (step == wanted).then_some(LONG));
        let container = Container::start(&function).await.expect("a container");
        let load = json!({"interface": "hyphenate", "operation": "split", "args": {"word": "anfractuous"}});
        assert_eq!(invoke(&container, load).await, json!(["an", "frac", "tu", "ous"]));
        container.settled().await.expect("rest");
        freezes.arm(true);
        // The request in which it is frozen uses nothing that could be unloaded.
        resident(&container).await;
        container.settled().await.expect("rest");
        freezes.end().await;
        // Polls come after the sweep: what is due by then goes with the next.
        resident(&container).await;
        container.settled().await.expect("rest");
        assert_eq!(resident(&container).await, json!([]), "frozen at {wanted:?}");
        assert!(freezes.done.load(SeqCst) > 0, "no freeze at {wanted:?}");
        container.stop(GRACE).await.expect("an end");
    }
}

#[tokio::test]
async fn a_function_that_is_frozen_whenever_it_rests_answers_and_unloads() {
    let container = Container::start(&demo().freezing(true)).await.expect("a container");
    let calm = calm_answers(&container).await;
    demo_invocations(&container, &calm, 0, 40).await;
    container.settled().await.expect("rest");
    let freezes = container.freezes();
    assert!(freezes > 0);
    sleep(LONG).await;
    resident(&container).await;
    container.settled().await.expect("rest");
    assert_eq!(resident(&container).await, json!([]));
    assert!(container.freezes() > freezes);
    assert!(container.stop(GRACE).await.expect("an end").success());
}
