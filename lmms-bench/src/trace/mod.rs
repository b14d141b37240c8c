//! When which event arrives: recorded, or generated from a seed.

use std::time::Duration;

/// An event of a trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// When it arrives, since the trace's begin.
    pub at: Duration,
    /// What it asks for: `tokens.count`.
    pub operation: String,
    /// The event itself: JSON.
    pub event: Vec<u8>,
}
