//! What the demo prints.

use std::time::Duration;

use crate::draw::KNOWN;
use crate::mix::Mixed;
use crate::play::{Played, Run, Start, Stats};
use crate::returns::{self, Cycle, TARGET};
use lmms_local::memory::Memory;

pub(crate) fn beginning(stats: &Stats, ready: Duration, memory: Memory) {
    println!(
        "{} interfaces are linked, {} loaded. The function was ready in {:.1} ms with {:.1} MiB.",
        stats.registered,
        stats.resident.len(),
        millis(ready),
        mib(memory.resident),
    );
}

/// Announces a run: what is special about it, and how to have the same.
pub(crate) fn settings(what: &str, settings: &[(&str, &str)]) {
    let settings: Vec<_> = settings.iter().map(|(name, value)| format!("{name}={value}")).collect();
    println!("\nAll requests, {what} ({}):", settings.join(" "));
}

pub(crate) fn header() {
    println!(
        "{:<20} {:>8} {:>8}  {:<10} {:>8} {:>8} {:>7}  answer",
        "operation", "ms", "then ms", "loaded", "unloaded", "resident", "MiB"
    );
}

pub(crate) fn row(played: &Played<'_>) {
    println!(
        "{:<20} {:>8.2} {:>8.2}  {:<10} {:>8} {:>8} {:>7.1}  {}",
        played.title,
        millis(played.duration),
        millis(played.after),
        if played.loaded.is_empty() { "-".to_owned() } else { played.loaded.join(" ") },
        if played.unloaded == 0 { "-".to_owned() } else { played.unloaded.to_string() },
        played.resident,
        mib(played.memory.resident),
        short(&played.answer),
    );
}

pub(crate) fn starts(first: &str, lazy: &[Start], eager: &[Start]) {
    println!("\nCold starts, median of {}:", lazy.len());
    println!("{:<44} {:>9} {:>9}      {:>7}", "", "lazy", "eager", "ratio");
    let row = |what: &str, lazy: f64, eager: f64| {
        println!("{what:<44} {lazy:>9.1} {eager:>9.1} ms   {:>6.1}x", eager / lazy);
    };
    let ready = |starts: &[Start]| median(starts.iter().map(|start| millis(start.ready)));
    let answered = |starts: &[Start]| median(starts.iter().map(|start| millis(start.answered)));
    row("start until ready", ready(lazy), ready(eager));
    row(&format!("start until {first} is answered"), answered(lazy), answered(eager));
}

pub(crate) fn runs(runs: [(&str, &Run); 3]) {
    println!("\n{:<44} {:>9} {:>9} {:>9}", "All requests", runs[0].0, runs[1].0, runs[2].0);
    let line = |what: &str, figure: &dyn Fn(&Run) -> String| {
        let [a, b, c] = runs.map(|(_, run)| figure(run));
        println!("{what:<44} {a:>9} {b:>9} {c:>9}");
    };
    line("resident memory when ready, MiB", &|run| format!("{:.1}", mib(run.ready.resident)));
    line("the most that was resident at once, MiB", &|run| format!("{:.1}", mib(run.after.peak)));
    line("resident memory after all requests, MiB", &|run| format!("{:.1}", mib(run.after.resident)));
    line("given back by unloads, as the function says, MiB", &|run| format!("{:.1}", run.stats.memory_reclaimed_mb));
    line("loads / unloads", &|run| format!("{} / {}", run.stats.ligs_loads, run.stats.lugs_unloads));
    line("all answers, one after the other, ms", &|run| format!("{:.1}", millis(run.answers)));
    line("the longest work after a response, ms", &|run| format!("{:.1}", millis(run.longest_after)));
}

pub(crate) fn drawn(count: usize, kinds: usize, fresh: u32) {
    println!(
        "{count} requests, Zipf-like over {kinds} operations, and over {KNOWN} arguments of each, but {fresh} % fresh."
    );
}

pub(crate) fn hit_rate(run: &Mixed, repeated: usize) {
    let hits = run.stats.result_cache.hits;
    let of = |count: u64| percent(hits as f64 / count as f64);
    println!("\nanswered from the cache, of all requests: {}", percent(run.hit_share()));
    println!("of those whose results can be cached: {} (target at least 85 %)", of(run.stats.calls_of_cacheable()));
    println!("of these, of the ones that were asked before, word for word: {}", of(repeated as u64));
}

