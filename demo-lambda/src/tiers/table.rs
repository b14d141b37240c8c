//! The table of the tiers, and what follows from it.

use std::time::Duration;

use super::Times;
use crate::report::median;

pub(super) fn header(processes: usize) {
    println!(
        "In one process, from the bytes of a request to those of its answer. The first call is that of a fresh process, load"
    );
    println!(
        "included (median of {processes}); the others are medians of many: loaded and dispatched the whole way, as COLD; HOT; and,"
    );
    println!("where it is cached, a hit. How much faster than the first call: in per cent, and how many times.");
    println!(
        "\n{:<20} {:>10} {:>10} {:>10} {:>18} {:>10} {:>18}",
        "operation", "first us", "whole us", "HOT us", "", "hit us", ""
    );
}

pub(super) fn row(title: &str, times: &Times) {
    let Times { first, whole, hot, hit } = *times;
    let faster = |time: f64| format!("{} {:>8.0}x", percent(1.0 - time / first), first / time);
    let (hit, hit_faster) = match hit {
        Some(hit) => (format!("{hit:.2}"), faster(hit)),
        None => ("-".to_owned(), "-".to_owned()),
    };
    println!("{title:<20} {first:>10.1} {whole:>10.2} {hot:>10.2} {:>18} {hit:>10} {hit_faster:>18}", faster(hot));
}

/// How much faster ARCH-07 promises a hot path to be.
const PROMISED: f64 = 0.97;

pub(super) fn footer<'a>(all: impl Iterator<Item = &'a Times> + Clone) {
    let gains = |what: &str, gains: &mut dyn Iterator<Item = f64>| {
        let gains: Vec<_> = gains.collect();
        let met = gains.iter().filter(|gain| **gain >= PROMISED).count();
        let (all, middle) = (gains.len(), percent(median(gains.into_iter())));
        println!(
            "{what}: {met} of {all} at least {} faster than the first call, as ARCH-07 promises; median {middle}",
            percent(PROMISED)
        );
    };
    println!();
    gains("HOT", &mut all.clone().map(|times| 1.0 - times.hot / times.first));
    gains("a hit", &mut all.clone().filter_map(|times| Some(1.0 - times.hit? / times.first)));
    gains("loaded, the whole way", &mut all.clone().map(|times| 1.0 - times.whole / times.first));
    println!("The whole way by HOT, once loaded: median {:.2}x.", median(all.map(|times| times.whole / times.hot)));
    println!(
        "What an operation computes, it computes in every tier: HOT gains by what is loaded already, a hit by not computing."
    );
}

pub(super) fn outside(title: &str, times: &Times, loopback: Duration) {
    let loopback = loopback.as_secs_f64() * 1e6;
    let saved = times.whole - times.hot;
    println!(
        "\nSeen from outside: a warm `{title}` takes {loopback:.0} us over loopback to the local Lambda, of which the gateway's"
    );
    println!(
        "answer is {:.2} us, {}. That it is dispatched HOT and not the whole way saves {saved:.2} us, {} of what a client waits for.",
        times.hot,
        percent(times.hot / loopback),
        percent(saved / loopback),
    );
}

/// With two places, for what is near to all.
fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}
