//! Compared: the page of a session of measuring.

use maud::{Markup, html};

use super::chart::Caption;
use super::chart::bars::{Bar, Pair, bars, pairs};
use super::chart::gantt::Window;
use super::chart::lines::{Axes, Steps, steps};
use super::chart::strip::{Strip, strips};
use super::figures::{self, EAGER, LAZYLOCK, LMMS, Metric, PHASES};
use super::residency::containers;
use super::stats::{Spread, median};
use super::verdicts::{self, Met, Verdict};
use super::words::Unit;
use super::{shell, timeline, words};
use crate::results::{Replays, Results, TraceFacts};
use crate::scale::Scaled;

/// The page. `scaled` is what the results come to on a larger scale, if it was computed.
#[must_use]
pub fn page(results: &Results, scaled: Option<&Scaled>) -> String {
    let body = html! {
        h1 { "lmms, measured" }
        (facts(results))
        (targets(results))
        (claims(results))
        (cold_starts(results))
        @for trace in &results.traces { (trace_section(results, trace)) }
        (memory_over_time(results))
        (residency(results))
        (latencies(results))
        @if let Some(scaled) = scaled { (scale(scaled)) }
        (rivals(results))
    };
    shell::document("lmms, measured", body)
}

fn class(rival: &str) -> &'static str {
    match rival {
        LMMS => "ours",
        id if figures::is_ours(id) => "variant",
        _ => "theirs",
    }
}

fn facts(results: &Results) -> Markup {
    let machine = &results.machine;
    html! {
        p.soft {
            (words::date(results.began)) ", commit " (words::short(&results.commit, 19)) ", in " (words::span(results.took)) ", on "
            (machine.cpu) ", " (words::many(machine.cores, "core", "cores")) ", Linux " (machine.kernel) "."
        }
        @if results.is_quick {
            p.warning { "A quick session: its traces are a sixth as long as they are meant to be. To look at, not to conclude from." }
        }
    }
}

fn targets(results: &Results) -> Markup {
    let columns = ["target", "", "compared", "bound", "lmms", "theirs", "a variant that meets it"].map(str::to_owned);
    let rows: Vec<Vec<Markup>> = verdicts::targets(results)
        .into_iter()
        .map(|outcome| {
            let (unit, by) = (outcome.target.metric.unit(), outcome.target.by);
            let met = html! { span.(met_class(outcome.own.met)) { (outcome.own.met.word()) } };
            let kept = outcome.variants.iter().find(|attempt| attempt.met == Met::Reached);
            let variant = match (outcome.own.met, kept) {
                (Met::Missed, Some(kept)) => html! {
                    span.soft { (figures::title(results, &kept.rival)) ": " (kept.figure.map_or_else(|| words::NONE.to_owned(), |figure| by.text(figure))) " " }
                    span.good { "met" }
                },
                (Met::Missed, None) => html! { span.soft { "none" } },
                _ => html! {},
            };
            vec![
                html! { (outcome.target.title) },
                met,
                html! { (outcome.own.figure.map_or_else(|| words::NONE.to_owned(), |figure| by.text(figure))) },
                html! { (outcome.target.bound_text()) },
                html! { (unit.maybe(outcome.own.ours)) },
                html! { (unit.maybe(outcome.theirs)) },
                variant,
            ]
        })
        .collect();
    html! {
        section {
            h2 { "What it set out to reach" }
            p.soft { "Judged by lmms with its defaults." }
            (shell::table(&columns, &rows))
        }
    }
}

fn met_class(met: Met) -> &'static str {
    match met {
        Met::Reached => "good",
        Met::Missed => "bad",
        Met::Unknown => "soft",
    }
}

