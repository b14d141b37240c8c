//! Gantt: one row per interface of a container, bars from load to unload, thicker and striped while it is hot, a mark at each
//! end. As wide as there is room: places are parts of the width, and text has its own size at any.

use maud::{Markup, Render, html};

use super::Caption;
use super::scale::times;
use crate::report::residency::{Container, Life};
use crate::report::words;

const ROW: f64 = 22.0;
/// The room of a name, in CSS pixels and in characters.
const NAMES: u32 = 104;
const NAME: usize = 15;

/// The time that is shown, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its begin.
    pub from: u64,
    /// Its end.
    pub to: u64,
}

impl Window {
    fn part(self, time: u64) -> Part {
        let length = self.to.saturating_sub(self.from).max(1) as f64;
        Part((time.saturating_sub(self.from) as f64 / length * 100.0).clamp(0.0, 100.0))
    }

    fn seconds(self) -> f64 {
        self.to.saturating_sub(self.from) as f64 / 1000.0
    }
}

/// A part of the width, in per cent.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Part(f64);

impl Render for Part {
    fn render_to(&self, buffer: &mut String) {
        let text = format!("{:.2}", self.0);
        buffer.push_str(text.trim_end_matches('0').trim_end_matches('.'));
        buffer.push('%');
    }
}

/// The lives of one container within `window`.
pub fn gantt(caption: &Caption, container: &Container, window: Window) -> Markup {
    let interfaces = container.interfaces();
    let bottom = interfaces.len() as f64 * ROW + 4.0;
    let ticks = times(window.seconds(), 4);
    html! {
        div.gantt {
            svg.names width=(NAMES) height=(bottom + 22.0) aria-hidden="true" {
                @for (nth, name) in interfaces.iter().enumerate() {
                    text.label x="0" y=(middle(nth) + 4.0) { (words::short(name, NAME)) title { (name) } }
                }
            }
            svg.lives height=(bottom + 22.0) role="img" aria-label={ (caption.title) ". " (caption.says) } {
                title { (caption.title) }
                desc { (caption.says) }
                @for tick in &ticks {
                    @let at = Part((tick / window.seconds().max(1e-9) * 100.0).min(100.0));
                    line.grid x1=(at) x2=(at) y1="0" y2=(bottom) {}
                    text.tick x=(at) y=(bottom + 15.0) text-anchor=(anchor(at)) { (words::span(*tick)) }
                }
                @for (nth, name) in interfaces.iter().enumerate() {
                    line.row x1="0" x2="100%" y1=(middle(nth)) y2=(middle(nth)) {}
                    @for life in container.lives.iter().filter(|life| life.interface == *name) {
                        (bar(life, middle(nth), window))
                    }
                }
            }
        }
    }
}

fn middle(nth: usize) -> f64 {
    nth as f64 * ROW + ROW / 2.0 + 2.0
}

fn anchor(at: Part) -> &'static str {
    match at.0 {
        part if part < 4.0 => "start",
        part if part > 96.0 => "end",
        _ => "middle",
    }
}

fn bar(life: &Life, y: f64, window: Window) -> Markup {
    let (from, to) = (window.part(life.from), window.part(life.to));
    html! {
        g.life {
            title { (says(life, window)) }
            rect.resident x=(from) y=(y - 4.0) width=(Part((to.0 - from.0).max(0.15))) height="8" {}
            @for (begin, end) in &life.hot {
                @let (begin, end) = (window.part(*begin), window.part(*end));
                rect.hot x=(begin) y=(y - 7.0) width=(Part((end.0 - begin.0).max(0.15))) height="14" {}
                line.core x1=(begin) x2=(end) y1=(y) y2=(y) {}
            }
            @if life.has_begin { line.load x1=(from) x2=(from) y1=(y - 9.0) y2=(y + 9.0) {} }
            @if let Some(reason) = &life.reason { (mark(reason, to, y)) }
        }
    }
}

/// Each reason has its shape: a ring, a square, a diamond, a dash.
pub fn mark(reason: &str, at: impl Render, y: f64) -> Markup {
    // A nested drawing, since the points of a path cannot be parts of a width.
    html! {
        svg.mark x=(at) y=(y) overflow="visible" {
            @match reason {
                "sweep" => circle r="4" {},
                "budget" | "memory_pressure" => path d="M0-5.5L5.5 0L0 5.5L-5.5 0Z" {},
                "shutdown" | "snapshot" => path.end d="M-4-4L4 4M-4 4L4-4" {},
                _ => rect x="-4" y="-4" width="8" height="8" {},
            }
        }
    }
}

fn says(life: &Life, window: Window) -> String {
    let after = |time: u64| words::span(time.saturating_sub(window.from) as f64 / 1000.0);
    let mut text = format!("{} (generation {})", life.interface, life.generation);
    text += &match life.has_begin {
        true => format!("\nloaded at {} in {}", after(life.from), words::ms(life.load_ms)),
        false => "\nloaded before what the log tells".to_owned(),
    };
    if life.bytes > 0 {
        text += &format!(", {}", words::mb(life.bytes as f64));
    }
    text += &match &life.reason {
        Some(reason) => format!("\nunloaded at {}: {reason}", after(life.to)),
        None => "\nno unload is told of".to_owned(),
    };
    if !life.hot.is_empty() {
        let hot: u64 = life.hot.iter().map(|(from, to)| to - from).sum();
        text += &format!("\nhot for {}", words::span(hot as f64 / 1000.0));
    }
    text
}
