//! The end of a container: on SIGTERM everything is unloaded, so that each `#[unload]` has its turn.
//!
//! One handler of the signal is enough, for who handles it ends the process. Where there is one already, `lambda_runtime`'s
//! graceful shutdown for instance, it is for that one to call [`shutdown`].

use std::future::{Future, poll_fn, ready};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;

use crate::gateway::Gateway;
use crate::os;
use crate::shutdown::{self, Shutdown};

/// Lambda kills what has not ended 500 ms after SIGTERM.
const DEADLINE: Duration = Duration::from_millis(450);
/// With an external extension it is 2 s.
const EXTERNAL_DEADLINE: Duration = Duration::from_millis(1_900);
/// Where Lambda looks for external extensions.
const EXTERNAL: &str = "/opt/extensions";

fn deadline() -> Duration {
    let is_any = Path::new(EXTERNAL).read_dir().is_ok_and(|mut entries| entries.next().is_some());
    if is_any { EXTERNAL_DEADLINE } else { DEADLINE }
}

/// Whether SIGTERM is handled by somebody else in this process.
pub(crate) async fn is_handled_elsewhere() -> bool {
    // Who was spawned just before has not begun to listen: `lambda_runtime`'s own helper, as its documentation has it. Tasks
    // begin in their order, if not all on this thread, and so that one has when these are over.
    for _ in 0..4 {
        let _ = tokio::spawn(tokio::task::yield_now()).await;
        if os::handles_sigterm() {
            return true;
        }
    }
    false
}

/// The gateway of the function that started last, for who shuts down without it.
static STARTED: Mutex<Weak<Gateway>> = Mutex::new(Weak::new());

pub(crate) fn started(gateway: &Arc<Gateway>) {
    *STARTED.lock() = Arc::downgrade(gateway);
}

/// Unloads everything, in reverse order of loading: for a SIGTERM handler of one's own.
///
/// `lmms::lambda` does this by itself, unless SIGTERM is handled elsewhere in the process when the function starts. With
/// `lambda_runtime`'s graceful shutdown, which ends the process when its hook is done, this belongs into that hook:
///
/// ```ignore
/// lambda_runtime::spawn_graceful_shutdown_handler(|| async { lmms::shutdown().await }).await;
/// lmms::lambda::run().await
/// ```
///
/// It takes no longer than Lambda leaves: 500 ms, or 2 s where there is an external extension. A hook that fails or is not done
/// by then is reported on standard error. Last of all comes the [telemetry](crate::telemetry) of the function that was started,
/// if one was.
pub async fn shutdown() {
    let deadline = deadline();
    report(&shutdown::shutdown(ready(()), deadline).await, deadline);
    let gateway = STARTED.lock().upgrade();
    if let Some(gateway) = gateway {
        gateway.emit_last_telemetry();
    }
}

fn report(shutdown: &Shutdown, deadline: Duration) {
    for error in &shutdown.hook_errors {
        eprintln!("lmms: {error}");
    }
    // What is dropped and no more goes with the process as well.
    let with_hook = |name: &&&str| shutdown::has_unload(name);
    for name in shutdown.interrupted.iter().chain(shutdown.remaining.iter().filter(with_hook)) {
        eprintln!(
            "lmms: interface `{name}` was not unloaded in the {} ms that there are at the end",
            deadline.as_millis()
        );
    }
}

/// Serves until `serving` ends or SIGTERM comes; then unloads everything. If `sweeps_here`, sweeps are part of `serving`.
///
/// What is served on this task is cancelled by SIGTERM, and lets go of what it used; tasks that serve concurrently go on until
/// the runtime ends.
pub(crate) async fn serve_until_terminated<E>(
    gateway: &Gateway,
    sweeps_here: bool,
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
    let is_sweeping = || served.is_none() && sweeps_here && gateway.is_unloading();
    let swept = poll_fn(move |context| {
        let is_over = !is_sweeping() || serving.as_mut().poll(context).is_ready() || !is_sweeping();
        if is_over { Poll::Ready(()) } else { Poll::Pending }
    });
    let deadline = deadline();
    report(&gateway.shutdown_after(swept, deadline).await, deadline);
    gateway.emit_last_telemetry();
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
