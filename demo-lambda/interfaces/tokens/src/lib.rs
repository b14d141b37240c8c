//! Counts, encodes and decodes tokens of OpenAI's cl100k vocabulary.

use tiktoken_rs::CoreBPE;

/// The tokenizer of GPT-3.5 and GPT-4: 100,256 byte pairs, special tokens read as plain text.
pub struct Tokens {
    bpe: CoreBPE,
}

/// Why a call to [`Tokens`] failed.
#[derive(Debug, thiserror::Error)]
pub enum TokensError {
    /// The embedded vocabulary could not be read.
    #[error("the cl100k vocabulary cannot be read: {0}")]
    Vocabulary(String),
    /// The tokens are none, or cut a character in two.
    #[error("expected tokens of cl100k that end on whole characters: {0}")]
    Tokens(String),
}

/// Counts, encodes and decodes tokens of OpenAI's cl100k vocabulary.
#[lmms::interface(memory_mb = 26)]
impl Tokens {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, TokensError> {
        // Not the crate's singleton: that one could never be unloaded.
        match tiktoken_rs::cl100k_base() {
            Ok(bpe) => Ok(Self { bpe }),
            Err(error) => Err(TokensError::Vocabulary(format!("{error:#}"))),
        }
    }

    /// Counts the tokens of `text`.
    #[operation(cached)]
    pub fn count(&self, text: &str) -> usize {
        self.bpe.count_ordinary(text)
    }

    /// Encodes `text` into its tokens.
    #[operation(cached)]
    pub fn encode(&self, text: &str) -> Vec<u32> {
        self.bpe.encode_ordinary(text)
    }

    /// Decodes `tokens` back into text.
    #[operation(cached)]
    pub fn decode(&self, tokens: &[u32]) -> Result<String, TokensError> {
        self.bpe.decode(tokens).map_err(|error| TokensError::Tokens(format!("{error:#}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_as_openai_does() {
        let tokens = Tokens::load().unwrap();
        assert_eq!(tokens.count("tiktoken is great!"), 6);
        assert_eq!(tokens.count(""), 0);
        // A special token's text is text like any other.
        assert!(tokens.count("<|endoftext|>") > 1);
    }

    #[test]
    fn encodes_and_decodes() {
        let tokens = Tokens::load().unwrap();
        let encoded = tokens.encode("tiktoken is great!");
        assert_eq!(encoded, [83, 1609, 5963, 374, 2294, 0]);
        assert_eq!(tokens.decode(&encoded).unwrap(), "tiktoken is great!");
    }

    #[test]
    fn refuses_what_is_no_token() {
        let tokens = Tokens::load().unwrap();
        let error = tokens.decode(&[83, 4_000_000_000]).unwrap_err();
        assert!(error.to_string().contains("4000000000"), "{error}");
    }
}
