//! An extractor for `axum`: interfaces as arguments of handlers, on Lambda and on any other server.
//!
//! **Invariant.** An instance that is a handler's argument stays loaded as long as that argument lives, whether or not there
//! is an invocation around it.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Deref;

use axum_core::extract::FromRequestParts;
use axum_core::response::{IntoResponse, Response};
use http::request::Parts;

use crate::current::Current;
use crate::error::Error;
use crate::interface;
use crate::invocation::{Invocation, Lease};
use crate::load_error::LoadError;

/// The instance of an interface as an argument of an axum handler, loaded if need be.
///
/// It is a [`Lease`], so that it may be kept for as long as the handler likes: for a body that is streamed, say. It takes part
/// in the request's invocation if an [`InvocationLayer`](crate::InvocationLayer) gave it one, and does without if not.
///
/// A load runs in the request's own future. A sync `#[load]` that takes long holds up the thread of the server that it runs on;
/// other requests that need the interface wait without doing so.
///
/// # Errors
/// A load that fails is answered for the handler: see [`Rejection`].
pub struct Interface<T: Send + Sync + 'static>(pub Lease<T>);

impl<T: Send + Sync + 'static> Deref for Interface<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Send + Sync + 'static> Clone for Interface<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Send + Sync + 'static + fmt::Debug> fmt::Debug for Interface<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interface").field(&**self).finish()
    }
}

impl<S: Send + Sync, T: interface::Interface> FromRequestParts<S> for Interface<T> {
    type Rejection = Rejection;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, Rejection> {
        let invocation = Invocation::current().unwrap_or_else(Current::enter);
        invocation.lease_async::<T>().await.map(Self).map_err(Rejection)
    }
}

/// The answer to a request whose handler needs an interface that does not load.
///
/// Its status is that of the error's code, 503 or for a cycle 500, and its body `{"error":{..}}` with `code`, `message` and
/// `interface`, as everywhere in `lmms`.
#[derive(Debug, Clone)]
pub struct Rejection(LoadError);

impl Rejection {
    /// Why it did not load.
    #[must_use]
    pub fn error(&self) -> &LoadError {
        &self.0
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Rejection {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl From<LoadError> for Rejection {
    fn from(error: LoadError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let code = self.0.code();
        let error = Error::new(code, self.0.to_string()).about(self.0.interface(), "");
        let body = serde_json::to_vec(&BTreeMap::from([("error", error)])).expect("an error is text only");
        let mut response = ([("content-type", "application/json")], body).into_response();
        *response.status_mut() = code.http_status().try_into().expect("a code's status is one");
        response
    }
}
