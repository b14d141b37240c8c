//! The runtime of [`lmms`](https://docs.rs/lmms): slots, registry, gateway. Depend on `lmms` instead.
//!
//! From the inside out: `residency` says who may look at an instance, `flight` lets one load or unload of it happen at a
//! time, `cycle` refuses the one that waits for itself, and `slot` is the three together, with its figures in `ledger`.
//! `residents` is what is loaded; `policy` says what may go, `sweep`, `unload`, `budget` and `shutdown` take it out
//! (`departure`), by `clock`, `heat` and `cache`; `memory` measures what that gave back, on `os`.
//! `invocation` is what users borrow from. `descriptor` and `registry` are what the gateway knows of an interface,
//! `call` is an operation being called, `gateway` (set up by `configure`) and `request` the way in by name, `dispatch` the way through (along
//! `routes`, past `results`), `refusal` the way out. `meter` counts it, with `heat` and `latency`; `statistics` tells of it.
//!
//! Words of this crate beside those of the guide: a *hold* is one count on a slot that keeps its generation in, the
//! *stamp* the id of the invocation that held it last; a *flight* is a load or unload under way, its *landing* what it
//! came to.

mod batch;
mod budget;
mod cache;
mod call;
mod clock;
mod config;
mod configure;
mod cycle;
mod departure;
mod describe;
mod descriptor;
mod dispatch;
mod error;
mod fast_path;
mod flight;
mod gateway;
mod generation;
mod heat;
mod hook;
mod info;
mod interface;
mod invocation;
mod json;
#[cfg(feature = "lambda")]
pub mod lambda;
mod latency;
mod ledger;
mod load_error;
#[cfg(all(test, lmms_loom))]
mod loom_models;
#[cfg(feature = "jemalloc")]
pub mod memory;
#[cfg(not(feature = "jemalloc"))]
mod memory;
mod meter;
mod metrics;
#[cfg(feature = "schema")]
mod openapi;
mod os;
mod panics;
mod policy;
mod refusal;
mod registry;
mod request;
mod residency;
mod residents;
mod results;
mod routes;
#[cfg(feature = "schema")]
mod schema;
mod shutdown;
mod slot;
mod statistics;
mod step;
mod sweep;
mod sync;
mod template;
pub mod testing;
mod unload;
mod wording;

#[doc(hidden)]
pub mod private;

pub use cache::{Cache, CacheBuilder, CacheStats, Dependencies, Inserted};
pub use config::{Config, ConfigError};
pub use error::{Error, ErrorCode};
pub use fast_path::{FastPath, OperationStats, Route};
pub use gateway::{Gateway, StartError};
pub use heat::Tier;
pub use hook::BoxError;
pub use info::InterfaceInfo;
pub use interface::{BlockingInterface, Interface};
pub use invocation::{Invocation, Lease, Load};
pub use latency::Latency;
pub use load_error::{LoadError, LoadErrorKind, UnloadHookError};
pub use metrics::Stats;
pub use policy::Reason;
pub use registry::RegistryError;
pub use request::MAX_PAYLOAD;
pub use shutdown::Shutdown;
pub use slot::Status;
pub use sweep::Swept;
pub use unload::Unload;

#[cfg(feature = "schema")]
pub use schemars;
