//! Cached results: the demo's `tokens.count` answered from the gateway's cache, against computing it again, and against
//! caches put in by hand in front of it.
#![allow(missing_docs)]

mod by_hand;
mod misses;
mod threads;

use std::hint::black_box;
use std::sync::LazyLock;

use demo_tokens::Tokens;
use lmms::{Config, Gateway, Invocation, Tier};
use lmms_benches::calls::{answers, now};
use lmms_benches::contest::{self, Contest};
use lmms_benches::table::Target::{self, AtLeast, AtMost, Told};

use self::by_hand::{Counts, Uncached};

const OPERATION: &str = "tokens.count";
/// What all caches are bounded by: the gateway's default.
const BYTES: usize = 16 << 20;

/// Gateways, each ready when it is first asked: under valgrind, a copy of this program needs one of them at most.
static CACHING: LazyLock<Gateway> = LazyLock::new(|| gateway(Config::default()));
static WHOLE_WAY: LazyLock<Gateway> = LazyLock::new(|| gateway(Config::default().with_fast_path(false)));
static COMPUTING: LazyLock<Gateway> = LazyLock::new(|| gateway(Config::default().with_result_cache(0)));

/// A gateway for which the operation is as hot as it gets.
fn gateway(config: Config) -> Gateway {
    let gateway = Gateway::new(config).expect("the interfaces have names of their own");
    let invocation = Invocation::enter();
    let tokens = invocation.get::<Tokens>().expect("the vocabulary is there");
    (0..201).for_each(|_| _ = tokens.count(""));
    let fastest = if gateway.config().fast_path() { Tier::Blazing } else { Tier::Warm };
    assert_eq!(gateway.check_fast_path(OPERATION).expect("there is one").tier, fastest);
    gateway
}

/// An English text of so many bytes, without anything that JSON escapes.
fn text(bytes: usize) -> String {
    const PARAGRAPH: &str = "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to \
        do: once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it, \
        and what is the use of a book, thought Alice, without pictures or conversations? So she was considering in her own mind \
        (as well as she could, for the hot day made her feel very sleepy and stupid), whether the pleasure of making a \
        daisy-chain would be worth the trouble of getting up and picking the daisies, when suddenly a White Rabbit with pink \
        eyes ran close by her. There was nothing so very remarkable in that; nor did Alice think it so very much out of the way \
        to hear the Rabbit say to itself: Oh dear! Oh dear! I shall be late! ";
    PARAGRAPH.chars().cycle().take(bytes).collect()
}

fn request(arguments: &str) -> &'static [u8] {
    // Leaked, for contests outlive what makes them; there are a few.
    format!(r#"{{"interface":"tokens","operation":"count","args":{arguments}}}"#).leak().as_bytes()
}

/// A request as a client writes it, without spaces.
fn compact(text: &str) -> &'static [u8] {
    request(&format!(r#"{{"text":"{text}"}}"#))
}

type Run = Box<dyn FnMut(u64) -> u64>;

fn by_gateway(gateway: &'static LazyLock<Gateway>, request: &'static [u8]) -> Run {
    let mut is_new = true;
    Box::new(move |calls| {
        let (gateway, invocation) = (&**gateway, Invocation::enter());
        let run = |calls| {
            answers(calls, |reply| {
                now(gateway.execute_in(&invocation, black_box(request), reply)).expect("it answers");
            })
        };
        if !std::mem::take(&mut is_new) {
            return run(calls);
        }
        // The first run, which is not timed: whether what is to be measured are hits, or none.
        run(1);
        let hits = || gateway.operation_stats(OPERATION).expect("there is one").cache_hits;
        let before = hits();
        let sum = run(calls);
        assert_eq!(hits() - before, if gateway.config().result_cache() > 0 { calls } else { 0 });
        sum
    })
}

fn by_hand(request: &'static [u8], cache: impl Counts + 'static) -> Run {
    Box::new(move |calls| {
        answers(calls, |reply| by_hand::answer(black_box(request), reply, &cache).expect("it answers"))
    })
}

fn whole_by_hand(request: &'static [u8]) -> Run {
    let cache = by_hand::whole(BYTES, request.len());
    Box::new(move |calls| {
        answers(calls, |reply| by_hand::answer_whole(black_box(request), reply, &cache).expect("it answers"))
    })
}

/// One text again and again: what is gained over `computing`, and over each cache by hand, is as claimed.
fn hits(title: &'static str, bytes: usize, computing: Target, by_hands: Target) -> Contest<'static> {
    let asked = compact(&text(bytes));
    let foldhash = foldhash::fast::RandomState::default();
    Contest::new(title, "request bytes to answer bytes, in one invocation; by hand: `match` over serde's types")
        .rival("gateway, a hit", by_gateway(&CACHING, asked))
        .rival("gateway, a hit, COLD and WARM", by_gateway(&WHOLE_WAY, asked))
        .slow_rival("gateway, computing", by_gateway(&COMPUTING, asked))
        .slow_rival("by hand, computing", by_hand(asked, Uncached))
        .rival("by hand, moka", by_hand(asked, by_hand::moka(BYTES)))
        .rival("by hand, moka with foldhash", by_hand(asked, by_hand::moka_with(BYTES, foldhash)))
        .rival("by hand, cached", by_hand(asked, by_hand::cached(BYTES, bytes)))
        .rival("by hand, quick_cache", by_hand(asked, by_hand::quick(BYTES, bytes)))
        .rival("by hand, quick_cache of whole requests", whole_by_hand(asked))
        .claim("gateway, computing", "gateway, a hit", computing)
        .claim("by hand, moka", "gateway, a hit", by_hands)
        .claim("by hand, cached", "gateway, a hit", by_hands)
        .claim("by hand, moka with foldhash", "gateway, a hit", Told)
        .claim("by hand, quick_cache", "gateway, a hit", Told)
        .claim("by hand, quick_cache of whole requests", "gateway, a hit", Told)
}

/// The same arguments, written otherwise than as the cache keeps them: they have to be read.
fn spellings() -> Contest<'static> {
    let text = text(4 << 10);
    let spaced = request(&format!(r#"{{ "text" : "{text}" }}"#));
    let escaped = request(&format!(r#"{{"text":"{}"}}"#, text.replacen('A', r"\u0041", 1)));
    Contest::new(
        "cached result: 4 KB, equal arguments written differently",
        "as above; first as the gateway keeps them",
    )
    .rival("gateway, as kept", by_gateway(&CACHING, compact(&text)))
    .rival("gateway, other spaces", by_gateway(&CACHING, spaced))
    .rival("gateway, an escape", by_gateway(&CACHING, escaped))
    .rival("by hand, moka, other spaces", by_hand(spaced, by_hand::moka(BYTES)))
    .rival("by hand, moka, an escape", by_hand(escaped, by_hand::moka(BYTES)))
    .claim("gateway, other spaces", "by hand, moka, other spaces", AtMost(1.0))
    .claim("gateway, an escape", "by hand, moka, an escape", Told)
    .uncounted()
}

fn main() {
    contest::run([
        hits("cached result: a text of 4 KB", 4 << 10, AtLeast(20.0), AtLeast(2.0)),
        hits("cached result: a text of 64 B", 64, Told, Told).uncounted(),
        hits("cached result: a text of 64 KB", 64 << 10, Told, Told).uncounted(),
        spellings(),
        misses::contest("cached result: 64 B, never asked before", 64),
        misses::contest("cached result: 4 KB, never asked before", 4 << 10),
        threads::contest(),
    ]);
}
