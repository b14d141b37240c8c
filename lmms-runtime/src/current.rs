//! Current: the invocation that goes on where one looks, for code to which none is handed down.
//!
//! **Invariant.** A thread's current invocation is that of the future it polls, and of nothing else: it is set when a poll
//! (a call, a drop) begins, and what was there before is put back when that ends, in whatever way.

use std::cell::Cell;
use std::future::Future;
use std::ops::Deref;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::invocation::Invocation;

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

/// A handle on an invocation that several share, as [`Invocation::current`] gives it.
///
/// It is `Send` and may be kept across an `await` or given to another task. The invocation ends with its last handle, and
/// what it touched stays loaded until then.
///
/// ```
/// use lmms_runtime::{Current, Invocation};
///
/// // Within a request its invocation, elsewhere one of its own.
/// let invocation = Invocation::current().unwrap_or_default();
/// // let tokens = invocation.get::<Tokens>()?;
/// assert!(Invocation::current().is_none(), "nothing made it the current one");
/// assert_eq!(invocation.scope(|| Invocation::current().unwrap().id()), invocation.id());
/// ```
#[derive(Debug, Clone)]
pub struct Current(Arc<Invocation>);

impl Invocation {
    /// The invocation of the request that is being answered here, if an [`InvocationLayer`](crate::InvocationLayer) gave it
    /// one, or it runs in [`Current::scope`] or [`Current::within`].
    ///
    /// A task or a thread that a request starts is no part of it: hand it the [`Current`], if it is to be.
    #[must_use]
    pub fn current() -> Option<Current> {
        let look = |current: &Cell<Option<Current>>| {
            let found = current.take();
            current.set(found.clone());
            found
        };
        // A thread that is about to end answers no request.
        CURRENT.try_with(look).ok().flatten()
    }
}

impl Current {
    /// Enters an invocation of its own. It does not become the current one by that: see [`scope`](Self::scope) and
    /// [`within`](Self::within).
    #[must_use]
    pub fn enter() -> Self {
        Self(Arc::new(Invocation::enter()))
    }

    /// Runs `f` with this as the current invocation.
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        let mut current = Some(self.clone());
        let _entered = Entered::enter(&mut current);
        f()
    }

    /// Has this be the current invocation wherever `future` is polled, and when it is dropped.
    ///
    /// ```
    /// # async fn as_a_task(_: impl Future) {}
    /// # async fn handler() {
    /// # use lmms_runtime::{Current, Invocation};
    /// let invocation = Invocation::current().unwrap_or_default();
    /// // A task that goes on with the request's invocation: tokio::spawn(..)
    /// as_a_task(invocation.within(async { /* Invocation::current() */ })).await;
    /// # }
    /// ```
    pub fn within<F: Future>(self, future: F) -> Within<F> {
        Within { future: Some(future), current: Some(self) }
    }

    /// As [`within`](Self::within), of a future that is made in this invocation, too.
    pub(crate) fn begin<F: Future>(self, begin: impl FnOnce() -> F) -> Within<F> {
        let mut current = Some(self);
        let entered = Entered::enter(&mut current);
        let future = Some(begin());
        drop(entered);
        Within { future, current }
    }
}

impl Default for Current {
    /// [`Current::enter`].
    fn default() -> Self {
        Self::enter()
    }
}

impl Deref for Current {
    type Target = Invocation;

    fn deref(&self) -> &Invocation {
        &self.0
    }
}

/// While it lives, the invocation is the thread's current one, and in its place stands the one that was.
///
/// The two change places, so that entering and leaving move a handle, and count nothing.
struct Entered<'a>(&'a mut Option<Current>);

impl<'a> Entered<'a> {
    fn enter(current: &'a mut Option<Current>) -> Self {
        swap(current);
        Self(current)
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        swap(self.0);
    }
}

fn swap(place: &mut Option<Current>) {
    // On a thread that is about to end neither changes, now and at the end.
    let _ = CURRENT.try_with(|current| *place = current.replace(place.take()));
}

pin_project! {
    /// A future with its current invocation, which ends when the future is over or dropped, unless somebody else has a handle
    /// on it.
    ///
    /// # Panics
    /// When it is polled after it was over.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Within<F> {
        // `None` when it is over.
        #[pin]
        future: Option<F>,
        // `None` when it is over. While it is polled, what was current before.
        current: Option<Current>,
    }

    impl<F> PinnedDrop for Within<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = Entered::enter(this.current);
            this.future.set(None);
        }
    }
}

impl<F: Future> Future for Within<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        let entered = Entered::enter(this.current);
        let future = this.future.as_mut().as_pin_mut().expect("it is not polled again after it was over");
        let Poll::Ready(output) = future.poll(context) else { return Poll::Pending };
        // What it holds goes before its invocation does.
        this.future.set(None);
        drop(entered);
        *this.current = None;
        Poll::Ready(output)
    }
}
