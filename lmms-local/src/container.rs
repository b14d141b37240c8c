//! The execution environment: a function's process with its Runtime API, from start to stop.
//!
//! Invariant: the process does not outlive its [`Container`], and while there is one, it is watched: its end is the
//! Runtime API's [`Failure`], and a failure is its end.

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    process::ExitStatus,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::Child,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time,
};

use crate::{
    answer::{Answer, Failure},
    memory::{self, Memory},
    runtime_api::RuntimeApi,
    signal::Process,
    virtual_time::VirtualClock,
};

pub use crate::function::{End, Function};

/// How long a process that failed may take to leave by itself.
const LEAVE: Duration = Duration::from_millis(500);
/// How long Lambda lets a process with an extension of its own take to leave.
const LAMBDA_GRACE: Duration = Duration::from_millis(500);
/// How long to wait for the last lines of a process that ended.
const DRAIN: Duration = Duration::from_millis(200);
/// The lines of a process's output that are kept for an error's message.
const TAIL: usize = 30;

/// Why there is no container.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No port for the Runtime API.
    #[error("cannot listen on 127.0.0.1")]
    Bind(#[source] io::Error),
    /// The program cannot be started at all.
    #[error("cannot start {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It started and failed before its first request.
    #[error(transparent)]
    Init(#[from] Failure),
}

/// A started function. Dropping it kills the process; [`Container::stop`] lets it clean up.
pub struct Container {
    api: Arc<RuntimeApi>,
    process: Process,
    workers: usize,
    clock: Option<VirtualClock>,
    spawned: Instant,
    init: Duration,
    stop: Option<oneshot::Sender<Duration>>,
    watcher: JoinHandle<io::Result<ExitStatus>>,
}

impl Container {
    /// Starts the function and waits for the end of its INIT: it asks for its first event, and its extensions do.
    ///
    /// # Errors
    /// It cannot be started, reports that it cannot start, ends, or takes longer than it may.
    pub async fn start(function: &Function) -> Result<Self, StartError> {
        let api = Arc::new(RuntimeApi::bind_with(function.settings()).await.map_err(StartError::Bind)?);
        let spawned = Instant::now();
        let spawn = |source| StartError::Spawn { program: function.program.clone(), source };
        let mut child = function.command(&api).spawn().map_err(spawn)?;
        let process = Process::of(&child).map_err(spawn)?;
        api.attach(process.clone());
        let output = Output::follow(&mut child, &function.log);
        let tail = Arc::clone(&output.tail);
        let (stop, stopping) = oneshot::channel();
        let watched = Watched { child, process: process.clone(), end: function.end, api: Arc::clone(&api) };
        let watcher = tokio::spawn(watched.watch(stopping, output));
        let (stop, init, workers) = (Some(stop), Duration::ZERO, function.concurrency);
        let clock = function.clock.clone();
        let mut container = Self { api, process, workers, clock, spawned, init, stop, watcher };

        match time::timeout(function.init_timeout, container.api.started()).await {
            Ok(Ok(started)) => container.init = started.into_std().saturating_duration_since(spawned),
            Ok(Err(failure)) => {
                container.end().await;
                return Err(failure.into());
            }
            Err(_) => {
                let failure = Failure::InitTimedOut { after: function.init_timeout, log: tail.text() };
                container.api.fail(failure.clone());
                container.end().await;
                return Err(failure.into());
            }
        }
        Ok(container)
    }

    /// The Runtime API that this container polls.
    pub fn api(&self) -> &Arc<RuntimeApi> {
        &self.api
    }

    /// Hands an event to the function and waits for its answer.
    ///
    /// # Errors
    /// The event is too large, or the container ended: a new one is needed.
    pub async fn invoke(&self, event: impl Into<Bytes>) -> Result<Answer, Failure> {
        self.api.invoke(event.into()).await
    }

    /// The time from the start of the process to the end of INIT: what Lambda bills as init.
    pub fn init_duration(&self) -> Duration {
        self.init
    }

    /// The time from the start of the process to the runtime's first poll, which its extensions may follow.
    ///
    /// # Errors
    /// The container ended before, as one may that waits for its restore.
    pub async fn first_poll(&self) -> Result<Duration, Failure> {
        Ok(self.api.polled().await?.into_std().saturating_duration_since(self.spawned))
    }

    /// Lets a function with [`Function::snap_start`] go on after its snapshot, and waits until it asks for its first
    /// event. Returns how long that took.
    ///
    /// # Errors
    /// It reports that it cannot go on, or ends. One that does neither is waited for: bound it.
    pub async fn restore(&self) -> Result<Duration, Failure> {
        let since = Instant::now();
        self.api.restore();
        self.api.polled().await?;
        Ok(since.elapsed())
    }

    /// Stops the process where it is, until [`Container::thaw`].
    ///
    /// # Errors
    /// It is gone, or this system cannot.
    pub fn freeze(&self) -> io::Result<()> {
        self.process.freeze()
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// It is gone, or this system cannot.
    pub fn thaw(&self) -> io::Result<()> {
        self.process.thaw()
    }

    /// How often [`Function::freezing`] froze it.
    pub fn freezes(&self) -> u64 {
        self.api.freezer().freezes()
    }

    /// Waits until the function asks for more, with everything that it does after an answer done: the moment to
    /// measure. Returns how long that took.
    ///
    /// # Errors
    /// The container ended, or does not come to rest.
    pub async fn settled(&self) -> Result<Duration, Failure> {
        self.api.settled(self.workers).await
    }

    /// As [`settled`](Self::settled), and returns when that was, however late this is called: what AWS bills of an invocation ends
    /// then. With [`Function::freezing`] the process is frozen when this returns.
    ///
    /// # Errors
    /// The container ended, or does not come to rest.
    pub async fn rested(&self) -> Result<Instant, Failure> {
        self.api.rested().await.map(time::Instant::into_std)
    }

    /// Whether the function sees the time of its [`Function::clock`]; `None` if it has none.
    pub fn follows_clock(&self) -> Option<bool> {
        self.clock.as_ref().map(|clock| clock.is_followed_by(self.process.pid()))
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the process holds now.
    ///
    /// # Errors
    /// It is gone, or this is not Linux.
    pub fn memory(&self) -> io::Result<Memory> {
        Memory::of(self.pid())
    }

    /// As [`memory`](Self::memory), by the kernel's counters: quick, and off by some pages.
    ///
    /// # Errors
    /// As [`memory`](Self::memory).
    pub fn counted_memory(&self) -> io::Result<Memory> {
        Memory::counted(self.pid())
    }

    /// The processor time that the process has used since its start, in user and kernel mode, in steps of 10 ms.
    ///
    /// # Errors
    /// As [`memory`](Self::memory).
    pub fn processor_time(&self) -> io::Result<Duration> {
        memory::processor_time(self.pid())
    }

    /// Stops the function: SIGTERM, and SIGKILL when `grace` is over, unless [`Function::end`] says otherwise.
    ///
    /// # Errors
    /// The process cannot be waited for.
    pub async fn stop(mut self, grace: Duration) -> io::Result<ExitStatus> {
        if let Some(stop) = self.stop.take() {
            // Refused when the process has ended by itself.
            let _ = stop.send(grace);
        }
        (&mut self.watcher).await.map_err(io::Error::other)?
    }

    /// Waits until the failed process is gone; the watcher bounds that.
    async fn end(&mut self) {
        let _ = (&mut self.watcher).await;
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        self.api.fail(Failure::Closed);
        // The task owns the process, which is killed when dropped.
        self.watcher.abort();
    }
}

/// The process, as its watcher has it.
struct Watched {
    child: Child,
    process: Process,
    end: End,
    api: Arc<RuntimeApi>,
}

impl Watched {
    async fn watch(mut self, stopping: oneshot::Receiver<Duration>, mut output: Output) -> io::Result<ExitStatus> {
        let status = tokio::select! {
            status = self.child.wait() => status,
            Ok(grace) = stopping => self.stop(grace).await,
            _ = self.api.failed() => self.end_within(LEAVE).await,
        };
        // A grandchild may hold the pipes open for ever.
        let _ = time::timeout(DRAIN, async { while output.pumps.join_next().await.is_some() {} }).await;
        if let Ok(status) = status {
            self.api.fail(Failure::Exited { status, log: output.tail.text() });
        } else {
            self.api.fail(Failure::Closed);
        }
        status
    }

    async fn stop(&mut self, grace: Duration) -> io::Result<ExitStatus> {
        let grace = match self.end {
            End::Graceful => grace,
            End::AsLambda if self.api.extensions().is_empty() => return self.end_within(Duration::ZERO).await,
            End::AsLambda => grace.min(LAMBDA_GRACE),
        };
        // An invocation that never closes: from here on it is not frozen.
        self.api.freezer().open(Some(&self.process));
        // It may be gone by now, or on a system without signals: then it is waited for, and killed.
        let _ = self.process.terminate();
        self.end_within(grace).await
    }

    async fn end_within(&mut self, grace: Duration) -> io::Result<ExitStatus> {
        if let Ok(status) = time::timeout(grace, self.child.wait()).await {
            return status;
        }
        self.child.start_kill()?;
        self.child.wait().await
    }
}

/// The last lines that a process printed.
#[derive(Default)]
struct Tail(Mutex<VecDeque<String>>);

impl Tail {
    fn push(&self, line: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.len() == TAIL {
            lines.pop_front();
        }
        lines.push_back(line);
    }

    fn text(&self) -> String {
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        lines.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

/// Both streams of a process, read to their ends.
struct Output {
    tail: Arc<Tail>,
    pumps: JoinSet<()>,
}

impl Output {
    fn follow(child: &mut Child, log: &Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        let tail = Arc::new(Tail::default());
        let mut pumps = JoinSet::new();
        if let Some(stdout) = child.stdout.take() {
            pumps.spawn(pump(stdout, Arc::clone(log), Arc::clone(&tail)));
        }
        if let Some(stderr) = child.stderr.take() {
            pumps.spawn(pump(stderr, Arc::clone(log), Arc::clone(&tail)));
        }
        Self { tail, pumps }
    }
}

async fn pump(stream: impl AsyncRead + Unpin, log: Arc<dyn Fn(&str) + Send + Sync>, tail: Arc<Tail>) {
    let mut stream = BufReader::new(stream);
    let mut line = Vec::new();
    // Bytes, not `lines()`: output that is not UTF-8 must not end the reading, or the process would block on its pipe.
    while let Ok(1..) = stream.read_until(b'\n', &mut line).await {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches(['\n', '\r']);
        log(text);
        tail.push(text.to_owned());
        line.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_the_last_lines() {
        let tail = Tail::default();
        for line in 0..TAIL + 2 {
            tail.push(line.to_string());
        }
        assert!(tail.text().starts_with("2\n3\n"));
        assert_eq!(tail.text().lines().count(), TAIL);
    }

    #[tokio::test]
    async fn a_missing_program_is_named() {
        let Err(error) = Container::start(&Function::new("/no/such/program")).await else { panic!("it started") };
        assert_eq!(error.to_string(), "cannot start /no/such/program");
    }

    #[tokio::test]
    #[cfg(unix)]
    async fn a_program_that_is_no_function_is_reported_with_what_it_printed() {
        let ends = Function::new("sh").args(["-c", "echo out; echo err >&2; exit 3"]).log(|_| ());
        let Err(error) = Container::start(&ends).await else { panic!("it started") };
        let error = error.to_string();
        assert!(error.contains("exit status: 3") && error.contains("out") && error.contains("err"), "{error}");

        let hangs = Function::new("sleep").args(["60"]).init_timeout(Duration::from_millis(100)).log(|_| ());
        let begun = Instant::now();
        let Err(error) = Container::start(&hangs).await else { panic!("it started") };
        assert!(error.to_string().contains("within 100ms of its start; it printed nothing"), "{error}");
        assert!(begun.elapsed() < Duration::from_secs(20), "the process was not killed");
    }
}
