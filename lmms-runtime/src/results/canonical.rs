//! Canonical: one spelling for all arguments that say the same, so that they share an entry.
//!
//! The arguments stand in the order of the parameters, the members of an object inside them in the order of their keys;
//! there is no white space, and a character is escaped only where JSON must. **Invariant.** What is written differently
//! reads differently or is spelled differently as a number: numbers are not read, so `1` and `1.0` are two. What an
//! operation's own reader would refuse as JSON has no canonical form, and neither has what is nested too deeply for it.

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::call::Parameters;
use crate::json::{Cursor, JsonError, Text};

/// As many arrays and objects inside each other as `serde_json` reads in one value.
const DEPTH: usize = 127;

/// Why arguments have no canonical form.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotCanonical {
    /// The call itself will say what is wrong with them.
    Invalid,
    TooLong,
}

impl From<JsonError> for NotCanonical {
    fn from(_: JsonError) -> Self {
        Self::Invalid
    }
}

/// The canonical form of arguments, if it has no more than `most` bytes.
pub(super) fn canonical(arguments: &[u8], parameters: Parameters, most: usize) -> Result<Vec<u8>, NotCanonical> {
    let text = Vec::with_capacity(arguments.len().min(most));
    let mut writer = Writer { cursor: Cursor::new(arguments), text, members: Vec::new(), most };
    writer.object(Some(parameters), DEPTH)?;
    writer.cursor.end()?;
    Ok(writer.text)
}

struct Writer<'de> {
    cursor: Cursor<'de>,
    text: Vec<u8>,
    /// Of all objects that are open, the inner ones last.
    members: Vec<Member>,
    most: usize,
}

/// Where a member is in the text, with its comma.
struct Member {
    /// The place of its key among the parameters, or nought.
    rank: usize,
    start: usize,
    key_end: usize,
    end: usize,
}

impl Member {
    /// By their written keys, which are equal if and only if the keys are.
    fn order(&self, other: &Self, text: &[u8]) -> Ordering {
        let key = |member: &Self| (member.rank, &text[member.start..member.key_end]);
        key(self).cmp(&key(other))
    }
}

impl Writer<'_> {
    /// The next value, an object. The outermost has the parameters for its keys, each no more than once.
    fn object(&mut self, parameters: Option<Parameters>, depth: usize) -> Result<(), NotCanonical> {
        self.cursor.open_object()?;
        self.text.push(b'{');
        let outer = self.members.len();
        while let Some(key) = self.cursor.next_key(self.members.len() == outer)? {
            let rank = match parameters {
                Some(parameters) => {
                    parameters.iter().position(|(name, _)| name == &*key).ok_or(NotCanonical::Invalid)?
                }
                None => 0,
            };
            let start = self.text.len();
            self.string(&key)?;
            let key_end = self.text.len();
            self.text.push(b':');
            self.value(depth)?;
            self.text.push(b',');
            self.members.push(Member { rank, start, key_end, end: self.text.len() });
        }
        self.sort(outer);
        let is_twice = |pair: &[Member]| pair[0].rank == pair[1].rank;
        if parameters.is_some() && self.members[outer..].windows(2).any(is_twice) {
            return Err(NotCanonical::Invalid);
        }
        self.members.truncate(outer);
        self.close(b'}')
    }

    /// Brings the members from `outer` on, with which the text ends, into their order. Those of one key keep theirs, for
    /// the last may be the one that counts.
    fn sort(&mut self, outer: usize) {
        let (text, members) = (&mut self.text, &mut self.members[outer..]);
        if members.is_sorted_by(|one, next| one.order(next, text).is_le()) {
            return;
        }
        let start = members[0].start;
        members.sort_by(|one, other| one.order(other, text));
        let mut sorted = Vec::with_capacity(text.len() - start);
        for member in members {
            sorted.extend_from_slice(&text[member.start..member.end]);
        }
        text.truncate(start);
        text.append(&mut sorted);
    }

    fn value(&mut self, depth: usize) -> Result<(), NotCanonical> {
        match self.cursor.peek() {
            Some(b'"') => {
                let text = self.cursor.value()?;
                self.string(&text)
            }
            Some(b'{' | b'[') if depth == 0 => Err(NotCanonical::Invalid),
            Some(b'{') => self.object(None, depth - 1),
            Some(b'[') => self.array(depth - 1),
            // A number, `true`, `false` or `null`, or wrong.
            _ => {
                let scalar = self.cursor.skip()?;
                self.write(scalar)
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), NotCanonical> {
        self.cursor.open_array()?;
        self.text.push(b'[');
        let mut first = true;
        while self.cursor.next_item(first)? {
            first = false;
            self.value(depth)?;
            self.text.push(b',');
        }
        self.close(b']')
    }

    fn string(&mut self, text: &Text<'_>) -> Result<(), NotCanonical> {
        match &text.0 {
            // It stands so in the request: there is nothing in it that has to be escaped.
            Cow::Borrowed(plain) => {
                self.text.push(b'"');
                self.write(plain.as_bytes())?;
                self.text.push(b'"');
                Ok(())
            }
            Cow::Owned(decoded) => {
                serde_json::to_writer(&mut self.text, decoded).map_err(|_| NotCanonical::Invalid)?;
                self.write(&[])
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), NotCanonical> {
        if self.text.len() + bytes.len() > self.most {
            return Err(NotCanonical::TooLong);
        }
        self.text.extend_from_slice(bytes);
        Ok(())
    }

    /// The end of an array or object, each item of which has left a comma.
    fn close(&mut self, close: u8) -> Result<(), NotCanonical> {
        if self.text.last() == Some(&b',') {
            self.text.pop();
        }
        self.write(&[close])
    }
}
