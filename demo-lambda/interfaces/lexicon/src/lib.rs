//! Searches an English word list by prefix and by likeness.

use fst::automaton::{Levenshtein, LevenshteinError, Str};
use fst::{Automaton, IntoStreamer, Set, Streamer};

/// The most words that one search lists.
const MAX_WORDS: usize = 100;
/// The greatest edit distance: the automaton grows exponentially with it.
const MAX_DISTANCE: u32 = 2;
/// The longest word that is searched for, in bytes.
const MAX_LENGTH: usize = 32;

/// 25,000 English words (the headwords of Moby's thesaurus, public domain) in a finite state transducer.
pub struct Lexicon {
    words: Set<Vec<u8>>,
}

/// Why a call to [`Lexicon`] failed.
#[derive(Debug, thiserror::Error)]
pub enum LexiconError {
    /// The transducer could not be built.
    #[error("the word list cannot be built: {0}")]
    Words(#[from] fst::Error),
    /// Too many edits.
    #[error("expected a distance of 0 to {MAX_DISTANCE}, got {0}")]
    Distance(u32),
    /// Too long a word.
    #[error("expected a word of at most {MAX_LENGTH} bytes, got {0}")]
    Length(usize),
    /// The automaton of this search grew too large.
    #[error("the search is too wide: {0}")]
    Width(#[from] LevenshteinError),
}

/// Searches an English word list by prefix and by likeness.
#[lmms::interface(memory_mb = 4)]
impl Lexicon {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, LexiconError> {
        Ok(Self { words: Set::from_iter(am_wordlist::iter())? })
    }

    /// Says whether `word` is in the list.
    #[operation(cached)]
    pub fn contains(&self, word: &str) -> bool {
        self.words.contains(word)
    }

    /// Lists the first `limit` words that begin with `prefix`, in alphabetical order.
    #[operation(cached)]
    pub fn prefix(&self, prefix: &str, #[default = 10] limit: usize) -> Vec<String> {
        self.search(Str::new(prefix).starts_with(), limit)
    }

    /// Lists the first `limit` words within `distance` edits of `word`, in alphabetical order.
    #[operation(cached)]
    pub fn fuzzy(
        &self,
        word: &str,
        #[default = 1] distance: u32,
        #[default = 10] limit: usize,
    ) -> Result<Vec<String>, LexiconError> {
        if distance > MAX_DISTANCE {
            return Err(LexiconError::Distance(distance));
        }
        if word.len() > MAX_LENGTH {
            return Err(LexiconError::Length(word.len()));
        }
        Ok(self.search(Levenshtein::new(word, distance)?, limit))
    }

    fn search(&self, automaton: impl Automaton, limit: usize) -> Vec<String> {
        let mut stream = self.words.search(automaton).into_stream();
        let mut found = Vec::new();
        while found.len() < limit.min(MAX_WORDS) {
            let Some(word) = stream.next() else { break };
            found.push(String::from_utf8_lossy(word).into_owned());
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_a_prefix_in_order() {
        let lexicon = Lexicon::load().unwrap();
        assert_eq!(lexicon.prefix("lanter", 10), ["lantern"]);
        assert_eq!(lexicon.prefix("un", 3).len(), 3);
        assert!(lexicon.prefix("", 1_000_000).len() == MAX_WORDS);
        assert!(lexicon.contains("lantern") && !lexicon.contains("lanter"));
    }

    #[test]
    fn finds_what_is_alike() {
        let lexicon = Lexicon::load().unwrap();
        assert!(lexicon.fuzzy("wether", 1, 10).unwrap().contains(&"weather".to_owned()));
        assert_eq!(lexicon.fuzzy("lantern", 0, 10).unwrap(), ["lantern"]);
    }

    #[test]
    fn refuses_what_explodes() {
        let lexicon = Lexicon::load().unwrap();
        assert!(matches!(lexicon.fuzzy("word", 3, 10), Err(LexiconError::Distance(3))));
        assert!(matches!(lexicon.fuzzy(&"ab".repeat(20), 2, 10), Err(LexiconError::Length(40))));
    }
}
