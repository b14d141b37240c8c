//! A call by name through the gateway, in each tier, against the `match` that one would write by hand: the same request and
//! arguments read by the same serde, the same operations, the same answer into a buffer that is used again.
#![allow(missing_docs)]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use lmms::{BlockingInterface, BoxError, Config, Gateway, Invocation, Tier};
use lmms_benches::contest::{self, Contest};
use lmms_benches::table::Target::AtMost;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An interface as small as can be, and its hand-written twin: the rest of the program that a name is looked up in.
macro_rules! interfaces {
    ($($name:literal $ty:ident $lazy:ident $threshold:literal),*) => {
        $(
            pub struct $ty {
                offset: i64,
            }

            #[lmms::interface(name = $name, fast_path_threshold = $threshold)]
            impl $ty {
                #[load]
                fn load() -> Self {
                    Self { offset: $name.len() as i64 }
                }

                #[operation]
                pub fn add(&self, a: i64, b: i64) -> i64 {
                    self.offset + a + b
                }

                #[operation]
                pub fn len(&self, text: &str) -> usize {
                    text.len()
                }

                #[operation]
                pub fn scale(&self, points: Vec<(f64, f64)>, by: f64) -> Vec<(f64, f64)> {
                    points.into_iter().map(|(x, y)| (x * by, y * by)).collect()
                }
            }

            impl Operations for $ty {
                fn call_all(&self) {
                    let _ = (self.add(1, 2), self.len(""), self.scale(Vec::new(), 1.0));
                }
            }

            static $lazy: LazyLock<$ty> = LazyLock::new($ty::load);
        )*

        async fn by_hand(request: &[u8], reply: &mut Vec<u8>) -> Result<(), BoxError> {
            let Request { interface, operation, args } = serde_json::from_slice(request)?;
            match (interface, operation) {
                $(
                    ($name, "add") => {
                        let Add { a, b } = serde_json::from_str(args.get())?;
                        serde_json::to_writer(reply, &$lazy.add(a, b))?;
                    }
                    ($name, "len") => {
                        let Len { text } = serde_json::from_str(args.get())?;
                        serde_json::to_writer(reply, &$lazy.len(text))?;
                    }
                    ($name, "scale") => {
                        let Scale { points, by } = serde_json::from_str(args.get())?;
                        serde_json::to_writer(reply, &$lazy.scale(points, by))?;
                    }
                )*
                _ => return Err(format!("there is no {interface}.{operation}").into()),
            }
            Ok(())
        }
    };
}

/// All operations of an interface, called typed: they heat as calls by name do.
trait Operations {
    fn call_all(&self);
}

// About as many as the demo has. Three are for one tier each: of names as long as `tokens`, and with thresholds at which no
// number of calls made here takes them out of it.
interfaces! {
    "borders" Borders BORDERS 50, "chinese" Chinese CHINESE 50, "highlight" Highlight HIGHLIGHT 50,
    "language" Language LANGUAGE 50, "lexicon" Lexicon LEXICON 50, "markdown" Markdown MARKDOWN 50,
    "places" Places PLACES 50, "redact" Redact REDACT 50, "schema" Schema SCHEMA 50, "spelling" Spelling SPELLING 50,
    "template" Template TEMPLATE 50, "timezone" Timezone TIMEZONE 50, "tokens" Tokens TOKENS 50,
    "frozen" Frozen FROZEN 4_000_000_000, "kettle" Kettle KETTLE 1_000_000, "embers" Embers EMBERS 50
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Request<'a> {
    interface: &'a str,
    operation: &'a str,
    #[serde(borrow)]
    args: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Len<'a> {
    text: &'a str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scale {
    points: Vec<(f64, f64)>,
    by: f64,
}

/// Polls a future that is never pending.
fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("nothing here waits"),
    }
}

