//! Strip: each measurement a dot, and behind them a box from quartile to quartile with the median.

use maud::{Markup, html};

use super::scale::Scale;
use super::{Caption, Px, WIDTH, figure, row_label, ticks_below};
use crate::report::stats::Spread;
use crate::report::words;

/// The measurements of one rival.
#[derive(Debug, Clone, PartialEq)]
pub struct Strip {
    /// Whose.
    pub name: String,
    /// How it is drawn: `ours`, `variant`, `theirs`.
    pub class: &'static str,
    /// Milliseconds.
    pub values: Vec<f64>,
}

const ROW: f64 = 42.0;
/// From a row's top to the middle of its dots.
const MIDDLE: f64 = 27.0;

/// Rows of strips on the axis that spans `all`, which charts beside each other share.
pub fn strips(caption: &Caption, rows: &[Strip], all: &[f64]) -> Markup {
    let scale = Scale::suited(all.iter().copied(), 6.0, WIDTH - 6.0, 5);
    let bottom = rows.len() as f64 * ROW + 2.0;
    figure(
        caption,
        bottom + 20.0,
        html! {
            (ticks_below(&scale, 0.0, bottom, words::ms))
            @for (nth, row) in rows.iter().enumerate() { (strip(row, nth as f64 * ROW, &scale)) }
        },
    )
}

fn strip(row: &Strip, top: f64, scale: &Scale) -> Markup {
    let Some(spread) = Spread::of(row.values.iter().copied()) else {
        return row_label(top + 13.0, &row.name, words::NONE, row.class);
    };
    let y = top + MIDDLE;
    let (q1, q3, median) = (scale.at(spread.quantile(0.25)), scale.at(spread.quantile(0.75)), spread.median());
    html! {
        (row_label(top + 13.0, &row.name, &words::ms(median), row.class))
        g.strip.(row.class) {
            title {
                (row.name) ": median " (words::ms(median)) ", from " (words::ms(spread.min())) " to " (words::ms(spread.max()))
                " over " (spread.count())
            }
            line.whisker x1=(Px(scale.at(spread.min()))) x2=(Px(scale.at(spread.max()))) y1=(Px(y)) y2=(Px(y)) {}
            rect.box x=(Px(q1)) y=(Px(y - 7.0)) width=(Px((q3 - q1).max(1.0))) height="14" rx="2" {}
            @for (nth, value) in row.values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
                circle cx=(Px(scale.at(*value))) cy=(Px(y + jitter(nth))) r="2" {}
            }
            line.median x1=(Px(scale.at(median))) x2=(Px(scale.at(median))) y1=(Px(y - 8.0)) y2=(Px(y + 8.0)) {}
        }
    }
}

/// Dots of the same figure side by side; always the same, so that the page of the same results is the same.
fn jitter(nth: usize) -> f64 {
    // The golden ratio's multiples are spread evenly, however many there are.
    ((nth as f64 * 0.618_034).fract() - 0.5) * 10.0
}
