//! What is done with one container at a time, beside the keeper: start, invoke, come to rest, stop.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use lmms_local::{
    answer::{Answer, Failure},
    container::{Container, Function, StartError},
    memory::Memory,
};

/// The most that a shutdown may take. Lambda's own bound for internal extensions is shorter, and is `lmms-local`'s concern.
const GRACE: Duration = Duration::from_secs(2);

/// A job that is done, of the container `index`.
pub(super) struct Done {
    pub(super) index: usize,
    pub(super) what: What,
}

pub(super) enum What {
    /// It started, or did not.
    Started { container: Result<Arc<Container>, StartError>, reading: Option<Reading> },
    /// A request has its end.
    Invoked { request: usize, sent: Instant, ended: Instant, answer: Result<Answer, Failure> },
    /// It came to rest then, or failed.
    Rested { at: Result<Instant, Failure>, reading: Option<Reading>, follows: Option<bool> },
    /// Its process is gone.
    Stopped,
}

/// What a process says of itself at rest.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) memory: Memory,
    pub(super) cpu: Duration,
}

impl Reading {
    /// Not where there is no `/proc`, nor of what is gone.
    fn of(container: &Container) -> Option<Self> {
        Some(Self { memory: container.counted_memory().ok()?, cpu: container.processor_time().ok()? })
    }
}

pub(super) async fn start(index: usize, function: Function) -> Done {
    let container = Container::start(&function).await.map(Arc::new);
    let reading = container.as_deref().ok().and_then(Reading::of);
    Done { index, what: What::Started { container, reading } }
}

pub(super) async fn invoke(index: usize, container: Arc<Container>, request: usize, event: Vec<u8>) -> Done {
    let sent = Instant::now();
    let answer = container.invoke(event).await;
    Done { index, what: What::Invoked { request, sent, ended: Instant::now(), answer } }
}

/// `is_new`: nobody has looked whether it follows the clock.
pub(super) async fn rest(index: usize, container: Arc<Container>, is_new: bool) -> Done {
    let at = container.rested().await;
    let reading = Reading::of(&container);
    let follows = if is_new { container.follows_clock() } else { None };
    Done { index, what: What::Rested { at, reading, follows } }
}

pub(super) async fn stop(index: usize, container: Option<Container>) -> Done {
    if let Some(container) = container {
        // How it ended is told by its failure, if it had one; after a stop nobody asks.
        let _ = container.stop(GRACE).await;
    }
    Done { index, what: What::Stopped }
}

/// What a container prints.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(super) fn push(&self, line: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
    }

    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
