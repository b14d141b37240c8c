//! Renders Markdown as HTML.

use comrak::{Options, markdown_to_html};

/// CommonMark with GitHub's tables, task lists, strikethrough, autolinks and footnotes; raw HTML is left out.
pub struct Markdown {
    options: Options<'static>,
}

/// Renders Markdown as HTML.
#[lmms::interface(memory_mb = 1)]
impl Markdown {
    /// An instance of its own.
    #[load]
    pub fn load() -> Self {
        let mut options = Options::default();
        options.extension.table = true;
        options.extension.tasklist = true;
        options.extension.strikethrough = true;
        options.extension.autolink = true;
        options.extension.footnotes = true;
        options.parse.smart = true;
        Self { options }
    }

    /// Renders the Markdown `text` as HTML.
    #[operation(cached)]
    pub fn html(&self, text: &str) -> String {
        markdown_to_html(text, &self.options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_commonmark() {
        let html = Markdown::load().html("# Title\n\nSome *fine* text -- really.\n");
        assert_eq!(html, "<h1>Title</h1>\n<p>Some <em>fine</em> text – really.</p>\n");
    }

    #[test]
    fn renders_githubs_tables_and_tasks() {
        let html = Markdown::load().html("| a | b |\n|---|--:|\n| 1 | 2 |\n\n- [x] done\n");
        assert!(html.contains("<td align=\"right\">2</td>"), "{html}");
        assert!(html.contains("type=\"checkbox\" checked=\"\""), "{html}");
    }

    #[test]
    fn leaves_out_what_could_run() {
        let html = Markdown::load().html("<script>alert(1)</script>\n\n[x](javascript:alert(1))\n");
        assert!(!html.contains("script"), "{html}");
    }
}
