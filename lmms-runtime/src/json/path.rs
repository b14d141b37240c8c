//! Path: where in a text something is wrong, for people.

use super::{Cursor, JsonError, Text};
use crate::wording::clipped;

/// The byte offset of a line and column, both counted from 1; a line or column of 0 is before the first.
pub(super) fn offset(text: &[u8], line: usize, column: usize) -> usize {
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