fn claims(results: &Results) -> Markup {
    let columns =
        ["ARCH-07's row", "it claims", "eager", "LazyLock", "lmms", "best variant", "against eager", "verdict"]
            .map(str::to_owned);
    let rows: Vec<Vec<Markup>> = verdicts::rows(results)
        .into_iter()
        .map(|row| {
            let (unit, claim) = (row.unit(), row.claim);
            let class = match row.verdict {
                Verdict::Held => "good",
                Verdict::Partly => "half",
                Verdict::NotHeld => "bad",
                Verdict::Unknown => "soft",
            };
            vec![
                html! { (claim.title) br; span.soft { (claim.measured) } },
                html! { (claim.traditional) " → " (claim.lmms) br; span.soft { (claim.improvement) } },
                html! { (unit.maybe(row.of(results, EAGER))) },
                html! { (unit.maybe(row.of(results, LAZYLOCK))) },
                html! { (unit.maybe(row.own)) },
                html! {
                    @match &row.best {
                        Some((id, figure)) => { (unit.text(*figure)) br; span.soft { (figures::title(results, id)) } },
                        None => (words::NONE),
                    }
                },
                html! {
                    @match row.against_first.or(row.against_eager) {
                        Some(figure) => (claim.by.text(figure)),
                        None => (words::NONE),
                    }
                    @if row.against_first.is_some() { br; span.soft { "against its first call" } }
                },
                html! { span.(class) { (row.verdict.word()) } },
            ]
        })
        .collect();
    html! {
        section {
            h2 { "What ARCH-07 claims" }
            (shell::table(&columns, &rows))
        }
    }
}

fn cold_starts(results: &Results) -> Markup {
    let mut kinds: Vec<(&str, &str)> = Vec::new();
    for starts in &results.cold_starts {
        if kinds.iter().all(|(kind, _)| *kind != starts.kind) {
            kinds.push((&starts.kind, &starts.request));
        }
    }
    let chart = |(kind, request): &(&str, &str)| {
        let rows: Vec<_> = results
            .cold_starts
            .iter()
            .filter(|starts| starts.kind == *kind)
            .map(|starts| Strip {
                name: figures::title(results, &starts.rival).to_owned(),
                class: class(&starts.rival),
                values: starts.answered_ms.clone(),
            })
            .collect();
        let all: Vec<f64> = rows.iter().flat_map(|row| row.values.iter().copied()).collect();
        let caption = Caption {
            title: format!("{kind}: {request}"),
            says: format!(
                "From spawn to the answer of a {kind} first request, each start a dot; medians beside the names."
            ),
        };
        strips(&caption, &rows, &all)
    };
    let ready: Vec<_> = figures::rivals(results)
        .filter_map(|id| {
            let starts = results.cold_starts.iter().filter(|starts| starts.rival == id);
            let spread = Spread::of(starts.flat_map(|starts| starts.ready_bytes.iter().map(|bytes| *bytes as f64)))?;
            Some(Bar {
                name: figures::title(results, id).to_owned(),
                class: class(id),
                spread: spread.per(Unit::Bytes.scale()),
            })
        })
        .collect();
    let most = ready.iter().map(|bar| bar.spread.max()).fold(0.0, f64::max);
    let caption = Caption {
        title: "Memory at the end of INIT".to_owned(),
        says: "Resident, median; whiskers from least to most.".to_owned(),
    };
    html! {
        section {
            h2 { "Cold starts" }
            p.soft {
                "From the spawn of the process to the answer to its first request, by kind of that request; each dot is a start, the box "
                "spans the middle half. Axes that span more than 25 times their least are logarithmic."
            }
            div.charts {
                @for kind in &kinds { (chart(kind)) }
                (bars(&caption, &ready, most, |mb| Unit::Bytes.text(mb * Unit::Bytes.scale())))
            }
        }
    }
}

/// The replays of a trace, in the order of the rivals.
fn of_trace<'r>(results: &'r Results, trace: &str) -> Vec<&'r Replays> {
    figures::rivals(results).filter_map(|id| figures::replays(results, id, trace)).collect()
}

