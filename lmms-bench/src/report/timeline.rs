//! Timeline: the lives of interfaces, container by container, with what the marks mean.

use maud::{Markup, html};

use super::chart::Caption;
use super::chart::gantt::{self, Window};
use super::residency::Container;
use super::words;

/// More containers than a person looks through are counted, not drawn.
const MOST: usize = 12;

/// The containers that have something to show, within `window`.
pub fn residency(containers: &[Container], window: Window) -> Markup {
    let shown: Vec<_> = containers.iter().filter(|container| !container.lives.is_empty()).collect();
    html! {
        (key())
        @for container in shown.iter().take(MOST) { (lives(container, window)) }
        @if shown.len() > MOST {
            p.soft { "The first " (MOST) " of " (words::many(shown.len(), "container", "containers")) " are drawn." }
        }
        @if shown.is_empty() { p.soft { "Nothing was loaded." } }
    }
}

fn lives(container: &Container, window: Window) -> Markup {
    let counts = &container.counts;
    let says = format!(
        "{} of {}, {} loads, {} unloads",
        words::many(container.lives.len(), "life", "lives"),
        words::many(container.interfaces().len(), "interface", "interfaces"),
        counts.loads,
        counts.unloads,
    );
    let caption = Caption { title: format!("Container {}", words::short(&container.id, 24)), says };
    html! {
        h3 { (caption.title) }
        p.soft {
            (caption.says)
            @if counts.calls > 0 { "; " (words::count(counts.calls as f64)) " calls, " (words::count(counts.fast as f64)) " on the fast path" }
            @if counts.cache_hits > 0 { "; the cache answered " (words::count(counts.cache_hits as f64)) }
            "."
            @if !container.missing.is_empty() {
                " Lines that are missing in the log: "
                @for (nth, (from, to)) in container.missing.iter().enumerate() {
                    @if nth > 0 { ", " } (from) @if to > from { "–" (to) }
                }
                "."
            }
        }
        (gantt::gantt(&caption, container, window))
    }
}

fn key() -> Markup {
    let sample = |content: Markup| html! { svg.sample.gantt viewBox="-11 -9 22 18" aria-hidden="true" { (content) } };
    html! {
        ul.key {
            li { (sample(html! { rect.resident x="-11" y="-4" width="22" height="8" {} })) "loaded" }
            li { (sample(html! { rect.hot x="-11" y="-7" width="22" height="14" {} line.core x1="-11" x2="11" y1="0" y2="0" {} })) "hot" }
            li { (sample(html! { line.load x1="0" x2="0" y1="-9" y2="9" {} })) "load" }
            @for (reason, text) in [("sweep", "unloaded: not used"), ("budget", "for memory"), ("shutdown", "at the end"), ("", "otherwise")] {
                li { (sample(gantt::mark(reason, 0, 0.0))) (text) }
            }
        }
    }
}
