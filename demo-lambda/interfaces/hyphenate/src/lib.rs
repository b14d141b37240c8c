//! Hyphenates English words.

use hyphenation::{Hyphenator, Language, Load, Standard};

/// The soft hyphen: shown only where a line breaks.
const SOFT: &str = "\u{ad}";

/// Knuth and Liang's hyphenation with the patterns of American English.
pub struct Hyphenate {
    patterns: Standard,
}

/// Why a call to [`Hyphenate`] failed.
#[derive(Debug, thiserror::Error)]
pub enum HyphenateError {
    /// The embedded patterns could not be read.
    #[error("the patterns cannot be read: {0}")]
    Patterns(#[from] hyphenation::load::Error),
    /// Not a single word.
    #[error("expected one word, got `{0}`: `soften` takes a whole text")]
    Word(String),
}

/// Hyphenates English words.
#[lmms::interface(memory_mb = 2)]
impl Hyphenate {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, HyphenateError> {
        let patterns = Standard::from_embedded(Language::EnglishUS)?;
        Ok(Self { patterns })
    }

    /// Splits `word` where it may be broken.
    #[operation(cached)]
    pub fn split(&self, word: &str) -> Result<Vec<String>, HyphenateError> {
        if word.is_empty() || !word.chars().all(|c| c.is_alphabetic() || c == '\'') {
            return Err(HyphenateError::Word(word.chars().take(80).collect()));
        }
        let hyphenated = self.patterns.hyphenate(word);
        Ok(hyphenated.into_iter().segments().map(str::to_owned).collect())
    }

    /// Puts a soft hyphen at each place where a word of `text` may be broken.
    #[operation(cached)]
    pub fn soften(&self, text: &str) -> String {
        let words = text.split_inclusive(|c: char| !c.is_alphabetic());
        let soften = |word| match self.split(word) {
            Ok(parts) => parts.join(SOFT),
            Err(_) => word.to_owned(),
        };
        words
            .map(|piece| {
                let word = piece.trim_end_matches(|c: char| !c.is_alphabetic());
                soften(word) + &piece[word.len()..]
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_by_the_patterns() {
        let hyphenate = Hyphenate::load().unwrap();
        assert_eq!(hyphenate.split("hyphenation").unwrap(), ["hy", "phen", "a", "tion"]);
        assert_eq!(hyphenate.split("the").unwrap(), ["the"]);
    }

    #[test]
    fn softens_a_text() {
        let hyphenate = Hyphenate::load().unwrap();
        let soft = hyphenate.soften("Anfractuous, hyphenation!");
        assert_eq!(soft.replace(SOFT, "-"), "An-frac-tu-ous, hy-phen-a-tion!");
        assert_eq!(hyphenate.soften("1 + 1 = 2"), "1 + 1 = 2");
    }

    #[test]
    fn refuses_what_is_not_one_word() {
        let hyphenate = Hyphenate::load().unwrap();
        let error = hyphenate.split("two words").unwrap_err();
        assert!(error.to_string().contains("`two words`"), "{error}");
    }
}
