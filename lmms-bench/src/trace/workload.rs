//! What can be asked: of each operation, events that come back and events that are asked once.
//!
//! A file of JSON lines. `fresh` is false unless it is said; `operation` is a title, which an event that names its `interface`
//! and its `operation` need not have:
//!
//! ```json
//! {"operation": "tokens.count", "event": {"interface": "tokens", "operation": "count", "args": {"text": "a"}}}
//! {"operation": "tokens.count", "event": {"interface": "tokens", "operation": "count", "args": {"text": "b"}}, "fresh": true}
//! ```
//!
//! `cargo run -p demo-lambda -- requests` prints the demo's.

use std::collections::HashMap;
use std::io::BufRead;

use serde::Deserialize;

use super::ReadError;
use super::lines::{self, Event};

const EXPECTED: &str = r#"{"operation": "<title>", "event": <JSON>, "fresh": <true or false, optional>}"#;

/// An operation, and what it can be asked with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Operation {
    /// `tokens.count`.
    pub name: String,
    /// Events that come back.
    pub known: Vec<Vec<u8>>,
    /// Events that are asked once. None if there is a limited number of things to ask.
    pub fresh: Vec<Vec<u8>>,
}

impl Operation {
    /// What it is an operation of: its name up to the first `.`, or all of it.
    #[must_use]
    pub fn interface(&self) -> &str {
        self.name.split('.').next().unwrap_or(&self.name)
    }
}

/// What can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Workload {
    /// In the order in which their first events were given.
    pub operations: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    operation: Option<String>,
    event: Event,
    #[serde(default)]
    fresh: bool,
}

impl Workload {
    /// Reads JSON lines; `file` is their name in errors.
    ///
    /// ```
    /// use lmms_bench::trace::Workload;
    ///
    /// let lines = r#"{"operation": "tokens.count", "event": {"text": "a"}}
    /// {"operation": "tokens.count", "event": {"text": "b"}, "fresh": true}"#;
    /// let workload = Workload::read(lines.as_bytes(), "workload.jsonl")?;
    /// assert_eq!(workload.operations[0].interface(), "tokens");
    /// assert_eq!(workload.operations[0].fresh, [br#"{"text": "b"}"#]);
    /// # Ok::<_, lmms_bench::trace::ReadError>(())
    /// ```
    ///
    /// # Errors
    /// What cannot be read, a line that is not as the [module](self) has it, a file without lines, and an operation whose events
    /// are all fresh.
    pub fn read(from: impl BufRead, file: &str) -> Result<Self, ReadError> {
        let mut operations: Vec<Operation> = Vec::new();
        let mut places = HashMap::new();
        lines::each(from, file, EXPECTED, |Line { operation, event, fresh }| {
            let name = operation.or_else(|| event.title());
            let name = name.ok_or("neither the line nor its event names the operation")?;
            let place = *places.entry(name).or_insert_with_key(|name| {
                operations.push(Operation { name: name.clone(), ..Operation::default() });
                operations.len() - 1
            });
            let Operation { known, fresh: once, .. } = &mut operations[place];
            if fresh {
                once.push(event.0)
            } else {
                known.push(event.0)
            }
            Ok(())
        })?;
        match operations.iter().find(|operation| operation.known.is_empty()) {
            Some(Operation { name, .. }) => {
                let (file, operation) = (file.to_owned(), name.clone());
                Err(ReadError::NothingKnown { file, operation, expected: EXPECTED })
            }
            None => Ok(Self { operations }),
        }
    }
}
