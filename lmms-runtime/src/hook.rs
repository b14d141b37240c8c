//! Hooks: running the user's load and unload functions, sync or async, so that a panic is a value and a cycle is seen.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::cycle::{self, Node};
use crate::memory::Account;
use crate::panics::{self, Catch};
use crate::step::BoxFuture;

/// A boxed error, which every error type and `anyhow::Error` convert into.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A hook that was started: over, or a future.
#[allow(missing_debug_implementations)]
pub enum Hook<'a, R> {
    /// A sync hook's result.
    Done(Result<R, BoxError>),
    /// An async hook.
    Running(BoxFuture<'a, Result<R, BoxError>>),
}

/// Why a hook gave no result.
pub(crate) enum HookFailure {
    Error(BoxError),
    Panic(String),
}

/// A hook after it was started under supervision.
pub(crate) enum Supervised<'a, R> {
    Done(Result<R, HookFailure>),
    Running(SupervisedFuture<'a, R>),
}

/// Starts a hook of `node`, and charges what it allocates to an account, if there is one.
pub(crate) fn start<'a, R>(
    node: Node,
    account: Option<&'static Account>,
    hook: impl FnOnce() -> Hook<'a, R>,
) -> Supervised<'a, R> {
    let _scope = account.and_then(Account::enter);
    match cycle::within(node, || panics::catch(hook)) {
        Ok(Hook::Done(result)) => Supervised::Done(result.map_err(HookFailure::Error)),
        Ok(Hook::Running(future)) => {
            Supervised::Running(SupervisedFuture { node, account, future: Some(Catch(future)) })
        }
        Err(message) => Supervised::Done(Err(HookFailure::Panic(message))),
    }
}

/// An async hook, each poll of which is supervised, and its end, should it be cancelled.
pub(crate) struct SupervisedFuture<'a, R> {
    node: Node,
    account: Option<&'static Account>,
    /// `None` only while it is dropped.
    future: Option<Catch<BoxFuture<'a, Result<R, BoxError>>>>,
}

impl<R> Drop for SupervisedFuture<'_, R> {
    fn drop(&mut self) {
        // What it holds may ask for its own interface as it goes, which waits for nobody but this hook.
        cycle::within(self.node, || self.future = None);
    }
}

impl<R> Future for SupervisedFuture<'_, R> {
    type Output = Result<R, HookFailure>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let node = self.node;
        let _scope = self.account.and_then(Account::enter);
        let Some(future) = &mut self.future else { return Poll::Pending };
        cycle::within(node, || Pin::new(future).poll(context)).map(|outcome| match outcome {
            Ok(result) => result.map_err(HookFailure::Error),
            Err(message) => Err(HookFailure::Panic(message)),
        })
    }
}
