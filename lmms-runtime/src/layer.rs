//! Layer: an invocation for each request of any `tower` service.
//!
//! **Invariant.** Each call has one invocation from before the inner service is called until its future is over or dropped.
//! What a request costs for that is one allocation; the future is not boxed.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use pin_project_lite::pin_project;
use tokio::runtime::Handle;
use tower_layer::Layer;
use tower_service::Service;

use crate::current::{Current, Within};
use crate::gateway::Gateway;
use crate::invocation::Invocation;

/// Gives each request of a `tower` service an invocation: [`Invocation::current`], wherever its future is polled.
///
/// Any service will do: a handler for `lambda_runtime`, an app for `lambda_http`, axum's `Router`, on Lambda or elsewhere.
/// The invocation is entered when the service is called, and ends when the response is there or is no longer waited for.
/// What the request touched stays loaded until then. What goes on after that, such as a body that is streamed or a task of its
/// own, takes a handle along, a [`Current`] or a [`Lease`](crate::Lease).
///
/// A request that has an invocation already, for instance from a layer further out, keeps that.
///
/// ```
/// use lmms_runtime::{Invocation, InvocationLayer};
/// use tower_layer::Layer;
/// use tower_service::Service;
///
/// # #[derive(Clone)] struct Ids;
/// # impl Service<()> for Ids {
/// #     type Response = u64; type Error = std::convert::Infallible;
/// #     type Future = std::future::Ready<Result<u64, Self::Error>>;
/// #     fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
/// #         std::task::Poll::Ready(Ok(())) }
/// #     fn call(&mut self, _: ()) -> Self::Future {
/// #         std::future::ready(Ok(Invocation::current().expect("the layer enters one").id())) } }
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let mut service = InvocationLayer::new().layer(Ids);
/// let (first, second) = (service.call(()).await?, service.call(()).await?);
/// assert_ne!(first, second, "each request has its own");
/// # Ok::<(), std::convert::Infallible>(()) }).unwrap();
/// ```
///
/// # Sweeps
///
/// By itself it unloads nothing. `lmms::lambda` sweeps after each response, whatever the handler is made of. Elsewhere, have
/// the layer do it ([`with_sweep`](Self::with_sweep)), or call [`Gateway::sweep`] when it suits.
#[derive(Debug, Clone, Default)]
pub struct InvocationLayer {
    sweeping: Option<Arc<Sweeping>>,
}

impl InvocationLayer {
    /// A layer that enters invocations, and does nothing besides.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A layer that sweeps as well: for servers, and functions that `lmms::lambda` does not run.
    ///
    /// When a request's invocation has ended and something can be due, the sweep goes on on a thread of Tokio's for work that
    /// blocks, one at a time, so that neither a client nor a thread that serves waits for what is dropped. Nothing happens
    /// between requests: what becomes due when no more come stays until one does. Outside of a Tokio runtime it does not sweep.
    /// An `#[unload]` that fails is told on standard error.
    #[must_use]
    pub fn with_sweep(gateway: Arc<Gateway>) -> Self {
        Self { sweeping: Some(Arc::new(Sweeping { gateway, goes_on: AtomicBool::new(false) })) }
    }
}

impl<S> Layer<S> for InvocationLayer {
    type Service = InvocationService<S>;

    fn layer(&self, inner: S) -> InvocationService<S> {
        InvocationService { inner, sweeping: self.sweeping.clone() }
    }
}

/// A service each of whose requests has an invocation: see [`InvocationLayer`].
#[derive(Debug, Clone)]
pub struct InvocationService<S> {
    inner: S,
    sweeping: Option<Arc<Sweeping>>,
}

impl<S: Service<Request>, Request> Service<Request> for InvocationService<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = InvocationFuture<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let current = Invocation::current().unwrap_or_else(Current::enter);
        let within = current.begin(|| self.inner.call(request));
        InvocationFuture { within, follow_up: FollowUp(self.sweeping.clone()) }
    }
}

pin_project! {
    /// A response, with the invocation in which it is made.
    ///
    /// # Panics
    /// When it is polled after it was over.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct InvocationFuture<F> {
        #[pin]
        within: Within<F>,
        // After the invocation, which ends when that is dropped.
        follow_up: FollowUp,
    }
}

impl<F: Future> Future for InvocationFuture<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let output = ready!(this.within.poll(context));
        // Whoever waited for the response may keep the future for a while.
        *this.follow_up = FollowUp(None);
        Poll::Ready(output)
    }
}

#[derive(Debug)]
struct Sweeping {
    gateway: Arc<Gateway>,
    /// A sweep was begun and is not over.
    goes_on: AtomicBool,
}

/// What comes after an invocation: when dropped, it has a sweep begun, if there is to be one.
#[derive(Debug)]
struct FollowUp(Option<Arc<Sweeping>>);

impl Drop for FollowUp {
    fn drop(&mut self) {
        if let Some(sweeping) = self.0.take() {
            sweeping.follow_up();
        }
    }
}

impl Sweeping {
    fn follow_up(self: Arc<Self>) {
        self.gateway.tend();
        if !self.gateway.is_sweep_due() {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let Some(turn) = Turn::take(self) else { return };
        let tokio = runtime.clone();
        runtime.spawn_blocking(move || tokio.block_on(turn.0.gateway.sweep_and_report()));
    }
}

/// The right to sweep, also given back by a task that a runtime which ends drops.
struct Turn(Arc<Sweeping>);

impl Turn {
    fn take(sweeping: Arc<Sweeping>) -> Option<Self> {
        // Relaxed: it keeps threads from being taken in vain, no more. The sweep itself sees to its order.
        let taken = !sweeping.goes_on.swap(true, Ordering::Relaxed);
        // Not `then_some`: a `Turn` that is made in vain ends the other's when it is dropped.
        taken.then(|| Self(sweeping))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.goes_on.store(false, Ordering::Relaxed);
    }
}
