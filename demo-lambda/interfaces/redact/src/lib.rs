//! Finds and masks personal data and secrets in text.

use aho_corasick::{AhoCorasick, MatchKind};
use lmms::schemars::{self, JsonSchema};
use regex::{Regex, RegexSet};
use serde::Serialize;

/// Each kind of personal data and its pattern.
const RULES: &str = include_str!("rules.txt");
/// Given names and family names; those which are words as well are left out.
const NAMES: &str = include_str!("names.txt");
/// The kind of what the name list finds.
const NAME: &str = "name";

/// Personal data and secrets: 42 patterns of identifiers and credentials, and a list of 500 names.
pub struct Redact {
    kinds: Vec<&'static str>,
    any: RegexSet,
    patterns: Vec<Regex>,
    names: AhoCorasick,
}

/// A piece of personal data.
#[derive(Debug, PartialEq, JsonSchema, Serialize)]
pub struct Finding {
    /// What it is, such as `email`.
    pub kind: &'static str,
    /// Where it begins, in bytes.
    pub start: usize,
    /// Where it ends, in bytes.
    pub end: usize,
    /// The text itself.
    pub text: String,
}

/// Why a call to [`Redact`] failed.
#[derive(Debug, thiserror::Error)]
pub enum RedactError {
    /// A rule's pattern is wrong.
    #[error("a rule is wrong: {0}")]
    Rule(#[from] regex::Error),
    /// The names could not be compiled.
    #[error("the names cannot be compiled: {0}")]
    Names(#[from] aho_corasick::BuildError),
    /// No such kind.
    #[error("expected kinds among {expected}, got `{got}`")]
    Kind {
        /// What was asked.
        got: String,
        /// The kinds that there are.
        expected: String,
    },
}

/// Finds and masks personal data and secrets in text.
#[lmms::interface(memory_mb = 6)]
impl Redact {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, RedactError> {
        let rules = RULES.lines().filter(|line| !line.starts_with('#'));
        let (kinds, patterns): (Vec<_>, Vec<_>) = rules.filter_map(|rule| rule.split_once(' ')).unzip();
        let mut names = AhoCorasick::builder();
        names.match_kind(MatchKind::LeftmostLongest);
        Ok(Self {
            any: RegexSet::new(&patterns)?,
            patterns: patterns.into_iter().map(Regex::new).collect::<Result<_, _>>()?,
            kinds,
            names: names.build(NAMES.split_whitespace())?,
        })
    }

    /// Lists the personal data in `text`, of all kinds or of `kinds` alone, in order.
    #[operation(cached)]
    pub fn find(&self, text: &str, kinds: Option<Vec<String>>) -> Result<Vec<Finding>, RedactError> {
        let known = || self.kinds.iter().copied().chain([NAME]);
        if let Some(got) = kinds.iter().flatten().find(|kind| !known().any(|known| known == *kind)) {
            let (got, expected) = (got.clone(), known().collect::<Vec<_>>().join(", "));
            return Err(RedactError::Kind { got, expected });
        }
        let wanted = |kind: &str| kinds.as_ref().is_none_or(|kinds| kinds.iter().any(|wanted| wanted == kind));
        let mut found = Vec::new();
        // One pass over the text says which of the patterns need one of their own.
        for rule in self.any.matches(text).into_iter().filter(|&rule| wanted(self.kinds[rule])) {
            let kind = self.kinds[rule];
            let hits = self.patterns[rule].find_iter(text).filter(|hit| is_real(kind, hit.as_str()));
            found.extend(hits.map(|hit| (kind, hit.range())));
        }
        if wanted(NAME) {
            let hits = self.names.find_iter(text).map(|hit| hit.range());
            found.extend(hits.filter(|hit| is_word(text, hit.start, hit.end)).map(|hit| (NAME, hit)));
        }
        // The sort is stable: of two equal ranges the earlier rule's stays.
        found.sort_by_key(|(_, range)| (range.start, usize::MAX - range.end));
        let mut end = 0;
        found.retain(|(_, range)| {
            range.start >= end && {
                end = range.end;
                true
            }
        });
        let finding = |(kind, range): (_, std::ops::Range<usize>)| Finding {
            kind,
            start: range.start,
            end: range.end,
            text: text[range].to_owned(),
        };
        Ok(found.into_iter().map(finding).collect())
    }

    /// Replaces the personal data in `text`, of all kinds or of `kinds` alone, by its kind in brackets.
    #[operation(cached)]
    pub fn redact(&self, text: &str, kinds: Option<Vec<String>>) -> Result<String, RedactError> {
        let (mut redacted, mut done) = (String::with_capacity(text.len()), 0);
        for finding in self.find(text, kinds)? {
            redacted.push_str(&text[done..finding.start]);
            redacted.extend(["[", finding.kind, "]"]);
            done = finding.end;
        }
        redacted.push_str(&text[done..]);
        Ok(redacted)
    }
}

/// Checks what a pattern cannot: the check digits of cards and bank accounts.
fn is_real(kind: &str, text: &str) -> bool {
    match kind {
        "card" => {
            let digits = text.chars().rev().filter_map(|c| c.to_digit(10)).enumerate();
            let luhn = |(at, digit): (usize, u32)| {
                if at % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
            };
            digits.map(luhn).sum::<u32>() % 10 == 0
        }
        "iban" => {
            let text = text.replace(' ', "");
            let moved = text[4..].chars().chain(text[..4].chars()).filter_map(|c| c.to_digit(36));
            moved.fold(0, |rest, digit| (rest * if digit < 10 { 10 } else { 100 } + digit) % 97) == 1
        }
        _ => true,
    }
}

fn is_word(text: &str, start: usize, end: usize) -> bool {
    !text[..start].ends_with(char::is_alphanumeric) && !text[end..].starts_with(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_each_kind() {
        let text = "Write to Clara Schmidt <clara.schmidt@example.org>, +49 30 901820, password: hunter22; \
                    she paid 4111 1111 1111 1111 from 10.0.0.17 and DE89 3704 0044 0532 0130 00.";
        assert_eq!(
            Redact::load().unwrap().redact(text, None).unwrap(),
            "Write to [name] [name] <[email]>, [phone], [password] she paid [card] from [ipv4] and [iban]."
        );
    }

    #[test]
    fn checks_digits_and_words() {
        let redact = Redact::load().unwrap();
        // A wrong check digit, an invalid IBAN, and a name within a word.
        let text = "4111 1111 1111 1112, DE88370400440532013000, Emmanuel's Paulownia";
        assert_eq!(redact.find(text, None).unwrap(), []);
    }

    #[test]
    fn finds_what_is_asked_for() {
        let redact = Redact::load().unwrap();
        let found = redact.find("Zoe: zoe@example.org", Some(vec!["email".into()])).unwrap();
        let email = Finding { kind: "email", start: 5, end: 20, text: "zoe@example.org".into() };
        assert_eq!(found, [email]);
        let error = redact.find("", Some(vec!["e-mail".into()])).unwrap_err();
        assert!(error.to_string().contains("got `e-mail`"), "{error}");
    }
}
