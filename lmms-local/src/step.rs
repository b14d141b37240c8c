//! Steps: what the APIs of a container see of its function, each a moment at which Lambda might freeze it.

use std::{fmt, sync::Arc};

use crate::signal::Process;

/// A moment between two things that a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Step {
    /// An extension has registered; it is not told yet.
    Registered,
    /// The runtime asks for an event, and has none yet.
    Polled,
    /// The runtime is about to get an event.
    Delivered,
    /// The runtime has begun to answer; the answer's body is not read yet.
    Answering,
    /// The answer is with whoever invoked; the runtime is not told yet.
    Answered,
    /// An extension asks for an event, and has none yet.
    ExtensionPolled,
    /// An extension is about to get an event.
    ExtensionDelivered,
}

impl Step {
    /// All of them, in the order in which a container first comes to each.
    pub const ALL: [Self; 7] = [
        Self::Registered,
        Self::ExtensionPolled,
        Self::Polled,
        Self::Delivered,
        Self::ExtensionDelivered,
        Self::Answering,
        Self::Answered,
    ];
}

/// Called at each step, before the API goes on; with the process, which may be frozen there.
#[derive(Clone)]
pub(crate) struct OnStep(pub(crate) Arc<Called>);

type Called = dyn Fn(Step, &Process) + Send + Sync;

impl fmt::Debug for OnStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("OnStep(..)")
    }
}
