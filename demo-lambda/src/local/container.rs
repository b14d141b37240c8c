//! The execution environment: a function's process with its Runtime API, from start to stop.
//!
//! Invariant: the process does not outlive its [`Container`], and while there is one, it is watched: its end is the
//! Runtime API's [`Failure`], and a failure is its end.

use std::{
    collections::VecDeque,
    env,
    ffi::{OsStr, OsString},
    fmt, io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use hyper::body::Bytes;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, BufReader},
    process::{Child, Command},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time,
};

use super::{
    answer::{Answer, Failure},
    memory::Memory,
    runtime_api::RuntimeApi,
};

/// How long a process that failed may take to leave by itself.
const LEAVE: Duration = Duration::from_millis(500);
/// How long to wait for the last lines of a process that ended.
const DRAIN: Duration = Duration::from_millis(200);
/// The lines of a process's output that are kept for an error's message.
const TAIL: usize = 30;

/// A function to start: a program, and the settings of its environment.
#[derive(Clone)]
pub struct Function {
    program: PathBuf,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    memory_mb: u32,
    concurrency: usize,
    timeout: Duration,
    init_timeout: Duration,
    log: Arc<dyn Fn(&str) + Send + Sync>,
}

impl Function {
    /// The function in the executable `program`, with 512 MB, one request at a time, 30 s for each and a minute to
    /// start; what it prints goes to standard error. It inherits this process's environment.
    pub fn new(program: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            envs: Vec::new(),
            memory_mb: 512,
            concurrency: 1,
            timeout: Duration::from_secs(30),
            init_timeout: Duration::from_secs(60),
            log: Arc::new(|line| eprintln!("{line}")),
        }
    }

    /// The function in this very program.
    ///
    /// # Errors
    /// The operating system does not tell where the program is.
    pub fn this_program() -> io::Result<Self> {
        env::current_exe().map(Self::new)
    }

    /// Adds arguments to the command line.
    pub fn args<I, A>(mut self, args: I) -> Self
    where
        I: IntoIterator<Item = A>,
        A: AsRef<OsStr>,
    {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable of the environment.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.envs.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets `AWS_LAMBDA_FUNCTION_MEMORY_SIZE`. It is told, not enforced.
    pub fn memory_mb(mut self, memory_mb: u32) -> Self {
        self.memory_mb = memory_mb;
        self
    }

    /// Sets how many requests the function takes at once (`AWS_LAMBDA_MAX_CONCURRENCY` when more than one).
    pub fn concurrency(mut self, concurrency: usize) -> Self {
        self.concurrency = concurrency.max(1);
        self
    }

    /// Sets the time that one request may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the time that the start may take.
    pub fn init_timeout(mut self, init_timeout: Duration) -> Self {
        self.init_timeout = init_timeout;
        self
    }

    /// Sends each line that the function prints, to either stream, to `log`.
    pub fn log(mut self, log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.log = Arc::new(log);
        self
    }

    /// The process of a bootstrap, as Lambda would start it.
    fn command(&self, api: &RuntimeApi) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env("AWS_LAMBDA_FUNCTION_NAME", "local")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mb.to_string())
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/local")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .env_remove("AWS_LAMBDA_MAX_CONCURRENCY")
            .envs(self.envs.iter().map(|(name, value)| (name, value)))
            .env("AWS_LAMBDA_RUNTIME_API", api.addr().to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if self.concurrency > 1 {
            command.env("AWS_LAMBDA_MAX_CONCURRENCY", self.concurrency.to_string());
        }
        // Ctrl-C in a terminal goes to the whole foreground group. It is for this process, which then stops the
        // function in order.
        #[cfg(unix)]
        command.process_group(0);
        command
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("program", &self.program).field("args", &self.args).finish_non_exhaustive()
    }
}

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
    pid: u32,
    workers: usize,
    init: Duration,
    stop: Option<oneshot::Sender<Duration>>,
    watcher: JoinHandle<io::Result<ExitStatus>>,
}

impl Container {
    /// Starts the function and waits until it asks for its first event.
    ///
    /// # Errors
    /// It cannot be started, reports that it cannot start, ends, or takes longer than it may.
    pub async fn start(function: &Function) -> Result<Self, StartError> {
        let api = Arc::new(RuntimeApi::bind(function.timeout).await.map_err(StartError::Bind)?);
        let spawned = Instant::now();
        let spawn = |source| StartError::Spawn { program: function.program.clone(), source };
        let mut child = function.command(&api).spawn().map_err(spawn)?;
        let pid = child.id().ok_or_else(|| spawn(io::ErrorKind::NotFound.into()))?;
        let output = Output::follow(&mut child, &function.log);
        let tail = Arc::clone(&output.tail);
        let (stop, stopping) = oneshot::channel();
        let watcher = tokio::spawn(watch(child, stopping, Arc::clone(&api), output));
        let mut container =
            Self { api, pid, workers: function.concurrency, init: Duration::ZERO, stop: Some(stop), watcher };

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

    /// The time from the start of the process to its first poll: what Lambda bills as init.
    pub fn init_duration(&self) -> Duration {
        self.init
    }

    /// Waits until the function asks for more, with everything that it does after an answer done: the moment to
    /// measure. Returns how long that took.
    ///
    /// # Errors
    /// The container ended, or does not come to rest.
    pub async fn settled(&self) -> Result<Duration, Failure> {
        self.api.settled(self.workers).await
    }

    /// The number of the process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What the process holds now.
    ///
    /// # Errors
    /// It is gone, or this is not Linux.
    pub fn memory(&self) -> io::Result<Memory> {
        Memory::of(self.pid)
    }

    /// Stops the function as Lambda does: SIGTERM, and SIGKILL when `grace` is over (Lambda gives 500 ms without, 2 s
    /// with extensions).
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

async fn watch(
    mut child: Child,
    stopping: oneshot::Receiver<Duration>,
    api: Arc<RuntimeApi>,
    mut output: Output,
) -> io::Result<ExitStatus> {
    let status = tokio::select! {
        status = child.wait() => status,
        Ok(grace) = stopping => {
            terminate(&child).await;
            end_within(grace, &mut child).await
        }
        _ = api.failed() => end_within(LEAVE, &mut child).await,
    };
    // A grandchild may hold the pipes open for ever.
    let _ = time::timeout(DRAIN, async { while output.pumps.join_next().await.is_some() {} }).await;
    if let Ok(status) = status {
        api.fail(Failure::Exited { status, log: output.tail.text() });
    } else {
        api.fail(Failure::Closed);
    }
    status
}

async fn end_within(grace: Duration, child: &mut Child) -> io::Result<ExitStatus> {
    if let Ok(status) = time::timeout(grace, child.wait()).await {
        return status;
    }
    child.start_kill()?;
    child.wait().await
}

/// Sends SIGTERM. The standard library cannot, but every shell can. The process is not reaped yet, so its number is
/// its own.
async fn terminate(child: &Child) {
    let Some(pid) = child.id() else { return };
    let _ = Command::new("sh").args(["-c", "kill -TERM \"$0\"", &pid.to_string()]).stderr(Stdio::null()).status().await;
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
