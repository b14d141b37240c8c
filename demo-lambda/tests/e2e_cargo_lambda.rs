//! The demonstration under `cargo lambda`, as its users run it: `watch`, `invoke`, `build`.
//!
//! `LMMS_CARGO_LAMBDA` is the path of the `cargo-lambda` binary. It builds in the profile of this test, so that what
//! Cargo has built is used again. `LMMS_E2E_ZIP=1` adds the package, which is a whole build of its own.

#![cfg(target_os = "linux")]

use std::{
    env, fs,
    path::Path,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

mod e2e;
use e2e::{Process, free_port, tool};

const PACKAGE: &str = "demo-lambda";
/// The first call builds what is missing.
const BUILD: Duration = Duration::from_secs(900);

fn cargo_lambda(program: &Path, command: &str) -> Command {
    let mut cargo = Command::new(program);
    // `lambda` is the argument that Cargo gives to its subcommands.
    cargo.args(["lambda", command]).current_dir(env!("CARGO_MANIFEST_DIR")).stdin(Stdio::null());
    // Of the test's own environment; a build script that watched them would run again.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    cargo
}

struct Watch {
    process: Process,
    program: std::path::PathBuf,
    port: u16,
}

impl Watch {
    fn start(program: &Path) -> Self {
        let port = free_port();
        let mut watch = cargo_lambda(program, "watch");
        // The default address is `::`, every interface of the machine.
        watch.args(["--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()]);
        watch.args(["--ignore-changes", "--package", PACKAGE, "--bin", PACKAGE]);
        if !cfg!(debug_assertions) {
            watch.arg("--release");
        }
        let mut process = Process::start(watch);
        process.wait_for_port(port, Duration::from_secs(60));
        Self { process, program: program.to_owned(), port }
    }

    /// Runs `cargo lambda invoke`. The name is given always: another name would start another process.
    fn invoke(&self, data: &[&str], limit: Duration) -> Output {
        let mut invoke = cargo_lambda(&self.program, "invoke");
        invoke.args(["--invoke-address", "127.0.0.1", "--invoke-port", &self.port.to_string(), PACKAGE]).args(data);
        let mut child = invoke.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cargo lambda invoke");
        let deadline = Instant::now() + limit;
        while child.try_wait().expect("a child can be asked").is_none() {
            if Instant::now() > deadline {
                let _ = child.kill();
                let _ = child.wait();
                panic!("no answer after {limit:?}:\n{}", self.process.log());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        child.wait_with_output().expect("its output")
    }
}

fn json_of(output: &Output) -> Value {
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error} in {output:?}"))
}

#[test]
fn watch_and_invoke() {
    let Some(program) = tool("LMMS_CARGO_LAMBDA") else { return };
    let watch = Watch::start(&program);

    let event = r#"{"interface":"tokens","operation":"count","args":{"text":"one two three"}}"#;
    assert_eq!(json_of(&watch.invoke(&["--data-ascii", event], BUILD)), json!(3));

    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-event.json");
    fs::write(&file, event).expect("a file can be written");
    let file = file.to_str().expect("a path in UTF-8");
    assert_eq!(json_of(&watch.invoke(&["--data-file", file], Duration::from_secs(60))), json!(3));

    let refused =
        watch.invoke(&["--data-ascii", r#"{"interface":"nope","operation":"count"}"#], Duration::from_secs(60));
    let printed = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && printed.contains("unknown_interface"), "{refused:?}");

    assert!(watch.process.stop().success());
}

/// An event that the tool loses when an extension of an earlier process was to be told of it: so ours is told of nothing here.
#[test]
fn a_function_that_is_started_again_under_watch_answers() {
    let Some(program) = tool("LMMS_CARGO_LAMBDA") else { return };
    let port = free_port();
    let mut watch = cargo_lambda(&program, "watch");
    watch.args(["--only-lambda-apis", "--invoke-address", "127.0.0.1", "--invoke-port", &port.to_string()]);
    let mut watch = Process::start(watch);
    watch.wait_for_port(port, Duration::from_secs(60));
    for _ in 0..3 {
        let mut function = Command::new(env!("CARGO_BIN_EXE_demo-lambda"));
        function
            .env("AWS_LAMBDA_RUNTIME_API", format!("http://127.0.0.1:{port}/.rt/{PACKAGE}"))
            .env("AWS_LAMBDA_FUNCTION_NAME", PACKAGE)
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "4096")
            .env("AWS_LAMBDA_MAX_CONCURRENCY", "1");
        let function = Process::start(function);
        for _ in 0..2 {
            let event = r#"{"interface":"hyphenate","operation":"split","args":{"word":"anfractuous"}}"#;
            let path = format!("/2015-03-31/functions/{PACKAGE}/invocations");
            let answer = e2e::post(port, &path, event, Duration::from_secs(60));
            assert_eq!((answer.status, answer.json()), (200, json!(["an", "frac", "tu", "ous"])), "{}", function.log());
        }
        assert!(function.stop().success());
    }
    assert!(watch.stop().success());
}

#[test]
fn build_packs_a_bootstrap() {
    let Some(program) = tool("LMMS_CARGO_LAMBDA") else { return };
    if env::var("LMMS_E2E_ZIP").as_deref() != Ok("1") {
        eprintln!("skipped: set LMMS_E2E_ZIP=1 to build the package, which takes minutes");
        return;
    }
    let packed = Path::new(env!("CARGO_TARGET_TMPDIR")).join("e2e-packed");
    let _ = fs::remove_dir_all(&packed);
    let mut build = cargo_lambda(&program, "build");
    build.args(["--release", "--output-format", "zip", "--compiler", "cargo", "--package", PACKAGE]);
    let output = build.arg("--lambda-dir").arg(&packed).output().expect("cargo lambda build");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let zip = fs::read(packed.join(PACKAGE).join("bootstrap.zip")).expect("the package");
    // The first entry: its signature, and the length of its name, which follows at 30.
    assert_eq!(&zip[..4], b"PK\x03\x04");
    let length = usize::from(u16::from_le_bytes([zip[26], zip[27]]));
    assert_eq!(&zip[30..30 + length], b"bootstrap");
}
