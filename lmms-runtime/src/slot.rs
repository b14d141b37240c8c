//! Slot: the static place of one interface, empty or resident, and the only way in and out of it.
//!
//! **Invariant.** Loads and unloads of a slot happen one at a time (`flight`), and its generation is put in and taken out
//! by them alone; who may look at it meanwhile is `residency`'s business.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::budget;
use crate::clock;
use crate::cycle::{self, Need, Node};
use crate::departure::Departing;
use crate::descriptor::Options;
use crate::flight::{Boarding, Flight, Flights, Landing, Leader};
use crate::generation::Generation;
use crate::hook::{self, Hook, HookFailure, Supervised};
use crate::interface::{BlockingInterface, Interface};
use crate::invocation::{Invocation, Lease, Load};
use crate::ledger::Ledger;
use crate::load_error::LoadError;
use crate::memory::{self, LoadMeasure};
use crate::metrics;
use crate::residency::Residency;
use crate::residents::{Parts, Resident, residents};
use crate::step;
use crate::sweep;
use crate::sync::const_unless_loom;

/// The static place of one interface's instance.
pub struct Slot<T> {
    residency: Residency<T>,
    flights: Flights,
    ledger: Ledger,
}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot").field("ledger", &self.ledger).finish_non_exhaustive()
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
    /// What the last generation took to load and hold, in bytes: estimated from what the process grew by, which is inexact
    /// while others load or allocate, or exact with the allocator of `lmms::memory`.
    pub bytes: u64,
    /// What the last load needed on its way, with what it loaded besides, in bytes: what the process grew by at most.
    pub needed_bytes: u64,
    /// What its generations have left behind by the last unload, in bytes: what the first leaves is usually in statics of
    /// what it uses, what each adds is a leak. Always 0 without the allocator of `lmms::memory`.
    pub leaked: u64,
    /// How many live cache entries depend on it.
    pub dependents: usize,
    /// Time since its last use. Of meaning while it is resident and not held.
    pub idle: Duration,
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
    pub(crate) fn new(flight: Arc<Flight>, need: Need) -> Self {
        Self(Box::new(Waiting { flight, need }))
    }

    /// Waits on this thread, where nothing waits for it.
    pub(crate) fn wait(self) -> Landing {
        let landing = self.0.flight.wait();
        if let Landing::Failed(error) = &landing {
            self.0.need.note_failure(error);
        }
        landing
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
                ledger: Ledger::new(),
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

    /// What of it does not depend on the type.
    pub(crate) fn parts(&'static self) -> Parts {
        Parts { header: self.residency.header(), flights: &self.flights, ledger: &self.ledger }
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
                    let room = self.make_room().await;
                    let started = Started::now(room);
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
        let room = step::at_once(self.make_room());
        let started = Started::now(room);
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
        hook::start(node, Some(self.ledger.account()), || T::__lmms_load(Load::new(invocation, node)))
    }

    fn finish_load<'i>(
        &'static self,
        invocation: &'i Invocation,
        leader: Leader,
        started: Started,
        loaded: Result<T, HookFailure>,
    ) -> Result<&'i T, LoadError> {
        match loaded {
            Ok(value) => {
                let number = self.ledger.generations() + 1;
                let generation = Box::new(Generation { value, number });
                let Ok(hold) = self.residency.publish(generation) else {
                    unreachable!("only the leader of a flight publishes, and there is one")
                };
                let value = invocation.holds.keep(hold);
                started.finish(number, self.resident());
                leader.land(Landing::LookAgain);
                Ok(value)
            }
            Err(failure) => {
                let error = load_error(Node::of::<T>(), failure);
                self.ledger.history.failed();
                // Before who waits for it may try again.
                started.give_up();
                leader.land(Landing::Failed(error.clone()));
                Err(error)
            }
        }
    }

    fn resident(&'static self) -> Resident {
        Resident {
            node: Node::of::<T>(),
            options: T::__LMMS_OPTIONS,
            parts: self.parts(),
            meters: T::__lmms_meters(),
            take: |still| {
                let generation = T::__lmms_slot().residency.evict_if(still)?;
                Some(generation as Box<dyn Departing>)
            },
        }
    }

    /// Makes room for a load, if memory is short.
    fn make_room(&'static self) -> impl Future<Output = Option<budget::Room>> {
        let Options { memory_mb, is_blocking, .. } = T::__LMMS_OPTIONS;
        budget::make_room(Node::of::<T>(), &self.ledger, memory_mb, is_blocking)
    }

    /// A handle that keeps the instance loaded, if it is resident.
    pub(crate) fn lease(&'static self) -> Option<Lease<T>> {
        self.residency.hold().map(Lease::new)
    }
}

impl<T: Interface> Departing for Generation<T> {
    fn depart(self: Box<Self>) -> Hook<'static, ()> {
        T::__lmms_unload(self.value)
    }
}

impl Parts {
    pub(crate) fn status(self) -> Status {
        let Self { header, ledger, .. } = self;
        Status {
            resident: header.is_resident(),
            loads: ledger.generations(),
            holds: header.holds(),
            load_time: ledger.load_time(),
            bytes: ledger.bytes(),
            needed_bytes: ledger.need().unwrap_or(0),
            leaked: ledger.leaked(),
            dependents: ledger.dependents(),
            idle: clock::now().since(header.last_use()),
        }
    }
}

/// A load that was started, to be measured.
struct Started {
    at: Instant,
    measure: LoadMeasure,
    /// Kept free for it until it is over.
    _room: Option<budget::Room>,
}

impl Started {
    fn now(room: Option<budget::Room>) -> Self {
        Self { measure: LoadMeasure::start(room.is_some()), at: Instant::now(), _room: room }
    }

    /// Nothing was loaded; what it left over goes all the same.
    fn give_up(self) {
        memory::loaded();
    }

    /// What of the end of a load does not depend on the type.
    fn finish(self, number: u64, resident: Resident) {
        let took = self.at.elapsed();
        let ledger = resident.parts.ledger;
        ledger.loaded(number, took);
        ledger.history.loaded(number, resident.parts.header);
        ledger.measured(self.measure.end(ledger.account()));
        memory::loaded();
        metrics::loaded(number, took);
        cycle::forget_note(resident.node);
        residents().lock().push(resident);
        sweep::something_changed();
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

/// `Hook` of an interface without `#[unload]`: dropping is all there is to do.
pub fn drop_instance<T>(value: T) -> Hook<'static, ()> {
    drop(value);
    Hook::Done(Ok(()))
}
