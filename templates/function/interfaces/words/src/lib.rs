//! Words: what of a text counts.

use std::collections::HashSet;

/// Knows the words that do not count.
pub struct Words {
    ignored: HashSet<&'static str>,
}

/// Counts words.
#[lmms::interface]
impl Words {
    /// Runs when a request first needs it. May be `async`, may fail, and is the place for what is large or slow to make.
    #[load]
    fn load() -> Self {
        Self::without(["a", "an", "and", "of", "or", "the", "to"])
    }

    /// Counts the words of `text` that are not ignored.
    #[operation(cached)]
    pub fn count(&self, text: &str) -> usize {
        text.split_whitespace().filter(|word| !self.ignored.contains(word)).count()
    }

    /// With a list of one's own.
    pub fn without<const N: usize>(ignored: [&'static str; N]) -> Self {
        Self { ignored: HashSet::from(ignored) }
    }
}
