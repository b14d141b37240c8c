//! The queries of the documentation, over lines of a real gateway: each field that they name is there, and what they compute
//! is what happened.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use common::{block_on, unloader};
use lmms::telemetry::{StatsLine, queries};
use lmms::testing::ManualClock;
use lmms::{Gateway, Invocation};
use serde_json::Value;

struct Words;

#[lmms::interface]
impl Words {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn call(&self) {}

    #[operation(cached)]
    fn count(&self, text: &str) -> usize {
        text.split(' ').count()
    }
}

struct Places;

#[lmms::interface]
impl Places {
    #[load]
    fn load() -> Self {
        Self
    }

    #[operation]
    fn call(&self) {}
}

/// The fields that CloudWatch discovers in a log event: those of its first JSON fragment, nested ones joined by dots, items of
/// lists by their index, and no more than 200.
fn discovered(event: &str) -> BTreeMap<String, Value> {
    let start = event.find('{').unwrap();
    let fragment = serde_json::Deserializer::from_str(&event[start..]).into_iter().next().unwrap().unwrap();
    // In the order of the text, which `Value` does not keep.
    let mut fields = BTreeMap::new();
    flatten(String::new(), &fragment, &mut fields);
    assert!(fields.len() <= 200, "{} fields", fields.len());
    fields
}

fn flatten(name: String, value: &Value, fields: &mut BTreeMap<String, Value>) {
    let inner = |key: &str| if name.is_empty() { key.to_owned() } else { format!("{name}.{key}") };
    match value {
        Value::Object(object) => object.iter().for_each(|(key, value)| flatten(inner(key), value, fields)),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| flatten(inner(&index.to_string()), item, fields));
        }
        value => drop(fields.insert(name, value.clone())),
    }
}

/// The fields of a line that a query names: what it does not define itself, and is no word of the language.
fn named(query: &str) -> BTreeSet<String> {
    const LANGUAGE: &str =
        " and as avg bin by count desc fields filter into jsonParse like max parse pct sort stats sum unnest ";
    // What stands between slashes or quotes is text.
    let code: String = query.split("/\\[LMMS_STATS\\]/").flat_map(|part| part.split("\"[LMMS_STATS] *\"")).collect();
    let words = code.split(|letter: char| !(letter.is_alphanumeric() || "_.@".contains(letter)));
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let after = |before: &[&str]| {
        let pairs = words.windows(2).filter(|pair| before.contains(&pair[0]));
        pairs.map(|pair| pair[1]).collect::<BTreeSet<_>>()
    };
    let defined = after(&["as", "into"]);
    let is_named = |word: &&&str| {
        let is_number = word.starts_with(|letter: char| letter.is_ascii_digit());
        !is_number && !word.starts_with('@') && !LANGUAGE.contains(&format!(" {word} ")) && !defined.contains(**word)
    };
    // The whole of a line is `stats_line`, and an item of its list is `load`.
    let in_line = |word: &&str| match word.split_once('.') {
        Some(("stats_line", list)) => list.to_owned(),
        Some(("load", field)) => format!("loaded.0.{field}"),
        _ => (*word).to_owned(),
    };
    words.iter().filter(is_named).map(in_line).collect()
}

/// As `unnest`: the items of a list of all lines.
fn loads(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter_map(|line| line["loaded"].as_array()).flatten().collect()
}

fn sum(records: &[BTreeMap<String, Value>], field: &str) -> f64 {
    records.iter().filter_map(|record| record.get(field)?.as_f64()).sum()
}

fn call(gateway: &Gateway, request: &str) {
    let mut reply = Vec::new();
    block_on(gateway.execute_in(&Invocation::enter(), request.as_bytes(), &mut reply)).unwrap();
}

