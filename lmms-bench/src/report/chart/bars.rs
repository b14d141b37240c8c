//! Bars: one figure per row, with its least and most where it was measured more than once.

use maud::{Markup, html};

use super::scale::Scale;
use super::{Caption, Px, WIDTH, figure, row_label, ticks_below};
use crate::report::stats::Spread;

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub struct Bar {
    /// Whose.
    pub name: String,
    /// How it is drawn.
    pub class: &'static str,
    /// The figure, and what it is the median of.
    pub spread: Spread,
}

const ROW: f64 = 36.0;

/// Rows of bars from 0 to `most`, which charts beside each other share.
pub fn bars(caption: &Caption, rows: &[Bar], most: f64, text: impl Fn(f64) -> String) -> Markup {
    let scale = Scale::from_zero(most, 0.0, WIDTH, 4);
    let bottom = rows.len() as f64 * ROW + 2.0;
    figure(
        caption,
        bottom + 20.0,
        html! {
            (ticks_below(&scale, 0.0, bottom, &text))
            @for (nth, row) in rows.iter().enumerate() {
                @let (top, spread) = (nth as f64 * ROW, &row.spread);
                (row_label(top + 13.0, &row.name, &text(spread.median()), row.class))
                g.bar.(row.class) {
                    title {
                        (row.name) ": " (text(spread.median())) ", from " (text(spread.min())) " to " (text(spread.max()))
                        " over " (spread.count())
                    }
                    rect x="0" y=(Px(top + 19.0)) width=(Px(scale.at(spread.median()).max(1.0))) height="10" rx="1.5" {}
                    @if spread.count() > 1 {
                        @let (low, high) = (scale.at(spread.min()), scale.at(spread.max()));
                        line.whisker x1=(Px(low)) x2=(Px(high)) y1=(Px(top + 24.0)) y2=(Px(top + 24.0)) {}
                        @for end in [low, high] {
                            line.whisker x1=(Px(end)) x2=(Px(end)) y1=(Px(top + 21.0)) y2=(Px(top + 27.0)) {}
                        }
                    }
                }
            }
        },
    )
}

/// One row of [`pairs`].
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// Whose.
    pub name: String,
    /// How it is drawn.
    pub class: &'static str,
    /// The lesser, drawn as a ring.
    pub low: f64,
    /// The greater, drawn as a disc.
    pub high: f64,
}

/// Rows of two figures with a line between, on the axis that spans `all`.
pub fn pairs(caption: &Caption, rows: &[Pair], all: &[f64], text: impl Fn(f64) -> String) -> Markup {
    let scale = Scale::suited(all.iter().copied(), 6.0, WIDTH - 6.0, 5);
    let bottom = rows.len() as f64 * ROW + 2.0;
    figure(
        caption,
        bottom + 20.0,
        html! {
            (ticks_below(&scale, 0.0, bottom, &text))
            @for (nth, row) in rows.iter().enumerate() {
                @let (top, low, high) = (nth as f64 * ROW, scale.at(row.low), scale.at(row.high));
                @let figures = format!("{} · {}", text(row.low), text(row.high));
                (row_label(top + 13.0, &row.name, &figures, row.class))
                g.pair.(row.class) {
                    title { (row.name) ": " (figures) }
                    line x1=(Px(low)) x2=(Px(high)) y1=(Px(top + 24.0)) y2=(Px(top + 24.0)) {}
                    circle.ring cx=(Px(low)) cy=(Px(top + 24.0)) r="4" {}
                    circle.disc cx=(Px(high)) cy=(Px(top + 24.0)) r="4.5" {}
                }
            }
        },
    )
}