pub(crate) fn mixed(runs: [(&str, &Mixed); 2]) {
    println!("\n{:<44} {:>9} {:>9}", "", runs[0].0, runs[1].0);
    let line = |what: &str, figure: &dyn Fn(&Mixed) -> String| {
        let [a, b] = runs.map(|(_, run)| figure(run));
        println!("{what:<44} {a:>9} {b:>9}");
    };
    line("the most that was resident at once, MiB", &|run| format!("{:.1}", mib(run.memory.peak)));
    for (share, name) in [(0.5, "p50"), (0.9, "p90"), (0.99, "p99")] {
        line(&format!("{name} of the answers, ms"), &|run| format!("{:.2}", millis(run.quantile(share))));
    }
    line("all answers, one after the other, ms", &|run| format!("{:.0}", millis(run.total())));
    line("answered from the cache", &|run| percent(run.hit_share()));
    line("held in the cache, MiB", &|run| format!("{:.1}", mib(run.stats.result_cache.bytes)));
    line("entries that gave way to others", &|run| run.stats.result_cache.evictions.to_string());
    line("loads / unloads", &|run| format!("{} / {}", run.stats.ligs_loads, run.stats.lugs_unloads));
    line("loads that were not expected to fit", &|run| run.stats.over_budget_loads.to_string());
    for (name, run) in runs {
        let mut loaded: Vec<_> = run.stats.interfaces.iter().collect();
        loaded.sort_by_key(|loaded| std::cmp::Reverse(loaded.loads));
        let most = loaded.iter().take(6).map(|loaded| format!("{} {}", loaded.name, loaded.loads)).collect::<Vec<_>>();
        println!("loaded most often with {name}: {}", most.join(", "));
    }
}

/// Whether the function can tell what is left of an interface.
const KNOWS_WHAT_IS_LEFT: bool = cfg!(feature = "jemalloc");

pub(crate) fn returns_header() {
    println!("A light request is answered, and then the interface is dropped and its memory given back.");
    println!("{:<10} {:>17} {:>17} {:>17} {:>26}", "", "cycle 1, anon", "cycle 2, anon", "cycle 2, all", "cycle 2, ms");
    print!("{:<10} {:>8} {:>8}", "interface", "MiB", "back");
    print!(" {:>8} {:>8} {:>8} {:>8}", "MiB", "back", "MiB", "back");
    print!(" {:>8} {:>8} {:>8}", "loading", "answer", "then");
    println!("{}", if KNOWS_WHAT_IS_LEFT { "   bytes left" } else { "" });
}

pub(crate) fn returned(interface: &str, [first, second]: &[Cycle; 2]) {
    print!("{interface:<10}");
    for change in [&first.anonymous, &second.anonymous, &second.resident] {
        print!(" {:>8.2} {:>8}", change.added / f64::from(1 << 20), percent(change.share()));
    }
    for duration in [second.load, second.answer, second.then] {
        print!(" {:>8.2}", millis(duration));
    }
    match second.leaked {
        Some(left) if KNOWS_WHAT_IS_LEFT => println!(" {left:>12}"),
        _ => println!(),
    }
}

pub(crate) fn returns_footer(heavy: &[(String, [Cycle; 2])], light: &[String]) {
    println!("\nShare of the anonymous memory that came back, target at least {}:", percent(TARGET));
    for (index, name) in ["cycle 1", "cycle 2"].into_iter().enumerate() {
        let shares = heavy.iter().map(|(interface, cycles)| (interface, cycles[index].anonymous.share()));
        let below: Vec<_> = shares.filter(|(_, share)| *share < TARGET).map(|(interface, _)| interface).collect();
        println!("{name}: {} of {} interfaces met", heavy.len() - below.len(), heavy.len());
        for interface in below {
            println!("  {interface:<10} MISSED  {}", returns::kept(interface, index));
        }
    }
    println!("Not listed, for they add less than 1 MiB: {}", light.join(", "));
}

fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// An answer that fits on the rest of a line.
fn short(answer: &str) -> String {
    const MOST: usize = 36;
    let line: String = answer.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

pub(crate) fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
