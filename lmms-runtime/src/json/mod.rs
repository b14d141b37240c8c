//! JSON: reading a request's own frame (objects whose keys we know), so that each value is decoded once, straight into
//! its type, by `serde_json`.
//!
//! Going through a derived struct would cost each operation a deserialiser of its own in code; going through
//! `serde_json::Value` would build what is thrown away. What a value *is* stays `serde_json`'s business: here are only
//! braces, commas and colons. **Invariant:** `at` never passes the end, and nothing is skipped unread.

mod path;
mod text;

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use self::path::offset;
pub(crate) use self::path::path;
pub use self::text::Text;
use crate::wording::clipped;

/// A place in JSON text, moving forward.
#[derive(Debug, Clone)]
pub struct Cursor<'de> {
    text: &'de [u8],
    at: usize,
}

/// What is wrong with the JSON, and where.
#[derive(Debug)]
pub struct JsonError {
    /// Bytes from the start of the text.
    pub(crate) at: usize,
    pub(crate) message: String,
    /// The text is JSON, but not of the type that was asked for.
    pub(crate) is_type: bool,
}

impl JsonError {
    fn syntax(at: usize, message: impl Into<String>) -> Self {
        Self { at, message: message.into(), is_type: false }
    }
}

impl<'de> Cursor<'de> {
    pub(crate) fn new(text: &'de [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The next byte that is not white space, not taken.
    pub(crate) fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.at += 1,
                byte => return Some(*byte),
            }
        }
        None
    }

    #[inline]
    fn take(&mut self, wanted: u8, what: &str) -> Result<(), JsonError> {
        match self.peek() {
            Some(byte) if byte == wanted => {
                self.at += 1;
                Ok(())
            }
            _ => Err(JsonError::syntax(self.at, format!("expected {what}"))),
        }
    }

    pub(crate) fn open_object(&mut self) -> Result<(), JsonError> {
        self.take(b'{', "an object, `{`")
    }

    pub(crate) fn open_array(&mut self) -> Result<(), JsonError> {
        self.take(b'[', "an array, `[`")
    }

    /// Moves to the next item of an object or array, or takes its end and says `false`.
    #[inline]
    fn next(&mut self, first: bool, close: u8, what: &str) -> Result<bool, JsonError> {
        match self.peek() {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(false)
            }
            Some(_) if first => Ok(true),
            Some(b',') => {
                self.at += 1;
                // A comma promises another item.
                match self.peek() {
                    Some(byte) if byte == close => Err(JsonError::syntax(self.at, "trailing comma")),
                    _ => Ok(true),
                }
            }
            _ => Err(JsonError::syntax(self.at, what)),
        }
    }

    /// The next key of an object, with its colon. `None` at the end of the object.
    #[inline]
    pub(crate) fn next_key(&mut self, first: bool) -> Result<Option<Text<'de>>, JsonError> {
        if !self.next(first, b'}', "expected `,` or `}`")? {
            return Ok(None);
        }
        if self.peek() != Some(b'"') {
            return Err(JsonError::syntax(self.at, "expected a key in double quotes"));
        }
        let key = self.text()?;
        self.take(b':', "`:`")?;
        Ok(Some(key))
    }

    /// Takes the next key of an object, with its colon, if it is `name`, written without escapes. Compared rather than read, for
    /// that is what most keys come down to. If it is not, nothing was taken, and it is to be read.
    #[inline]
    pub(crate) fn next_key_is(&mut self, first: bool, name: &str) -> bool {
        let before = self.at;
        let is_it = self.take_key(first, name).is_some();
        if !is_it {
            self.at = before;
        }
        is_it
    }

    #[inline]
    fn take_key(&mut self, first: bool, name: &str) -> Option<()> {
        if !first {
            self.take_byte(b',')?;
        }
        self.take_byte(b'"')?;
        let rest = self.rest().strip_prefix(name.as_bytes())?;
        (rest.first()? == &b'"').then(|| self.at += name.len() + 1)?;
        self.take_byte(b':')
    }

    #[inline]
    fn take_byte(&mut self, wanted: u8) -> Option<()> {
        (self.peek()? == wanted).then(|| self.at += 1)
    }

    /// The next value if it is text without escapes: as it stands, which need not be UTF-8.
    #[inline]
    pub(crate) fn plain_text(&mut self) -> Option<&'de [u8]> {
        self.take_byte(b'"')?;
        let rest = self.rest();
        let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' '))?;
        (rest[end] == b'"').then(|| {
            self.at += end + 1;
            &rest[..end]
        })
    }

    /// Moves to the next item of an array. `false` at its end.
    pub(crate) fn next_item(&mut self, first: bool) -> Result<bool, JsonError> {
        self.next(first, b']', "expected `,` or `]`")
    }

    /// Decodes the next value.
    pub(crate) fn value<T: Deserialize<'de>>(&mut self) -> Result<T, JsonError> {
        if self.peek().is_none() {
            return Err(JsonError::syntax(self.at, "unexpected end, expected a value"));
        }
        let rest = &self.text[self.at..];
        let mut deserializer = serde_json::Deserializer::from_slice(rest);
        match T::deserialize(&mut deserializer) {
            Ok(value) => {
                // The iterator over several values is what tells how far a deserializer has got.
                self.at += deserializer.into_iter::<IgnoredAny>().byte_offset();
                Ok(value)
            }
            Err(error) => Err(self.error(rest, &error)),
        }
    }

    /// The next value, which is to be text. Without escapes, as names and keys are, it is taken as it stands.
    #[inline]
    pub(crate) fn text(&mut self) -> Result<Text<'de>, JsonError> {
        if self.peek() == Some(b'"') {
            let rest = &self.text[self.at + 1..];
            let end = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | ..b' ')).unwrap_or(rest.len());
            if rest.get(end) == Some(&b'"')
                && let Ok(text) = std::str::from_utf8(&rest[..end])
            {
                self.at += end + 2;
                return Ok(Text(Cow::Borrowed(text)));
            }
        }
        // With escapes, or wrong.
        self.value()
    }

    /// Passes over the next value and returns its text, which is well-formed JSON but for its nesting being unlimited.
    pub(crate) fn skip(&mut self) -> Result<&'de [u8], JsonError> {
        self.peek();
        let start = self.at;
        self.value::<IgnoredAny>()?;
        Ok(&self.text[start..self.at])
    }

    /// What has not been read.
    pub(crate) fn rest(&self) -> &'de [u8] {
        &self.text[self.at..]
    }

    /// Nothing but white space may follow.
    pub(crate) fn end(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(JsonError::syntax(self.at, "expected the end")),
        }
    }

    #[cold]
    fn error(&self, rest: &[u8], error: &serde_json::Error) -> JsonError {
        let mut message = error.to_string();
        // `serde_json` counts lines from where it started, which is not where the user's text does.
        let suffix = format!(" at line {} column {}", error.line(), error.column());
        if let Some(stripped) = message.strip_suffix(&suffix) {
            message.truncate(stripped.len());
        }
        JsonError {
            at: self.at + offset(rest, error.line(), error.column()),
            // A string of the wrong type is in there as it stands, and may be megabytes.
            message: clipped(&message).into_owned(),
            is_type: error.is_data(),
        }
    }
}

/// What JSON takes for white space, and nothing else does.
pub(crate) fn is_space(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// A value without white space around it.
pub(crate) fn trimmed(value: &[u8]) -> &[u8] {
    let start = value.iter().position(|byte| !is_space(byte)).unwrap_or(value.len());
    let end = value.iter().rposition(|byte| !is_space(byte)).map_or(start, |last| last + 1);
    &value[start..end]
}

#[cfg(all(test, not(lmms_loom)))]
mod tests;
