//! Files of JSON lines: each line one value, and an error that says where it is and what was expected there.

use std::io::{self, BufRead};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A file of JSON lines cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file itself cannot be read.
    #[error("cannot read {file}: {source}")]
    Unreadable {
        /// Which.
        file: String,
        /// Why.
        source: io::Error,
    },
    /// A line is not what it should be.
    #[error("{file}, line {line}: {what}; expected {expected}")]
    Line {
        /// Of which file.
        file: String,
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
        /// A line as it should be.
        expected: &'static str,
    },
    /// There is nothing in it.
    #[error("{file} has no lines; expected lines of {expected}")]
    Empty {
        /// Which.
        file: String,
        /// A line as it should be.
        expected: &'static str,
    },
    /// An operation has no events that come back.
    #[error("{file}: all events of `{operation}` are fresh; expected one at least that comes back: {expected}")]
    NothingKnown {
        /// Which.
        file: String,
        /// Of which.
        operation: String,
        /// A line as it should be.
        expected: &'static str,
    },
}

/// Reads a line at a time. Empty lines are passed over.
///
/// # Errors
/// What cannot be read, a line that `one` refuses, and no line at all.
pub(super) fn each<T: DeserializeOwned>(
    mut from: impl BufRead,
    file: &str,
    expected: &'static str,
    mut one: impl FnMut(T) -> Result<(), String>,
) -> Result<(), ReadError> {
    let (mut bytes, mut is_empty) = (Vec::new(), true);
    for line in 1.. {
        bytes.clear();
        let read = from.read_until(b'\n', &mut bytes);
        if read.map_err(|source| ReadError::Unreadable { file: file.to_owned(), source })? == 0 {
            break;
        }
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        let value = serde_json::from_slice(&bytes).map_err(|error| told(&error));
        value.and_then(&mut one).map_err(|what| ReadError::Line { file: file.to_owned(), line, what, expected })?;
        is_empty = false;
    }
    match is_empty {
        true => Err(ReadError::Empty { file: file.to_owned(), expected }),
        false => Ok(()),
    }
}

/// Without the line's number, which is always 1 to serde and would contradict the file's.
fn told(error: &serde_json::Error) -> String {
    let (text, column) = (error.to_string(), error.column());
    match text.strip_suffix(&format!(" at line {} column {column}", error.line())) {
        Some(text) => format!("{text} at column {column}"),
        None => text,
    }
}

/// The event of a line, byte for byte, and what it asks for.
#[derive(Deserialize)]
pub(super) struct Event(#[serde(deserialize_with = "bytes")] pub(super) Vec<u8>);

fn bytes<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    Ok(Box::<RawValue>::deserialize(from)?.get().as_bytes().to_vec())
}

impl Event {
    /// `tokens.count`, of an event that names both.
    pub(super) fn title(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Names {
            interface: String,
            operation: String,
        }
        let Names { interface, operation } = serde_json::from_slice(&self.0).ok()?;
        Some(format!("{interface}.{operation}"))
    }
}
