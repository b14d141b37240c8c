//! Detects the language that a text is written in.

use lmms::schemars::{self, JsonSchema};
use serde::Serialize;
use whatlang::Detector;

/// Language detection by trigrams and alphabets, 70 languages: light, so it stays loaded.
pub struct Language {
    detector: Detector,
}

/// A detected language.
#[derive(Debug, JsonSchema, Serialize)]
pub struct Detected {
    /// Its ISO 639-3 code.
    pub code: String,
    /// Its English name.
    pub name: String,
    /// Its script.
    pub script: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
}

/// Why a call to [`Language`] failed.
#[derive(Debug, thiserror::Error)]
pub enum LanguageError {
    /// A text without letters.
    #[error("expected a text with words of some language in it")]
    NoWords,
}

/// Detects the language that a text is written in.
#[lmms::interface(pinned)]
impl Language {
    /// An instance of its own.
    #[load]
    pub fn load() -> Self {
        Self { detector: Detector::new() }
    }

    /// Detects the language of `text`.
    #[operation(cached)]
    pub fn detect(&self, text: &str) -> Result<Detected, LanguageError> {
        let info = self.detector.detect(text).ok_or(LanguageError::NoWords)?;
        Ok(Detected {
            code: info.lang().code().to_owned(),
            name: info.lang().eng_name().to_owned(),
            script: info.script().name().to_owned(),
            confidence: (info.confidence() * 1000.0).round() / 1000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detects_languages_and_scripts() {
        let language = Language::load();
        let spanish = language.detect("En un lugar de la Mancha, de cuyo nombre no quiero acordarme").unwrap();
        assert_eq!((&*spanish.code, &*spanish.script), ("spa", "Latin"));
        let russian = language
            .detect("Мой дядя самых честных правил, когда не в шутку занемог, он уважать себя заставил и лучше выдумать не мог")
            .unwrap();
        assert_eq!((&*russian.name, &*russian.script), ("Russian", "Cyrillic"));
    }

    #[test]
    fn refuses_a_text_without_words() {
        let error = Language::load().detect("12345 !?").unwrap_err();
        assert!(matches!(error, LanguageError::NoWords));
    }
}
