//! Slot: the static place of one interface, empty or resident, and the only way in and out of it.
//!
//! **Invariant.** Loads and unloads of a slot happen one at a time (`flight`), and its generation is put in and taken out
//! by them alone; who may look at it meanwhile is `residency`'s business.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::cycle::{self, Need, Node};
use crate::flight::{Boarding, Flight, Flights, Landing, Leader};
use crate::generation::Generation;
use crate::hook::{self, Hook, HookFailure, Supervised};
use crate::interface::{BlockingInterface, Interface};
use crate::invocation::{Invocation, Lease, Load};
use crate::load_error::{LoadError, UnloadHookError};
use crate::metrics;
use crate::residency::Residency;
use crate::step::Step;
use crate::sync::const_unless_loom;

/// The static place of one interface's instance.
pub struct Slot<T> {
    residency: Residency<T>,
    flights: Flights,
    /// Number of the last generation, which is the number of loads.
    generations: AtomicU64,
    load_nanos: AtomicU64,
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("generations", &self.generations).finish_non_exhaustive()
    }
}

/// What is in a slot, at the time it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// An instance is loaded.
    pub resident: bool,
    /// How often the interface was loaded in this process.
    pub loads: u64,
    /// How often it is held now: once per lease, and once per invocation that touched it (or twice, when two of its
    /// threads touched it at once).
    pub holds: u64,
    /// How long the last load took.
    pub load_time: Duration,
}

/// What an unload came to.
#[derive(Debug)]
#[must_use = "an unload can be refused, and its hook can fail"]
#[non_exhaustive]
pub enum Unload {
    /// The instance is gone.
    #[non_exhaustive]
    Unloaded {
        /// What the interface's `#[unload]` failed with. The instance is gone all the same.
        hook_error: Option<UnloadHookError>,
    },
    /// Something keeps it loaded.
    Blocked(Reason),
    /// There was nothing to unload.
    NotLoaded,
}

/// Why an interface stays loaded: the first reason that applies, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Unloading is switched off (`ENABLE_MODULE_UNLOADING=false`).
    Disabled,
    /// It is declared `#[lmms::interface(pinned)]`.
    Pinned,
    /// A lease lives, or an invocation that touched it is running.
    ActiveReference,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Disabled => "unloading is switched off",
            Self::Pinned => "it is pinned",
            Self::ActiveReference => "a running invocation or a lease uses it",
        })
    }
}

/// Somebody else loads or unloads the interface: wait, then look again.
pub struct Busy(Box<Waiting>);

struct Waiting {
    flight: Arc<Flight>,
    need: Need,
}

impl fmt::Debug for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Busy").finish_non_exhaustive()
    }
}

impl Busy {
    #[cold]
    fn new(flight: Arc<Flight>, need: Need) -> Self {
        Self(Box::new(Waiting { flight, need }))
    }

    pub(crate) async fn landing(self) -> Landing {
        let landing = self.0.flight.landing().await;
        if let Landing::Failed(error) = &landing {
            self.0.need.note_failure(error);
        }
        landing
    }
}

/// What one look at a slot comes to.
enum Look<'i, T> {
    Resident(&'i T),
    Lead(Leader),
    Follow(Arc<Flight>),
}

#[allow(clippy::new_without_default, reason = "a slot is a `static`, which `Default` cannot make")]
impl<T> Slot<T> {
    const_unless_loom! {
        /// An empty slot.
        #[must_use]
        pub fn new() -> Self {
            Self {
                residency: Residency::new(),
                flights: Flights::new(),
                generations: AtomicU64::new(0),
                load_nanos: AtomicU64::new(0),
            }
        }
    }
}

impl<T: Interface> Slot<T> {
    /// The instance if it is resident. The hot path: one load and one comparison after the first access.
    #[inline]
    pub(crate) fn peek<'i>(&'static self, invocation: &'i Invocation) -> Option<&'i T> {
        invocation.holds.get(&self.residency)
    }

