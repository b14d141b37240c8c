//! After the response: what no client should wait for, the sweep above all, and with it drops that take long.
//!
//! Lambda hands a response on as soon as it has it, and freezes the container when all have asked for what comes next. So
//! there is time in between, and three who can use it: the internal [`Extension`], for which the runtime asks for its next
//! invocation right away; where none can be registered, the runtime itself, before it asks; and where many invocations run at
//! once, and nothing is frozen, threads that serve no request. **Invariant.** What ended is followed up by somebody: if the
//! extension is not told of invocations, the runtime does it.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use lambda_runtime::tower::{Layer, Service};
use lambda_runtime::{Error, LambdaInvocation};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::deadline::Deadline;
use super::extension::Extension;
use crate::gateway::Gateway;
use crate::shutdown::Timer;

/// What has to be left until an invocation's deadline for a sweep to begin: Lambda resets a container whose extension is late,
/// although the response was in time.
const MARGIN: Duration = Duration::from_millis(300);
/// What is left when a sweep that began in time is no longer waited for. It goes on at the next invocation.
const LAST_MARGIN: Duration = Duration::from_millis(150);

/// Whether several invocations may run at once, as `lambda_runtime` tells.
pub(crate) fn is_concurrent() -> bool {
    let limit = std::env::var("AWS_LAMBDA_MAX_CONCURRENCY").ok().and_then(|limit| limit.parse::<u32>().ok());
    limit.is_some_and(|limit| limit > 1)
}

/// Who follows up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// The extension, while the runtime asks for the next invocation already.
    Extension,
    /// The runtime, before it asks.
    Runtime,
    /// A thread beside those that serve.
    Thread,
}

/// A [`Layer`] for a `lambda_runtime::Runtime`: when a response has been sent, what is due is unloaded.
///
/// [`Function::after_response`](super::Function::after_response) makes it.
#[derive(Clone)]
pub struct AfterResponse(Arc<Shared>);

/// What the runtime's side and the extension's have in common.
pub(crate) struct Shared {
    gateway: Arc<Gateway>,
    by: By,
    /// The runtime tells of ends.
    is_layered: AtomicBool,
    ended: watch::Sender<Ended>,
    /// How many ended since the extension followed up last.
    behind: AtomicU32,
}

/// The invocation that ended last.
#[derive(Clone, Default)]
struct Ended {
    request_id: String,
    deadline: Deadline,
}

impl Shared {
    pub(crate) fn new(gateway: Arc<Gateway>, by: By) -> Arc<Self> {
        let (ended, _) = watch::channel(Ended::default());
        Arc::new(Self { gateway, by, is_layered: AtomicBool::new(false), ended, behind: AtomicU32::new(0) })
    }

    pub(crate) fn by(&self) -> By {
        self.by
    }

    pub(crate) fn layer(self: &Arc<Self>) -> AfterResponse {
        // Relaxed: long before the first invocation.
        self.is_layered.store(true, Ordering::Relaxed);
        AfterResponse(Arc::clone(self))
    }

    /// The extension's side: follows up each invocation when its response was sent, and asks for the next only then.
    pub(crate) async fn extend(self: Arc<Self>, extension: Extension) {
        let mut ended = self.ended.subscribe();
        loop {
            let invoked = match extension.next().await {
                Ok(invoked) => invoked,
                // It was registered for SIGTERM alone.
                Err(_) if self.by != By::Extension => return,
                Err(error) => {
                    eprintln!(
                        "lmms: the extension cannot ask for its next event ({error}): what comes after a response is done \
                         before the next request from now on"
                    );
                    return;
                }
            };
            // If it did not end yet, it is the next that does. Where nobody tells, waiting would keep the container up for ever.
            let has_ended = ended.borrow_and_update().request_id == invoked.request_id;
            if !has_ended && self.is_layered.load(Ordering::Relaxed) && ended.changed().await.is_err() {
                return;
            }
            let deadline = ended.borrow().deadline;
            match self.begin_sweep(deadline) {
                // It reports by itself, and goes on if the runtime ends meanwhile, or if an `#[unload]` hangs: waiting for that
                // until Lambda gives up would end the container.
                Some(swept) => match deadline.left(SystemTime::now()) {
                    Some(left) => drop(Timer::start(left.saturating_sub(LAST_MARGIN)).bound(swept).await),
                    None => drop(swept.await),
                },
                None => self.gateway.emit_telemetry(),
            }
            // Relaxed: a counter.
            self.behind.store(0, Ordering::Relaxed);
        }
    }

