//! A trace on a fleet of containers: which one takes what, when they end, and what the account says. The function is this test
//! program, started again.

#![cfg(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]

use std::{
    env, fs,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, SystemTime},
};

use lambda_runtime::{LambdaEvent, service_fn};
use lmms_bench::{
    bill,
    fleet::{self, LifeEnd, Options, Progress, Replay, ReplayError, RequestOutcome},
    trace::Arrival,
};
use lmms_local::container::Function;
use serde_json::{Value, json};
use tokio::time;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);

/// Not a test but the function, when started by [`function`].
#[tokio::test]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    lambda_runtime::run_concurrent(service_fn(handler)).await.expect("the runtime");
}

async fn handler(event: LambdaEvent<Value>) -> Result<Value, lambda_runtime::Error> {
    let payload = event.payload;
    match payload["do"].as_str() {
        Some("sleep") => time::sleep(Duration::from_millis(payload["ms"].as_u64().unwrap_or(0))).await,
        Some("exit") => std::process::exit(7),
        Some("fail") => return Err("not today".into()),
        Some("say") => println!("it says {}", payload["what"]),
        _ => {}
    }
    Ok(json!(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis() as u64))
}

fn function() -> Function {
    let this = Function::this_program().expect("this program's path");
    this.args(["--exact", "the_function", "--nocapture"]).timeout(Duration::from_secs(20))
}

fn at(at: Duration, event: Value) -> Arrival {
    Arrival { at, operation: "test".to_owned(), event: event.to_string().into_bytes() }
}

fn sleep(ms: u64) -> Value {
    json!({"do": "sleep", "ms": ms})
}

async fn replay_with(function: &Function, arrivals: &[Arrival], options: &Options) -> Replay {
    // The hours in it are not to be waited for. This bound is for a hang.
    let replay = fleet::replay(function, arrivals, options, |_| ());
    let replay = time::timeout(MINUTE, replay).await.expect("no hang").expect("a replay");
    assert_eq!(replay.requests.len(), arrivals.len());
    replay
}

async fn replay(arrivals: &[Arrival]) -> Replay {
    replay_with(&function(), arrivals, &Options::default()).await
}

fn number(answer: &Option<Vec<u8>>) -> u64 {
    serde_json::from_slice(answer.as_deref().expect("an answer")).expect("a number")
}

#[tokio::test]
async fn overlapping_arrivals_start_a_second_container_and_the_last_used_takes_the_next() {
    let replay = replay(&[at(SECOND, sleep(300)), at(SECOND, sleep(300)), at(MINUTE, json!({}))]).await;
    let [one, other] = replay.containers.as_slice() else { panic!("{:?}", replay.containers) };
    assert_eq!(replay.requests.iter().map(|request| request.is_cold).collect::<Vec<_>>(), [true, true, false]);
    let rested = |container: &fleet::ContainerAccount| container.invocations[0].at + container.invocations[0].duration;
    let last = if rested(one) > rested(other) { 0 } else { 1 };
    assert_eq!(replay.requests[2].container, Some(last));
    assert!(replay.requests[..2].iter().all(|request| request.latency >= Duration::from_millis(300)));
    assert_eq!(replay.errors(), 0);
}

#[tokio::test]
async fn arrivals_one_after_the_other_share_a_container_and_the_hour_passed_for_it() {
    let options = Options { idle: 2 * HOUR, keep_answers: true, ..Options::default() };
    let replay = replay_with(&function(), &[at(SECOND, json!({})), at(SECOND + HOUR, json!({}))], &options).await;
    assert_eq!(replay.containers.len(), 1);
    let [before, after] = replay.requests.as_slice() else { panic!("{:?}", replay.requests) };
    let passed = Duration::from_millis(number(&after.answer) - number(&before.answer));
    assert!((HOUR - MINUTE..HOUR + MINUTE).contains(&passed), "{passed:?}");
    assert!(replay.skipped && replay.length > HOUR && replay.took < MINUTE);
    let seen = replay.began_ms + u64::try_from(before.at.as_millis()).unwrap();
    assert!((seen..seen + 60_000).contains(&number(&before.answer)), "the account is on the function's clock");
}

#[tokio::test]
async fn a_container_that_is_idle_for_ten_minutes_is_reaped_and_the_next_request_is_cold() {
    let late = 19 * MINUTE + 10 * SECOND;
    let replay = replay(&[at(Duration::ZERO, json!({})), at(9 * MINUTE, json!({})), at(late, json!({}))]).await;
    assert_eq!(replay.requests.iter().map(|request| request.is_cold).collect::<Vec<_>>(), [true, false, true]);
    let ends: Vec<_> = replay.containers.iter().map(|container| &container.end).collect();
    assert_eq!(ends, [&LifeEnd::Reaped, &LifeEnd::Kept]);
    let reaped = replay.containers[0].ended;
    assert!((19 * MINUTE..late).contains(&reaped), "{reaped:?}");
}

