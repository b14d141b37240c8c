//! Gateway: the one entry point by name.
//!
//! **Invariant.** A request that cannot be answered loads nothing it did not have to, leaves nothing behind, and gets an
//! error with a stable code.

use std::fmt;
use std::future::ready;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::config::{Config, ConfigError};
use crate::configure::rules;
use crate::dispatch::Guess;
use crate::error::Error;
use crate::heat::{Judge, LiveRules};
use crate::info::InterfaceInfo;
use crate::invocation::Invocation;
use crate::load_error::LoadError;
use crate::metrics::Stats;
use crate::policy::Reason;
use crate::preload;
use crate::refusal;
use crate::registry::{Registry, RegistryError};
use crate::request::{Envelope, MAX_PAYLOAD, Request};
use crate::results::{OperationId, Results};
use crate::shutdown::{self, Shutdown};
use crate::snapshot::Suspended;
use crate::sweep::{Sweeper, Swept};
use crate::unload::{self, Unload};

/// Reaches every linked interface by name.
///
/// ```
/// use lmms_runtime::{Config, Gateway};
///
/// let gateway = Gateway::new(Config::default())?;
/// assert_eq!(gateway.stats().ligs_loads, 0);
/// # Ok::<(), lmms_runtime::StartError>(())
/// ```
///
/// [`execute`](Self::execute) and [`execute_operation`](Self::execute_operation) sweep when their invocation has ended.
/// [`execute_in`](Self::execute_in) leaves that to its caller, who can send the answer first: dropping much takes long.
#[derive(Debug)]
pub struct Gateway {
    pub(crate) registry: &'static Registry,
    /// Locked while a configuration takes effect, so that of two all of one does.
    pub(crate) config: Mutex<Config>,
    pub(crate) heat: LiveRules,
    pub(crate) may_unload: AtomicBool,
    pub(crate) sweeper: Sweeper,
    pub(crate) results: Results,
    /// The [`Moment`](clock::Moment) when to tend it again.
    pub(crate) tend_at: AtomicU64,
    pub(crate) judge: Judge,
    /// What a snapshot took out, until it is restored.
    pub(crate) snapshot: Mutex<Option<Suspended>>,
}

/// Why a gateway did not start.
///
/// Its `Debug` is its message, for that is what a `main` that returns it prints.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The environment asks for something that means nothing.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The linked interfaces do not go together.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An interface that is to be preloaded is not linked.
    #[error("{}", refusal::unknown_preload(name, *nearest))]
    UnknownPreload {
        /// The name that no interface has.
        name: String,
        /// The name that was probably meant.
        nearest: Option<&'static str>,
    },
    /// An interface failed to load, with `LAZY_LOADING_ENABLED=false`.
    #[error(transparent)]
    Load(#[from] LoadError),
}

impl fmt::Debug for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Gateway {
    /// A gateway to all linked interfaces. Loads nothing: see [`start`](Self::start).
    ///
    /// The memory budget is the process's: that of this configuration takes the place of an earlier gateway's, also if it is
    /// none.
    ///
    /// # Errors
    /// If two interfaces have the same name, or one that is to be preloaded does not exist.
    pub fn new(config: Config) -> Result<Self, StartError> {
        let registry = Registry::get()?;
        preload::check(registry, config.preload())?;
        let gateway = Self {
            registry,
            heat: LiveRules::new(config.heat_rules()),
            may_unload: AtomicBool::new(config.may_unload()),
            sweeper: Sweeper::new(rules(&config)),
            results: Results::new(config.result_limits()),
            tend_at: AtomicU64::new(0),
            judge: Judge::new(),
            snapshot: Mutex::new(None),
            config: Mutex::new(config),
        };
        gateway.apply(&gateway.config.lock(), None);
        Ok(gateway)
    }

    /// A gateway configured by the environment. What is to be loaded before the first request is loaded by
    /// [`start`](Self::start), which `lmms::lambda::run` calls.
    ///
    /// # Errors
    /// If a variable does not parse, or as [`new`](Self::new).
    pub fn from_env() -> Result<Self, StartError> {
        Self::new(Config::from_env()?)
    }

