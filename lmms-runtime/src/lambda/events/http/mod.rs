//! HTTP: the gateway behind a function URL, API Gateway (HTTP and REST), or an Application Load Balancer.
//!
//! What is served where stands with [`Events`].
//! **Invariant.** Every event is answered with a status in the form of who sent it, and none is answered with more than
//! they carry.

mod head;
mod request;
mod target;

use lambda_runtime::{Context, Diagnostic};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use self::head::{CALLED, Head, Methods, OK, READ};
use self::request::{Method, Request};
pub(super) use self::target::BasePath;
use self::target::Target;
use super::kind::Origin;
use super::{Events, answer, report};
use crate::error::{Error, ErrorCode};
use crate::gateway::Gateway;
use crate::invocation::Invocation;
use crate::refusal;
use crate::request::MAX_PAYLOAD;

/// What a load balancer takes from a function, in bytes: 1 MB.
const MAX_ALB_ANSWER: usize = 1024 * 1024;

/// The arguments of a request without a body.
const NO_ARGUMENTS: &[u8] = b"{}";

/// Answers an event of this kind.
pub(super) async fn answer(
    events: &Events,
    origin: Origin,
    event: &RawValue,
    context: &Context,
) -> Result<Box<RawValue>, Diagnostic> {
    let mut reply = Vec::new();
    let outcome = match Request::read(origin, event.get()) {
        Ok(request) => serve(events, request, context, &mut reply).await,
        Err(error) => Err(error.into()),
    };
    let outcome = outcome.and_then(|head| write(origin, head, &reply));
    let outcome = outcome.or_else(|refused| write(origin, refused.head, &refused.body(context)));
    // An operation's error may be as large as its answer. What is said of that is not.
    let whole = outcome.or_else(|refused| write(origin, refused.head, &refused.body(context)));
    whole.map_err(|refused| answer::refusal(&refused.error)).and_then(answer::json)
}

/// Why a request is not answered with a result.
struct Refused {
    head: &'static Head,
    error: Error,
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self { head: head::of(error.code()), error }
    }
}

impl Refused {
    fn body(&self, context: &Context) -> Vec<u8> {
        let mut body = b"{\"error\":".to_vec();
        serde_json::to_writer(&mut body, &Told { error: &self.error, context })
            .expect("an error is text only, and a Vec takes it");
        body.push(b'}');
        body
    }
}

/// An error with what finds its invocation in the logs and traces.
struct Told<'a> {
    error: &'a Error,
    context: &'a Context,
}

impl Serialize for Told<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.error.serialize_fields(&mut map)?;
        map.serialize_entry("request_id", &self.context.request_id)?;
        if let Some(header) = &self.context.xray_trace_id {
            // `Root=1-..;Parent=..;Sampled=0`: the root is what X-Ray finds a trace by.
            let root = header.split(';').find_map(|field| field.trim().strip_prefix("Root="));
            map.serialize_entry("trace_id", root.unwrap_or(header))?;
        }
        map.end()
    }
}

/// Does what is asked, with the answer's body in `reply`.
async fn serve(
    events: &Events,
    request: Request,
    context: &Context,
    reply: &mut Vec<u8>,
) -> Result<&'static Head, Refused> {
    let path = request.path.clone();
    let target = Target::of(&path, &events.base, request.stage.as_deref())?;
    let methods = if target.is_readable() { &READ } else { &CALLED };
    let is_head = match (&request.method, target.is_readable()) {
        (Method::Options, _) => return Ok(&methods.options),
        (Method::Post, _) | (Method::Get, true) => false,
        (Method::Head, true) => true,
        (method, _) => return Err(not_allowed(method, methods)),
    };
    // What a body with GET would mean, nobody says.
    let body = if matches!(request.method, Method::Post) { request.into_body()? } else { Vec::new() };
    if let Err(error) = call(&events.gateway, &target, &body, reply).await {
        // Lambda takes this for a success, and would not log it.
        if error.code().http_status() >= 500 {
            report(&path, error.code().as_str(), &error.to_string(), context);
        }
        return Err(error.into());
    }
    if is_head {
        reply.clear();
    }
    Ok(&OK)
}

async fn call(gateway: &Gateway, target: &Target<'_>, body: &[u8], reply: &mut Vec<u8>) -> Result<(), Error> {
    let invocation = Invocation::enter();
    match target {
        Target::Request => gateway.execute_in(&invocation, body, reply).await,
        Target::Operation { interface, operation } if body.len() > MAX_PAYLOAD => {
            Err(refusal::too_large("request", body.len()).about(interface, operation))
        }
        Target::Operation { interface, operation } => {
            let arguments = if body.trim_ascii().is_empty() { NO_ARGUMENTS } else { body };
            gateway.call(&invocation, interface, operation, arguments, reply).await
        }
    }
}

fn not_allowed(method: &Method, methods: &'static Methods) -> Refused {
    let name = match method {
        Method::Get => "GET",
        Method::Head => "HEAD",
        Method::Options => "OPTIONS",
        Method::Post => "POST",
        Method::Other(name) => name,
    };
    let message = format!("{} is not served here", crate::wording::shown(name));
    let error = Error::new(ErrorCode::MethodNotAllowed, message).expecting(methods.text);
    Refused { head: &methods.not_allowed, error }
}

/// The whole answer, unless it is more than is carried.
fn write(origin: Origin, head: &Head, body: &[u8]) -> Result<Vec<u8>, Refused> {
    let body = std::str::from_utf8(body).map_err(|error| {
        Error::new(ErrorCode::OperationFailed, format!("the operation's result is not valid JSON: {error}"))
    })?;
    let head = head.text(origin);
    // JSON in a JSON string: each of its quotes takes a byte more.
    let mut answer = Vec::with_capacity(head.len() + body.len() + body.len() / 8 + 16);
    answer.extend_from_slice(head.as_bytes());
    serde_json::to_writer(&mut answer, body).expect("text is JSON, and a Vec takes it");
    answer.push(b'}');
    let (most, carrier) = match origin {
        Origin::Alb => (MAX_ALB_ANSWER, "a load balancer"),
        Origin::V1 | Origin::V2 => (MAX_PAYLOAD, "Lambda"),
    };
    if answer.len() > most {
        let size = answer.len();
        let message =
            format!("the answer is {size} bytes large as an event's, more than the {most} that {carrier} carries");
        return Err(Error::new(ErrorCode::PayloadTooLarge, message).expecting(format!("at most {most} bytes")).into());
    }
    Ok(answer)
}
