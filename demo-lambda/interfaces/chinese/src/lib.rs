//! Converts between Simplified and Traditional Chinese.

use ferrous_opencc::OpenCC;
use ferrous_opencc::config::BuiltinConfig;
use lmms::schemars::{self, JsonSchema};
use serde::Deserialize;

/// OpenCC's dictionaries: characters, phrases and the vocabulary of Taiwan.
pub struct Chinese {
    to_traditional: OpenCC,
    to_simplified: OpenCC,
    to_taiwan: OpenCC,
}

/// The script to convert to.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Script {
    /// Traditional characters, from simplified ones.
    Traditional,
    /// Simplified characters, from traditional ones.
    Simplified,
    /// Traditional characters and the words of Taiwan, from simplified ones.
    Taiwan,
}

/// Why a call to [`Chinese`] failed.
#[derive(Debug, thiserror::Error)]
pub enum ChineseError {
    /// An embedded dictionary could not be read.
    #[error("the dictionaries cannot be read: {0}")]
    Dictionary(String),
}

/// Converts between Simplified and Traditional Chinese.
#[lmms::interface(memory_mb = 8)]
impl Chinese {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, ChineseError> {
        let open = |config| OpenCC::from_config(config).map_err(|error| ChineseError::Dictionary(error.to_string()));
        Ok(Self {
            to_traditional: open(BuiltinConfig::S2t)?,
            to_simplified: open(BuiltinConfig::T2s)?,
            to_taiwan: open(BuiltinConfig::S2twp)?,
        })
    }

    /// Converts `text` to another script: `traditional`, `simplified` or `taiwan`.
    #[operation(cached)]
    pub fn convert(&self, text: &str, to: Script) -> String {
        match to {
            Script::Traditional => self.to_traditional.convert(text),
            Script::Simplified => self.to_simplified.convert(text),
            Script::Taiwan => self.to_taiwan.convert(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decides_by_phrase_not_by_character() {
        let chinese = Chinese::load().unwrap();
        // 发 is 發 in "to depart" and 髮 in "hair".
        assert_eq!(chinese.convert("出发前理发", Script::Traditional), "出發前理髮");
        assert_eq!(chinese.convert("出發前理髮", Script::Simplified), "出发前理发");
    }

    #[test]
    fn speaks_as_in_taiwan() {
        let chinese = Chinese::load().unwrap();
        assert_eq!(chinese.convert("软件和鼠标", Script::Traditional), "軟件和鼠標");
        assert_eq!(chinese.convert("软件和鼠标", Script::Taiwan), "軟體和滑鼠");
    }

    #[test]
    fn leaves_the_rest_alone() {
        let chinese = Chinese::load().unwrap();
        assert_eq!(chinese.convert("LMMS 2025 ☃", Script::Taiwan), "LMMS 2025 ☃");
    }
}
