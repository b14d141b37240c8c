//! Lines: what was held over time, in steps, with a bound across if there is one.

use std::fmt::Write as _;

use maud::{Markup, html};

use super::scale::{Scale, times};
use super::{Caption, Px, WIDTH, figure};
use crate::report::words;

/// One line: seconds and bytes, in the order of time.
pub type Steps = Vec<(f64, f64)>;

const TOP: f64 = 16.0;
const BOTTOM: f64 = 150.0;
const LEFT: f64 = 34.0;

/// The axes of a chart: those beside each other share them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axes {
    /// Seconds.
    pub seconds: f64,
    /// Bytes.
    pub bytes: f64,
}

/// Each of `lines` in steps, in MB over time; `budget` as a dashed line across.
pub fn steps(caption: &Caption, lines: &[Steps], budget: Option<f64>, class: &str, axes: Axes) -> Markup {
    let x = Scale::from_zero(axes.seconds, LEFT, WIDTH, 4);
    let y = Scale::from_zero(axes.bytes / MB, BOTTOM, TOP, 4).nice();
    figure(
        caption,
        BOTTOM + 20.0,
        html! {
            @for tick in y.ticks() {
                line.grid x1=(Px(LEFT)) x2=(Px(WIDTH)) y1=(Px(y.at(tick))) y2=(Px(y.at(tick))) {}
                text.tick x=(Px(LEFT - 6.0)) y=(Px(y.at(tick) + 4.0)) text-anchor="end" { (words::trimmed(tick)) }
            }
            text.tick x="0" y="9" { "MB" }
            @for tick in times(axes.seconds, 3) {
                text.tick x=(Px(x.at(tick))) y=(Px(BOTTOM + 15.0)) text-anchor=(x.anchor(x.at(tick))) { (words::span(tick)) }
            }
            g.lines.(class) {
                @for line in lines { path d=(path(line, &x, &y)) {} }
            }
            @if let Some(budget) = budget {
                @let at = y.at(budget / MB);
                line.budget x1=(Px(LEFT)) x2=(Px(WIDTH)) y1=(Px(at)) y2=(Px(at)) {}
                text.budget x=(Px(WIDTH)) y=(Px(at - 4.0)) text-anchor="end" { "budget " (words::mb(budget)) }
            }
        },
    )
}

const MB: f64 = (1 << 20) as f64;

/// Of all that falls on one pixel the first, the least, the most and the last are drawn: more cannot be seen.
fn path(line: &Steps, x: &Scale, y: &Scale) -> String {
    let mut path = String::new();
    let mut points = line.iter().map(|(time, value)| (x.at(*time), y.at(*value / MB))).peekable();
    while let Some((at, first)) = points.next() {
        let (mut least, mut most, mut last) = (first, first, first);
        while let Some((_, value)) = points.next_if(|(next, _)| next.round() == at.round()) {
            (least, most, last) = (least.min(value), most.max(value), value);
        }
        // Writing to a string cannot fail.
        let _ = match path.is_empty() {
            true => write!(path, "M{} {}", words::trimmed(at), words::trimmed(first)),
            false => write!(path, "H{}V{}", words::trimmed(at), words::trimmed(first)),
        };
        if least != most {
            let _ = write!(path, "V{}V{}", words::trimmed(least), words::trimmed(most));
        }
        if last != first || least != most {
            let _ = write!(path, "V{}", words::trimmed(last));
        }
    }
    path
}
