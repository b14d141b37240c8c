//! Memory: what loads take, what unloads give back, and an allocator that knows which interface holds what.
//!
//! By default a program keeps its own allocator. What a load takes is what the process holds more after it than before,
//! and after an unload the allocator is asked to return what is free. With the feature `jemalloc`, each interface has an
//! arena of its own: its live bytes are exact, so is what a generation leaves behind, and more pages are free as a whole.
//!
#![cfg_attr(feature = "jemalloc", doc = "```")]
#![cfg_attr(not(feature = "jemalloc"), doc = "```ignore")]
//! #[global_allocator]
//! static ALLOCATOR: lmms_runtime::memory::Jemalloc = lmms_runtime::memory::Jemalloc;
//! # fn main() {}
//! ```

#[cfg(feature = "jemalloc")]
#[path = "arenas.rs"]
mod account;
#[cfg(not(feature = "jemalloc"))]
mod account;
#[cfg(target_os = "linux")]
mod constants;
mod measure;

pub(crate) use account::Account;
pub(crate) use measure::{AtOnce, Footprint, LoadMeasure, Reclaim, loaded, tidy, unloaded};
#[cfg(feature = "jemalloc")]
pub use tikv_jemallocator::Jemalloc;
