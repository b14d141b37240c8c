//! The runtime of [`lmms`](https://docs.rs/lmms): slots, registry, gateway. Depend on `lmms` instead.
//!
//! From the inside out: `residency` says who may look at an instance (and holds all `unsafe`), `flight` lets one load
//! or unload of it happen at a time, `cycle` refuses the one that waits for itself, and `slot` is the three together.
//! `invocation` is what users borrow from. `descriptor` and `registry` are what the gateway knows of an interface,
//! `call` is an operation being called, `gateway` and `request` the way in by name, `refusal` the way out.

mod call;
mod config;
mod cycle;
mod describe;
mod descriptor;
mod error;
mod flight;
mod gateway;
mod generation;
mod hook;
mod info;
mod interface;
mod invocation;
mod json;
#[cfg(feature = "lambda")]
pub mod lambda;
#[cfg(all(test, lmms_loom))]
mod loom_models;
mod metrics;
mod panics;
mod refusal;
mod registry;
mod request;
mod residency;
mod slot;
mod step;
mod sync;

#[doc(hidden)]
pub mod private;

pub use config::{Config, ConfigError};
pub use error::{Error, ErrorCode, LoadError, LoadErrorKind, UnloadHookError};
pub use gateway::{Gateway, MAX_PAYLOAD, StartError};
pub use hook::BoxError;
pub use info::InterfaceInfo;
pub use interface::{BlockingInterface, Interface};
pub use invocation::{Invocation, Lease, Load};
pub use metrics::Stats;
pub use registry::RegistryError;
pub use slot::{Reason, Status, Unload};
