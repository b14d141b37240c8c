//! Meter: what is counted of one operation. A `static` per operation, all zeros: it costs a start nothing.

use crate::heat::Heat;

/// The meter of one operation.
#[derive(Debug)]
pub struct Meter {
    pub(crate) heat: Heat,
}

#[allow(clippy::new_without_default, reason = "it is a `static`, which `Default` cannot make")]
impl Meter {
    /// Nothing was counted.
    #[must_use]
    pub const fn new() -> Self {
        Self { heat: Heat::new() }
    }

    /// The operation was called, whichever way.
    #[inline]
    pub(crate) fn called(&self) {}
}