/// A day of a function, and what it wrote: 3 loads of `words`, 2 of `places`.
fn log() -> (Vec<String>, Gateway) {
    let gateway = unloader();
    gateway.reconfigure(gateway.config().with_fast_path(true).with_memory_budget(Some(64 << 30)));
    let mut lines = Vec::new();
    let mut tell = |line: Option<StatsLine>| lines.extend(line.map(|line| line.to_string()));
    for round in 0..3 {
        call(&gateway, r#"{"interface":"words","operation":"call"}"#);
        if round < 2 {
            call(&gateway, r#"{"interface":"places","operation":"call"}"#);
        }
        tell(gateway.stats_line());
        let _ = block_on(gateway.sweep());
        tell(gateway.stats_line());
    }
    for _ in 0..100 {
        call(&gateway, r#"{"interface":"places","operation":"call","args":{}}"#);
    }
    for text in ["to be", "or not", "to be", "to be"] {
        call(&gateway, &format!(r#"{{"interface":"words","operation":"count","args":{{"text":"{text}"}}}}"#));
        tell(gateway.stats_line());
    }
    (lines, gateway)
}

static TURN: Mutex<()> = Mutex::new(());

#[test]
fn each_field_that_a_query_names_is_in_the_lines() {
    let _turn = TURN.lock();
    let _clock = ManualClock::install();
    let (lines, _) = log();
    let fields: BTreeSet<_> = lines.iter().flat_map(|line| discovered(line).into_keys()).collect();
    for query in queries::ALL {
        let named = named(query);
        assert!(named.len() > 1, "{query}");
        for field in named {
            let is_list = fields.iter().any(|known| known.starts_with(&format!("{field}.0")));
            assert!(fields.contains(&field) || is_list, "no field `{field}`, as in\n{query}\n{fields:?}");
        }
        // It finds the lines.
        assert!(query.contains(r"filter @message like /\[LMMS_STATS\]/"), "{query}");
    }
    assert!(lines.iter().all(|line| line.starts_with("[LMMS_STATS] {")));
}

#[test]
fn the_fields_that_a_query_names_are_recognised() {
    let query = "filter @message like /\\[LMMS_STATS\\]/ and calls > 3 | fields jsonParse(text) as stats_line
        | unnest stats_line.loaded into load | stats pct(load.ms, 99) as p99, sum(no_such) as s by load.interface";
    let named: Vec<_> = named(query).into_iter().collect();
    assert_eq!(named, ["calls", "loaded", "loaded.0.interface", "loaded.0.ms", "no_such", "text"]);
}

#[test]
fn the_queries_compute_what_happened() {
    let _turn = TURN.lock();
    let clock = ManualClock::install();
    // What the other test made hot has cooled, and what it left loaded goes.
    clock.advance(Duration::from_secs(24 * 3_600));
    let _ = block_on(unloader().sweep());
    let _ = unloader().stats_line();
    let before = unloader().stats();
    let (lines, gateway) = log();
    let after = gateway.stats();
    let events: Vec<Value> =
        lines.iter().map(|line| serde_json::from_str(&line["[LMMS_STATS] ".len()..]).unwrap()).collect();
    let records: Vec<_> = lines.iter().map(|line| discovered(line)).collect();

    // TOTALS
    assert_eq!(sum(&records, "ligs_loads"), (after.ligs_loads - before.ligs_loads) as f64);
    assert_eq!(sum(&records, "lugs_unloads"), (after.lugs_unloads - before.lugs_unloads) as f64);
    assert_eq!(sum(&records, "zafp_hits"), (after.zafp_hits - before.zafp_hits) as f64);
    assert_eq!(sum(&records, "lugs_unloads"), 5.0);
    // Of 102 calls the first 50 are not hot.
    assert_eq!(sum(&records, "zafp_hits"), 52.0);

    // LOADS
    let mut by_interface = BTreeMap::<_, Vec<f64>>::new();
    for load in loads(&events) {
        let times = by_interface.entry(load["interface"].as_str().unwrap()).or_default();
        times.push(load["ms"].as_f64().unwrap());
        assert!(load["bytes"].is_u64());
    }
    let counts: Vec<_> = by_interface.iter().map(|(name, times)| (*name, times.len())).collect();
    // Once more each at the end of the day.
    assert_eq!(counts, [("places", 3), ("words", 4)]);
    let spent = after.load_time - before.load_time;
    let listed: f64 = by_interface.values().flatten().sum();
    assert!((listed - spent.as_secs_f64() * 1e3).abs() < 1e-6);
    assert!((sum(&records, "cold_start_time") - listed).abs() < 1e-6);

    // MEMORY
    let reclaimed = (after.reclaimed_bytes - before.reclaimed_bytes) as f64 / f64::from(1 << 20);
    assert_eq!(sum(&records, "memory_reclaimed_mb"), reclaimed);
    assert!(records.iter().all(|record| record["memory_mb"].as_f64().unwrap() >= 0.0));
    assert_eq!(records.iter().filter_map(|record| record["resident"].as_u64()).max(), Some(2));
    assert_eq!(records[0]["budget_mb"], 65_536.0);

    // FAST_PATH
    assert_eq!(sum(&records, "calls"), 3.0 + 2.0 + 100.0 + 4.0);
    let (hits, misses) = (sum(&records, "cache_hits"), sum(&records, "cache_misses"));
    assert_eq!((hits, misses), (2.0, 2.0));
    assert_eq!(100.0 * hits / (hits + misses), 50.0);

    // THRASHING: all but the first of each, and each was loaded by the other test or is its first.
    let reloads = loads(&events).into_iter().filter(|load| load["generation"].as_u64() > Some(1));
    let mut reloaded = BTreeMap::<_, u64>::new();
    for load in reloads {
        *reloaded.entry(load["interface"].as_str().unwrap()).or_default() += 1;
    }
    assert_eq!(reloaded.values().sum::<u64>(), after.reloads - before.reloads);
    assert_eq!(sum(&records, "reloads"), (after.reloads - before.reloads) as f64);
    assert!(reloaded["words"] > 2, "{reloaded:?}");
}
