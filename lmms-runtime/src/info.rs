//! What a program can ask about a linked interface.

use crate::descriptor::Descriptor;
use crate::slot::Status;

/// One linked interface, as [`Gateway::interfaces`](crate::Gateway::interfaces) lists it.
#[derive(Debug, Clone, Copy)]
pub struct InterfaceInfo(&'static Descriptor);

impl InterfaceInfo {
    pub(crate) fn new(descriptor: &'static Descriptor) -> Self {
        Self(descriptor)
    }

    /// The name that requests use.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Where it is declared: module path, file and line.
    #[must_use]
    pub fn origin(&self) -> &'static str {
        self.0.origin
    }

    /// The doc comment on its impl.
    #[must_use]
    pub fn docs(&self) -> &'static str {
        self.0.docs
    }

    /// The names of its operations, in the order of the source.
    pub fn operations(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.0.operations.iter().map(|operation| operation.name)
    }

    /// Whether it is declared `#[lmms::interface(pinned)]`.
    #[must_use]
    pub fn is_pinned(&self) -> bool {
        self.0.options.pinned
    }

    /// What is in its slot now.
    #[must_use]
    pub fn status(&self) -> Status {
        (self.0.status)()
    }
}
