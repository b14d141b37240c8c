//! The Lambda Extensions API, for extensions inside the function's process: register, and an event for each invocation.
//!
//! Invariant: an extension that takes INVOKE gets each invocation that the runtime gets, once and in order, and no other
//! invocation begins before it has asked for the next. As on AWS it is refused SHUTDOWN, and every event where several
//! invocations may run at once.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>

use std::sync::Arc;

use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::{Bytes, Incoming},
};
use serde::{Deserialize, Serialize};

use crate::{
    answer::Failure,
    http::{self, Reply},
    ids::request_id,
    life::Extension,
    runtime_api::{FUNCTION_ARN, MAX_ERROR, Shared, accepted, describe},
    step::Step,
};

pub(crate) const VERSION: &str = "/2020-01-01/extension/";

const NAME: &str = "lambda-extension-name";
const IDENTIFIER: &str = "lambda-extension-identifier";
/// As many as AWS allows.
const MOST: usize = 10;

/// The events that an extension asks for.
#[derive(Deserialize)]
struct Registration {
    #[serde(default)]
    events: Vec<String>,
}

/// Answers a request under [`VERSION`].
pub(crate) async fn answer(shared: &Arc<Shared>, path: &str, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    match (&head.method, path) {
        (&Method::POST, "register") => {
            let body = http::read_body(body, MAX_ERROR).await.unwrap_or_default();
            let reply = register(shared, &head.headers, &body);
            if reply.status().is_success() {
                shared.step(Step::Registered).await;
            }
            reply
        }
        (&Method::GET, "event/next") => match identified(shared, &head.headers) {
            Ok(id) => next(shared, id).await,
            Err((error_type, message)) => refused(error_type, message),
        },
        (&Method::POST, "init/error" | "exit/error") => match identified(shared, &head.headers) {
            Ok(id) => {
                let body = http::read_body(body, MAX_ERROR).await.unwrap_or_default();
                failed(shared, id, &body, &head.headers)
            }
            Err((error_type, message)) => refused(error_type, message),
        },
        (_, "register" | "event/next" | "init/error" | "exit/error") => {
            http::error(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "that path has another method")
        }
        _ => http::error(StatusCode::NOT_FOUND, "NotFound", "no such path in the Extensions API"),
    }
}

/// Its type, and what it says.
type Refusal = (&'static str, &'static str);

fn refused(error_type: &str, message: &str) -> Reply {
    http::error(StatusCode::FORBIDDEN, error_type, message)
}

fn register(shared: &Shared, headers: &HeaderMap, body: &[u8]) -> Reply {
    let name = headers.get(NAME).and_then(|name| name.to_str().ok()).unwrap_or_default();
    if name.is_empty() {
        return refused("Extension.InvalidExtensionName", "the header Lambda-Extension-Name is missing or empty");
    }
    let events = match serde_json::from_slice::<Registration>(body) {
        Ok(registration) => registration.events,
        Err(error) => {
            return http::error(StatusCode::BAD_REQUEST, "InvalidRequestFormat", &error.to_string());
        }
    };
    for event in &events {
        let message = match event.as_str() {
            "INVOKE" if shared.settings.is_concurrent() => "No events allowed for internal extensions",
            "INVOKE" => continue,
            "SHUTDOWN" => "SHUTDOWN: not for internal extensions",
            _ => {
                let message = format!("{event}: unknown, expected INVOKE or SHUTDOWN");
                return http::error(StatusCode::BAD_REQUEST, "Extension.InvalidEventType", &message);
            }
        };
        return refused("Extension.InvalidEventType", message);
    }
    let id = request_id();
    let refusal = shared.change(|life| {
        if !life.takes_extensions() {
            return Some(("Extension.RegistrationClosed", "the runtime has asked for its first event already"));
        }
        if life.extensions.values().any(|known| known.name == name) {
            return Some(("Extension.AlreadyRegistered", "an extension of that name is registered already"));
        }
        if life.extensions.len() >= MOST {
            return Some(("Extension.TooManyExtensions", "there are ten extensions already"));
        }
        life.extensions.insert(id.clone(), Extension::new(name, !events.is_empty()));
        None
    });
    if let Some((error_type, message)) = refusal {
        return refused(error_type, message);
    }
    let body = r#"{"functionName":"local","functionVersion":"$LATEST","handler":"bootstrap"}"#;
    let mut reply = http::json(StatusCode::OK, body);
    if let Ok(id) = id.parse() {
        reply.headers_mut().insert(IDENTIFIER, id);
    }
    reply
}

