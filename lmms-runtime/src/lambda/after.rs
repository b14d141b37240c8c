//! After the response: what no client should wait for.
//!
//! `lambda_runtime` is done with an invocation when Lambda has taken its response; the container is frozen only when it
//! asks for the next one. What runs in between is on nobody's path: the sweep, and with it drops that take long.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{Error, LambdaInvocation};
use tokio::runtime::Handle;

use crate::gateway::Gateway;

/// Whether several invocations may run at once, as `lambda_runtime` tells.
pub(crate) fn is_concurrent() -> bool {
    let limit = std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok().and_then(|limit| limit.parse::<u32>().ok());
    limit.is_some_and(|limit| limit > 1)
}

/// Sweeps after each response.
#[derive(Clone)]
pub(crate) struct AfterResponse {
    gateway: Arc<Gateway>,
    /// Other invocations run on this thread while one is followed up.
    is_concurrent: bool,
}

impl AfterResponse {
    pub(crate) fn new(gateway: Arc<Gateway>) -> Self {
        Self { gateway, is_concurrent: is_concurrent() }
    }

    async fn follow_up(self) {
        self.gateway.tend();
        if !self.gateway.is_sweep_due() {
            return;
        }
        if !self.is_concurrent {
            return self.gateway.sweep_and_report().await;
        }
        // A drop holds up its thread: not one of those that serve. Not waited for, for only one sweep goes on at a time.
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || runtime.block_on(self.gateway.sweep_and_report()));
    }
}

impl<S> Layer<S> for AfterResponse {
    type Service = FollowedUp<S>;

    fn layer(&self, inner: S) -> FollowedUp<S> {
        FollowedUp { inner, after: self.clone() }
    }
}

/// A service of invocations, with what comes after each.
#[derive(Clone)]
pub(crate) struct FollowedUp<S> {
    inner: S,
    after: AfterResponse,
}

impl<S> Service<LambdaInvocation> for FollowedUp<S>
where
    S: Service<LambdaInvocation, Response = (), Error = Error>,
    S::Future: Send + 'static,
{
    type Response = ();
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, invocation: LambdaInvocation) -> Self::Future {
        let answered = self.inner.call(invocation);
        let after = self.after.clone();
        Box::pin(async move {
            let outcome = answered.await;
            after.follow_up().await;
            outcome
        })
    }
}
