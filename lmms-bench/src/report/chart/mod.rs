//! Charts: inline SVG, drawn by hand for this page.
//!
//! **Invariants.** Nothing but the page's own CSS decides a colour, so that each theme and paper has its own. What a colour says
//! is said by a word or a shape, too. A chart is as wide as a phone and stands beside others where there is room, so that its
//! text is never made smaller than it was drawn.

pub mod bars;
pub mod gantt;
pub mod lines;
pub mod scale;
pub mod strip;

use maud::{Markup, Render, html};

use super::words;

/// The width of a small chart, in CSS pixels: what a phone has.
pub const WIDTH: f64 = 340.0;
/// What a label's text may take, in characters, beside a figure of nine.
const LABEL: usize = 38;

/// A coordinate, as short as it can be and stay exact to the tenth of a pixel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Px(pub f64);

impl Render for Px {
    fn render_to(&self, buffer: &mut String) {
        buffer.push_str(&words::trimmed(self.0));
    }
}

/// What a chart is called by those who do not see it, and in words what it shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Caption {
    /// A few words; the chart's heading, too.
    pub title: String,
    /// What can be read off it.
    pub says: String,
}

/// A chart with its heading.
pub fn figure(caption: &Caption, height: f64, content: Markup) -> Markup {
    html! {
        figure.chart {
            figcaption { (caption.title) }
            svg viewBox={ "0 0 " (Px(WIDTH)) " " (Px(height)) } role="img"
                aria-label={ (caption.title) ". " (caption.says) } {
                title { (caption.title) }
                desc { (caption.says) }
                (content)
            }
        }
    }
}

/// The line of text above a row's drawing: whose it is, and its figure.
fn row_label(y: f64, name: &str, figure: &str, class: &str) -> Markup {
    let most = LABEL.saturating_sub(figure.chars().count().saturating_sub(9));
    html! {
        text.label.(class) x="0" y=(Px(y)) {
            (words::short(name, most))
            @if name.chars().count() > most { title { (name) } }
        }
        text.figure.(class) x=(Px(WIDTH)) y=(Px(y)) text-anchor="end" { (figure) }
    }
}

/// Ticks below a plot: a hairline through it, and a number.
fn ticks_below(scale: &scale::Scale, top: f64, bottom: f64, text: impl Fn(f64) -> String) -> Markup {
    html! {
        @for tick in scale.ticks() {
            @let x = scale.at(tick);
            line.grid x1=(Px(x)) x2=(Px(x)) y1=(Px(top)) y2=(Px(bottom)) {}
            text.tick x=(Px(x)) y=(Px(bottom + 14.0)) text-anchor=(scale.anchor(x)) { (text(tick)) }
        }
    }
}
