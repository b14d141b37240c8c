//! Many clients at once on the demo's function, some of which are killed: a short one of `demo-lambda -- storm`.

#![cfg(target_os = "linux")]

use std::time::Duration;

use demo_lambda::storm::Storm;
use lmms_local::container::Function;

/// More than a load takes in a program that is not optimised.
const LIMIT: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_clients_harm_no_other() {
    let demo = Function::new(env!("CARGO_BIN_EXE_demo-lambda")).timeout(LIMIT).init_timeout(LIMIT).log(|_| ());
    // Less than everything takes, so that it loads and unloads all the time.
    let storm = Storm { duration: Duration::from_secs(5), clients: 64, arguments: 1, budget_mb: 150 };
    let stormed = storm.run(&demo).await.expect("a storm");
    assert!(stormed.is_calm(), "{:?}, lost {}", stormed.errors, stormed.lost);
    assert!(stormed.answers > 0 && stormed.kills > 0, "{} answers, {} kills", stormed.answers, stormed.kills);
}