    /// How it is configured now.
    #[must_use]
    pub fn config(&self) -> Config {
        self.config.lock().clone()
    }

    /// All linked interfaces, sorted by name.
    pub fn interfaces(&self) -> impl Iterator<Item = InterfaceInfo> + '_ {
        self.registry.iter().map(InterfaceInfo::new)
    }

    /// One interface. `None` if there is none of that name.
    #[must_use]
    pub fn interface(&self, name: &str) -> Option<InterfaceInfo> {
        self.registry.find(name).map(InterfaceInfo::new)
    }

    /// What happened in this process so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats::now(self.registry, &self.results.stats())
    }

    /// Answers one request in an invocation of its own: `{"interface":..,"operation":..,"args":{..}}`, or
    /// `{"batch":[..]}`.
    ///
    /// The answer is the operation's result as JSON. That of a batch is an array in the order of its items, each
    /// `{"result":..}` or `{"error":{..}}`.
    ///
    /// # Errors
    /// [`Error`] with a stable code. A batch fails as a whole only if it cannot be read, or not even its errors would fit into
    /// one answer.
    pub async fn execute(&self, request: &[u8]) -> Result<Vec<u8>, Error> {
        let mut reply = Vec::new();
        let outcome = self.execute_in(&Invocation::enter(), request, &mut reply).await;
        self.sweep_and_report().await;
        outcome.map(|()| reply)
    }

    /// As [`execute`](Self::execute), inside an invocation, with the answer appended to `reply`.
    ///
    /// # Errors
    /// As [`execute`](Self::execute); `reply` is then as it was.
    pub async fn execute_in(&self, invocation: &Invocation, request: &[u8], reply: &mut Vec<u8>) -> Result<(), Error> {
        if request.len() > MAX_PAYLOAD {
            return Err(refusal::too_large("request", request.len()));
        }
        let start = reply.len();
        let mut refused = None;
        if let Some(guess) = self.guess(request) {
            let Guess { target, heated, arguments } = guess;
            match self.dispatch(invocation, target, heated, arguments, reply).await {
                Ok(()) => return Ok(()),
                // Nothing was called, and the guess may be to blame.
                Err(error) if error.code().is_refusal() => refused = Some((guess, error)),
                Err(error) => {
                    reply.truncate(start);
                    return Err(error);
                }
            }
        }
        reply.truncate(start);
        // In a box, so that the usual future is not as large as the one for this.
        let outcome = Box::pin(self.answer_parsed(invocation, request, refused, reply)).await;
        if outcome.is_err() {
            reply.truncate(start);
        }
        outcome
    }

    /// Reads the whole request, of which a guess may have been refused.
    async fn answer_parsed(
        &self,
        invocation: &Invocation,
        request: &[u8],
        refused: Option<(Guess<'_>, Error)>,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let parsed = Envelope::parse(request);
        if let (Some((guess, error)), Ok(Envelope::One(request))) = (refused, &parsed)
            && guess.is_of(request)
        {
            guess.count_refused();
            return Err(error);
        }
        match parsed? {
            Envelope::One(Request { interface, operation, arguments, names }) => {
                self.learn(names, &interface, &operation);
                self.call(invocation, &interface, &operation, arguments, reply).await
            }
            Envelope::Batch(items) => self.answer_batch(invocation, items, reply).await,
        }
    }

    /// ARCH-07's `execute_operation`: calls one operation by name, in an invocation of its own. `arguments` is a JSON
    /// object.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub async fn execute_operation(
        &self,
        interface: &str,
        operation: &str,
        arguments: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let mut reply = Vec::new();
        let outcome = match arguments.len() {
            size if size > MAX_PAYLOAD => Err(refusal::too_large("request", size).about(interface, operation)),
            _ => self.call(&Invocation::enter(), interface, operation, arguments, &mut reply).await,
        };
        self.sweep_and_report().await;
        outcome.map(|()| reply)
    }

    /// ARCH-07's `unload_module`: unloads an interface now, unless something keeps it loaded.
    ///
    /// If the interface is just being loaded or unloaded, this waits for that first. Dropping the future while an async
    /// `#[unload]` runs cancels the hook: the instance is gone, what the hook had left to do is not done.
    ///
    /// # Errors
    /// If there is no interface of that name.
    pub async fn unload_module(&self, interface: &str) -> Result<Unload, Error> {
        let entry =
            self.registry.find(interface).ok_or_else(|| self.unknown_interface(interface).about(interface, ""))?;
        let descriptor = &entry.descriptor;
        if !self.may_unload.load(Ordering::Relaxed) {
            return Ok(Unload::Blocked(Reason::Disabled));
        }
        if descriptor.options.pinned {
            return Ok(Unload::Blocked(Reason::Pinned));
        }
        Ok(unload::one(descriptor.name, (descriptor.slot)(), &self.sweeper.rules()).await)
    }

    /// Forgets cached results: those of an operation, as `tokens.count`, or those of a whole interface, as `tokens`. How many
    /// were forgotten.
    ///
    /// What is being computed at this moment is not kept either: a call that begins after this returns is never answered with
    /// a result from before. Each gateway has results of its own.
    ///
    /// # Errors
    /// If there is no such operation or interface.
    pub fn invalidate_results(&self, names: &str) -> Result<usize, Error> {
        let meant: Vec<_> = match names.split_once('.') {
            Some((interface, operation)) => vec![OperationId::of(self.resolve(interface, operation)?.operation.meter)],
            None => {
                let entry = self.registry.find(names).ok_or_else(|| self.unknown_interface(names).about(names, ""))?;
                entry.operations().iter().map(|operation| OperationId::of(operation.meter)).collect()
            }
        };
        Ok(self.results.invalidate(|operation| meant.contains(&operation)))
    }

    /// Unloads what is due: idle for its grace period, with nothing else that keeps it loaded, down to the floor. Unloads
    /// more if the process holds more than its memory budget.
    ///
    /// To be called when invocations have ended, best after their answers were sent. While nothing can be due, it costs
    /// nanoseconds. (A memory budget is looked at every 100 ms, which costs microseconds.) Only one sweep goes on at a time: a
    /// second one returns at once. So the future is to be polled to its end or dropped; dropping it while an async `#[unload]`
    /// runs cancels that hook, and what is due besides stays for the next sweep.
    pub async fn sweep(&self) -> Swept {
        self.tend();
        if !self.is_sweep_due() {
            return Swept::default();
        }
        // In a box, so that the usual future is not as large as the one for this.
        Box::pin(self.sweeper.sweep()).await
    }

    /// Whether a sweep can have anything to do.
    pub(crate) fn is_sweep_due(&self) -> bool {
        self.may_unload.load(Ordering::Relaxed) && self.sweeper.is_due()
    }

    /// As [`sweep`](Self::sweep), for who has nobody to tell of hooks that failed.
    pub(crate) async fn sweep_and_report(&self) {
        for error in self.sweep().await.hook_errors {
            eprintln!("lmms: {error}");
        }
    }

    /// Unloads everything, in reverse order of loading, whatever would keep it loaded otherwise: for the end of the process.
    ///
    /// First come those with an `#[unload]`: dropping the others only frees what goes with the process anyway.
    ///
    /// What is still in use is waited for, and so is each async `#[unload]`, until `deadline` has passed. A sync hook cannot
    /// be interrupted. Interfaces that are loaded meanwhile are unloaded, too.
    pub async fn shutdown(&self, deadline: Duration) -> Shutdown {
        shutdown::shutdown(ready(()), deadline).await
    }

    /// As [`shutdown`](Self::shutdown), after `first`, which has no longer than until the deadline either.
    #[cfg(feature = "lambda")]
    pub(crate) async fn shutdown_after(&self, first: impl Future<Output = ()>, deadline: Duration) -> Shutdown {
        shutdown::shutdown(first, deadline).await
    }

    /// Whether a hook that was begun is not over.
    #[cfg(feature = "lambda")]
    pub(crate) fn is_unloading(&self) -> bool {
        !crate::departure::leaving().is_empty()
    }
}
