//! Told: the page of one function's log.

use maud::html;

use super::chart::Caption;
use super::chart::gantt::Window;
use super::chart::lines::{Axes, steps};
use super::residency::{Container, containers};
use super::{shell, timeline, words};
use crate::logs::Log;

const MB: f64 = (1 << 20) as f64;

/// A page with the residency timeline and the memory of each container of `log`; `name` is what the log is called.
#[must_use]
pub fn page(name: &str, log: &Log) -> String {
    let containers = containers(&log.lines);
    let from = containers.iter().map(|container| container.from).min().unwrap_or(0);
    let to = containers.iter().map(|container| container.to).max().unwrap_or(0);
    let window = Window { from, to };
    let sum = |part: fn(&Container) -> u64| containers.iter().map(part).fold(0, u64::saturating_add) as f64;
    let body = html! {
        h1 { "Residency: " (name) }
        p.soft {
            "From " (words::date(from / 1000)) " over " (words::span(to.saturating_sub(from) as f64 / 1000.0)) ": "
            (words::many(containers.len(), "container", "containers")) ", "
            (words::count(sum(|one| one.counts.lines))) " lines, "
            (words::count(sum(|one| one.counts.loads))) " loads, "
            (words::count(sum(|one| one.counts.unloads))) " unloads."
        }
        @if let Some(first) = log.broken.first() {
            p.warning {
                (words::many(log.broken.len(), "line", "lines")) " could not be read and " @if log.broken.len() == 1 { "is" } @else { "are" }
                " left out; the first is " (first) "."
            }
        }
        section {
            h2 { "When what was loaded" }
            (timeline::residency(&containers, window))
        }
        section {
            h2 { "Memory" }
            div.charts { @for container in containers.iter().take(12) { (memory(container, window)) } }
        }
    };
    shell::document(&format!("Residency: {name}"), body)
}

fn memory(container: &Container, window: Window) -> maud::Markup {
    let line: Vec<_> =
        container.memory.iter().map(|(at, mb)| (at.saturating_sub(window.from) as f64 / 1000.0, mb * MB)).collect();
    let budget = container.budget_mb.map(|mb| mb * MB);
    let most = line.iter().map(|(_, bytes)| *bytes).chain(budget).fold(0.0, f64::max);
    let caption = Caption {
        title: format!("Container {}", words::short(&container.id, 24)),
        says: format!("at most {}", words::mb(line.iter().map(|(_, bytes)| *bytes).fold(0.0, f64::max))),
    };
    let seconds = window.to.saturating_sub(window.from) as f64 / 1000.0;
    steps(&caption, &[line], budget, "ours", Axes { seconds, bytes: most })
}
