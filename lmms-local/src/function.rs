//! A function to start: its program, and what its execution environment is to be like.

use std::{
    env,
    ffi::{OsStr, OsString},
    fmt, io,
    path::PathBuf,
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use tokio::process::Command;

use crate::{
    runtime_api::{RuntimeApi, Settings},
    signal::Process,
    step::{OnStep, Step},
    virtual_time::VirtualClock,
};

const SNAP_START: &str = "snap-start";

/// How a function is stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum End {
    /// SIGTERM, and SIGKILL when the caller's grace is over.
    #[default]
    Graceful,
    /// With an extension registered SIGTERM, and SIGKILL 500 ms later or when the caller's grace is over; without one
    /// SIGKILL at once.
    AsLambda,
}

/// A function to start: a program, and the settings of its environment.
#[derive(Clone)]
pub struct Function {
    pub(crate) program: PathBuf,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    memory_mb: u32,
    pub(crate) concurrency: usize,
    timeout: Duration,
    pub(crate) init_timeout: Duration,
    initialization: String,
    extensions: bool,
    freezing: bool,
    pub(crate) end: End,
    on_step: Option<OnStep>,
    pub(crate) clock: Option<VirtualClock>,
    pub(crate) log: Arc<dyn Fn(&str) + Send + Sync>,
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
            initialization: "on-demand".to_owned(),
            extensions: true,
            freezing: false,
            end: End::default(),
            on_step: None,
            clock: None,
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

    /// Sets `AWS_LAMBDA_INITIALIZATION_TYPE`: `on-demand` unless this is called, or `provisioned-concurrency`,
    /// `lambda-managed-instances`.
    pub fn initialization(mut self, initialization: impl Into<String>) -> Self {
        self.initialization = initialization.into();
        self
    }

    /// As with SnapStart: INIT ends when the runtime asks for its restore, and [`Container::restore`] lets it go on.
    ///
    /// [`Container::restore`]: crate::container::Container::restore
    pub fn snap_start(self) -> Self {
        self.initialization(SNAP_START)
    }

    /// Leaves the Extensions API out, as some local tools do: its paths answer 404.
    pub fn without_extensions(mut self) -> Self {
        self.extensions = false;
        self
    }

    /// Freezes the process (SIGSTOP) whenever it waits for events, and thaws it for the next, as Lambda does.
    pub fn freezing(mut self, freezing: bool) -> Self {
        self.freezing = freezing;
        self
    }

    /// Sets how the function is stopped.
    pub fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }

    /// Calls `on_step` at each step that the APIs see, before they go on: it may freeze the process there. As long as it
    /// blocks, so do they.
    pub fn on_step(mut self, on_step: impl Fn(Step, &Process) + Send + Sync + 'static) -> Self {
        self.on_step = Some(OnStep(Arc::new(on_step)));
        self
    }

    /// Shows the function the time of `clock`, by a library that is preloaded into its process; without this it sees the system's.
    /// Whether that worked, its container [tells](crate::container::Container::follows_clock).
    pub fn clock(mut self, clock: &VirtualClock) -> Self {
        self.clock = Some(clock.clone());
        self
    }

    /// What its container is to be like.
    pub(crate) fn settings(&self) -> Settings {
        Settings {
            timeout: self.timeout,
            workers: self.concurrency,
            extensions: self.extensions,
            snap_start: self.initialization == SNAP_START,
            freezing: self.freezing,
            on_step: self.on_step.clone(),
            clock: self.clock.clone(),
        }
    }

    /// The process of a bootstrap, as Lambda would start it.
    pub(crate) fn command(&self, api: &RuntimeApi) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .env("AWS_LAMBDA_FUNCTION_NAME", "local")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", self.memory_mb.to_string())
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/local")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "local")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", &self.initialization)
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
        if let Some(clock) = &self.clock {
            let own = self.envs.iter().rfind(|(name, _)| name == "LD_PRELOAD").map(|(_, value)| value.clone());
            command.envs(clock.variables(own.or_else(|| env::var_os("LD_PRELOAD"))));
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
