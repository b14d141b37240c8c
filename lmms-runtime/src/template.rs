//! Template: what does not change from one answer of an operation to the next, prepared once.
//!
//! That is how the operation is called, for the errors of those who called it otherwise, and how much room an answer takes, so
//! that a reply grows once and not by doubling. The result itself is the operation's, all of it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::descriptor::Operation;
use crate::json::{Cursor, JsonError, Text};

/// What is prepared for the answers of one operation.
#[derive(Debug)]
pub(crate) struct Template {
    signature: OnceLock<Box<str>>,
    /// What one of the last answers took, in bytes.
    size: AtomicUsize,
}

/// More room than this is made only when it is needed: that one answer was large does not mean that the next one is.
const MOST: usize = 4 * 1024;

impl Template {
    pub(crate) const fn new() -> Self {
        Self { signature: OnceLock::new(), size: AtomicUsize::new(0) }
    }

    /// `tokens.count(text: &str) -> usize`
    pub(crate) fn signature(&self, interface: &str, operation: &Operation) -> &str {
        self.signature.get_or_init(|| signature(interface, operation).into())
    }

    /// Makes room for an answer.
    #[inline]
    pub(crate) fn make_room(&self, reply: &mut Vec<u8>) {
        // Relaxed, as below: a guess.
        reply.reserve(self.size.load(Ordering::Relaxed));
    }

    /// An answer took so many bytes.
    pub(crate) fn note_size(&self, bytes: usize) {
        let bytes = bytes.min(MOST);
        // Most are of one size, and then no thread takes the line from another.
        if self.size.load(Ordering::Relaxed) != bytes {
            self.size.store(bytes, Ordering::Relaxed);
        }
    }
}

/// How an operation is called, from the JSON that the macro wrote about it.
fn signature(interface: &str, operation: &Operation) -> String {
    let find = || -> Result<Option<Text<'static>>, JsonError> {
        let mut about = Cursor::new(operation.about.as_bytes());
        about.open_object()?;
        let mut first = true;
        while let Some(key) = about.next_key(first)? {
            first = false;
            if &*key == "signature" {
                return about.value().map(Some);
            }
            about.skip()?;
        }
        Ok(None)
    };
    match find() {
        Ok(Some(signature)) => format!("{interface}.{signature}"),
        _ => format!("{interface}.{}", operation.name),
    }
}
