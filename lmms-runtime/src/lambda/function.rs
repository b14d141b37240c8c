//! Function: what surrounds the handler, from the start of a container to its end.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use lambda_runtime::Error;
use tokio::task::AbortHandle;

use super::after::{self, AfterResponse, By, Shared};
use super::end;
use super::extension::{self, Extension};
use crate::config::{self, Config};
use crate::gateway::{Gateway, StartError};
use crate::os;

/// Says whether there is an extension, unless the code does.
const EXTENSION: &str = "LMMS_EXTENSION";

/// Starts a function by other settings than the environment's.
///
/// ```no_run
/// use lmms_runtime::{Config, lambda};
///
/// #[tokio::main]
/// async fn main() -> Result<(), lambda::Error> {
///     let config = Config::from_env()?.with_min_resident(2);
///     lambda::builder().config(config).start().await?.run().await
/// }
/// ```
#[derive(Debug, Clone, Default)]
#[must_use = "it starts nothing before `start`"]
pub struct Builder {
    config: Option<Config>,
    extension: Option<bool>,
}

impl Builder {
    /// How the gateway is configured, instead of [`Config::from_env`].
    pub fn config(self, config: Config) -> Self {
        Self { config: Some(config), ..self }
    }

    /// Whether the function registers an internal extension, and handles SIGTERM: instead of `LMMS_EXTENSION`, and what it finds.
    ///
    /// Without one, the work after a response is done before the next request is asked for, and SIGTERM is not handled: see
    /// [`shutdown`](super::shutdown).
    pub fn extension(self, extension: bool) -> Self {
        Self { extension: Some(extension), ..self }
    }

    /// Starts: reads the environment, loads what is to be loaded before the first request, and meanwhile registers the extension.
    ///
    /// What follows has to be the runtime's first request for an invocation: Lambda waits for both to call an environment ready.
    ///
    /// # Errors
    /// As [`Gateway::new`] and [`Gateway::start`]; or a variable that does not parse.
    ///
    /// # Panics
    /// When the variables that Lambda sets are missing, or outside of a Tokio runtime.
    pub async fn start(self) -> Result<Function, StartError> {
        // Before anything is loaded, and where threads do not compete for the one heap.
        let is_concurrent = after::is_concurrent();
        if !is_concurrent {
            os::use_one_heap();
        }
        let wanted = match self.extension {
            Some(wanted) => Some(wanted),
            None => config::switch(EXTENSION)?,
        };
        let config = match self.config {
            Some(config) => config,
            None => Config::from_env()?,
        };
        let gateway = Arc::new(Gateway::new(config)?);
        end::started(&gateway);
        let handles_sigterm = wanted.unwrap_or(true) && !end::is_handled_elsewhere().await;
        if wanted.is_none() && !handles_sigterm {
            eprintln!(
                "lmms: SIGTERM is handled elsewhere in this process, so no extension is registered: \
                 call `lmms::shutdown()` there"
            );
        }
        // Where many run at once, nothing is frozen, and no extension is told of each.
        let is_told = !is_concurrent && extension::can_be_told();
        // One that is wanted by name is registered in any case.
        let registering = async {
            match wanted.unwrap_or(handles_sigterm) {
                true => Some(Extension::register(is_told).await),
                false => None,
            }
        };
        // The request is sent before a load holds up this thread.
        let (extension, started) = tokio::join!(registering, gateway.start());
        started?;
        let extension = match extension {
            Some(Ok(extension)) => Some(extension),
            Some(Err(error)) => {
                eprintln!(
                    "lmms: no extension could be registered ({error}): what comes after a response is done before the next \
                     request, and Lambda sends no SIGTERM"
                );
                None
            }
            None => None,
        };
        let by = match extension {
            _ if is_concurrent => By::Thread,
            Some(_) if is_told => By::Extension,
            _ => By::Runtime,
        };
        let after = Shared::new(Arc::clone(&gateway), by);
        let extending = extension.map(|extension| tokio::spawn(Arc::clone(&after).extend(extension)).abort_handle());
        Ok(Function { gateway, after, handles_sigterm, extending })
    }
}

/// A started function: a gateway, and what has to be done around each invocation and at the end.
///
/// [`run`](super::run) and [`run_with`](super::run_with) are all of it for most. This is for a `lambda_runtime::Runtime` of
/// one's own:
///
/// ```no_run
/// use lambda_runtime::{LambdaEvent, Runtime, service_fn};
/// use lmms_runtime::{Invocation, lambda};
///
/// async fn handle(event: LambdaEvent<String>) -> Result<usize, lambda::Error> {
///     let invocation = Invocation::enter();
///     // let tokens = invocation.get::<Tokens>()?;
///     Ok(event.payload.len())
/// }
///
/// #[tokio::main]
/// async fn main() -> Result<(), lambda::Error> {
///     let function = lambda::builder().start().await?;
///     let runtime = Runtime::new(service_fn(handle)).layer(function.after_response());
///     function.serve(runtime.run_concurrent()).await
/// }
/// ```
#[must_use = "it is to serve"]
pub struct Function {
    gateway: Arc<Gateway>,
    after: Arc<Shared>,
    handles_sigterm: bool,
    /// The extension's task. Lambda waits for an extension once it is registered, so it goes on when this is dropped.
    extending: Option<AbortHandle>,
}

/// A task that ends when this is dropped.
struct Ending(AbortHandle);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Function").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

impl Function {
    /// The gateway to all linked interfaces.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// The layer for the runtime, outermost: when a response has been sent, what is due is unloaded.
    ///
    /// Where many invocations run at once, drops are left to threads that do not serve.
    #[must_use = "a layer does nothing by itself"]
    pub fn after_response(&self) -> AfterResponse {
        self.after.layer()
    }

    /// Serves until `serving` ends, which is a runtime's future, or SIGTERM comes. Then everything is unloaded.
    ///
    /// # Errors
    /// What `serving` ends with, or that no signal can be listened to.
    pub async fn serve(self, serving: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
        let extending = self.extending.map(Ending);
        let serving = async move {
            let mut serving = pin!(serving);
            // Dropped before what is served: an invocation that SIGTERM cancels is not followed up by a sweep.
            let _extending = extending;
            serving.as_mut().await
        };
        if !self.handles_sigterm {
            return serving.await;
        }
        end::serve_until_terminated(&self.gateway, self.after.by() == By::Runtime, serving).await
    }
}
