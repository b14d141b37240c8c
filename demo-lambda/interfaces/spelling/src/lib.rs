//! Suggests and applies corrections of misspelled English words.

use lmms::schemars::{self, JsonSchema};
use serde::Serialize;
use symspell::{SymSpell, SymSpellBuilder, UnicodeStringStrategy, Verbosity};

/// The most common English words, the most frequent first.
const COMMON: &str = include_str!("common.txt");
/// The greatest number of edits that the index can bridge.
const MAX_DISTANCE: u8 = 2;
/// Longer words are rarely inflected, and would double the index.
const MAX_INFLECTED: usize = 7;
/// No English word is longer; a longer input costs time alone.
const MAX_LENGTH: usize = 64;

/// English spelling: a symmetric-delete index over 25,000 words and the inflections of the short ones.
pub struct Spelling {
    index: SymSpell<UnicodeStringStrategy>,
}

/// A word that may have been meant.
#[derive(Debug, PartialEq, JsonSchema, Serialize)]
pub struct Suggestion {
    /// The word.
    pub word: String,
    /// How many edits lie between it and what was asked.
    pub distance: i64,
}

/// Why a call to [`Spelling`] failed.
#[derive(Debug, thiserror::Error)]
pub enum SpellingError {
    /// The index could not be set up.
    #[error("the index cannot be set up: {0}")]
    Index(String),
    /// More edits than the index bridges.
    #[error("expected a distance of 0 to {MAX_DISTANCE}, got {0}")]
    Distance(u8),
    /// Longer than any word.
    #[error("expected one word of at most {MAX_LENGTH} bytes, got {0}")]
    Length(usize),
}

/// Suggests and applies corrections of misspelled English words.
#[lmms::interface(memory_mb = 56)]
impl Spelling {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, SpellingError> {
        let mut index = SymSpellBuilder::default()
            .max_dictionary_edit_distance(i64::from(MAX_DISTANCE))
            .prefix_length(5)
            .build()
            .map_err(|error| SpellingError::Index(error.to_string()))?;
        // The counts rank equally near words: common ones by Zipf's law, then base forms, then inflections.
        let mut add = |word: &str, count: usize| index.load_dictionary_line(&format!("{word} {count}"), 0, 1, " ");
        for (rank, word) in COMMON.split_whitespace().enumerate() {
            add(word, 10_000_000 / (rank + 1));
        }
        for word in am_wordlist::iter() {
            add(word, 100);
            if word.len() <= MAX_INFLECTED {
                for inflected in inflections(word) {
                    add(&inflected, 1);
                }
            }
        }
        Ok(Self { index })
    }

    /// Lists up to `limit` words within `distance` edits of `word`, the nearest first.
    #[operation(cached)]
    pub fn suggest(
        &self,
        word: &str,
        #[default = 2] distance: u8,
        #[default = 5] limit: usize,
    ) -> Result<Vec<Suggestion>, SpellingError> {
        if distance > MAX_DISTANCE {
            return Err(SpellingError::Distance(distance));
        }
        if word.len() > MAX_LENGTH {
            return Err(SpellingError::Length(word.len()));
        }
        let mut found = self.index.lookup(&word.to_lowercase(), Verbosity::All, distance.into());
        // Ties come in hash order from the index.
        found.sort_by(|a, b| (a.distance, -a.count, &a.term).cmp(&(b.distance, -b.count, &b.term)));
        let found = found.into_iter().take(limit.min(50));
        Ok(found.map(|s| Suggestion { word: s.term, distance: s.distance }).collect())
    }

    /// Replaces each misspelled word of `text` by its best suggestion; capitals and punctuation stay.
    #[operation(cached)]
    pub fn correct(&self, text: &str) -> String {
        let mut corrected = String::with_capacity(text.len());
        for piece in text.split_inclusive(|c: char| !c.is_alphabetic() && c != '\'') {
            let word = piece.trim_end_matches(|c: char| !c.is_alphabetic());
            match self.suggest(word, MAX_DISTANCE, 1).as_deref() {
                Ok([best, ..]) if best.distance > 0 && !word.is_empty() => {
                    let mut letters = best.word.chars();
                    match letters.next() {
                        Some(first) if word.starts_with(char::is_uppercase) => corrected.extend(first.to_uppercase()),
                        first => corrected.extend(first),
                    }
                    corrected.push_str(letters.as_str());
                }
                _ => corrected.push_str(word),
            }
            corrected.push_str(&piece[word.len()..]);
        }
        corrected
    }
}

/// The regular `-s`, `-ed` and `-ing` forms of `word`, be it a noun or a verb.
fn inflections(word: &str) -> [String; 3] {
    let is_vowel = |c: char| "aeiou".contains(c);
    let before_last = word.chars().rev().nth(1).unwrap_or('a');
    if let Some(stem) = word.strip_suffix('y').filter(|_| !is_vowel(before_last)) {
        return [format!("{stem}ies"), format!("{stem}ied"), format!("{word}ing")];
    }
    let hisses = ["s", "x", "z", "ch", "sh"].iter().any(|end| word.ends_with(end));
    let plural = format!("{word}{}", if hisses { "es" } else { "s" });
    let stem = word.strip_suffix('e').unwrap_or(word);
    [plural, format!("{stem}ed"), format!("{stem}ing")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::LazyLock;

    // One for all: without optimisation it loads for seconds.
    static SPELLING: LazyLock<Spelling> = LazyLock::new(|| Spelling::load().unwrap());

    #[test]
    fn suggests_the_nearest_first() {
        let found = SPELLING.suggest("accomodate", 2, 5).unwrap();
        assert_eq!(found[0], Suggestion { word: "accommodate".into(), distance: 1 });
        assert!(SPELLING.suggest("xqzwvk", 2, 5).unwrap().is_empty());
    }

    #[test]
    fn corrects_a_sentence() {
        assert_eq!(
            SPELLING.correct("Definately a seperate goverment, which recieved 3 neccessary packages."),
            "Definitely a separate government, which received 3 necessary packages."
        );
        assert_eq!(SPELLING.correct("It's well written."), "It's well written.");
    }

    #[test]
    fn refuses_what_explodes() {
        assert!(matches!(SPELLING.suggest("word", 3, 5), Err(SpellingError::Distance(3))));
        assert!(matches!(SPELLING.suggest(&"a".repeat(65), 1, 5), Err(SpellingError::Length(65))));
    }
}