    pub(crate) fn status(&self) -> Status {
        // Relaxed: figures, not synchronisation.
        Status {
            resident: self.residency.is_resident(),
            loads: self.generations.load(Ordering::Relaxed),
            holds: self.residency.holds(),
            load_time: Duration::from_nanos(self.load_nanos.load(Ordering::Relaxed)),
        }
    }

    fn look<'i>(&'static self, invocation: &'i Invocation) -> Look<'i, T> {
        loop {
            if let Some(value) = self.peek(invocation) {
                return Look::Resident(value);
            }
            match self.flights.board(self.residency.header(), true) {
                Boarding::LookAgain => {}
                Boarding::Lead(leader) => return Look::Lead(leader),
                Boarding::Follow(flight) => return Look::Follow(flight),
            }
        }
    }

    /// Gets or loads on this thread, waiting for another thread's load if there is one.
    #[cold]
    pub(crate) fn load_blocking<'i>(
        &'static self,
        invocation: &'i Invocation,
        from: Option<Node>,
    ) -> Result<&'i T, LoadError>
    where
        T: BlockingInterface,
    {
        let need = Need::new(from.or_else(cycle::loading), Node::of::<T>())?;
        loop {
            let landing = match self.look(invocation) {
                Look::Resident(value) => return Ok(value),
                Look::Lead(leader) => return need.note(self.lead_blocking(invocation, leader)),
                Look::Follow(flight) => flight.wait(),
            };
            if let Landing::Failed(error) = landing {
                return need.note(Err(error));
            }
        }
    }

    /// Gets or loads on this thread, but does not wait for another one.
    pub(crate) fn load_or_busy<'i>(&'static self, invocation: &'i Invocation) -> Result<Result<&'i T, LoadError>, Busy>
    where
        T: BlockingInterface,
    {
        if let Some(value) = self.peek(invocation) {
            return Ok(Ok(value));
        }
        let need = match Need::new(cycle::loading(), Node::of::<T>()) {
            Ok(need) => need,
            Err(error) => return Ok(Err(error)),
        };
        match self.look(invocation) {
            Look::Resident(value) => Ok(Ok(value)),
            Look::Lead(leader) => Ok(need.note(self.lead_blocking(invocation, leader))),
            Look::Follow(flight) => Err(Busy::new(flight, need)),
        }
    }

    /// Gets or loads; the future that leads runs the load, and dropping it gives up the lead.
    pub(crate) async fn load_async<'i>(
        &'static self,
        invocation: &'i Invocation,
        from: Option<Node>,
    ) -> Result<&'i T, LoadError> {
        let need = Need::new(from.or_else(cycle::loading), Node::of::<T>())?;
        loop {
            let landing = match self.look(invocation) {
                Look::Resident(value) => return Ok(value),
                Look::Lead(leader) => {
                    let started = Instant::now();
                    let loaded = match self.start_load(invocation) {
                        Supervised::Done(loaded) => loaded,
                        Supervised::Running(future) => future.await,
                    };
                    return need.note(self.finish_load(invocation, leader, started, loaded));
                }
                Look::Follow(flight) => flight.landing().await,
            };
            if let Landing::Failed(error) = landing {
                return need.note(Err(error));
            }
        }
    }

    fn lead_blocking<'i>(&'static self, invocation: &'i Invocation, leader: Leader) -> Result<&'i T, LoadError>
    where
        T: BlockingInterface,
    {
        let started = Instant::now();
        let loaded = match self.start_load(invocation) {
            Supervised::Done(loaded) => loaded,
            // `BlockingInterface` is written by the macro, for interfaces whose hooks are sync. A panic here is ours.
            Supervised::Running(_) => unreachable!("a blocking interface loads without a future"),
        };
        self.finish_load(invocation, leader, started, loaded)
    }

    fn start_load<'i>(&'static self, invocation: &'i Invocation) -> Supervised<'i, T> {
        let node = Node::of::<T>();
        // A cycle that was met by the unload hook before, or by a load that was cancelled, is not this load's.
        cycle::forget_note(node);
        hook::start(node, || T::__lmms_load(Load::new(invocation, node)))
    }

    fn finish_load<'i>(
        &'static self,
        invocation: &'i Invocation,
        leader: Leader,
        started: Instant,
        loaded: Result<T, HookFailure>,
    ) -> Result<&'i T, LoadError> {
        match loaded {
            Ok(value) => {
                let load_time = started.elapsed();
                let number = self.generations.load(Ordering::Relaxed) + 1;
                let generation = Box::new(Generation { value, number });
                let Ok(hold) = self.residency.publish(generation) else {
                    unreachable!("only the leader of a flight publishes, and there is one")
                };
                self.generations.store(number, Ordering::Relaxed);
                self.load_nanos.store(u64::try_from(load_time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
                metrics::loaded(number, load_time);
                cycle::forget_note(Node::of::<T>());
                let value = invocation.holds.keep(hold);
                leader.land(Landing::LookAgain);
                Ok(value)
            }
            Err(failure) => {
                let error = load_error(Node::of::<T>(), failure);
                leader.land(Landing::Failed(error.clone()));
                Err(error)
            }
        }
    }

    /// A handle that keeps the instance loaded, if it is resident.
    pub(crate) fn lease(&'static self) -> Option<Lease<T>> {
        self.residency.hold().map(Lease::new)
    }

    /// Takes the instance out and runs its unload hook, unless somebody uses it.
    pub(crate) fn unload(&'static self) -> Step<'static, Unload> {
        let node = Node::of::<T>();
        let leader = match self.flights.board(self.residency.header(), false) {
            Boarding::Lead(leader) => leader,
            Boarding::LookAgain => return Step::Ready(Unload::NotLoaded),
            // A load, after which there is something to unload, or another unload, which may yet be refused.
            Boarding::Follow(flight) => {
                return match Need::new(cycle::loading(), node) {
                    Ok(need) => Step::Busy(Busy::new(flight, need)),
                    // It is this very hook's own: what it is part of is not over.
                    Err(_) => Step::Ready(Unload::Blocked(Reason::ActiveReference)),
                };
            }
        };
        let Some(generation) = self.residency.evict() else {
            return Step::Ready(Unload::Blocked(Reason::ActiveReference));
        };
        metrics::unloaded();
        // The flight goes on while the hook runs: what it flushes or closes, the next load may open.
        match hook::start(node, || T::__lmms_unload(generation.value)) {
            Supervised::Done(done) => Step::Ready(finish_unload(node, leader, done)),
            Supervised::Running(future) => {
                Step::Pending(Box::pin(async move { finish_unload(node, leader, future.await) }))
            }
        }
    }
}

fn load_error(node: Node, failure: HookFailure) -> LoadError {
    let name = node.name;
    match (cycle::forget_note(node), failure) {
        (Some(path), HookFailure::Error(cause)) => LoadError::cycle_behind(name, path, cause),
        (Some(path), HookFailure::Panic(message)) => LoadError::cycle_behind(name, path, message.into()),
        (None, HookFailure::Error(cause)) => LoadError::failed(name, cause),
        (None, HookFailure::Panic(message)) => LoadError::panicked(name, message),
    }
}

fn finish_unload(node: Node, leader: Leader, done: Result<(), HookFailure>) -> Unload {
    leader.land(Landing::LookAgain);
    Unload::Unloaded { hook_error: done.err().map(|failure| UnloadHookError::new(node.name, failure)) }
}

/// `Hook` of an interface without `#[unload]`: dropping is all there is to do.
pub fn drop_instance<T>(value: T) -> Hook<'static, ()> {
    drop(value);
    Hook::Done(Ok(()))
}
