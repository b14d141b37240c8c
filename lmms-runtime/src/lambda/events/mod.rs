//! Events: what a function is invoked with, found out and answered in kind.
//!
//! A direct request is the gateway's own JSON. With the feature `http`, requests that function URLs, API Gateway and load
//! balancers send are answered as HTTP ([`http`]); with `sqs`, batches of messages with those that failed ([`sqs`]).
//! **Invariant.** What kind goes in, that kind comes out, also where it is an error.

#[cfg(feature = "http")]
mod http;
mod kind;
#[cfg(feature = "sqs")]
mod sqs;

use std::sync::Arc;

use lambda_runtime::{Context, Diagnostic};
use serde_json::value::RawValue;

use self::kind::Kind;
use super::answer;
use crate::config::ConfigError;
use crate::gateway::Gateway;
use crate::invocation::Invocation;
use crate::refusal;
use crate::request::MAX_PAYLOAD;

/// What [`run`](super::run) answers events with; by itself, for tests of a function's HTTP surface or queue without a
/// container.
///
/// # Direct
///
/// The JSON of [`Gateway::execute`]. An error becomes Lambda's, with the code as `errorType`.
///
/// # HTTP
///
/// With the feature `http`, what function URLs, API Gateway (HTTP APIs, REST APIs, payload format 2.0 and 1.0) and
/// Application Load Balancers send:
///
/// | request | |
/// |---|---|
/// | `POST /{interface}/{operation}` | calls it; the body is its arguments as JSON, none is `{}` |
/// | `GET /lmms/{operation}` | asks the built-in interface, which takes no arguments; `HEAD` as well |
/// | `POST /` | the body is a direct request, or a batch |
/// | `OPTIONS` | 204, with what else there is in `allow` |
///
/// The answer's body is the operation's JSON, or `{"error":{..}}` with the fields of [`Error`](crate::Error) and with
/// `request_id` and, where there is one, `trace_id`; its status is the code's
/// [`http_status`](crate::ErrorCode::http_status). Errors from 500 on are also reported on standard error, for Lambda sees
/// an answer as any other. Queries and other headers than `content-type` are not read.
///
/// A stage in front of the path is left out. `LMMS_HTTP_BASE_PATH=/api` stands for what a custom domain or a load balancer
/// puts in front of all paths: others are not found then. Cross-origin requests (CORS) are the business of the function URL
/// or of API Gateway: switched on there, they answer preflights and add the headers. An answer is at most 6 MB as Lambda
/// carries it, with each quote escaped; 1 MB through a load balancer.
///
/// # SQS
///
/// With the feature `sqs`, batches of messages, whose bodies are direct requests (or batches of them). Each is executed in
/// an invocation of its own, one after the other; those that fail are answered as `batchItemFailures`, and reported on
/// standard error with their ids. **The event source mapping has to have `ReportBatchItemFailures`** among its
/// `FunctionResponseTypes`: without it, SQS takes any answer for the success of all.
///
/// A batch in a message fails if any of its items does, and is then executed again as a whole. In a FIFO queue nothing of a
/// message's group is executed after it failed. Messages for which there is no time any more are failures, too, so that they
/// come again: a tenth of the function's time, at most a second, is kept to answer in. What can never succeed comes again
/// until the queue's redrive policy puts it aside.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
///
/// use lmms_runtime::lambda::{Context, Events};
/// use lmms_runtime::{Config, Gateway};
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
/// # runtime.block_on(async {
/// let events = Events::from_env(Arc::new(Gateway::new(Config::default())?))?;
/// let event = serde_json::from_str(r#"{"interface":"tokens","operation":"count","args":{"text":"a"}}"#)?;
/// let error = events.answer(event, &Context::default()).await.unwrap_err();
/// assert_eq!(error.error_type, "unknown_interface");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Events {
    gateway: Arc<Gateway>,
    #[cfg(feature = "http")]
    base: http::BasePath,
}

impl Events {
    /// Answers by this gateway, with what else the environment says: with the feature `http`, the path that all others
    /// begin with (`LMMS_HTTP_BASE_PATH`, none by default).
    ///
    /// # Errors
    /// If a variable does not parse.
    pub fn from_env(gateway: Arc<Gateway>) -> Result<Self, ConfigError> {
        Ok(Self {
            gateway,
            #[cfg(feature = "http")]
            base: http::BasePath::from_vars(|name| std::env::var_os(name))?,
        })
    }

    /// Answers one event: each request in it in an invocation of its own. What is due for unloading is left to the caller's
    /// [`Gateway::sweep`].
    ///
    /// # Errors
    /// Of a direct request, its error. An HTTP event is always answered, with its status; one of SQS with the messages that
    /// failed, unless the event itself cannot be read.
    #[cfg_attr(not(any(feature = "http", feature = "sqs")), expect(unused_variables))]
    pub async fn answer(&self, event: &RawValue, context: &Context) -> Result<Box<RawValue>, Diagnostic> {
        match Kind::of(event.get().as_bytes()) {
            Kind::Direct | Kind::Batch => self.direct(event).await,
            // In boxes, so that the future of a direct request is not as large as theirs.
            #[cfg(feature = "http")]
            Kind::Http(origin) => Box::pin(http::answer(self, origin, event, context)).await,
            #[cfg(feature = "sqs")]
            Kind::Sqs => Box::pin(sqs::answer(&self.gateway, event, context)).await,
            #[cfg(not(feature = "http"))]
            Kind::Http(_) => Err(without_feature("of a function URL, API Gateway or a load balancer", "http")),
            #[cfg(not(feature = "sqs"))]
            Kind::Sqs => Err(without_feature("of SQS", "sqs")),
        }
    }

    async fn direct(&self, event: &RawValue) -> Result<Box<RawValue>, Diagnostic> {
        let mut reply = Vec::new();
        let outcome = self.gateway.execute_in(&Invocation::enter(), event.get().as_bytes(), &mut reply).await;
        outcome.map_err(|error| answer::refusal(&error))?;
        if reply.len() > MAX_PAYLOAD {
            return Err(answer::refusal(&refusal::too_large("answer", reply.len())));
        }
        answer::json(reply)
    }
}

/// An event that this build does not answer: better said so than that some field of it is unknown.
#[cfg(not(all(feature = "http", feature = "sqs")))]
fn without_feature(whose: &str, feature: &str) -> Diagnostic {
    let message =
        format!("this is an event {whose}, which is answered when `lmms` is built with its feature `{feature}`");
    let expected = format!("`features = [\"{feature}\"]` beside `lmms` in Cargo.toml, or a direct request");
    answer::refusal(&crate::error::Error::new(crate::error::ErrorCode::BadRequest, message).expecting(expected))
}

/// What is said of a failure that its client is not the one to mend: on one line, whatever the operation's own words are.
#[cfg(any(feature = "http", feature = "sqs"))]
fn report(whose: &str, code: &str, text: &str, context: &Context) {
    let line = format!("{whose}: {code}: {text}").replace(char::is_control, " ");
    eprintln!("lmms: {line} (request {})", context.request_id);
}
