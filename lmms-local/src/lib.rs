//! A Lambda on this machine: what AWS puts around a function, as far as a demonstration needs it.
//!
//! The function under it is not simulated. It runs as a process of its own, started as Lambda starts a bootstrap
//! (with `AWS_LAMBDA_RUNTIME_API` and its companions in the environment), and polls for its events over HTTP with the
//! very code that runs on AWS. So its memory can be read from `/proc`, its start can be timed, and the eager baseline
//! is the same program started with one variable more.
//!
//! | module | plays |
//! |---|---|
//! | [`runtime_api`] | the Runtime API: `/next`, `/response`, `/error`, `/init/error` |
//! | [`container`] | the execution environment: starts, watches, measures and stops the process |
//! | `extensions_api` | the Extensions API, for extensions inside the process: `/register`, `/event/next` |
//! | [`function`] | the configuration: the program and its settings |
//! | `freezer` | the freeze between events |
//! | [`virtual_time`] | a clock that skips the time in which nothing happens |
//! | [`memory`] | what a process holds, and the processor time that it used |
//! | [`serve`] | the function URL: `POST /{interface}/{operation}` on loopback |
//!
//! Everything listens on 127.0.0.1 alone. Every wait has an end.

pub mod answer;
pub mod container;
mod extensions_api;
mod freezer;
pub mod function;
mod http;
mod ids;
mod life;
pub mod memory;
pub mod runtime_api;
pub mod serve;
pub mod signal;
pub mod step;
pub mod virtual_time;
