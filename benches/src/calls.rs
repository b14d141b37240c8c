//! Calls by name: requests answered again and again, as a function that is warm answers them.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls a future that is never pending.
///
/// # Panics
/// If it is.
pub fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// Answers so many requests into one buffer, and returns a checksum of the answers.
pub fn answers(calls: u64, mut answer: impl FnMut(&mut Vec<u8>)) -> u64 {
    let mut reply = Vec::with_capacity(4096);
    (0..calls).fold(0, |sum: u64, _| {
        reply.clear();
        answer(&mut reply);
        // Of the whole answer where it is checked, but cheap: the bytes at both ends and its length.
        let ends = reply.iter().take(8).chain(reply.iter().rev().take(8));
        ends.fold(sum.wrapping_add(reply.len() as u64), |sum, byte| sum.rotate_left(5) ^ u64::from(*byte))
    })
}

/// A text of numbers in decimal, all of one width, written over in place: a request that is another one at each call, of the
/// same length, and as warm in the processor's caches as one that has just been received.
#[derive(Debug, Clone)]
pub struct Numbered {
    bytes: Vec<u8>,
    at: usize,
    width: usize,
}

impl Numbered {
    /// The first run of `#` in `text` is where the number goes.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let at = text.find('#').expect("there is a place for the number");
        let width = text[at..].bytes().take_while(|byte| *byte == b'#').count();
        Self { bytes: text.into(), at, width }
    }

    /// The text with this number.
    pub fn with(&mut self, number: u64) -> &[u8] {
        let digits = self.bytes[self.at..self.at + self.width].iter_mut().rev();
        digits.fold(number, |rest, digit| {
            *digit = b'0' + (rest % 10) as u8;
            rest / 10
        });
        &self.bytes
    }
}
