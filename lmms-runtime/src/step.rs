//! Step: what a hook or an operation that may be sync or async comes to when it is started.
//!
//! A sync one is over when it returns: no future, no allocation. That is the usual case and the fast one.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use crate::flight::Landing;
use crate::slot::Busy;

/// A future on the heap, as the type-erased calls return it.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The outcome of starting something.
pub enum Step<'a, R> {
    /// It is over.
    Ready(R),
    /// It goes on as a future.
    Pending(BoxFuture<'a, R>),
    /// Nothing was done: somebody else loads or unloads the interface. Wait, then start again.
    Busy(Busy),
}

impl<R> fmt::Debug for Step<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ready(_) => "Ready",
            Self::Pending(_) => "Pending",
            Self::Busy(_) => "Busy",
        })
    }
}

/// The output of a future that never waits.
///
/// # Panics
/// If it does wait: a mistake of ours.
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("it was said not to wait"),
    }
}

/// As [`settle`], on this thread, for what never comes to a future: an interface with sync hooks.
pub(crate) fn settle_here<'a, R, E>(mut start: impl FnMut() -> Step<'a, Result<R, E>>) -> Result<R, E>
where
    E: From<crate::load_error::LoadError>,
{
    loop {
        match start() {
            Step::Ready(result) => return result,
            Step::Pending(future) => return at_once(future),
            Step::Busy(busy) => {
                if let Landing::Failed(error) = busy.wait() {
                    return Err(error.into());
                }
            }
        }
    }
}

/// Starts `start` again until nobody is in the way, and sees it through.
pub(crate) async fn settle<'a, R, E>(mut start: impl FnMut() -> Step<'a, Result<R, E>>) -> Result<R, E>
where
    E: From<crate::load_error::LoadError>,
{
    loop {
        match start() {
            Step::Ready(result) => return result,
            Step::Pending(future) => return future.await,
            Step::Busy(busy) => {
                if let Landing::Failed(error) = busy.landing().await {
                    return Err(error.into());
                }
            }
        }
    }
}
