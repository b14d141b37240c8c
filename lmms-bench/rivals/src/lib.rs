//! What one would write instead of `lmms` today, over the demo's interfaces: the rivals that it is measured against.
//!
//! They are meant to be what a good engineer writes, and nothing less: the operations and what surrounds them are the same for all,
//! and what differs is how long a state lives.
//!
//! | program | its states |
//! |---|---|
//! | `bare` | none: the floor under every start |
//! | `lazylock` | a `LazyLock` each: made when first needed, kept for good |
//! | `timer` | an `ArcSwapOption` each: made when first needed, dropped when unused for 30 seconds |
//!
//! The one that makes all states at its start, the traditional one, is the demo itself with `LAZY_LOADING_ENABLED=false`.
//!
//! The interfaces are the demo's crates, called as plain types. Their methods still count their calls (an instruction or two each),
//! and what `#[lmms::interface]` registers is in these programs without being used: page by page it is never read from the disk.

mod idle;
mod operations;

pub use idle::{Idle, Unload, sweep};
pub use operations::{
    borders, chinese, highlight, hyphenate, language, lexicon, markdown, places, qr, redact, render, schema, segment,
    spelling, sql, template, timezone, tokens,
};

use std::future::Future;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What a request asks for.
#[derive(Debug, Deserialize)]
pub struct Request {
    /// `tokens`.
    pub interface: String,
    /// `count`.
    pub operation: String,
    /// Of the operation, by name.
    pub args: Box<RawValue>,
}

/// The result as JSON, or what to tell the client.
pub type Answer = Result<Box<RawValue>, Diagnostic>;

/// An error of that code, which says this.
pub fn error(code: &str, message: impl ToString) -> Diagnostic {
    Diagnostic { error_type: code.to_owned(), error_message: message.to_string() }
}

/// The answer to a request for an interface that there is not.
///
/// # Errors
/// Always.
pub fn unknown_interface(name: &str) -> Answer {
    Err(error("unknown_interface", format!("there is no interface `{name}`")))
}

/// Runs the function: one request at a time, on one thread, which starts faster than many.
///
/// # Errors
/// What keeps the runtime from starting, or ends it.
pub fn run<F, A>(handler: F) -> Result<(), lambda_runtime::Error>
where
    F: Fn(Request) -> A,
    A: Future<Output = Answer>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let service = service_fn(|event: LambdaEvent<Request>| handler(event.payload));
    runtime.block_on(lambda_runtime::run(service))
}
