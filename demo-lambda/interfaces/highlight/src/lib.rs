//! Highlights source code as HTML or for a terminal.

use syntect::easy::HighlightLines;
use syntect::highlighting::{Theme, ThemeSet};
use syntect::html::highlighted_html_for_string;
use syntect::parsing::{SyntaxReference, SyntaxSet};
use syntect::util::{LinesWithEndings, as_24_bit_terminal_escaped};

/// The longest source that is highlighted, in bytes.
const MAX_SOURCE: usize = 256 * 1024;

/// Sublime Text's grammars of 75 languages and seven colour themes.
pub struct Highlight {
    syntaxes: SyntaxSet,
    themes: ThemeSet,
}

/// Why a call to [`Highlight`] failed.
#[derive(Debug, thiserror::Error)]
pub enum HighlightError {
    /// No such language.
    #[error("expected the name or file extension of a language, got `{0}`: `languages` lists them")]
    Language(String),
    /// No such theme.
    #[error("expected one of the themes {expected}, got `{got}`")]
    Theme {
        /// What was asked.
        got: String,
        /// The themes that there are.
        expected: String,
    },
    /// Too long a source.
    #[error("expected a source of at most {MAX_SOURCE} bytes, got {0}")]
    Length(usize),
    /// The grammar failed on this source.
    #[error("the source cannot be highlighted: {0}")]
    Grammar(#[from] syntect::Error),
}

/// Highlights source code as HTML or for a terminal.
#[lmms::interface(memory_mb = 14)]
impl Highlight {
    /// An instance of its own.
    ///
    /// # Errors
    /// What it is made of cannot be read.
    #[load]
    pub fn load() -> Result<Self, HighlightError> {
        let highlight = Self { syntaxes: SyntaxSet::load_defaults_newlines(), themes: ThemeSet::load_defaults() };
        // Grammars unpack and compile at first use: do it here for the usual ones, not in someone's call.
        for (source, language) in [("fn f() {}\n", "rs"), ("def f():\n", "py"), ("{\"a\": 1}\n", "json")] {
            highlight.html(source, language, "InspiredGitHub")?;
        }
        Ok(highlight)
    }

    /// Highlights `source` as an HTML `<pre>` with inline styles.
    #[operation(cached)]
    pub fn html(
        &self,
        source: &str,
        language: &str,
        #[default = "InspiredGitHub"] theme: &str,
    ) -> Result<String, HighlightError> {
        let (syntax, theme) = self.resolve(source, language, theme)?;
        Ok(highlighted_html_for_string(source, &self.syntaxes, syntax, theme)?)
    }

    /// Highlights `source` for a terminal of 24-bit colours.
    #[operation(cached)]
    pub fn ansi(
        &self,
        source: &str,
        language: &str,
        #[default = "base16-ocean.dark"] theme: &str,
    ) -> Result<String, HighlightError> {
        let (syntax, theme) = self.resolve(source, language, theme)?;
        let mut lines = HighlightLines::new(syntax, theme);
        let mut ansi = String::new();
        for line in LinesWithEndings::from(source) {
            let ranges = lines.highlight_line(line, &self.syntaxes)?;
            ansi.push_str(&as_24_bit_terminal_escaped(&ranges, false));
        }
        ansi.push_str("\x1b[0m");
        Ok(ansi)
    }

    /// Lists the languages by name.
    #[operation(cached)]
    pub fn languages(&self) -> Vec<String> {
        let visible = self.syntaxes.syntaxes().iter().filter(|syntax| !syntax.hidden);
        let mut names: Vec<_> = visible.map(|syntax| syntax.name.clone()).collect();
        names.sort_unstable();
        names
    }

    fn resolve(&self, source: &str, language: &str, theme: &str) -> Result<(&SyntaxReference, &Theme), HighlightError> {
        if source.len() > MAX_SOURCE {
            return Err(HighlightError::Length(source.len()));
        }
        let syntax = self.syntaxes.find_syntax_by_token(language);
        let syntax = syntax.ok_or_else(|| HighlightError::Language(language.to_owned()))?;
        let found = self.themes.themes.get(theme).ok_or_else(|| HighlightError::Theme {
            got: theme.to_owned(),
            expected: self.themes.themes.keys().cloned().collect::<Vec<_>>().join(", "),
        })?;
        Ok((syntax, found))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_colours_html() {
        let highlight = Highlight::load().unwrap();
        let html = highlight.html("let x = a < b;\n", "rust", "InspiredGitHub").unwrap();
        assert!(html.starts_with("<pre style=\"background-color:#ffffff;\">"), "{html}");
        assert!(html.contains("color:#a71d5d;\">let</span>") && html.contains("&lt;"), "{html}");
    }

    #[test]
    fn colours_a_terminal() {
        let highlight = Highlight::load().unwrap();
        let ansi = highlight.ansi("print(1)\n", "py", "base16-ocean.dark").unwrap();
        assert!(ansi.starts_with("\x1b[38;2;") && ansi.ends_with("\x1b[0m"), "{ansi:?}");
        assert!(ansi.contains("print"));
    }

    #[test]
    fn names_what_there_is() {
        let highlight = Highlight::load().unwrap();
        assert!(highlight.languages().contains(&"Python".to_owned()));
        let error = highlight.html("x", "klingon", "InspiredGitHub").unwrap_err();
        assert!(error.to_string().contains("`klingon`"), "{error}");
        let error = highlight.html("x", "rs", "Dracula").unwrap_err();
        assert!(error.to_string().contains("Solarized (dark)"), "{error}");
    }
}