/// Answers the request again and again, into one buffer.
fn answers(calls: u64, mut answer: impl FnMut(&mut Vec<u8>)) -> u64 {
    let mut reply = Vec::with_capacity(4096);
    (0..calls).fold(0, |sum: u64, _| {
        reply.clear();
        answer(&mut reply);
        // Of the whole answer where it is checked, but cheap: the bytes at both ends and its length.
        let ends = reply.iter().take(8).chain(reply.iter().rev().take(8));
        ends.fold(sum.wrapping_add(reply.len() as u64), |sum, byte| sum.rotate_left(5) ^ u64::from(*byte))
    })
}

/// Heats all operations of an interface by so many calls.
fn heat<T: BlockingInterface + Operations>(invocation: &Invocation, calls: u32) {
    let instance = invocation.get::<T>().expect("it loads");
    (0..calls).for_each(|_| instance.call_all());
}

/// Which interface is in which tier, and for how much of the time of a `match` a call in it is meant to be had.
const TIERS: [(&str, Tier, &str, f64); 3] = [
    ("gateway, COLD", Tier::Cold, "frozen", 1.5),
    ("gateway, HOT", Tier::Hot, "kettle", 1.1),
    ("gateway, BLAZING", Tier::Blazing, "embers", 1.0),
];

fn contest(title: &'static str, operation: &str, request: &str, world: &'static World) -> Contest<'static> {
    let World { gateway, invocation } = world;
    // Leaked, for contests outlive what makes them; there are a few.
    let of = |interface: &str| -> &'static [u8] {
        format!(r#"{{"interface":"{interface}","operation":"{operation}","args":{request}}}"#).leak().as_bytes()
    };
    let by_match = of("tokens");
    let mut theirs = Vec::new();
    now(by_hand(by_match, &mut theirs)).expect("the match answers");
    let rival = move |calls| answers(calls, |reply| now(by_hand(black_box(by_match), reply)).expect("it answers"));
    let method = "request bytes to answer bytes, 16 interfaces of 3 operations, in one invocation";
    let mut contest = Contest::new(title, method).rival("match by hand", rival);
    for (name, tier, interface, most) in TIERS {
        let request = of(interface);
        let mut ours = Vec::new();
        now(gateway.execute_in(invocation, request, &mut ours)).expect("the gateway answers");
        assert_eq!(ours, theirs, "the two answer differently");
        let operation = format!("{interface}.{operation}");
        let rival = move |calls| {
            let sum = answers(calls, |reply| {
                now(gateway.execute_in(invocation, black_box(request), reply)).expect("it answers");
            });
            // Before and after, so that what was measured was of this tier.
            assert_eq!(gateway.check_fast_path(&operation).expect("there is one").tier, tier, "{operation}");
            sum
        };
        contest = contest.rival(name, rival).claim(name, "match by hand", AtMost(most));
    }
    contest.claim("gateway, HOT", "gateway, COLD", AtMost(1.0)).claim("gateway, BLAZING", "gateway, HOT", AtMost(1.0))
}

struct World {
    gateway: Gateway,
    invocation: Invocation,
}

fn main() {
    let gateway = Gateway::new(Config::default()).expect("the interfaces have names of their own");
    let world: &World = Box::leak(Box::new(World { gateway, invocation: Invocation::enter() }));
    heat::<Kettle>(&world.invocation, 1_000_000);
    heat::<Embers>(&world.invocation, 201);
    let text = "It is a truth universally acknowledged, that a single request in possession of good arguments ";
    let text = format!(r#"{{"text":"{}"}}"#, text.repeat(10));
    let points: Vec<_> = (0..50).map(|i| (f64::from(i) / 7.0, f64::from(i) * 1.5)).collect();
    let points = format!(r#"{{"points":{},"by":2.5}}"#, serde_json::to_string(&points).expect("numbers"));
    let words = r#"{"text":"the quick brown fox jumps over the lazy dog again"}"#;
    contest::run([
        contest("by name: two numbers", "add", r#"{"a":2,"b":40}"#, world),
        contest("by name: a text of 10 words", "len", words, world),
        contest("by name: a text of 1 KB", "len", &text, world),
        contest("by name: 50 points", "scale", &points, world),
    ]);
}