fn trace_section(results: &Results, trace: &TraceFacts) -> Markup {
    let replayed = of_trace(results, &trace.id);
    if replayed.is_empty() {
        return html! {};
    }
    let chart = |title: &str, metric: Metric| {
        let unit = metric.unit();
        let rows: Vec<_> = replayed
            .iter()
            .filter_map(|replays| {
                let name = figures::title(results, &replays.rival).to_owned();
                Some(Bar { name, class: class(&replays.rival), spread: metric.spread(replays)?.per(unit.scale()) })
            })
            .collect();
        let most = rows.iter().map(|bar| bar.spread.max()).fold(0.0, f64::max);
        let runs = replayed.iter().map(|replays| replays.runs.len()).max().unwrap_or(0);
        let caption = Caption {
            title: title.to_owned(),
            says: format!("Median of {}; whiskers from least to most.", words::many(runs, "run", "runs")),
        };
        bars(&caption, &rows, most, |figure| unit.text(figure * unit.scale()))
    };
    let latency: Vec<_> = replayed
        .iter()
        .filter_map(|replays| {
            let p50 = median(replays.runs.iter().map(|run| run.p50_ms))?;
            let p99 = median(replays.runs.iter().map(|run| run.p99_ms))?;
            let name = figures::title(results, &replays.rival).to_owned();
            Some(Pair { name, class: class(&replays.rival), low: p50, high: p99 })
        })
        .collect();
    let all: Vec<f64> = latency.iter().flat_map(|pair| [pair.low, pair.high]).collect();
    let caption = Caption {
        title: "p50 · p99".to_owned(),
        says: "What the client waited for, cold starts included.".to_owned(),
    };
    html! {
        section {
            h2 { "Trace: " (trace.title) }
            p.soft {
                (trace.what) " " (words::count(trace.requests as f64)) " requests over " (words::span(trace.seconds)) "."
            }
            div.charts {
                (chart("GB-seconds per 1,000 requests", Metric::GbSeconds))
                (chart("Sustained memory of a container", Metric::SustainedMemory))
                (pairs(&caption, &latency, &all, words::ms))
            }
            details {
                summary { "All figures of this trace" }
                (figures_table(results, &replayed))
            }
        }
    }
}

fn figures_table(results: &Results, replayed: &[&Replays]) -> Markup {
    let columns = [
        "",
        "containers",
        "setting",
        "billed",
        "GB-s per 1,000",
        "on its part of a core",
        "free requests a month",
        "peak",
        "sustained",
        "p50",
        "p90",
        "p99",
        "longest",
        "loads",
        "unloads",
        "cache hits",
    ]
    .map(str::to_owned);
    let rows: Vec<Vec<Markup>> = replayed
        .iter()
        .map(|replays| {
            let runs = &replays.runs;
            let of = |part: &dyn Fn(&crate::results::Run) -> Option<f64>| median(runs.iter().filter_map(part));
            let told = |value: Option<f64>, text: fn(f64) -> String| value.map_or_else(|| words::NONE.to_owned(), text);
            let metric = |metric: Metric| metric.unit().maybe(metric.spread(replays).map(|spread| spread.median()));
            let cells = [
                told(of(&|run| Some(run.containers as f64)), words::count),
                told(of(&|run| figures::setting(run).map(f64::from)), |mb| format!("{} MB", words::count(mb))),
                told(of(&|run| Some(run.billed_ms as f64)), words::ms),
                metric(Metric::GbSeconds),
                metric(Metric::StretchedGbSeconds),
                metric(Metric::FreeTier),
                told(of(&|run| Some(run.peak_bytes as f64)), words::mb),
                metric(Metric::SustainedMemory),
                told(of(&|run| Some(run.p50_ms)), words::ms),
                told(of(&|run| Some(run.p90_ms)), words::ms),
                metric(Metric::P99),
                told(of(&|run| Some(run.max_ms)), words::ms),
                told(of(&|run| run.loads.map(|loads| loads as f64)), words::count),
                told(of(&|run| run.unloads.map(|unloads| unloads as f64)), words::count),
                told(of(&|run| run.cache_hits.map(|hits| hits as f64)), words::count),
            ];
            let name = html! { (figures::title(results, &replays.rival)) };
            std::iter::once(name).chain(cells.map(|cell| html! { (cell) })).collect()
        })
        .collect();
    shell::table(&columns, &rows)
}

/// The trace whose timelines are drawn: the one that unloading is for, or the last.
fn drawn(results: &Results) -> Option<&TraceFacts> {
    results.traces.iter().find(|trace| trace.id == PHASES).or(results.traces.last())
}

