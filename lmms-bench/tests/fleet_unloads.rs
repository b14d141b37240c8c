//! An lmms function on a fleet: what is idle in virtual time is unloaded, and the work after the answer is billed. The function is this
//! test program, started again.

#![cfg(all(target_os = "linux", target_env = "gnu", any(target_arch = "x86_64", target_arch = "aarch64")))]

use std::{env, thread, time::Duration};

use lmms_bench::{
    fleet::{self, Options, Replay},
    trace::Arrival,
};
use lmms_local::container::Function;
use serde_json::{Value, json};
use tokio::time;

const MINUTE: Duration = Duration::from_secs(60);
/// What the unload takes, for it to be seen in the bill.
const UNLOAD: Duration = Duration::from_millis(150);

/// One that is unloaded when it was idle.
struct Idle;

#[lmms::interface]
impl Idle {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn call(&self) -> u32 {
        1
    }

    #[unload]
    fn unload(self) {
        thread::sleep(UNLOAD);
    }
}

/// Another, for the function to have something to do.
struct Other;

#[lmms::interface]
impl Other {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn call(&self) -> u32 {
        2
    }
}

/// Not a test but the function, when started by [`replay`].
#[tokio::test]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    lmms::lambda::run().await.expect("the runtime");
}

fn at(minutes: u32, interface: &str) -> Arrival {
    let event = json!({"interface": interface, "operation": "call", "args": {}});
    Arrival { at: MINUTE * minutes, operation: format!("{interface}.call"), event: event.to_string().into_bytes() }
}

async fn replay(arrivals: &[Arrival]) -> Replay {
    let function = Function::this_program().expect("this program's path");
    let function = function.args(["--exact", "the_function", "--nocapture"]).env("MIN_RESIDENT_MODULES", "0");
    let options = Options::default();
    let replay = fleet::replay(&function, arrivals, &options, |_| ());
    let replay = time::timeout(MINUTE, replay).await.expect("no hang").expect("a replay");
    assert_eq!((replay.errors(), replay.containers.len()), (0, 1), "{replay:?}");
    replay
}

/// The names of the interfaces that the `[LMMS_STATS]` lines list as unloaded by a sweep, not at the end, each with its time.
fn swept(replay: &Replay) -> Vec<(String, u64)> {
    let lines = replay.containers.iter().flat_map(|container| &container.lines);
    let stats = lines.filter_map(|line| serde_json::from_str::<Value>(line.split_once("[LMMS_STATS] ")?.1).ok());
    let all: Vec<_> = stats.flat_map(|line| line["unloaded"].as_array().cloned().unwrap_or_default()).collect();
    let swept = all.iter().filter(|one| one["reason"] == "sweep");
    swept.map(|one| (one["interface"].as_str().unwrap().to_owned(), one["at"].as_u64().unwrap())).collect()
}

#[tokio::test]
async fn an_interface_that_was_idle_over_a_skipped_gap_is_unloaded_after_the_next_answer() {
    let replay = replay(&[at(1, "idle"), at(6, "other"), at(7, "other")]).await;
    let unloaded = swept(&replay);
    let [(name, when)] = unloaded.as_slice() else { panic!("{unloaded:?} in {:?}", replay.containers[0].lines) };
    assert_eq!(name, "idle");
    // On the clock of the account: after the second request, and not at the end.
    let since = Duration::from_millis(when - replay.began_ms);
    assert!((6 * MINUTE..7 * MINUTE).contains(&since), "{since:?}");
    let second = &replay.containers[0].invocations[1];
    assert!(second.duration - second.answered >= UNLOAD, "{second:?}");
    assert!(replay.requests[1].latency < second.duration, "the client does not wait for it");
}

#[tokio::test]
async fn what_is_used_again_within_the_grace_period_stays() {
    let arrivals: Vec<_> = (0..3).map(|n| Arrival { at: MINUTE / 3 * n, ..at(0, "idle") }).collect();
    let replay = replay(&arrivals).await;
    assert_eq!(swept(&replay), []);
}
