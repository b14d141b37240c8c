//! JSON: reading a request's own frame (objects whose keys we know), so that each value is decoded once, straight into
//! its type, by `serde_json`.
//!
//! Going through a derived struct would cost each operation a deserialiser of its own in code; going through
//! `serde_json::Value` would build what is thrown away. What a value *is* stays `serde_json`'s business: here are only
//! braces, commas and colons. **Invariant:** `at` never passes the end, and nothing is skipped unread.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, Visitor};

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

    /// The next key of an object, with its colon, if it is one of `names` and written without escapes: which one. Compared
    /// rather than read, for that is what most keys come down to. `None` if it has to be read: nothing was taken then.
    #[inline]
    pub(crate) fn next_known_key<'n>(&mut self, first: bool, names: impl Iterator<Item = &'n str>) -> Option<usize> {
        let before = self.at;
        let found = self.known_key(first, names);
        if found.is_none() {
            self.at = before;
        }
        found
    }

    #[inline]
    fn known_key<'n>(&mut self, first: bool, names: impl Iterator<Item = &'n str>) -> Option<usize> {
        if !first {
            self.take_byte(b',')?;
        }
        self.take_byte(b'"')?;
        let rest = self.rest();
        let is_it = |name: &&str| rest.get(name.len()) == Some(&b'"') && rest.starts_with(name.as_bytes());
        let (index, name) = names.enumerate().find(|(_, name)| is_it(name))?;
        self.at += name.len() + 1;
        self.take_byte(b':')?;
        Some(index)
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

/// The byte offset of a line and column, both counted from 1; a line or column of 0 is before the first.
fn offset(text: &[u8], line: usize, column: usize) -> usize {
    let start = match line.checked_sub(2) {
        None => 0,
        Some(breaks) => text
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(breaks)
            .map_or(text.len(), |(index, _)| index + 1),
    };
    (start + column).min(text.len())
}

/// The path of the value in `text` at byte `at`, as `args.points[2].lat`, for an error that says only where it is.
#[cold]
pub(crate) fn path(root: &str, text: &[u8], at: usize) -> String {
    let mut opens = Vec::new();
    // Where it cannot be read any further is where the error is.
    let _ = walk(&mut Cursor::new(text), at, &mut opens);
    let steps = opens.into_iter().map(|open| match open.member {
        Some(Member::Key(key)) => format!(".{}", clipped(&key)),
        Some(Member::Item(index)) => format!("[{index}]"),
        None => String::new(),
    });
    let path = std::iter::once(root.to_owned()).chain(steps).collect::<String>();
    clipped(&path).into_owned()
}

/// An object or array that has begun.
struct Open<'de> {
    is_object: bool,
    /// How many members came so far.
    count: usize,
    /// The one that is being read.
    member: Option<Member<'de>>,
}

enum Member<'de> {
    Key(Text<'de>),
    Item(usize),
}

impl<'de> Open<'de> {
    /// Moves to the next member. `false` at the end.
    fn advance(&mut self, cursor: &mut Cursor<'de>) -> Result<bool, JsonError> {
        self.member = None;
        self.member = if self.is_object {
            cursor.next_key(self.count == 0)?.map(Member::Key)
        } else {
            cursor.next_item(self.count == 0)?.then_some(Member::Item(self.count))
        };
        self.count += 1;
        Ok(self.member.is_some())
    }
}

/// Goes through the text once, as far as byte `at`, and leaves what is open there.
fn walk<'de>(cursor: &mut Cursor<'de>, at: usize, opens: &mut Vec<Open<'de>>) -> Result<(), JsonError> {
    loop {
        match cursor.peek() {
            Some(open @ (b'{' | b'[')) => {
                cursor.at += 1;
                opens.push(Open { is_object: open == b'{', count: 0, member: None });
            }
            _ => {
                cursor.skip()?;
                if at <= cursor.at {
                    return Ok(());
                }
            }
        }
        loop {
            let Some(open) = opens.last_mut() else { return Ok(()) };
            if open.advance(cursor)? {
                cursor.peek();
                if at < cursor.at {
                    // Before the value, so it is about the object or array.
                    open.member = None;
                    return Ok(());
                }
                break;
            }
            opens.pop();
            // At its end, as for a field that is missing.
            if at <= cursor.at {
                return Ok(());
            }
        }
    }
}

