//! A trace as a file: JSON lines, each an event and when it arrives.
//!
//! ```json
//! {"at": 12.345, "operation": "tokens.count", "event": {"interface": "tokens", "operation": "count", "args": {"text": "a"}}}
//! ```
//!
//! | key | is |
//! |---|---|
//! | `at` | seconds since the trace's begin |
//! | `operation` | a title; without it that of the event's own `interface` and `operation`, else `request` |
//! | `event` | what the function is handed, byte for byte as it is written here |
//!
//! The order of the lines says nothing: a log of several containers comes in another than that of time, and often the latest
//! first. So they are sorted, and [`Trace::misplaced`] says how many had to be.
//!
//! # Recording
//! Lambda logs no events: let the function print each as a line `{"recorded": <event>}`. Then
//!
//! ```sh
//! aws logs filter-log-events --log-group-name /aws/lambda/NAME --filter-pattern recorded --output json |
//!     jq -c '(.events | map(.timestamp) | min) as $begin | .events[]
//!         | {at: ((.timestamp - $begin) / 1000), event: (.message | fromjson | .recorded)}' > trace.jsonl
//! ```

use std::borrow::Cow;
use std::io::{self, BufRead, Write};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::lines::{self, Event};
use super::{Arrival, ReadError, Trace};

const EXPECTED: &str = r#"{"at": <seconds since the begin>, "operation": "<title, optional>", "event": <JSON>}"#;

/// Of an event that does not name what it asks for.
const UNNAMED: &str = "request";

/// A trace cannot be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Nothing can be written there.
    #[error("cannot write the trace: {0}")]
    Unwritable(#[from] io::Error),
    /// An event that would come back as another one, or not at all.
    #[error("the event at {} s is not JSON on one line", at.as_secs_f64())]
    Event {
        /// When it arrives.
        at: Duration,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at: f64,
    operation: Option<String>,
    event: Event,
}

#[derive(Serialize)]
struct Written<'a> {
    at: f64,
    operation: Cow<'a, str>,
    event: &'a RawValue,
}

impl Trace {
    /// Reads JSON lines; `file` is their name in errors.
    ///
    /// ```
    /// use lmms_bench::trace::Trace;
    ///
    /// let lines = r#"{"at": 0.5, "event": {"interface": "tokens", "operation": "count", "args": {"text":  "a"}}}"#;
    /// let trace = Trace::read(lines.as_bytes(), "trace.jsonl")?;
    /// assert_eq!(trace.arrivals[0].operation, "tokens.count");
    /// assert!(trace.arrivals[0].event.ends_with(br#"{"text":  "a"}}"#));
    ///
    /// let error = Trace::read(&br#"{"at": "noon", "event": {}}"#[..], "trace.jsonl").unwrap_err();
    /// assert!(error.to_string().starts_with("trace.jsonl, line 1: invalid type: string \"noon\", expected f64"));
    /// # Ok::<_, lmms_bench::trace::ReadError>(())
    /// ```
    ///
    /// # Errors
    /// What cannot be read, a line that is not as the [module](self) has it, and a file without lines.
    pub fn read(from: impl BufRead, file: &str) -> Result<Self, ReadError> {
        let mut arrivals = Vec::new();
        lines::each(from, file, EXPECTED, |Line { at, operation, event }| {
            let at = Duration::try_from_secs_f64(at).map_err(|_| format!("`at` is {at}, which is no time"))?;
            let operation = operation.or_else(|| event.title()).unwrap_or_else(|| UNNAMED.to_owned());
            arrivals.push(Arrival { at, operation, event: event.0 });
            Ok(())
        })?;
        Ok(Self::new(arrivals))
    }

    /// Writes it as [`read`](Self::read) reads it. Times keep their nanoseconds for the first 100 days.
    ///
    /// # Errors
    /// What cannot be written, and an event that is not JSON on one line.
    pub fn write(&self, mut to: impl Write) -> Result<(), WriteError> {
        for Arrival { at, operation, event } in &self.arrivals {
            // White space around it would not come back, and a line break would end the line.
            let is_line = event.trim_ascii() == event && !event.contains(&b'\n');
            let event = serde_json::from_slice(event).ok().filter(|_| is_line).ok_or(WriteError::Event { at: *at })?;
            let line = Written { at: at.as_secs_f64(), operation: operation.into(), event };
            serde_json::to_writer(&mut to, &line).map_err(io::Error::from)?;
            to.write_all(b"\n")?;
        }
        Ok(to.flush()?)
    }
}
