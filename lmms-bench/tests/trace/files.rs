//! The files: what is written is read again, and errors say where and what was expected.

use std::time::Duration;

use lmms_bench::trace::{Arrival, Trace, Workload, WriteError};

use crate::{recipe, workload};

fn error(lines: &str) -> String {
    Trace::read(lines.as_bytes(), "a.jsonl").unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_again() {
    let trace = recipe().generate(&workload(250)).unwrap();
    let mut written = Vec::new();
    trace.write(&mut written).unwrap();
    assert_eq!(Trace::read(&*written, "trace").unwrap(), trace);
}

#[test]
fn times_keep_their_nanoseconds_and_events_their_bytes() {
    let event = br#"{"b":  1e400, "a": "\u0061", "a": 0.10000000000000000000000001}"#.to_vec();
    let at = Duration::new(8_000_000, 123_456_789);
    let trace = Trace::new(vec![Arrival { at, operation: "\"quoted\"\n".to_owned(), event }]);
    let mut written = Vec::new();
    trace.write(&mut written).unwrap();
    assert_eq!(Trace::read(&*written, "trace").unwrap(), trace);
}

#[test]
fn an_event_that_is_no_line_of_json_is_not_written() {
    for event in ["{", "", "[1,\n2]", " 1", "{} {}"] {
        let at = Duration::from_secs(2);
        let trace = Trace::new(vec![Arrival { at, operation: String::new(), event: event.into() }]);
        let error = trace.write(std::io::sink()).unwrap_err();
        assert!(matches!(error, WriteError::Event { at } if at == Duration::from_secs(2)), "`{event}`: {error}");
    }
}

#[test]
fn titles_are_given_or_those_of_the_event() {
    let lines = r#"
        {"at": 0, "operation": "given", "event": {"interface": "tokens", "operation": "count"}}
        {"at": 0, "event": {"operation": "count", "interface": "tokens"}}

        {"at": 0, "event": {"batch": []}}
        {"at": 0, "event": 7}"#;
    let trace = Trace::read(lines.as_bytes(), "a.jsonl").unwrap();
    let titles: Vec<_> = trace.arrivals.iter().map(|arrival| &*arrival.operation).collect();
    assert_eq!(titles, ["given", "tokens.count", "request", "request"]);
}

#[test]
fn lines_in_another_order_are_sorted_and_counted() {
    let lines = "{\"at\":2,\"event\":2}\n{\"at\":1,\"event\":1}\n{\"at\":1.0,\"event\":11}\n{\"at\":3,\"event\":3}\n";
    let trace = Trace::read(lines.as_bytes(), "a.jsonl").unwrap();
    let events: Vec<_> = trace.arrivals.iter().map(|arrival| &*arrival.event).collect();
    assert_eq!(events, [&b"1"[..], b"11", b"2", b"3"]);
    assert_eq!(trace.misplaced, 2);
}

#[test]
fn errors_name_file_line_and_what_was_expected() {
    let first = "{\"at\": 1, \"event\": {}}\n\n";
    let expected = r#"; expected {"at": <seconds since the begin>, "operation": "<title, optional>", "event": <JSON>}"#;
    for (line, what) in [
        (r#"{"at": 1}"#, "missing field `event` at column 9"),
        (r#"{"event": {}}"#, "missing field `at` at column 13"),
        (r#"{"at": -1, "event": {}}"#, "`at` is -1, which is no time"),
        (r#"{"at": 1e300, "event": {}}"#, "`at` is 1000"),
        (r#"{"at": 1, "event": {}, "operatoin": ""}"#, "unknown field `operatoin`"),
        (r#"{"at": 1, "event": {"#, "EOF while parsing"),
        ("at 1", "expected value at column 1"),
    ] {
        let error = error(&format!("{first}{line}"));
        assert!(error.starts_with(&format!("a.jsonl, line 3: {what}")) && error.ends_with(expected), "{error}");
    }
    assert!(
        Trace::read(&b"{\"at\": 1, \"event\": \"\xff\"}"[..], "a").unwrap_err().to_string().starts_with("a, line 1: ")
    );
    assert_eq!(error("\n"), format!("a.jsonl has no lines; expected lines of {}", &expected["; expected ".len()..]));
}

#[test]
fn a_workload_names_its_operations_and_has_something_that_comes_back() {
    let read = |lines: &str| Workload::read(lines.as_bytes(), "w.jsonl");
    let workload =
        read("{\"event\":{\"interface\":\"a\",\"operation\":\"b\"}}\n{\"operation\":\"c\",\"event\":1}").unwrap();
    let names: Vec<_> = workload.operations.iter().map(|operation| (&*operation.name, operation.interface())).collect();
    assert_eq!(names, [("a.b", "a"), ("c", "c")]);
    let error = |lines| read(lines).unwrap_err().to_string();
    assert!(error("{\"event\": 1}").starts_with("w.jsonl, line 1: neither the line nor its event names the operation"));
    let fresh = error(r#"{"operation": "a", "event": 1, "fresh": true}"#);
    assert!(fresh.starts_with("w.jsonl: all events of `a` are fresh; expected one"), "{fresh}");
}
