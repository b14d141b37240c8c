//! Read: `[LMMS_STATS]` lines out of whatever a log was exported as.
//!
//! **Invariant.** No line is lost in silence: what has the mark and cannot be read is counted, and told with the place it is at.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::Line;

/// What each line begins with, after whatever the log puts before it.
pub const MARK: &str = "[LMMS_STATS]";

/// What a log holds.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Log {
    /// Its `[LMMS_STATS]` lines, in the order of the log.
    pub lines: Vec<Line>,
    /// Those that cannot be read.
    pub broken: Vec<Broken>,
}

/// A line that has the mark and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// In the text as it was given, from 1. `None` if that is one JSON document, whose lines say nothing.
    pub at: Option<usize>,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(at) => write!(f, "line {at}: {}", self.why),
            None => write!(f, "a message: {}", self.why),
        }
    }
}

impl Log {
    /// Reads plain text (`aws logs tail`, the console's download), JSON with the messages anywhere in it (`aws logs
    /// filter-log-events`, Insights' results, a JSON object per line), and CSV (Insights' export).
    ///
    /// # Examples
    /// ```
    /// use lmms_bench::logs::Log;
    ///
    /// let text = r#"2026-11-24T10:00:00 START RequestId: 1
    /// 2026-11-24T10:00:01 [LMMS_STATS] {"container":"a","line":1,"ligs_loads":2}
    /// 2026-11-24T10:00:02 [LMMS_STATS] {"container":"a","line":"#;
    /// let log = Log::read(text);
    /// assert_eq!((log.lines.len(), log.lines[0].ligs_loads), (1, 2));
    /// assert_eq!(log.broken[0].at, Some(3));
    /// ```
    #[must_use]
    pub fn read(text: &str) -> Self {
        let text = text.trim_start_matches('\u{feff}');
        let mut log = Self::default();
        if let Ok(document) = serde_json::from_str(text) {
            log.walk(&document, None);
            return log;
        }
        for (nth, line) in text.lines().enumerate().filter(|(_, line)| line.contains(MARK)) {
            let at = Some(nth + 1);
            match serde_json::from_str(line) {
                Ok(object @ (Value::Object(_) | Value::Array(_))) => log.walk(&object, at),
                _ => log.message(line, at),
            }
        }
        log
    }

    /// The messages of a document, wherever they are: each exporter has its own names for where.
    fn walk(&mut self, value: &Value, at: Option<usize>) {
        match value {
            Value::String(text) => {
                text.lines().filter(|line| line.contains(MARK)).for_each(|line| self.message(line, at))
            }
            Value::Array(items) => items.iter().for_each(|item| self.walk(item, at)),
            Value::Object(fields) => fields.values().for_each(|field| self.walk(field, at)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn message(&mut self, message: &str, at: Option<usize>) {
        let Some((_, rest)) = message.split_once(MARK) else { return };
        let read = parse(rest).or_else(|error| {
            // CSV doubles each quote, and a string within a string escapes it.
            let plain = [rest.replace("\"\"", "\""), rest.replace("\\\"", "\"")];
            plain.iter().find_map(|text| parse(text).ok()).ok_or(error)
        });
        match read {
            Ok(line) => self.lines.push(line),
            Err(error) => self.broken.push(Broken { at, why: error.to_string() }),
        }
    }
}

/// The JSON that `text` begins with: what comes after it is the exporter's.
fn parse(text: &str) -> Result<Line, serde_json::Error> {
    Line::deserialize(&mut serde_json::Deserializer::from_str(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"[LMMS_STATS] {"container":"a","line":7,"loaded":[{"interface":"tokens","ms":1.5}]}"#;

    fn is_read(text: &str) {
        let log = Log::read(text);
        assert!(log.broken.is_empty(), "{text}: {:?}", log.broken);
        let [line] = &*log.lines else { panic!("{text}: {:?}", log.lines) };
        assert_eq!((&*line.container, line.line, &*line.loaded[0].interface), ("a", 7, "tokens"));
    }

    #[test]
    fn a_line_is_read_from_each_export() {
        let quoted = serde_json::to_string(LINE).unwrap();
        is_read(LINE);
        is_read(&format!("2026-11-24T10:00:00.000Z\t{LINE}\n2026-11-24T10:00:01Z END RequestId: 5"));
        is_read(&format!("\u{feff}timestamp,message\r\n1764,\"{}\"\r\n", LINE.replace('"', "\"\"")));
        is_read(&format!(
            "{{\n \"events\": [\n  {{\"timestamp\": 5, \"message\": {quoted} }}, {{\"message\": \"END\"}} ]\n}}"
        ));
        is_read(&format!("[[{{\"field\":\"@message\",\"value\":{quoted}}}]]"));
        is_read(&format!(
            "{{\"time\":\"x\",\"type\":\"function\",\"record\":{quoted}}}\n{{\"type\":\"platform.report\"}}"
        ));
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_is_read() {
        let log = Log::read(&format!("[LMMS_STATS] nothing\n{LINE}\n[LMMS_STATS] {{\"line\":\"x\"}}\n"));
        assert_eq!(log.lines.len(), 1);
        assert_eq!(log.broken.iter().map(|broken| broken.at).collect::<Vec<_>>(), [Some(1), Some(3)]);
        assert!(log.broken[0].to_string().starts_with("line 1: expected"), "{}", log.broken[0]);
        assert_eq!(Log::read("").lines, []);
        assert_eq!(Log::read("{\"events\":[]}"), Log::default());
    }
}
