//! The page, and the same as Markdown.
//!
//! | module | is |
//! |---|---|
//! | `figures` | one number per rival for each thing that is compared |
//! | `verdicts` | what was claimed and set out for, held against them |
//! | `residency` | which interface was loaded from when to when |
//! | `compared` | the page of a session of measuring |
//! | `told` | the page of one function's log |
//! | `markdown` | the tables of the first, for a README |
//! | `chart` | inline SVG |
//! | `shell` | what makes a page of a body: style and theme, in the file itself |

mod chart;
mod compared;
mod figures;
mod markdown;
mod residency;
mod shell;
mod stats;
mod timeline;
mod told;
mod verdicts;
mod words;

pub use compared::page;
pub use markdown::markdown;
pub use told::page as log_page;
