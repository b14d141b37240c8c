//! The template of a function, as its users take it: `cargo lambda new --template`, its test, its first answer. Offline.
//!
//! `LMMS_CARGO_LAMBDA` is the path of the `cargo-lambda` binary. What Cargo has built for this test is used again.

#![cfg(target_os = "linux")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use lmms_local::{
    answer::Outcome,
    container::{Container, Function},
};

mod e2e;
use e2e::tool;

const NAME: &str = "from-template";

/// Runs it to its end, and fails with what it printed.
fn run(mut command: Command) {
    // Of the test's own environment; a build script that watched them would run again.
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let [said, told] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{command:?}: {}\n{said}{told}", output.status);
}

fn cargo(command: &str, project: &Path, target: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([command, "--offline"]).current_dir(project).env("CARGO_TARGET_DIR", target);
    // As this workspace is built, so that what it has built fits.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    cargo
}

#[tokio::test]
async fn it_makes_a_function_that_passes_its_test_and_answers() {
    let Some(program) = tool("LMMS_CARGO_LAMBDA") else { return };
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace's folder");
    let temporary = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let project = temporary.join(NAME);
    let _ = fs::remove_dir_all(&project);

    let mut new = Command::new(program);
    new.args(["lambda", "new", "--no-interactive", "--template"]).arg(workspace.join("templates/function"));
    new.arg("--render-var").arg(format!("lmms={}", workspace.display())).arg(NAME).current_dir(&temporary);
    run(new);
    let rendered = fs::read_to_string(project.join("README.md")).expect("its README");
    assert!(rendered.starts_with("# from-template\n"), "{rendered}");
    assert!(!project.join("CargoLambda.toml").exists(), "what is the template's own stays there");

    // The versions that are there: nothing is downloaded.
    fs::copy(workspace.join("Cargo.lock"), project.join("Cargo.lock")).expect("a file can be copied");
    let target = temporary.parent().expect("the target folder");
    run(cargo("test", &project, target));
    run(cargo("build", &project, target));

    let function = Function::new(target.join("debug").join(NAME)).log(|_| ());
    let container = Container::start(&function).await.expect("a container");
    let event = r#"{"interface":"words","operation":"count","args":{"text":"to be or not to be"}}"#;
    let answer = container.invoke(event.to_owned()).await.expect("an answer");
    assert_eq!((answer.outcome, &answer.payload[..]), (Outcome::Ok, &b"3"[..]));
    container.stop(Duration::from_secs(5)).await.expect("an end");
}
