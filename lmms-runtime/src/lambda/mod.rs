//! Lambda: the gateway, or a handler of one's own, as a function on the real `lambda_runtime`.
//!
//! Only this folder knows AWS. Both entry points serve one request at a time, or with `AWS_LAMBDA_MAX_CONCURRENCY` many
//! at once, each in an invocation of its own. What is due is unloaded when the response has been sent, by an internal
//! extension for which nobody waits; on SIGTERM everything is.

mod after;
mod answer;
mod deadline;
mod end;
mod events;
mod extension;
mod function;
mod handler;
mod snapstart;

use std::sync::Arc;

use lambda_runtime::layers::TracingLayer;
use lambda_runtime::{Runtime, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

pub use after::{AfterResponse, FollowedUp};
pub use end::shutdown;
pub use events::Events;
pub use function::{Builder, Function};
pub use handler::Handler;
/// The crate that this is on, for a runtime of your own.
pub use lambda_runtime as runtime;
pub use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, SnapStartResource};
pub use snapstart::snapstart;

use crate::current::Current;
use crate::gateway::StartError;
use crate::invocation::Invocation;

/// To start a function by other settings than the environment's, or around a runtime of one's own.
pub fn builder() -> Builder {
    Builder::default()
}

/// Serves the gateway as this function's handler, configured by the environment.
///
/// A request is the JSON of [`Gateway::execute`](crate::Gateway::execute); an error becomes Lambda's, with the code as `errorType`. With the feature
/// `http` it is also what function URLs, API Gateway (HTTP and REST) and Application Load Balancers send, with `sqs` a batch
/// of messages: see [`Events`].
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
    builder().start().await?.run().await
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
    builder().start().await?.run_with(handler).await
}

impl Function {
    /// Serves the gateway, as [`run`].
    ///
    /// # Errors
    /// What `lambda_runtime` cannot recover from.
    ///
    /// # Panics
    /// As [`run`].
    pub async fn run(self) -> Result<(), Error> {
        let events = Events::from_env(Arc::clone(self.gateway())).map_err(StartError::from)?;
        let service = service_fn(move |event: LambdaEvent<Box<RawValue>>| {
            let events = events.clone();
            async move { events.answer(&event.payload, &event.context).await }
        });
        let runtime = Runtime::new(service).layer(TracingLayer::new()).layer(self.after_response());
        let runtime = runtime.register_snapstart_resource(snapstart(Arc::clone(self.gateway())));
        self.serve(runtime.run_concurrent()).await
    }

    /// Serves a handler of one's own, as [`run_with`].
    ///
    /// # Errors
    /// As [`run`](Self::run).
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub async fn run_with<H, A, R>(self, handler: H) -> Result<(), Error>
    where
        H: AsyncFn(&Invocation, LambdaEvent<A>) -> Result<R, Error> + for<'a> Handler<'a, A, R> + Send + Sync + 'static,
        A: DeserializeOwned + Send + 'static,
        R: Serialize + Send + 'static,
    {
        let handler = Arc::new(handler);
        let service = service_fn(move |event: LambdaEvent<A>| {
            let handler = Arc::clone(&handler);
            async move {
                // What the handler calls finds it, too.
                let invocation = Current::enter();
                let answered = handler::call(&*handler, &invocation, event);
                invocation.clone().within(answered).await.map_err(answer::failure)
            }
        });
        let runtime = Runtime::new(service).layer(TracingLayer::new()).layer(self.after_response());
        let runtime = runtime.register_snapstart_resource(snapstart(Arc::clone(self.gateway())));
        self.serve(runtime.run_concurrent()).await
    }
}
