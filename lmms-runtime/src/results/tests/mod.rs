//! Tests of the results, by what each is about.

mod bounds;
mod canonical;
mod flights;
mod invalidation;
mod random;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use super::*;
use crate::meter::Meter;

const TEXT: Parameters = Parameters("text");
const CACHING: Caching = Caching { ttl: None, weight: 1, errors: false };

fn new_results(max_bytes: usize) -> Results {
    Results::new(Limits { max_bytes, ttl: None })
}

fn new_operation() -> OperationId {
    OperationId::of(Box::leak(Box::new(Meter::new())))
}

/// Arguments of twelve bytes, if `text` is one.
fn arguments(text: &str) -> String {
    format!(r#"{{"text":"{text}"}}"#)
}

fn look_up<'r>(results: &'r Results, operation: OperationId, text: &str) -> Found<'r> {
    results.look_up(operation, TEXT, CACHING, arguments(text).as_bytes())
}

impl<'r> Found<'r> {
    fn hit(self) -> Option<String> {
        match self {
            Self::Hit(answer) => Some(answer.text()),
            _ => None,
        }
    }

    #[track_caller]
    fn lead(self) -> Lead<'r> {
        match self {
            Self::Compute(Some(lead)) => lead,
            found => panic!("{}", found.name()),
        }
    }

    #[track_caller]
    fn follow(self) -> Following<'r> {
        match self {
            Self::Follow(following) => following,
            found => panic!("{}", found.name()),
        }
    }

    fn is_alone(&self) -> bool {
        matches!(self, Self::Compute(None))
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Hit(_) => "a hit",
            Self::Compute(Some(_)) => "a lead",
            Self::Compute(None) => "alone",
            Self::Follow(_) => "to follow",
        }
    }
}

impl Answer {
    fn text(self) -> String {
        let mut reply = Vec::new();
        self.write(&mut reply).unwrap();
        String::from_utf8(reply).unwrap()
    }
}

/// A lead that lands this answer.
fn put(results: &Results, operation: OperationId, text: &str, answer: &str) {
    look_up(results, operation, text).lead().land(Ok(answer.as_bytes()));
}

/// Counts how often it is woken.
#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Woken {
    fn times(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

type Settled<'r> = Result<Answer, Option<Lead<'r>>>;

fn poll<'r>(following: &mut Following<'r>, waker: &Waker) -> Poll<Settled<'r>> {
    Pin::new(following).poll(&mut Context::from_waker(waker))
}

/// What it comes to, which is to be known by now.
#[track_caller]
fn settled<'r>(following: &mut Following<'r>) -> Settled<'r> {
    match poll(following, Waker::noop()) {
        Poll::Ready(settled) => settled,
        Poll::Pending => panic!("it still waits"),
    }
}

/// The answer that it is served.
#[track_caller]
fn served(following: &mut Following<'_>) -> String {
    match settled(following) {
        Ok(answer) => answer.text(),
        Err(lead) => panic!("it has to compute, with{} a lead", if lead.is_some() { "" } else { "out" }),
    }
}