fn memory_over_time(results: &Results) -> Markup {
    let Some(trace) = drawn(results) else { return html! {} };
    let told: Vec<_> = of_trace(results, &trace.id)
        .into_iter()
        .filter_map(|replays| Some((replays, replays.timeline.as_ref()?)))
        .collect();
    let lines: Vec<Vec<Steps>> = told
        .iter()
        .map(|(_, timeline)| {
            let line = |samples: &Vec<(f64, u64)>| samples.iter().map(|(at, bytes)| (*at, *bytes as f64)).collect();
            timeline.memory.iter().map(|memory| line(&memory.samples)).collect()
        })
        .collect();
    let most = lines.iter().flatten().flatten().map(|(_, bytes)| *bytes).fold(0.0, f64::max);
    let seconds = told.iter().map(|(_, timeline)| timeline.seconds).fold(0.0, f64::max);
    html! {
        section {
            h2 { "Memory over time: " (trace.title) }
            p.soft { "Resident, each container a line, in the first run; where a budget was told, it is drawn." }
            div.charts {
                @for ((replays, timeline), lines) in told.iter().zip(&lines) {
                    @let budget = timeline.lines.iter().rev().find_map(|line| line.budget_mb).map(|mb| mb * f64::from(1 << 20));
                    @let held = lines.iter().flatten().map(|(_, bytes)| *bytes).fold(0.0, f64::max);
                    @let caption = Caption {
                        title: figures::title(results, &replays.rival).to_owned(),
                        says: format!("{}, at most {}", words::many(lines.len(), "container", "containers"), words::mb(held)),
                    };
                    // Drawn where it is near what was held: one far above would flatten every chart.
                    (steps(&caption, lines, budget.filter(|budget| *budget <= most * 1.05), class(&replays.rival), Axes { seconds, bytes: most }))
                }
            }
        }
    }
}

fn residency(results: &Results) -> Markup {
    let Some(trace) = drawn(results) else { return html! {} };
    let told: Vec<_> = figures::variants(results)
        .filter_map(|id| Some((id, figures::replays(results, id, &trace.id)?.timeline.as_ref()?)))
        .filter(|(_, timeline)| !timeline.lines.is_empty())
        .collect();
    html! {
        section {
            h2 { "What was loaded when: " (trace.title) }
            @for (id, timeline) in &told {
                @let end = timeline.began_ms.saturating_add((timeline.seconds * 1e3) as u64);
                details open[*id == LMMS] {
                    summary { (figures::title(results, id)) }
                    (timeline::residency(&containers(&timeline.lines), Window { from: timeline.began_ms, to: end }))
                }
            }
            @if told.is_empty() { p.soft { "No lines were told." } }
        }
    }
}

fn latencies(results: &Results) -> Markup {
    let mut operations: Vec<&str> = Vec::new();
    for latency in &results.latencies {
        if !operations.contains(&&*latency.operation) {
            operations.push(&latency.operation);
        }
    }
    let rivals: Vec<&str> =
        figures::rivals(results).filter(|id| results.latencies.iter().any(|latency| latency.rival == *id)).collect();
    let columns: Vec<String> = std::iter::once("operation, first · hot".to_owned())
        .chain(rivals.iter().map(|id| figures::title(results, id).to_owned()))
        .collect();
    let cell = |operation: &str, rival: &str| {
        let one = results.latencies.iter().find(|latency| latency.rival == rival && latency.operation == operation)?;
        Some(format!(
            "{} · {}",
            words::ms(median(one.first_ms.iter().copied())?),
            words::ms(median(one.hot_ms.iter().copied())?)
        ))
    };
    let rows: Vec<Vec<Markup>> = operations
        .iter()
        .map(|operation| {
            let cells =
                rivals.iter().map(|rival| html! { (cell(operation, rival).unwrap_or_else(|| words::NONE.to_owned())) });
            std::iter::once(html! { code { (operation) } }).chain(cells).collect()
        })
        .collect();
    html! {
        section {
            h2 { "First and hot calls" }
            p.soft { "As the invoker sees them: the first request of a fresh container, without its INIT; and the same again and again." }
            details {
                summary { (words::many(operations.len(), "operation", "operations")) }
                (shell::table(&columns, &rows))
            }
        }
    }
}

fn scale(scaled: &Scaled) -> Markup {
    html! {
        section {
            h2 { "On a larger scale" }
            p.soft { "A simulation from the measured parts, not a measurement." }
            ul { @for finding in &scaled.findings { li { (finding) } } }
            @for table in &scaled.tables {
                h3 { (table.title) }
                p.soft { (table.what) }
                @let rows: Vec<Vec<Markup>> = table.rows.iter().map(|row| row.iter().map(|cell| html! { (cell) }).collect()).collect();
                (shell::table(&table.columns, &rows))
            }
            details {
                summary { "What is assumed" }
                ul { @for assumption in &scaled.assumptions { li { (assumption) } } }
            }
        }
    }
}

fn rivals(results: &Results) -> Markup {
    html! {
        section {
            h2 { "What is compared" }
            @for rival in &results.rivals { p { strong { (rival.title) } ": " (rival.what) } }
        }
    }
}
