//! A call by name through the gateway, against the `match` that one would write by hand: the same request and arguments
//! read by the same serde, the same operations, the same answer into a buffer that is used again.
#![allow(missing_docs)]

use std::future::Future;
use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use lmms::{BoxError, Config, Gateway, Invocation};
use lmms_benches::contest::{self, Contest};
use lmms_benches::table::Target::AtMost;
use serde::Deserialize;
use serde_json::value::RawValue;

/// An interface as small as can be, and its hand-written twin: the rest of the program that a name is looked up in.
macro_rules! interfaces {
    ($($name:literal $ty:ident $lazy:ident),*) => {
        $(
            pub struct $ty {
                offset: i64,
            }

            #[lmms::interface(name = $name)]
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

// As many as the demo has.
interfaces! {
    "borders" Borders BORDERS, "chinese" Chinese CHINESE, "highlight" Highlight HIGHLIGHT,
    "language" Language LANGUAGE, "lexicon" Lexicon LEXICON, "markdown" Markdown MARKDOWN,
    "places" Places PLACES, "redact" Redact REDACT, "schema" Schema SCHEMA, "spelling" Spelling SPELLING,
    "template" Template TEMPLATE, "timezone" Timezone TIMEZONE, "tokens" Tokens TOKENS
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

fn contest<'a>(
    title: &'static str,
    request: &'a [u8],
    gateway: &'a Gateway,
    invocation: &'a Invocation,
) -> Contest<'a> {
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    now(gateway.execute_in(invocation, request, &mut ours)).expect("the gateway answers");
    now(by_hand(request, &mut theirs)).expect("the match answers");
    assert_eq!(ours, theirs, "the two answer differently");

    Contest::new(title, "request bytes to answer bytes, 13 interfaces of 3 operations, in one invocation")
        .rival("match by hand", move |calls| {
            answers(calls, |reply| now(by_hand(black_box(request), reply)).expect("it answers"))
        })
        .rival("gateway.execute_in", move |calls| {
            answers(calls, |reply| {
                now(gateway.execute_in(invocation, black_box(request), reply)).expect("it answers");
            })
        })
        .claim("gateway.execute_in", "match by hand", AtMost(1.25))
}

fn main() {
    let gateway = Gateway::new(Config::default()).expect("the interfaces have names of their own");
    let invocation = Invocation::enter();
    let text = "It is a truth universally acknowledged, that a single request in possession of good arguments ";
    let len = format!(r#"{{"interface":"template","operation":"len","args":{{"text":"{}"}}}}"#, text.repeat(10));
    let points: Vec<_> = (0..50).map(|i| (f64::from(i) / 7.0, f64::from(i) * 1.5)).collect();
    let points = serde_json::to_string(&points).expect("numbers");
    let scale = format!(r#"{{"interface":"markdown","operation":"scale","args":{{"points":{points},"by":2.5}}}}"#);
    let contest = |title, request| contest(title, request, &gateway, &invocation);
    contest::run([
        contest("by name: two numbers", br#"{"interface":"tokens","operation":"add","args":{"a":2,"b":40}}"#),
        contest("by name: a text of 10 words", br#"{"interface":"borders","operation":"len","args":{"text":"the quick brown fox jumps over the lazy dog again"}}"#),
        contest("by name: a text of 1 KB", len.as_bytes()),
        contest("by name: 50 points", scale.as_bytes()),
    ]);
}