/// A JSON string: borrowed from the request unless it has escapes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text<'de>(pub Cow<'de, str>);

impl std::ops::Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;

        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    #[test]
    fn text_borrows_unless_it_has_escapes() {
        let mut cursor = Cursor::new(br#""plain" "a\nb""#);
        assert!(matches!(cursor.value::<Text<'_>>().unwrap().0, Cow::Borrowed("plain")));
        assert!(matches!(cursor.value::<Text<'_>>().unwrap().0, Cow::Owned(text) if text == "a\nb"));
        cursor.end().unwrap();
    }

    #[test]
    fn an_object_is_read_key_by_key_in_any_white_space() {
        let mut cursor = Cursor::new(b" { \"a\" : 1 , \"b\":\n[ 2 ] }\r\n");
        cursor.open_object().unwrap();
        assert_eq!(&*cursor.next_key(true).unwrap().unwrap(), "a");
        assert_eq!(cursor.value::<u8>().unwrap(), 1);
        assert_eq!(&*cursor.next_key(false).unwrap().unwrap(), "b");
        assert_eq!(cursor.skip().unwrap(), b"[ 2 ]");
        assert!(cursor.next_key(false).unwrap().is_none());
        cursor.end().unwrap();
    }

    #[test]
    fn what_is_no_object_is_refused_with_its_place() {
        let refused = |text: &'static str| {
            let mut cursor = Cursor::new(text.as_bytes());
            let mut read = || -> Result<(), JsonError> {
                cursor.open_object()?;
                let mut first = true;
                while cursor.next_key(first)?.is_some() {
                    first = false;
                    cursor.skip()?;
                }
                cursor.end()
            };
            let error = read().unwrap_err();
            (error.at, error.message)
        };
        assert_eq!(refused("[]"), (0, "expected an object, `{`".to_owned()));
        assert_eq!(refused(r#"{"a":1,}"#), (7, "trailing comma".to_owned()));
        assert_eq!(refused(r#"{"a" 1}"#), (5, "expected `:`".to_owned()));
        assert_eq!(refused(r#"{"a":1 "b":2}"#), (7, "expected `,` or `}`".to_owned()));
        assert_eq!(refused(r#"{"a":1} x"#), (8, "expected the end".to_owned()));
        assert_eq!(refused(r#"{a:1}"#), (1, "expected a key in double quotes".to_owned()));
        assert_eq!(refused(r#"{"a":"#), (5, "unexpected end, expected a value".to_owned()));
    }

    #[test]
    fn an_error_inside_a_value_is_placed_in_the_whole_text() {
        let text = br#"{"p":[{"x":1},{"x":"no"}]}"#;
        let mut cursor = Cursor::new(text);
        cursor.open_object().unwrap();
        cursor.next_key(true).unwrap();
        let error = cursor.value::<Vec<std::collections::BTreeMap<String, u8>>>().unwrap_err();
        assert!(error.is_type);
        assert_eq!(error.message, "invalid type: string \"no\", expected u8");
        assert_eq!(path("args", text, error.at), "args.p[1].x");
    }

    #[test]
    fn a_path_leads_to_what_is_open_at_a_byte() {
        let text = r#"{"p":[{"x":1} , [2, "s"]], "q" : {"r":{}}, "t":"u"}"#;
        let at = |part: &str| path("args", text.as_bytes(), text.find(part).unwrap() + part.len());
        assert_eq!(at("{\"p\""), "args");
        assert_eq!(at("{\"x\""), "args.p[0]");
        assert_eq!(at("1"), "args.p[0].x");
        assert_eq!(at("{\"x\":1}"), "args.p[0]");
        assert_eq!(at("2"), "args.p[1][0]");
        assert_eq!(at("\"s"), "args.p[1][1]");
        assert_eq!(at("\"s\"]"), "args.p[1]");
        assert_eq!(at("\"s\"]]"), "args.p");
        assert_eq!(at("{\"r\":{}"), "args.q.r");
        assert_eq!(at("{\"r\":{}}"), "args.q");
        assert_eq!(at("\"u\""), "args.t");
        assert_eq!(at("\"u\"}"), "args");
        assert_eq!(path("args", b"5", 1), "args");
        assert_eq!(path("args", br#"{"a":[1,]}"#, 8), "args.a");
        assert_eq!(path("args", b"", 0), "args");
    }
}
