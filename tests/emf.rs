//! The same figures as CloudWatch metrics: lines that hold to the rules of the Embedded Metric Format.
#![cfg(feature = "emf")]

mod common;

use std::env;
use std::process::Command;

use common::block_on;
use lmms::{Config, Gateway, Invocation};
use serde_json::Value;

struct Hot;

#[lmms::interface]
impl Hot {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn call(&self) {}
}

fn call(gateway: &Gateway) {
    let mut reply = Vec::new();
    let request = br#"{"interface":"hot","operation":"call","args":{}}"#;
    block_on(gateway.execute_in(&Invocation::enter(), request, &mut reply)).unwrap();
}

/// CloudWatch's units, of those that are used.
const UNITS: [&str; 3] = ["Count", "Milliseconds", "Megabytes"];

/// The rules of the format's specification: what CloudWatch would drop is a failure.
#[track_caller]
fn check(record: &Value) {
    let metadata = record["_aws"].as_object().expect("`_aws`");
    assert!(metadata["Timestamp"].as_u64().unwrap() > 1_600_000_000_000, "not in milliseconds: {record}");
    let directives = metadata["CloudWatchMetrics"].as_array().unwrap();
    assert!(!directives.is_empty());
    for directive in directives {
        let namespace = directive["Namespace"].as_str().unwrap();
        assert!((1..=255).contains(&namespace.len()));
        for set in directive["Dimensions"].as_array().unwrap() {
            let set = set.as_array().unwrap();
            assert!(set.len() <= 30);
            for dimension in set {
                let value = record[dimension.as_str().unwrap()].as_str();
                assert!((1..=1024).contains(&value.expect("a dimension has a value").len()));
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!((1..=100).contains(&metrics.len()));
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap();
            let unit = metric.get("Unit").map_or("None", |unit| unit.as_str().unwrap());
            assert!(UNITS.contains(&unit), "{name}: {unit}");
            match &record[name] {
                Value::Number(_) => {}
                Value::Object(distribution) => {
                    let (values, counts) = (&distribution["Values"], &distribution["Counts"]);
                    assert_eq!(values.as_array().unwrap().len(), counts.as_array().unwrap().len());
                    assert!((1..=100).contains(&values.as_array().unwrap().len()));
                }
                other => panic!("the metric {name} is no top-level number: {other}"),
            }
        }
    }
}

fn unit_of(record: &Value, name: &str) -> String {
    let metrics = record["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    let metric = metrics.iter().find(|metric| metric["Name"] == name).unwrap_or_else(|| panic!("no {name}"));
    metric["Unit"].as_str().unwrap().to_owned()
}

const CHILD: &str = "LMMS_TEST_CHILD";

/// Runs a test in a process of its own, with these variables: what it wrote, line by line.
fn said_by(test: &str, variables: &[(&str, &str)]) -> Vec<String> {
    let output = Command::new(env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--quiet"])
        .env(CHILD, "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("1 passed"), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said.lines().filter(|line| line.contains("ligs_loads")).map(str::to_owned).collect()
}

fn is_child() -> bool {
    env::var_os(CHILD).is_some()
}

fn a_load_and_hot_calls() {
    let gateway = Gateway::from_env().unwrap();
    for _ in 0..150 {
        call(&gateway);
        gateway.emit_telemetry();
    }
    gateway.emit_last_telemetry();
}

#[test]
fn the_figures_of_each_line_are_metrics_of_the_function() {
    if is_child() {
        return a_load_and_hot_calls();
    }
    let variables = [("LMMS_EMF", "true"), ("AWS_LAMBDA_FUNCTION_NAME", "orders")];
    let said = said_by("the_figures_of_each_line_are_metrics_of_the_function", &variables);
    let (lines, records): (Vec<_>, Vec<_>) = said.iter().partition(|line| line.starts_with("[LMMS_STATS]"));
    assert_eq!(lines.len(), records.len());
    let records: Vec<Value> = records.iter().map(|record| serde_json::from_str(record).unwrap()).collect();
    for (line, record) in lines.iter().zip(&records) {
        check(record);
        let directive = &record["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "LMMS");
        assert_eq!(directive["Dimensions"], serde_json::json!([["FunctionName"]]));
        assert_eq!(record["FunctionName"], "orders");
        let line: Value = serde_json::from_str(&line["[LMMS_STATS] ".len()..]).unwrap();
        assert_eq!(record["_aws"]["Timestamp"], line["timestamp"]);
        for name in ["ligs_loads", "zafp_hits", "lugs_unloads", "calls", "resident"] {
            assert_eq!(record[name], line[name], "{name}");
            assert_eq!(unit_of(record, name), "Count");
        }
        for name in ["memory_mb", "memory_reclaimed_mb"] {
            assert_eq!(record[name].as_f64(), line[name].as_f64(), "{name}");
            assert_eq!(unit_of(record, name), "Megabytes");
        }
    }
    let sum = |name: &str| records.iter().map(|record| record[name].as_u64().unwrap()).sum::<u64>();
    assert_eq!((sum("ligs_loads"), sum("zafp_hits")), (1, 100));
    assert_eq!(unit_of(&records[0], "cold_start_time"), "Milliseconds");
    // An average has its weight, and none is counted as nought.
    let last = records.last().unwrap();
    assert_eq!(unit_of(last, "fast_path_response_time"), "Milliseconds");
    assert_eq!(last["fast_path_response_time"]["Counts"].as_array().unwrap().len(), 1);
    assert_eq!(records[0].get("fast_path_response_time"), None);
    assert_eq!(last.get("cold_start_time"), None);
}

#[test]
fn metrics_without_lines_in_a_namespace_of_ones_own() {
    if is_child() {
        return a_load_and_hot_calls();
    }
    let variables = [("LMMS_EMF", "true"), ("LMMS_STATS_LINE", "false"), ("LMMS_EMF_NAMESPACE", "Shop/Orders")];
    let said = said_by("metrics_without_lines_in_a_namespace_of_ones_own", &variables);
    assert!(!said.is_empty());
    for record in &said {
        let record: Value = serde_json::from_str(record).unwrap();
        check(&record);
        let directive = &record["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Shop/Orders");
        // Outside of Lambda there is no function to name.
        assert_eq!(directive["Dimensions"], serde_json::json!([[]]));
    }
}

#[test]
fn metrics_are_off_unless_asked_for() {
    if is_child() {
        return a_load_and_hot_calls();
    }
    let said = said_by("metrics_are_off_unless_asked_for", &[]);
    assert!(!said.is_empty() && said.iter().all(|line| line.starts_with("[LMMS_STATS]")), "{said:?}");
}

#[test]
fn a_namespace_that_cloudwatch_would_refuse_stops_the_start() {
    let start = |value: &'static str| Config::from_vars(|name| (name == "LMMS_EMF_NAMESPACE").then(|| value.into()));
    assert_eq!(start("Shop/Orders").unwrap().emf_namespace(), "Shop/Orders");
    let wrong = start("Sh\u{f6}p").unwrap_err();
    assert_eq!((wrong.variable(), wrong.value()), ("LMMS_EMF_NAMESPACE", "Sh\u{f6}p"));
    assert!(wrong.expected().contains("letters, digits"));
}
