//! The function over HTTP, as a function URL would offer it: `POST /{interface}/{operation}` with the arguments as the
//! body, or `POST /` with the whole event. On 127.0.0.1 alone.
//!
//! An answer's body is the function's, untouched. Errors, the function's and the server's, are
//! `{"errorType": code, "errorMessage": ..}`.

use std::{io, sync::Arc, time::Duration};

use hyper::{
    Method, Request, StatusCode,
    body::{Bytes, Incoming},
    header::{ALLOW, HeaderValue},
};
use serde::de::IgnoredAny;

use super::{
    answer::{Failure, MAX_EVENT, Outcome},
    http::{self, BodyError, Reply, Server},
    runtime_api::RuntimeApi,
};

/// Maps an `errorType` of the function to an HTTP status.
pub type Status = fn(&str) -> u16;

/// The port unless another is asked for: the one of `cargo lambda watch`.
pub const PORT: u16 = 9000;

/// How long requests under way may take after the stop.
const GRACE: Duration = Duration::from_secs(5);

/// An HTTP server in front of one function.
pub struct Front {
    server: Server,
    api: Arc<RuntimeApi>,
}

impl Front {
    /// Listens on 127.0.0.1:`port`; 0 takes any free port.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn bind(port: u16, api: Arc<RuntimeApi>, status: Status) -> io::Result<Self> {
        let front = Arc::clone(&api);
        let server = Server::bind(port, move |request| answer(Arc::clone(&front), status, request)).await?;
        Ok(Self { server, api })
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    /// Serves until `stop` is ready, then finishes what is under way.
    ///
    /// # Errors
    /// The container ended: there is nothing left to serve.
    pub async fn run_until(self, stop: impl Future<Output = ()>) -> Result<(), Failure> {
        let end = tokio::select! {
            () = stop => Ok(()),
            failure = self.api.failed() => Err(failure),
        };
        self.server.stop(GRACE).await;
        end
    }
}

async fn answer(api: Arc<RuntimeApi>, status: Status, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let target = match Target::parse(head.uri.path()) {
        Ok(target) => target,
        Err(message) => return http::error(StatusCode::NOT_FOUND, "not_found", message),
    };
    if head.method != Method::POST {
        let message = format!("{} is not served here, send a POST", head.method);
        let mut reply = http::error(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &message);
        reply.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return reply;
    }
    let body = match http::read_body(body, MAX_EVENT).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let message = format!("the body is over {MAX_EVENT} bytes");
            return http::error(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", &message);
        }
        Err(BodyError::Broken) => return bad_request("the body broke off"),
    };
    let event = match target.event(body) {
        Ok(event) => event,
        Err(error) => return bad_request(&format!("the body is not JSON: {error}")),
    };
    match api.invoke(event).await {
        Ok(answer) => http::json(status_of(&answer.outcome, status), answer.payload),
        Err(failure) => http::error(status_of_failure(&failure), failure.code(), &failure.to_string()),
    }
}

fn bad_request(message: &str) -> Reply {
    http::error(StatusCode::BAD_REQUEST, "bad_request", message)
}

fn status_of(outcome: &Outcome, status: Status) -> StatusCode {
    match outcome {
        Outcome::Ok => StatusCode::OK,
        Outcome::FunctionError { error_type } => {
            StatusCode::from_u16(status(error_type)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
        }
    }
}

fn status_of_failure(failure: &Failure) -> StatusCode {
    match failure {
        Failure::PayloadTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Failure::TimedOut { .. } | Failure::NotPolling { .. } => StatusCode::GATEWAY_TIMEOUT,
        Failure::Closed => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// What a path stands for.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// `/`: the body is the event.
    Event,
    /// `/{interface}/{operation}`: the body is the arguments.
    Operation { interface: String, operation: String },
}

impl Target {
    fn parse(path: &str) -> Result<Self, &'static str> {
        let path = path.trim_matches('/');
        if path.is_empty() {
            return Ok(Self::Event);
        }
        match path.split('/').map(decode).collect::<Option<Vec<_>>>().as_deref() {
            Some([interface, operation]) if !interface.is_empty() && !operation.is_empty() => {
                Ok(Self::Operation { interface: interface.clone(), operation: operation.clone() })
            }
            Some(_) => Err("the path is /{interface}/{operation}, or / for a whole event"),
            None => Err("the path is not percent-encoded UTF-8"),
        }
    }

    /// The event for a body, which must be JSON: spliced in, anything else could make another event of it.
    fn event(&self, body: Bytes) -> serde_json::Result<Bytes> {
        let body = if body.trim_ascii().is_empty() { Bytes::from_static(b"{}") } else { body };
        serde_json::from_slice::<IgnoredAny>(&body)?;
        let Self::Operation { interface, operation } = self else { return Ok(body) };
        let mut event = Vec::with_capacity(body.len() + interface.len() + operation.len() + 48);
        event.extend_from_slice(br#"{"interface":"#);
        serde_json::to_writer(&mut event, interface)?;
        event.extend_from_slice(br#","operation":"#);
        serde_json::to_writer(&mut event, operation)?;
        event.extend_from_slice(br#","args":"#);
        event.extend_from_slice(&body);
        event.push(b'}');
        Ok(event.into())
    }
}

/// Undoes percent-encoding; `None` where it is broken or not UTF-8.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        if byte == b'%' {
            let (digits, tail) = rest.split_at_checked(2)?;
            // `from_str_radix` would take a sign.
            let digits = str::from_utf8(digits).ok().filter(|digits| digits.chars().all(|c| c.is_ascii_hexdigit()))?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = tail;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(path: &str, body: &'static str) -> String {
        let event = Target::parse(path).unwrap().event(Bytes::from_static(body.as_bytes())).unwrap();
        String::from_utf8(event.to_vec()).unwrap()
    }

    #[test]
    fn a_path_and_a_body_make_an_event() {
        assert_eq!(
            event("/tokens/count", r#"{"text":"a"}"#),
            r#"{"interface":"tokens","operation":"count","args":{"text":"a"}}"#
        );
        assert_eq!(event("/tokens/count/", " \n"), r#"{"interface":"tokens","operation":"count","args":{}}"#);
        assert_eq!(event("/", r#"{"batch":[]}"#), r#"{"batch":[]}"#);
        assert_eq!(event("/", ""), "{}");
    }

    #[test]
    fn names_cannot_break_out_of_their_strings() {
        assert_eq!(event("/a%22b/c%0a", "1"), r#"{"interface":"a\"b","operation":"c\n","args":1}"#);
    }

    #[test]
    fn a_body_cannot_break_out_of_the_arguments() {
        let target = Target::parse("/a/b").unwrap();
        assert!(target.event(Bytes::from_static(br#"{},"operation":"c""#)).is_err());
        assert!(target.event(Bytes::from_static(b"{")).is_err());
    }

    #[test]
    fn other_paths_are_not_found() {
        for path in ["/tokens", "/a/b/c", "/a//b", "/a/%f", "/a/%+1", "/a/%ff"] {
            assert!(Target::parse(path).is_err(), "{path}");
        }
    }
}
