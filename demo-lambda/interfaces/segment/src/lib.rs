//! Cuts Chinese text into words and tags them.

use jieba_rs::Jieba;
use lmms::schemars::{self, JsonSchema};
use serde::Serialize;

/// Chinese word segmentation with jieba's dictionary of 350,000 words.
pub struct Segment {
    jieba: Jieba,
}

/// A word and its part of speech, as jieba abbreviates it (`n` noun, `v` verb, ..).
#[derive(Debug, PartialEq, JsonSchema, Serialize)]
pub struct Tagged {
    /// The word.
    pub word: String,
    /// Its part of speech.
    pub tag: String,
}

/// Cuts Chinese text into words and tags them.
#[lmms::interface(memory_mb = 36)]
impl Segment {
    /// An instance of its own.
    #[load]
    pub fn load() -> Self {
        Self { jieba: Jieba::new() }
    }

    /// Cuts `text` into words; `discover` guesses at words which the dictionary lacks.
    #[operation(cached)]
    pub fn cut(&self, text: &str, #[default = true] discover: bool) -> Vec<String> {
        let words = self.jieba.cut(text, discover);
        words.iter().map(|token| token.word.to_owned()).collect()
    }

    /// Cuts `text` into words of the dictionary and says the part of speech of each.
    #[operation(cached)]
    pub fn tag(&self, text: &str) -> Vec<Tagged> {
        let tags = self.jieba.tag(text, false);
        tags.iter().map(|tag| Tagged { word: tag.word.to_owned(), tag: tag.tag.to_owned() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_at_words() {
        let segment = Segment::load();
        assert_eq!(segment.cut("我们中出了一个叛徒", false), ["我们", "中", "出", "了", "一个", "叛徒"]);
        assert!(segment.cut("", true).is_empty());
    }

    #[test]
    fn discovers_an_unknown_name() {
        let segment = Segment::load();
        let text = "他来到了网易杭研大厦";
        assert!(segment.cut(text, true).contains(&"杭研".to_owned()));
        assert!(!segment.cut(text, false).contains(&"杭研".to_owned()));
    }

    #[test]
    fn tags_parts_of_speech() {
        let tagged = Segment::load().tag("我喜欢北京");
        let pairs: Vec<_> = tagged.iter().map(|t| (&*t.word, &*t.tag)).collect();
        assert_eq!(pairs, [("我", "r"), ("喜欢", "v"), ("北京", "ns")]);
    }
}
