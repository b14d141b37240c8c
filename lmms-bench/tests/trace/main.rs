//! Traces: what is generated has the shape that was asked for, and is the same each time; what is read says where it is wrong.

mod files;
mod shapes;
mod streams;

use std::collections::BTreeMap;
use std::time::Duration;

use lmms_bench::trace::{Arrivals, Mix, Recipe, Trace, Workload};

/// As many operations as the demo has: 18 interfaces, `tokens` among them, 11 of which have two. Events say what they are.
fn workload(fresh: usize) -> Workload {
    let mut lines = String::new();
    for interface in 0..18 {
        for operation in 0..if interface < 11 { 2 } else { 1 } {
            let name = match (interface, operation) {
                (0, 0) => "tokens.count".to_owned(),
                (0, _) => "tokens.encode".to_owned(),
                _ => format!("interface{interface}.operation{operation}"),
            };
            for number in 0..50 + fresh {
                let is_fresh = number >= 50;
                lines += &format!(r#"{{"operation":"{name}","event":"{name} {number}","fresh":{is_fresh}}}"#);
                lines.push('\n');
            }
        }
    }
    Workload::read(lines.as_bytes(), "workload").unwrap()
}

fn recipe() -> Recipe {
    Recipe {
        duration: Duration::from_secs(3_600),
        arrivals: Arrivals::poisson(1.0),
        mix: Mix::Zipf { exponent: 1.0 },
        fresh_percent: 5.0,
        seed: 7,
    }
}

/// How many of the arrivals have each.
fn counted<K: Ord>(trace: &Trace, key: impl Fn(&lmms_bench::trace::Arrival) -> K) -> BTreeMap<K, usize> {
    let mut counts = BTreeMap::new();
    trace.arrivals.iter().for_each(|arrival| *counts.entry(key(arrival)).or_default() += 1);
    counts
}

/// The number of an event of [`workload`]; from 50 it is a fresh one.
fn number(event: &[u8]) -> usize {
    let event: String = serde_json::from_slice(event).unwrap();
    event.rsplit(' ').next().unwrap().parse().unwrap()
}
