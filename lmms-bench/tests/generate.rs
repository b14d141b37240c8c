//! `lmms-bench generate`: the trace on standard output or in a file, and errors that help.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use lmms_bench::trace::Trace;

const WORKLOAD: &str = r#"{"event":{"interface":"tokens","operation":"count"}}
{"operation":"qr.svg","event":{"text":"a"}}
"#;

fn generate(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lmms-bench"));
    let command = command.args(["generate", "--workload", "-"]).args(args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // One that refuses its arguments may end without reading.
    let _ = child.stdin.take().unwrap().write_all(WORKLOAD.as_bytes());
    child.wait_with_output().unwrap()
}

#[test]
fn the_trace_goes_to_standard_output_or_to_a_file_and_is_the_same() {
    let path = std::env::temp_dir().join(format!("lmms-bench-generate-{}.jsonl", std::process::id()));
    let args = ["--fresh", "0", "--day", "--bursts", "10m:30s:x5", "--mix", "phases:2", "--seed", "3"];
    let printed = generate(&args).stdout;
    let out = generate(&[&args[..], &["--out", path.to_str().unwrap()]].concat());
    assert!(out.stdout.is_empty() && out.status.success(), "{out:?}");
    assert_eq!(std::fs::read(&path).unwrap(), printed);
    std::fs::remove_file(&path).unwrap();
    let trace = Trace::read(&*printed, "standard output").unwrap();
    assert!((3_300..4_900).contains(&trace.arrivals.len()), "{}", trace.arrivals.len());
}

#[test]
fn the_hours_of_a_day_have_their_weights() {
    // Of two days of half an hour, only the twelfth hour of each.
    let hours = format!("{}1{}", "0,".repeat(12), ",0".repeat(11));
    let out = generate(&["--fresh", "0", "--day", "30m", "--hours", &hours]);
    let trace = Trace::read(&*out.stdout, "standard output").unwrap();
    assert!(trace.arrivals.len() > 3_000);
    assert!(trace.arrivals.iter().all(|arrival| (900.0..975.0).contains(&(arrival.at.as_secs_f64() % 1_800.0))));
}

#[test]
fn errors_say_what_was_expected() {
    for (args, expected) in [
        (&["--mix", "zip"][..], "expected hot:OPERATION[:SHARE], zipf[:EXPONENT] or phases:COUNT"),
        (
            &["--mix", "hot:tokens.cuont", "--fresh", "0"],
            "no operation `tokens.cuont`; expected one of tokens.count, qr.svg",
        ),
        (&["--bursts", "10m"], "expected EVERY:LENGTH:xTIMES"),
        (&["--day", "--hours", "1,2"], "expected 24 numbers"),
        (&["--hours", "1,2"], "expected 24 numbers"),
        (&["--rate", "0"], "the rate is 0; expected more than 0 per second"),
        (&["--fresh", "5"], "the workload has no fresh events"),
        (&["--duration", "soon"], "invalid value 'soon' for '--duration"),
        (&["--fresh", "0", "--out", "/nowhere/trace"], "cannot write /nowhere/trace: No such file"),
    ] {
        let out = generate(args);
        let error = String::from_utf8_lossy(&out.stderr);
        assert!(!out.status.success() && error.contains(expected), "{args:?}: {error}");
    }
}
