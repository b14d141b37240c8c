//! Gateway: the one entry point by name.
//!
//! **Invariant.** A request that cannot be answered loads nothing it did not have to, leaves nothing behind, and gets an
//! error with a stable code.

use std::fmt;
use std::future::ready;
use std::time::Duration;

use crate::budget::{self, Budget};
use crate::call::Call;
use crate::clock;
use crate::config::{Config, ConfigError};
use crate::describe::{self, Description, Statistics};
use crate::descriptor::{Operation, Options};
use crate::error::Error;
use crate::flight::Landing;
use crate::info::InterfaceInfo;
use crate::invocation::Invocation;
use crate::load_error::LoadError;
use crate::metrics::Stats;
use crate::panics::{self, Catch};
use crate::policy::Reason;
use crate::refusal::{self, Failure};
use crate::registry::{BUILT_IN, Registry, RegistryError};
use crate::request::{Envelope, Items, MAX_PAYLOAD, Request};
use crate::shutdown::{self, Shutdown};
use crate::step::{Step, settle};
use crate::sweep::{Rules, Sweeper, Swept};
use crate::unload::{self, Unload};

/// What a batch keeps free of that for saying which of its items did not fit.
const ROOM_TO_REFUSE: usize = 256 * 1024;

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
    registry: &'static Registry,
    config: Config,
    sweeper: Sweeper,
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
    /// An interface that is to be loaded at the start failed to.
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
    /// If two interfaces have the same name.
    pub fn new(config: Config) -> Result<Self, StartError> {
        let registry = Registry::get()?;
        let measures = config.measures();
        let sweeper = Sweeper::new(Rules { measures, min_resident: config.min_resident() });
        let budget = config.memory_budget().filter(|_| config.may_unload());
        budget::set(budget.map(|bytes| Budget { bytes, measures }));
        Ok(Self { registry, config, sweeper })
    }

    /// A gateway configured by the environment. With `LAZY_LOADING_ENABLED=false`, it is [`start`](Self::start) that
    /// loads everything; `lmms::lambda::run` calls it.
    ///
    /// # Errors
    /// If a variable does not parse, or two interfaces have the same name.
    pub fn from_env() -> Result<Self, StartError> {
        Self::new(Config::from_env()?)
    }

    /// Loads what is to be loaded before the first request: nothing, or with `LAZY_LOADING_ENABLED=false` everything.
    ///
    /// # Errors
    /// The first load that fails.
    pub async fn start(&self) -> Result<(), StartError> {
        if !self.config.lazy_loading() {
            let invocation = Invocation::enter();
            for entry in self.registry.iter() {
                settle(|| (entry.descriptor.load)(&invocation)).await?;
            }
        }
        Ok(())
    }

    /// How it was configured.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
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
        Stats::now()
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
        let guessed = match Request::guess(request) {
            Some(guessed) => self.answer(invocation, &guessed, reply).await.map_err(Some),
            None => Err(None),
        };
        let outcome = match guessed {
            Ok(()) => Ok(()),
            Err(Some(error)) if !error.code().is_refusal() => Err(error),
            // Nothing was called, and the guess may be to blame.
            Err(_) => {
                reply.truncate(start);
                self.execute_parsed(invocation, request, reply).await
            }
        };
        if outcome.is_err() {
            reply.truncate(start);
        }
        outcome
    }

    async fn execute_parsed(&self, invocation: &Invocation, request: &[u8], reply: &mut Vec<u8>) -> Result<(), Error> {
        match Envelope::parse(request)? {
            Envelope::One(request) => self.answer(invocation, &request, reply).await,
            // In a box, so that the usual future is not as large as the one for this.
            Envelope::Batch(items) => Box::pin(self.answer_batch(invocation, items, reply)).await,
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
        let outcome = self.call(&Invocation::enter(), interface, operation, arguments, &mut reply).await;
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
        if !self.config.may_unload() {
            return Ok(Unload::Blocked(Reason::Disabled));
        }
        if descriptor.options.pinned {
            return Ok(Unload::Blocked(Reason::Pinned));
        }
        Ok(unload::one(descriptor.name, (descriptor.slot)(), self.sweeper.rules()).await)
    }

    /// Unloads what is due: idle for its grace period, with nothing else that keeps it loaded, down to the floor. Unloads
    /// more if the process holds more than its memory budget.
    ///
    /// To be called when invocations have ended, best after their answers were sent. While nothing can be due, it costs
    /// nanoseconds. (A memory budget is looked at every 100 ms, which costs microseconds.) Only one sweep goes on at a time: a
    /// second one returns at once. So the future is to be polled to its end or dropped; dropping it while an async `#[unload]`
    /// runs cancels that hook, and what is due besides stays for the next sweep.
    pub async fn sweep(&self) -> Swept {
        if !self.is_sweep_due() {
            return Swept::default();
        }
        // In a box, so that the usual future is not as large as the one for this.
        Box::pin(self.sweeper.sweep()).await
    }

    /// Whether a sweep can have anything to do.
    pub(crate) fn is_sweep_due(&self) -> bool {
        self.config.may_unload() && self.sweeper.is_due()
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

    async fn answer_batch(&self, invocation: &Invocation, items: Items<'_>, reply: &mut Vec<u8>) -> Result<(), Error> {
        let batch = reply.len();
        let mut full = false;
        for item in items {
            reply.push(if reply.len() == batch { b'[' } else { b',' });
            let start = reply.len();
            reply.extend_from_slice(b"{\"result\":");
            let mut outcome = match Request::parse(item) {
                // Better not called than called and not told of.
                Ok(request) if full => Err(refusal::batch_is_full().about(&request.interface, &request.operation)),
                Ok(request) => self.answer(invocation, &request, reply).await,
                Err(error) => Err(error),
            };
            // One that does not fit gives way to what those before it answered.
            if outcome.is_ok() && reply.len() - batch >= MAX_PAYLOAD - ROOM_TO_REFUSE {
                outcome = Err(refusal::too_large("answer to the batch", reply.len() - batch));
                full = true;
            }
            if let Err(error) = outcome {
                reply.truncate(start);
                reply.extend_from_slice(b"{\"error\":");
                serde_json::to_writer(&mut *reply, &error).expect("an error is text only, and a Vec takes it");
            }
            reply.push(b'}');
            // Not even the refusals fit: nothing that is called from here on could be told.
            if reply.len() - batch >= MAX_PAYLOAD {
                return Err(refusal::too_large("answer to the batch", reply.len() - batch));
            }
        }
        if reply.len() == batch {
            reply.push(b'[');
        }
        reply.push(b']');
        Ok(())
    }

    async fn answer(&self, invocation: &Invocation, request: &Request<'_>, reply: &mut Vec<u8>) -> Result<(), Error> {
        self.call(invocation, &request.interface, &request.operation, request.arguments, reply).await
    }

    async fn call(
        &self,
        invocation: &Invocation,
        interface: &str,
        operation: &str,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        if interface == BUILT_IN {
            return self.call_built_in(operation, arguments, reply);
        }
        let Some(entry) = self.registry.find(interface) else {
            return Err(self.unknown_interface(interface).about(interface, operation));
        };
        let Some(called) = entry.operations().iter().find(|known| known.name == operation) else {
            let known = entry.operations().iter().map(|known| known.name);
            return Err(refusal::unknown_operation(interface, operation, known).about(interface, operation));
        };
        let start = reply.len();
        let answered = match arguments.len() {
            size if size > MAX_PAYLOAD => Err(refusal::too_large("request", size)),
            _ => run(called, invocation, arguments, reply)
                .await
                .map_err(|failure| refusal::failed(failure, interface, called, arguments)),
        };
        // What was not called does not heat.
        if answered.as_ref().map_or_else(|error| error.code().is_of_operation(), |()| true) {
            self.heat(&entry.descriptor.options, called);
        }
        let fitting = answered.and_then(|()| match reply.len() - start {
            size if size > MAX_PAYLOAD => Err(refusal::too_large("answer", size)),
            _ => Ok(()),
        });
        fitting.map_err(|error| error.about(interface, operation))
    }

    /// Whether an interface has an `#[unload]`.
    #[cfg(feature = "lambda")]
    pub(crate) fn has_unload(&self, interface: &str) -> bool {
        self.registry.find(interface).is_some_and(|entry| entry.descriptor.options.has_unload)
    }

    fn heat(&self, options: &Options, called: &Operation) {
        let measures = &self.sweeper.rules().measures;
        if measures.fast_path {
            called.meter.heat.count(clock::now(), measures.scale_of(options));
        }
    }

    fn call_built_in(&self, operation: &str, arguments: &[u8], reply: &mut Vec<u8>) -> Result<(), Error> {
        let refused = match operation {
            "describe" => describe::answer(arguments, &Description(self.registry), reply),
            "stats" => describe::answer(arguments, &Statistics(self.registry), reply),
            _ => Err(refusal::unknown_operation(BUILT_IN, operation, describe::OPERATIONS.into_iter())),
        };
        refused.map_err(|error| error.about(BUILT_IN, operation))
    }

    fn unknown_interface(&self, interface: &str) -> Error {
        refusal::unknown_interface(interface, self.registry.iter().map(|known| known.descriptor.name).chain([BUILT_IN]))
    }
}

/// Calls an operation, and again for as long as somebody else is loading or unloading its interface.
async fn run(
    operation: &Operation,
    invocation: &Invocation,
    arguments: &[u8],
    reply: &mut Vec<u8>,
) -> Result<(), Failure> {
    loop {
        let call = Call { invocation, arguments, reply: &mut *reply };
        match panics::catch(|| (operation.call)(call)).map_err(Failure::Panicked)? {
            Step::Ready(outcome) => return outcome.map_err(Failure::Call),
            Step::Pending(future) => {
                return Catch(future).await.map_err(Failure::Panicked)?.map_err(Failure::Call);
            }
            Step::Busy(busy) => {
                if let Landing::Failed(error) = busy.landing().await {
                    return Err(Failure::Call(error.into()));
                }
            }
        }
    }
}
