//! Hits from two threads at once, which one lock guards in the gateway, and several do in the caches by hand.

use std::hint::black_box;

use lmms::Invocation;
use lmms_benches::calls::{answers, now};
use lmms_benches::contest::Contest;
use lmms_benches::table::Target::Told;
use lmms_benches::threads::at_once;

use super::by_hand::{self, Counts};
use super::{BYTES, CACHING, compact, text};

/// What each thread asks for: the same text, or one of its own.
type Asked = &'static [&'static [u8]];

/// Shares the calls between as many threads as there are requests.
fn shared(calls: u64, asked: Asked, answer: impl Fn(u64, &[u8]) -> u64 + Sync) -> u64 {
    let each = calls / asked.len() as u64;
    at_once(asked.len(), |index| answer(each, asked[index]));
    // No checksum: they answer different texts, and as many calls as can be divided.
    0
}

fn by_gateway(asked: Asked) -> impl FnMut(u64) -> u64 {
    move |calls| {
        shared(calls, asked, |calls, request| {
            let invocation = Invocation::enter();
            answers(calls, |reply| {
                now(CACHING.execute_in(&invocation, black_box(request), reply)).expect("it answers");
            })
        })
    }
}

fn by_hand(asked: Asked, cache: &'static impl Counts) -> impl FnMut(u64) -> u64 {
    move |calls| {
        shared(calls, asked, |calls, request| {
            answers(calls, |reply| by_hand::answer(black_box(request), reply, cache).expect("it answers"))
        })
    }
}

/// Its claims are throughputs: what two threads get done by what one gets done in the same time.
pub(super) fn contest() -> Contest<'static> {
    const BYTES_EACH: usize = 4 << 10;
    let text = text(BYTES_EACH);
    let (one, other) = (compact(&text), compact(&text.to_uppercase()));
    // Leaked, for contests outlive what makes them.
    let asked = |requests: &[&'static [u8]]| -> Asked { requests.to_vec().leak() };
    let [alone, same, own] = [asked(&[one]), asked(&[one, one]), asked(&[one, other])];
    let moka: &'static _ = Box::leak(Box::new(by_hand::moka(BYTES)));
    let cached: &'static _ = Box::leak(Box::new(by_hand::cached(BYTES, BYTES_EACH)));
    let quick: &'static _ = Box::leak(Box::new(by_hand::quick(BYTES, BYTES_EACH)));
    let contest = Contest::threaded("cached result: 4 KB, two threads", "so many hits by one thread, or shared by two")
        .rival("gateway, one thread", by_gateway(alone))
        .rival("gateway, two, one text", by_gateway(same))
        .rival("gateway, two, a text each", by_gateway(own))
        .rival("moka, one thread", by_hand(alone, moka))
        .rival("moka, two, one text", by_hand(same, moka))
        .rival("moka, two, a text each", by_hand(own, moka))
        .rival("cached, one thread", by_hand(alone, cached))
        .rival("cached, two, one text", by_hand(same, cached))
        .rival("cached, two, a text each", by_hand(own, cached))
        .rival("quick_cache, one thread", by_hand(alone, quick))
        .rival("quick_cache, two, one text", by_hand(same, quick))
        .rival("quick_cache, two, a text each", by_hand(own, quick));
    let claims = [
        ["gateway, one thread", "gateway, two, one text", "gateway, two, a text each"],
        ["moka, one thread", "moka, two, one text", "moka, two, a text each"],
        ["cached, one thread", "cached, two, one text", "cached, two, a text each"],
        ["quick_cache, one thread", "quick_cache, two, one text", "quick_cache, two, a text each"],
    ];
    claims.into_iter().fold(contest, |contest, [one, same, own]| contest.claim(one, same, Told).claim(one, own, Told))
}
