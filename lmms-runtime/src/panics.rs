//! Panics of the user's code, as values.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Runs `f`; a panic comes back as its message.
///
/// What `f` left half done is its own: an instance shared by reference guards its invariants against panics itself, as
/// behind any `Mutex` or `Arc`.
pub(crate) fn catch<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    catch_unwind(AssertUnwindSafe(f)).map_err(message)
}

/// A future each poll of which is run by [`catch`].
pub(crate) struct Catch<F>(pub(crate) F);

impl<F: Future + Unpin> Future for Catch<F> {
    type Output = Result<F::Output, String>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match catch(|| Pin::new(&mut self.0).poll(context)) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Err(message) => Poll::Ready(Err(message)),
        }
    }
}

/// What a panic said, if it said it in the usual way.
fn message(panic: Box<dyn Any + Send>) -> String {
    let panic = match panic.downcast::<&'static str>() {
        Ok(text) => return (*text).to_owned(),
        Err(panic) => panic,
    };
    match panic.downcast::<String>() {
        Ok(text) => *text,
        Err(other) => {
            // Dropping a payload of the user's own type could panic again, and that one's payload too: so it is left.
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(other))) {
                std::mem::forget(again);
            }
            "a panic without a message".to_owned()
        }
    }
}
