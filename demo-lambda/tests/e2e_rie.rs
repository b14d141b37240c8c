//! The bootstrap under AWS's own runtime interface emulator, which is the Runtime API of AWS's container images.
//!
//! `LMMS_RIE` is the path of `aws-lambda-rie-x86_64`. The emulator takes one request at a time: a second beside the
//! first makes it crash. So these tests start one each, and send one after the other; but with `AWS_LAMBDA_MAX_CONCURRENCY` it
//! is another emulator, of managed instances, which takes many. That one starts nothing but `/var/task/bootstrap`, as another
//! user: it needs root and a `/var` of its own.

#![cfg(target_os = "linux")]

use std::{
    env, fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::LazyLock,
    thread,
    time::{Duration, Instant},
};

use lmms::Invocation;
use lmms::lambda::LambdaEvent;
use serde_json::{Value, json};
use tokio::sync::Barrier;

mod e2e;
use e2e::{Answer, Process, free_port, post, tool};

const LIMIT: Duration = Duration::from_secs(60);
/// The folder in which the function of this program leaves its files.
const FILES: &str = "LMMS_TEST_FILES";
/// So many invocations at once.
const AT_ONCE: usize = 8;

/// Leaves a file when it is unloaded.
struct Connection;

#[lmms::interface]
impl Connection {
    #[load]
    fn load() -> Self {
        Self
    }

    #[unload]
    fn unload(self) -> Result<(), std::io::Error> {
        fs::write(Path::new(&env::var_os(FILES).unwrap_or_default()).join("unloaded"), "")
    }
}

/// Not a test but the function, when it is started as one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_function() {
    if env::var_os("AWS_LAMBDA_RUNTIME_API").is_none() {
        return;
    }
    static ALL: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(AT_ONCE));
    let ran = lmms::lambda::run_with(async |invocation: &Invocation, event: LambdaEvent<Value>| {
        invocation.get::<Connection>()?;
        if event.payload["do"] == "meet" {
            // Answered only when as many are under way.
            ALL.wait().await;
        }
        Ok(event.payload)
    });
    ran.await.expect("the runtime");
}

/// An empty folder for one test, for everybody.
fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    // From the last time, if any.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).expect("it is ours");
    folder
}

struct Emulator {
    process: Process,
    port: u16,
}