    /// The runtime's side, of an invocation that was given up: nobody follows it up but the extension, if there is one, which
    /// waits for its end.
    fn given_up(&self, invocation: Ended) {
        if self.by == By::Extension {
            self.ended.send_replace(invocation);
        }
    }

    /// The runtime's side.
    async fn ended(&self, invocation: Ended) {
        let deadline = invocation.deadline;
        match self.by {
            By::Extension => {
                self.ended.send_replace(invocation);
                // The one before waits still: who should have followed it up was not told of it.
                if self.behind.fetch_add(1, Ordering::Relaxed) > 0 {
                    self.sweep(deadline).await;
                }
            }
            By::Runtime => self.sweep(deadline).await,
            By::Thread => match self.begin_sweep(Deadline::default()) {
                // Not waited for: only one sweep goes on at a time, and nothing is frozen.
                Some(swept) => drop(swept),
                None => self.gateway.emit_telemetry(),
            },
        }
    }

    async fn sweep(&self, deadline: Deadline) {
        if self.is_due(deadline) {
            self.gateway.sweep_and_report().await;
        }
        self.gateway.emit_telemetry();
    }

    /// Sweeps on a thread of its own: a drop holds up its thread, and this one has requests to serve, or is yet to ask for the
    /// next one.
    fn begin_sweep(&self, deadline: Deadline) -> Option<JoinHandle<()>> {
        self.is_due(deadline).then(|| {
            let (runtime, gateway) = (Handle::current(), Arc::clone(&self.gateway));
            tokio::task::spawn_blocking(move || {
                runtime.block_on(gateway.sweep_and_report());
                gateway.emit_telemetry();
            })
        })
    }

    fn is_due(&self, deadline: Deadline) -> bool {
        self.gateway.tend();
        self.gateway.is_sweep_due() && has_time(deadline, SystemTime::now())
    }
}

/// Whether a sweep may begin: else it is the next invocation's.
fn has_time(deadline: Deadline, now: SystemTime) -> bool {
    deadline.left(now).is_none_or(|left| left > MARGIN)
}

/// An invocation under way: its end is told, also if nobody waits for it any more.
struct UnderWay {
    shared: Arc<Shared>,
    invocation: Option<Ended>,
}

impl UnderWay {
    async fn end(mut self) {
        if let Some(invocation) = self.invocation.take() {
            self.shared.ended(invocation).await;
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(invocation) = self.invocation.take() {
            self.shared.given_up(invocation);
        }
    }
}

impl<S> Layer<S> for AfterResponse {
    type Service = FollowedUp<S>;

    fn layer(&self, inner: S) -> FollowedUp<S> {
        FollowedUp { inner, after: self.clone() }
    }
}

impl std::fmt::Debug for AfterResponse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AfterResponse").field(&self.0.by).finish()
    }
}

/// A service of invocations, with what comes after each.
#[derive(Debug, Clone)]
pub struct FollowedUp<S> {
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
        let context = &invocation.context;
        let ended = Ended { request_id: context.request_id.clone(), deadline: Deadline::of(context) };
        let under_way = UnderWay { shared: Arc::clone(&self.after.0), invocation: Some(ended) };
        let answered = self.inner.call(invocation);
        Box::pin(async move {
            let outcome = answered.await;
            under_way.end().await;
            outcome
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sweep_begins_close_to_the_deadline() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let has_time = |deadline| has_time(Deadline::at(deadline), now);
        assert!(has_time(1_000_000_301) && has_time(u64::MAX) && has_time(0));
        assert!(!has_time(1_000_000_300) && !has_time(999_999_000));
        // As `cargo lambda watch` has it.
        assert!(has_time(600_000));
    }

    #[test]
    fn an_invocation_that_is_given_up_has_ended() {
        let gateway = Arc::new(Gateway::new(crate::Config::default()).unwrap());
        let shared = Shared::new(gateway, By::Extension);
        let invocation = Ended { request_id: "1".to_owned(), deadline: Deadline::default() };
        drop(UnderWay { shared: Arc::clone(&shared), invocation: Some(invocation) });
        assert_eq!(shared.ended.borrow().request_id, "1");
    }
}
