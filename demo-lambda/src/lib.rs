//! What surrounds the demo's function on a developer's machine. The function itself is `main.rs`, and short.

pub mod cold;
mod draw;
pub mod mix;
pub mod play;
mod report;
pub mod requests;
pub mod returns;
pub mod storm;
pub mod tiers;
mod variants;
pub mod workload;
