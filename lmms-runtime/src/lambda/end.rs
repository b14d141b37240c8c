//! The end of a container: on SIGTERM everything is unloaded, so that each `#[unload]` has its turn.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use super::after;
use crate::gateway::Gateway;

/// Lambda kills what has not ended 500 ms after SIGTERM (2 s for functions with an external extension).
const DEADLINE: Duration = Duration::from_millis(450);

/// Serves until `serving` ends or SIGTERM comes; then unloads everything.
///
/// What is served on this task is cancelled by SIGTERM, and lets go of what it used; tasks that serve concurrently go on until
/// the runtime ends.
pub(crate) async fn serve_until_terminated<E>(
    gateway: &Gateway,
    serving: impl Future<Output = Result<(), E>>,
) -> Result<(), E>
where
    E: From<io::Error>,
{
    let mut serving = Box::pin(serving);
    let mut terminated = terminated()?;
    let served = poll_fn(|context| match terminated.as_mut().poll(context) {
        Poll::Ready(()) => Poll::Ready(None),
        Poll::Pending => serving.as_mut().poll(context).map(Some),
    })
    .await;
    // A sweep that goes on is part of what is served on this task: an unload hook that it has begun ends first.
    let is_sweeping = || served.is_none() && !after::is_concurrent() && gateway.is_unloading();
    let swept = poll_fn(move |context| {
        let is_over = !is_sweeping() || serving.as_mut().poll(context).is_ready() || !is_sweeping();
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    });
    let shutdown = gateway.shutdown_after(swept, DEADLINE).await;
    for error in &shutdown.hook_errors {
        eprintln!("lmms: {error}");
    }
    // What is dropped and no more goes with the process as well.
    let with_hook = |name: &&&str| gateway.has_unload(name);
    for name in shutdown.interrupted.iter().chain(shutdown.remaining.iter().filter(with_hook)) {
        eprintln!(
            "lmms: interface `{name}` was not unloaded in the {} ms that there are at the end",
            DEADLINE.as_millis()
        );
    }
    served.unwrap_or(Ok(()))
}

#[cfg(unix)]
fn terminated() -> io::Result<Pin<Box<impl Future<Output = ()>>>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut signal = signal(SignalKind::terminate())?;
    Ok(Box::pin(async move {
        if signal.recv().await.is_none() {
            // No signal can come any more.
            std::future::pending::<()>().await;
        }
    }))
}

#[cfg(not(unix))]
fn terminated() -> io::Result<Pin<Box<impl Future<Output = ()>>>> {
    Ok(Box::pin(std::future::pending()))
}
