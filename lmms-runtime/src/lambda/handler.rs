//! The shape of a handler of one's own.

use std::future::Future;

use lambda_runtime::{Error, LambdaEvent};

use crate::invocation::Invocation;

/// An async function of an invocation and an event, whose future is `Send`, so that many can run at once.
///
/// Implemented for every such function and closure. It stands beside `AsyncFn`, which cannot ask for `Send` yet.
#[diagnostic::on_unimplemented(
    message = "this is not a handler whose calls can run at once",
    label = "expected `async |invocation: &Invocation, event: LambdaEvent<A>| -> Result<R, lmms::lambda::Error>`",
    note = "its future has to be `Send`: what is held across an `await` must be, too",
    note = "a closure that captures something gives each future its own clone: \
            `move |invocation, event| {{ let it = it.clone(); async move {{ .. }} }}`"
)]
pub trait Handler<'a, A, R>: Fn(&'a Invocation, LambdaEvent<A>) -> Self::Future {
    /// One call.
    type Future: Future<Output = Result<R, Error>> + Send + 'a;
}

impl<'a, H, F, A, R> Handler<'a, A, R> for H
where
    H: Fn(&'a Invocation, LambdaEvent<A>) -> F,
    F: Future<Output = Result<R, Error>> + Send + 'a,
{
    type Future = F;
}

/// Calls it as a [`Handler`], where it is an `AsyncFn` as well.
pub(crate) fn call<'a, H, A, R>(handler: &H, invocation: &'a Invocation, event: LambdaEvent<A>) -> H::Future
where
    H: Handler<'a, A, R>,
{
    handler(invocation, event)
}
