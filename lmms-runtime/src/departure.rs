//! Departure: a generation on its way out, from when it was taken out until its unload hook is over.

use parking_lot::Mutex;

use crate::cycle::{self, Need, Node};
use crate::flight::{Landing, Leader};
use crate::hook::{self, Hook, HookFailure, Supervised};
use crate::load_error::UnloadHookError;
use crate::residents::Parts;
use crate::step::BoxFuture;
use crate::telemetry::{Cause, Unloading};

/// A generation that was taken out of its slot: to be unloaded, whatever its type.
pub(crate) trait Departing: Send {
    /// Starts its unload hook, which takes the instance.
    fn depart(self: Box<Self>) -> Hook<'static, ()>;
}

/// One that was taken out: nobody can reach it any more, and nobody loads it again before it is unloaded.
pub(crate) struct Departure {
    pub(crate) node: Node,
    pub(crate) parts: Parts,
    pub(crate) generation: Box<dyn Departing>,
    /// The flight goes on while the hook runs: what it flushes or closes, the next load may open.
    pub(crate) leader: Leader,
    pub(crate) leaving: Leaving,
}

/// An unload hook that was started: over, with its error if it had one, or a future.
pub(crate) enum Departed {
    Done(Option<UnloadHookError>),
    Running(BoxFuture<'static, Option<UnloadHookError>>),
}

impl Departure {
    /// Runs the unload hook and drops the instance.
    pub(crate) fn start(self, cause: Cause) -> Departed {
        let Self { node, parts, generation, leader, leaving } = self;
        let unloading = Unloading::begin(node, parts.ledger, cause);
        let span = unloading.span.clone();
        // A load whose hook sweeps waits for this one: if this one asks for what is loaded, that is a cycle.
        let need = Need::new(cycle::loading(), node);
        let finish = move |done: Result<(), HookFailure>| {
            drop(need);
            parts.ledger.unloaded();
            let error = done.err().map(|failure| UnloadHookError::new(node.name, failure));
            // Before who waits for it may look.
            unloading.end(error.as_ref());
            leader.land(Landing::LookAgain);
            drop(leaving);
            error
        };
        match span.within(|| hook::start(node, None, || generation.depart())) {
            Supervised::Done(done) => Departed::Done(finish(done)),
            Supervised::Running(future) => {
                Departed::Running(Box::pin(async move { finish(span.around(future).await) }))
            }
        }
    }

    pub(crate) async fn see_through(self, cause: Cause) -> Option<UnloadHookError> {
        match self.start(cause) {
            Departed::Done(error) => error,
            Departed::Running(future) => future.await,
        }
    }
}

/// Those that were taken out and whose hooks are not over: no longer among the residents, and not yet unloaded.
static LEAVING: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

/// One of them, as long as it lives.
pub(crate) struct Leaving(&'static str);

impl Leaving {
    pub(crate) fn new(name: &'static str) -> Self {
        LEAVING.lock().push(name);
        Self(name)
    }
}

impl Drop for Leaving {
    fn drop(&mut self) {
        let mut leaving = LEAVING.lock();
        // One of several of one name: any will do.
        if let Some(index) = leaving.iter().position(|name| *name == self.0) {
            leaving.remove(index);
        }
    }
}

/// Their names.
pub(crate) fn leaving() -> Vec<&'static str> {
    LEAVING.lock().clone()
}
