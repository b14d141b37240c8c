//! Queries over `[LMMS_STATS]` lines, for CloudWatch Logs Insights: to be pasted into its console, over the log group of a
//! function or of many.
//!
//! Each names fields of [the lines](super) alone; a test evaluates them over lines of a real gateway.
//!
//! [`TOTALS`], as ARCH-07 has it: what happened.
//!
//! ```text
#![doc = include_str!("queries/totals.txt")]
//! ```
//!
//! [`LOADS`]: which interfaces are loaded how often, and how long that takes. A line may list several loads, which `unnest`
//! makes records of.
//!
//! ```text
#![doc = include_str!("queries/loads.txt")]
//! ```
//!
//! [`MEMORY`]: what containers hold, and what unloading gave back, per five minutes.
//!
//! ```text
#![doc = include_str!("queries/memory.txt")]
//! ```
//!
//! [`FAST_PATH`]: the share of calls that are hot, and that of cached operations' calls that the cache answers.
//!
//! ```text
#![doc = include_str!("queries/fast_path.txt")]
//! ```
//!
//! [`THRASHING`]: interfaces that are loaded again and again within ten minutes. Their grace period is too short, or the memory
//! too small.
//!
//! ```text
#![doc = include_str!("queries/thrashing.txt")]
//! ```

/// ARCH-07's own query: loads, unloads and fast dispatches.
pub const TOTALS: &str = include_str!("queries/totals.txt");

/// Loads per interface: how many, how long, how large.
pub const LOADS: &str = include_str!("queries/loads.txt");

/// Memory over time: held, reclaimed, and how many interfaces are resident.
pub const MEMORY: &str = include_str!("queries/memory.txt");

/// The share of calls that are hot, and of those that the cache answers.
pub const FAST_PATH: &str = include_str!("queries/fast_path.txt");

/// Interfaces that are loaded again and again.
pub const THRASHING: &str = include_str!("queries/thrashing.txt");

/// All of them.
pub const ALL: [&str; 5] = [TOTALS, LOADS, MEMORY, FAST_PATH, THRASHING];
