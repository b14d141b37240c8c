//! Lambda: the gateway, or a handler of one's own, as a function on the real `lambda_runtime`.
//!
//! Only this folder knows AWS. Both entry points serve one request at a time, or with `AWS_LAMBDA_MAX_CONCURRENCY` many
//! at once, each in an invocation of its own.

mod answer;
mod handler;

use std::sync::Arc;

use lambda_runtime::service_fn;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

pub use handler::Handler;
pub use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent};

use crate::gateway::{Gateway, StartError};
use crate::invocation::Invocation;

/// Serves the gateway as this function's handler, configured by the environment.
///
/// A request is the JSON of [`Gateway::execute`]; an error becomes Lambda's, with the code as `errorType`.
///
/// ```no_run
/// #[tokio::main]
/// async fn main() -> Result<(), lmms_runtime::lambda::Error> {
///     lmms_runtime::lambda::run().await
/// }
/// ```
///
/// # Errors
/// [`StartError`] before the first request; then only what `lambda_runtime` cannot recover from.
///
/// # Panics
/// As `lambda_runtime::run`, when the variables that Lambda sets are missing, or outside of a Tokio runtime.
pub async fn run() -> Result<(), Error> {
    let gateway = Arc::new(started().await?);
    let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
        let gateway = Arc::clone(&gateway);
        async move {
            let reply = gateway.execute(event.payload.get().as_bytes()).await;
            answer::json(reply.map_err(|error| answer::refusal(&error))?)
        }
    });
    lambda_runtime::run_concurrent(service).await
}

/// Serves a handler of one's own, with typed access to interfaces through the invocation that each call gets.
///
/// ```no_run
/// use lmms_runtime::Invocation;
/// use lmms_runtime::lambda::{self, LambdaEvent};
///
/// #[tokio::main]
/// async fn main() -> Result<(), lambda::Error> {
///     lambda::run_with(async |invocation: &Invocation, event: LambdaEvent<String>| {
///         // let tokens = invocation.get::<Tokens>()?;
///         Ok(event.payload.len())
///     })
///     .await
/// }
/// ```
///
/// What the handler needs beyond the request belongs into an interface. A closure that captures something else has to
/// give each future its own clone: `move |invocation, event| { let it = it.clone(); async move { .. } }`.
///
/// # Errors
/// As [`run`].
///
/// # Panics
/// As [`run`].
pub async fn run_with<H, A, R>(handler: H) -> Result<(), Error>
where
    // The first bound lets the compiler infer the closure's types, the second says that its future is `Send`.
    H: AsyncFn(&Invocation, LambdaEvent<A>) -> Result<R, Error> + for<'a> Handler<'a, A, R> + Send + Sync + 'static,
    A: DeserializeOwned + Send + 'static,
    R: Serialize + Send + 'static,
{
    started().await?;
    let handler = Arc::new(handler);
    let service = service_fn(move |event: LambdaEvent<A>| {
        let handler = Arc::clone(&handler);
        async move {
            let invocation = Invocation::enter();
            handler::call(&*handler, &invocation, event).await.map_err(answer::failure)
        }
    });
    lambda_runtime::run_concurrent(service).await
}

async fn started() -> Result<Gateway, StartError> {
    let gateway = Gateway::from_env()?;
    gateway.start().await?;
    Ok(gateway)
}