#[tokio::test]
async fn the_idle_time_and_the_length_can_be_set_and_all_memory_is_accounted() {
    let options = Options { idle: 5 * MINUTE, until: HOUR, ..Options::default() };
    let replay = replay_with(&function(), &[at(SECOND, json!({})), at(58 * MINUTE, json!({}))], &options).await;
    let [reaped, kept] = replay.containers.as_slice() else { panic!("{:?}", replay.containers) };
    assert!((5 * MINUTE..6 * MINUTE).contains(&reaped.ended), "{:?}", reaped.ended);
    assert!((HOUR..HOUR + MINUTE).contains(&kept.ended), "{:?}", kept.ended);
    for container in [reaped, kept] {
        let samples = &container.samples;
        assert_eq!(samples.last().expect("a sample").at, container.ended);
        assert!(samples.is_sorted_by_key(|sample| sample.at));
        let most = samples.iter().map(|sample| sample.resident).max().unwrap();
        assert!(0 < most && most <= container.peak + (1 << 20), "{container:?}");
    }
    assert!((1..=replay.peak()).contains(&replay.sustained()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_is_frozen_between_its_requests() {
    let pids = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&pids);
    let function = function().on_step(move |_, process| seen.lock().unwrap().push(process.pid()));
    let mut was_frozen = false;
    let look = |_: &Progress| {
        let pid = pids.lock().unwrap()[0];
        // It is frozen when it asks for the next event, which it does soon; this bound is for one that never is.
        for _ in 0..10_000 {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
            was_frozen = stat.rsplit(") ").next().unwrap().starts_with('T');
            if was_frozen {
                return;
            }
            thread::sleep(Duration::from_millis(1));
        }
    };
    let arrivals = [at(SECOND, json!({}))];
    fleet::replay(&function, &arrivals, &Options::default(), look).await.unwrap();
    assert!(was_frozen);
}

#[tokio::test]
async fn a_function_that_dies_is_replaced_and_no_request_is_lost() {
    let exit = json!({"do": "exit"});
    let arrivals = [at(SECOND, json!({})), at(MINUTE, exit.clone()), at(MINUTE, exit), at(2 * MINUTE, json!({}))];
    let replay = replay(&arrivals).await;
    let ok: Vec<_> = replay.requests.iter().map(|request| request.outcome.is_ok()).collect();
    assert_eq!(ok, [true, false, false, true]);
    for request in &replay.requests[1..3] {
        assert!(matches!(request.outcome, RequestOutcome::Failed { code: "container_ended", .. }), "{request:?}");
    }
    assert!(replay.requests[3].is_cold);
    assert_eq!(replay.containers.len(), 3);
    assert!(matches!(&replay.containers[0].end, LifeEnd::Failed(why) if why.contains("exit status: 7")));
    let invocations: usize = replay.containers.iter().map(|container| container.invocations.len()).sum();
    assert_eq!(invocations, 4, "what failed is billed too");
}

#[tokio::test]
async fn a_timeout_is_the_end_of_the_container_and_an_error_of_the_function_is_not() {
    let function = function().timeout(Duration::from_millis(500));
    let arrivals = [at(SECOND, json!({"do": "fail"})), at(MINUTE, sleep(60_000)), at(2 * MINUTE, json!({}))];
    let replay = replay_with(&function, &arrivals, &Options::default()).await;
    assert!(matches!(&replay.requests[0].outcome, RequestOutcome::FunctionError { .. }));
    assert!(!replay.requests[1].is_cold);
    assert!(matches!(&replay.requests[1].outcome, RequestOutcome::Failed { code: "timed_out", .. }));
    assert!(replay.requests[2].is_cold && replay.requests[2].outcome.is_ok());
    assert_eq!(replay.errors(), 2);
}

#[tokio::test]
async fn beyond_the_most_containers_requests_wait_in_their_order_and_that_is_told() {
    let options = Options { max_containers: 1, ..Options::default() };
    let arrivals: Vec<_> = (0..4).map(|_| at(SECOND, sleep(30))).collect();
    let replay = replay_with(&function(), &arrivals, &options).await;
    assert_eq!((replay.containers.len(), replay.cold(), replay.queued(), replay.errors()), (1, 1, 3, 0));
    let queued: Vec<_> = replay.requests.iter().map(|request| request.queued).collect();
    assert!(queued.is_sorted() && queued[3] >= Duration::from_millis(90), "{queued:?}");
    assert!(replay.requests.iter().all(|request| request.latency > request.queued));
    let order: Vec<_> = replay.containers[0].invocations.iter().map(|invocation| invocation.request).collect();
    assert_eq!(order, [0, 1, 2, 3]);
}

#[tokio::test]
async fn a_concurrent_function_takes_several_at_once_in_one_container() {
    let options = Options { concurrency: 4, max_containers: 1, ..Options::default() };
    let mut arrivals = vec![at(Duration::ZERO, json!({}))];
    arrivals.extend((0..4).map(|_| at(MINUTE, sleep(200))));
    let replay = replay_with(&function(), &arrivals, &options).await;
    assert_eq!((replay.containers.len(), replay.queued(), replay.errors()), (1, 0, 0));
}

#[tokio::test]
async fn what_is_billed_is_each_invocation_rounded_up_and_the_first_with_its_init() {
    let arrivals = [at(SECOND, sleep(20)), at(MINUTE, sleep(30)), at(2 * MINUTE, sleep(0))];
    let replay = replay(&arrivals).await;
    let container = &replay.containers[0];
    let inits: Vec<_> = container.invocations.iter().map(|invocation| invocation.init).collect();
    assert_eq!(inits, [Some(container.init), None, None]);
    for (invocation, least) in container.invocations.iter().zip([20, 30, 0]) {
        assert!(invocation.answered >= Duration::from_millis(least) && invocation.duration >= invocation.answered);
    }
    let [first, second, third] = container.invocations.as_slice() else { panic!("{container:?}") };
    let by_hand = bill::billed_ms(Some(container.init), first.duration)
        + bill::billed_ms(None, second.duration)
        + bill::billed_ms(None, third.duration);
    assert_eq!(replay.billed_ms(), by_hand);
    assert_eq!(replay.init(), container.init);
    assert!(container.init_cpu <= container.cpu);
    // Nothing is stretched where there is a whole processor.
    assert_eq!(replay.stretched_ms(bill::WHOLE_PROCESSOR_MB), by_hand);
    assert!(replay.stretched_ms(128) >= by_hand);
}

#[tokio::test]
async fn what_containers_print_is_told_apart() {
    let say = |what| json!({"do": "say", "what": what});
    let arrivals = [at(SECOND, say("one")), at(HOUR, say("two"))];
    let replay = replay(&arrivals).await;
    for (container, said) in replay.containers.iter().zip([r#"it says "one""#, r#"it says "two""#]) {
        let said: Vec<_> = container.lines.iter().filter(|line| line.ends_with(said)).collect();
        assert_eq!(said.len(), 1, "{:?}", container.lines);
    }
}

#[tokio::test]
async fn a_function_that_does_not_see_the_clock_is_waited_for() {
    // As a static program: nothing is preloaded into it.
    let this = env::current_exe().unwrap();
    let function = Function::new("env").args(["-u", "LD_PRELOAD"]).args([this.as_os_str()]);
    let function = function.args(["--exact", "the_function", "--nocapture"]);
    let options = Options { keep_answers: true, ..Options::default() };
    let gap = Duration::from_millis(1_500);
    let arrivals = [at(HOUR, json!({})), at(HOUR + gap, json!({}))];
    let replay = replay_with(&function, &arrivals, &options).await;
    assert!(!replay.skipped && replay.took >= gap - Duration::from_millis(500), "{:?}", replay.took);
    let [before, after] = replay.requests.as_slice() else { panic!("{:?}", replay.requests) };
    let passed = Duration::from_millis(number(&after.answer) - number(&before.answer));
    // The first was answered a start later than it arrived.
    assert!(passed + before.latency >= gap, "{passed:?}");
}

#[tokio::test]
async fn in_real_time_nothing_is_skipped() {
    let options = Options { real_time: true, ..Options::default() };
    let arrivals = [at(Duration::from_millis(700), json!({}))];
    let replay = replay_with(&function(), &arrivals, &options).await;
    assert!(!replay.skipped && replay.took >= Duration::from_millis(700));
}

#[tokio::test]
async fn an_event_that_lambda_refuses_is_an_error_without_a_container() {
    let replay = replay(&[at(SECOND, json!(" ".repeat(7 << 20)))]).await;
    assert!(replay.containers.is_empty());
    assert!(matches!(&replay.requests[0].outcome, RequestOutcome::Failed { code: "payload_too_large", .. }));
}

#[tokio::test]
async fn a_program_that_never_starts_is_no_replay() {
    let arrivals: Vec<_> = (0..10).map(|n| at(MINUTE * n, json!({}))).collect();
    let ends = Function::new("false");
    let error = fleet::replay(&ends, &arrivals, &Options::default(), |_| ()).await.unwrap_err();
    assert!(matches!(error, ReplayError::Start(_)), "{error}");
}

#[tokio::test]
async fn a_trace_of_nothing_is_an_empty_account() {
    let replay = replay(&[]).await;
    assert_eq!((replay.billed_ms(), replay.peak(), replay.sustained()), (0, 0, 0));
    assert_eq!(fleet::percentile(&replay.latencies(), 99.0), Duration::ZERO);
}
