//! What a cache costs those whom it is of no use to: each call is with a text that nobody had asked about, is computed, kept,
//! and makes another entry give way.

use std::hint::black_box;
use std::time::Duration;

use lmms::{Config, Invocation};
use lmms_benches::calls::{Numbered, answers, now};
use lmms_benches::contest::Contest;
use lmms_benches::table::Target::Told;

use super::by_hand::{self, Counts, Uncached};
use super::{OPERATION, Run, compact, gateway, text};

/// So little that caches are soon full.
const BYTES: usize = 256 << 10;

/// A request with a number at the beginning of its text.
fn numbered(bytes: usize) -> Numbered {
    const NUMBER: &str = "#########";
    let text = format!("{NUMBER} {}", text(bytes - NUMBER.len() - 1));
    Numbered::new(&String::from_utf8_lossy(compact(&text)))
}

fn by_gateway(bytes: usize, cache: usize) -> Run {
    let (mut request, mut number) = (numbered(bytes), 0);
    // One for each rival, made when it is first needed: see `CACHING`.
    let mut made = None;
    Box::new(move |calls| {
        let is_new = made.is_none();
        let gateway = made.get_or_insert_with(|| gateway(Config::default().with_result_cache(cache)));
        let invocation = Invocation::enter();
        let misses = || gateway.operation_stats(OPERATION).expect("there is one").cache_misses;
        let before = is_new.then(misses);
        let sum = answers(calls, |reply| {
            number += 1;
            let request = black_box(request.with(number));
            now(gateway.execute_in(&invocation, request, reply)).expect("it answers");
        });
        if let Some(before) = before {
            assert_eq!(misses() - before, if cache > 0 { calls } else { 0 });
        }
        sum
    })
}

fn by_hand(bytes: usize, cache: impl Counts + 'static) -> Run {
    let (mut request, mut number) = (numbered(bytes), 0);
    Box::new(move |calls| {
        answers(calls, |reply| {
            number += 1;
            by_hand::answer(black_box(request.with(number)), reply, &cache).expect("it answers");
        })
    })
}

pub(super) fn contest(title: &'static str, bytes: usize) -> Contest<'static> {
    let name = "computed, kept, and another one evicted, against computed alone; caches of 256 KB";
    Contest::new(title, name)
        .rival("gateway, computing", by_gateway(bytes, 0))
        .rival("gateway, a miss", by_gateway(bytes, BYTES))
        .rival("by hand, computing", by_hand(bytes, Uncached))
        .rival("by hand, moka, a miss", by_hand(bytes, by_hand::moka(BYTES)))
        .rival("by hand, cached, a miss", by_hand(bytes, by_hand::cached(BYTES, bytes)))
        .rival("by hand, quick_cache, a miss", by_hand(bytes, by_hand::quick(BYTES, bytes)))
        .claim("gateway, a miss", "gateway, computing", Told)
        .claim("by hand, moka, a miss", "by hand, computing", Told)
        .claim("by hand, cached, a miss", "by hand, computing", Told)
        .claim("by hand, quick_cache, a miss", "by hand, computing", Told)
        .uncounted()
        .in_slices_of(Duration::from_millis(3))
}