impl Emulator {
    /// The function `program` under the emulator, which starts it at the first event.
    fn start(emulator: &Path, program: &str, args: &[&str]) -> Self {
        let (port, api) = (free_port(), free_port());
        let mut command = Command::new(emulator);
        // Without both addresses it listens on 0.0.0.0:8080 and 127.0.0.1:9001.
        command
            .arg("--runtime-interface-emulator-address")
            .arg(format!("127.0.0.1:{port}"))
            .arg("--runtime-api-address")
            .arg(format!("127.0.0.1:{api}"))
            .arg(program)
            .args(args)
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "30")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env_remove("AWS_LAMBDA_MAX_CONCURRENCY");
        let mut process = Process::start(command);
        process.wait_for_port(port, LIMIT);
        Self { process, port }
    }

    /// This program's function under the emulator of managed instances; `None` after saying that the test is skipped.
    fn start_managed(emulator: &Path, var: &Path) -> Option<Self> {
        let own_mounts = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
        if !own_mounts.is_ok_and(|status| status.success()) {
            let missing = "the emulator of managed instances needs root, for a /var of its own";
            assert!(env::var("CI").as_deref() != Ok("true"), "with CI=true nothing is skipped: {missing}");
            eprintln!("skipped: {missing}");
            return None;
        }
        let task = var.join("task");
        fs::create_dir_all(&task).expect("a folder");
        // Where this program is, the emulator's user may not be able to read.
        fs::copy(env::current_exe().expect("this program's path"), task.join("function")).expect("a copy");
        let bootstrap = task.join("bootstrap");
        fs::write(&bootstrap, "#!/bin/sh\nexec /var/task/function --exact the_function --nocapture\n").expect("a file");
        fs::set_permissions(&bootstrap, fs::Permissions::from_mode(0o755)).expect("it is ours");

        let (port, api) = (free_port(), free_port());
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "--propagation", "private", "sh", "-c", r#"mount --bind "$0" /var && exec "$@""#])
            .arg(var)
            .arg(emulator)
            .args(["--runtime-interface-emulator-address", &format!("127.0.0.1:{port}")])
            .args(["--runtime-api-address", &format!("127.0.0.1:{api}"), "/var/task/bootstrap"])
            .env("AWS_LAMBDA_MAX_CONCURRENCY", AT_ONCE.to_string())
            .env("AWS_LAMBDA_FUNCTION_TIMEOUT", "30")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512")
            .env(FILES, "/var");
        let mut process = Process::start(command);
        process.wait_for_port(port, LIMIT);
        Some(Self { process, port })
    }

    fn invoke(&self, event: &str) -> Answer {
        post(self.port, "/2015-03-31/functions/function/invocations", event, LIMIT)
    }

    /// As clients of managed instances do: where none of the function's polls is free yet, it is asked again.
    fn invoke_when_free(&self, event: &str) -> Answer {
        let since = Instant::now();
        loop {
            let answer = self.invoke(event);
            if answer.json()["errorType"] != "Runtime.Unavailable" || since.elapsed() > LIMIT {
                return answer;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn the_bootstrap_answers_under_the_emulator() {
    let Some(emulator) = tool("LMMS_RIE") else { return };
    let emulator = Emulator::start(&emulator, env!("CARGO_BIN_EXE_demo-lambda"), &[]);

    let counted = emulator.invoke(r#"{"interface":"tokens","operation":"count","args":{"text":"one two three"}}"#);
    assert_eq!((counted.status, counted.json()), (200, json!(3)));

    // The emulator gives a function's error as 200, with the error as its body and nothing in the headers.
    let refused = emulator.invoke(r#"{"interface":"nope","operation":"count"}"#);
    assert_eq!((refused.status, refused.json()["errorType"].as_str()), (200, Some("unknown_interface")));

    let again = emulator.invoke(r#"{"interface":"lmms","operation":"describe"}"#);
    assert_eq!(again.json()["interfaces"][0]["name"], "borders", "an error must not end the function");

    assert!(emulator.process.stop().success());
}

#[test]
fn a_function_that_cannot_start_is_reported() {
    let Some(emulator) = tool("LMMS_RIE") else { return };
    let emulator = Emulator::start(&emulator, "/bin/sh", &["-c", "echo broken; exit 3"]);
    assert_eq!(emulator.invoke("{}").status, 502);
    let log = emulator.process.log();
    assert!(log.contains("broken") && log.contains("exit status 3"), "{log}");
    assert!(emulator.process.stop().success());
}

#[test]
fn the_function_is_an_extension_and_unloads_at_its_end() {
    let Some(emulator) = tool("LMMS_RIE") else { return };
    for (extension, is_told) in [("true", true), ("false", false)] {
        let files = folder("rie_unloads");
        let program = env::current_exe().expect("this program's path");
        // The emulator hands its environment on.
        let args = ["-c", r#"LMMS_TEST_FILES="$1" LMMS_EXTENSION="$2" exec "$0" --exact the_function --nocapture"#];
        let (program, folder) = (program.to_str().expect("a path in UTF-8"), files.to_str().expect("a path in UTF-8"));
        let emulator = Emulator::start(&emulator, "/bin/sh", &[&args[..], &[program, folder, extension]].concat());
        for n in 0..3 {
            let answer = emulator.invoke(&json!({ "n": n }).to_string());
            assert_eq!((answer.status, answer.json()), (200, json!({ "n": n })));
        }
        let log = emulator.process.log();
        assert_eq!(log.contains("Internal agent lmms") && log.contains("subscribed to [INVOKE]"), is_told, "{log}");
        assert!(!files.join("unloaded").exists());
        assert!(emulator.process.stop().success());
        // As on Lambda: without an extension there is no SIGTERM.
        assert_eq!(files.join("unloaded").exists(), is_told);
    }
}

#[test]
fn a_managed_instance_takes_many_at_once_and_unloads_at_its_end() {
    let Some(emulator) = tool("LMMS_RIE") else { return };
    let var = folder("rie_managed");
    let Some(emulator) = Emulator::start_managed(&emulator, &var) else { return };
    thread::scope(|scope| {
        let asked: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                let emulator = &emulator;
                scope.spawn(move || (n, emulator.invoke_when_free(&json!({"do": "meet", "n": n}).to_string())))
            })
            .collect();
        for asked in asked {
            let (n, answer) = asked.join().expect("no panic");
            assert_eq!((answer.status, answer.json()), (200, json!({"do": "meet", "n": n})));
        }
    });
    let log = emulator.process.log();
    assert!(log.contains("Internal agent registered"), "{log}");
    assert!(!var.join("unloaded").exists());
    assert!(emulator.process.stop().success());
    assert!(var.join("unloaded").exists(), "SIGTERM did not unload");
    // It holds a copy of this program.
    fs::remove_dir_all(var).expect("a folder");
}