/// The registered extension that a request is from.
fn identified<'a>(shared: &Shared, headers: &'a HeaderMap) -> Result<&'a str, Refusal> {
    let Some(id) = headers.get(IDENTIFIER) else {
        return Err(("Extension.MissingHeader", "the header Lambda-Extension-Identifier is missing"));
    };
    let id = id.to_str().unwrap_or_default();
    if shared.life.borrow().extensions.contains_key(id) {
        return Ok(id);
    }
    Err(("Extension.UnknownExtensionIdentifier", "no extension of that identifier is registered"))
}

async fn next(shared: &Arc<Shared>, id: &str) -> Reply {
    let mut polling = Polling::begin(shared, id);
    shared.step(Step::ExtensionPolled).await;
    let mut life = shared.life.subscribe();
    loop {
        let is_over = life.wait_for(|life| {
            life.failure.is_some() || life.extensions.get(id).is_none_or(|extension| !extension.due.is_empty())
        });
        let failure = match is_over.await {
            Ok(life) => life.failure.clone(),
            Err(_) => Some(Failure::Closed),
        };
        if let Some(failure) = failure {
            return http::error(StatusCode::INTERNAL_SERVER_ERROR, "ContainerError", &failure.to_string());
        }
        // Not there when another poll of the same extension was faster.
        if let Some(event) = polling.take() {
            shared.step(Step::ExtensionDelivered).await;
            return http::json(StatusCode::OK, event);
        }
    }
}

fn failed(shared: &Shared, id: &str, body: &Bytes, headers: &HeaderMap) -> Reply {
    let (error_type, message) = describe(body, headers);
    let name = shared.life.borrow().extensions.get(id).map(|extension| extension.name.clone());
    shared.fail(Failure::Extension { name: name.unwrap_or_default(), error_type, message });
    accepted()
}

/// Of an invocation, what an extension is told.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invoke<'a> {
    event_type: &'a str,
    deadline_ms: u64,
    request_id: &'a str,
    invoked_function_arn: &'a str,
    tracing: Tracing<'a>,
}

#[derive(Serialize)]
struct Tracing<'a> {
    r#type: &'a str,
    value: &'a str,
}

/// Tells every extension that takes them of an invocation.
pub(crate) fn announce(shared: &Shared, request_id: &str, deadline_ms: u64, trace_id: &str) {
    let tracing = Tracing { r#type: "X-Amzn-Trace-Id", value: trace_id };
    let event_type = "INVOKE";
    let event = Invoke { event_type, deadline_ms, request_id, invoked_function_arn: FUNCTION_ARN, tracing };
    // Of strings and a number: it cannot fail.
    let event = Bytes::from(serde_json::to_vec(&event).unwrap_or_default());
    shared.change(|life| {
        for extension in life.extensions.values_mut().filter(|extension| extension.takes_invoke) {
            extension.due.push_back(event.clone());
        }
    });
}

/// A poll of an extension that waits.
struct Polling<'a> {
    shared: &'a Shared,
    id: &'a str,
    is_over: bool,
}

impl<'a> Polling<'a> {
    fn begin(shared: &'a Shared, id: &'a str) -> Self {
        shared.change(|life| {
            if let Some(extension) = life.extensions.get_mut(id) {
                extension.is_ready = true;
                extension.polling += 1;
            }
        });
        Self { shared, id, is_over: false }
    }

    /// The event that comes next. With it the poll is over, in one step: in between, the extension would seem to rest.
    fn take(&mut self) -> Option<Bytes> {
        let event = self.shared.change(|life| {
            let extension = life.extensions.get_mut(self.id)?;
            let event = extension.due.pop_front()?;
            extension.polling -= 1;
            Some(event)
        });
        self.is_over = event.is_some();
        event
    }
}

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.shared.change(|life| {
                if let Some(extension) = life.extensions.get_mut(self.id) {
                    extension.polling -= 1;
                }
            });
        }
    }
}
