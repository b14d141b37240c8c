//! The bootstrap under AWS's own runtime interface emulator, which is the Runtime API of AWS's container images.
//!
//! `LMMS_RIE` is the path of `aws-lambda-rie-x86_64`. The emulator takes one request at a time: a second beside the
//! first makes it crash. So these tests start one each, and send one after the other.

#![cfg(target_os = "linux")]

use std::{path::Path, process::Command, time::Duration};

use serde_json::json;

mod e2e;
use e2e::{Answer, Process, free_port, post, tool};

const LIMIT: Duration = Duration::from_secs(60);

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

    fn invoke(&self, event: &str) -> Answer {
        post(self.port, "/2015-03-31/functions/function/invocations", event, LIMIT)
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
