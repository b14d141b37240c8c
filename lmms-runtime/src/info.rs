//! What a program can ask about a linked interface.

use crate::registry::Entry;
use crate::slot::Status;

/// One linked interface, as [`Gateway::interfaces`](crate::Gateway::interfaces) lists it.
#[derive(Debug, Clone, Copy)]
pub struct InterfaceInfo(&'static Entry);

impl InterfaceInfo {
    pub(crate) fn new(entry: &'static Entry) -> Self {
        Self(entry)
    }

    /// The name that requests use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.descriptor.name
    }

    /// Where it is declared: module path, file and line.
    #[must_use]
    pub fn origin(&self) -> &'static str {
        self.0.descriptor.origin
    }

    /// The doc comment on its impl.
    #[must_use]
    pub fn docs(&self) -> &'static str {
        self.0.descriptor.docs
    }

    /// The names of its operations, in the order of the source.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.operations().iter().map(|operation| operation.name)
    }

    /// Whether it is declared `#[lmms::interface(pinned)]`.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.0.descriptor.options.pinned
    }

    /// What is in its slot now.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.descriptor.status()
    }
}
