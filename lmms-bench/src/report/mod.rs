//! The page, and the same as Markdown.
