//! The function behind a URL of its own, as Lambda's function URLs are: what comes over HTTP goes to it as an event of
//! payload format 2.0, and what it answers in that format goes back. On 127.0.0.1 alone.
//!
//! Nothing here knows what the function serves. Errors of this server, and of a function that fails, are
//! `{"errorType": code, "errorMessage": ..}`.

use std::{io, sync::Arc, time::Duration};

use aws_lambda_events::{
    apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse},
    encodings::Body,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use http_body_util::Full;
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONTENT_TYPE, COOKIE, HOST, HeaderName, HeaderValue, SET_COOKIE, USER_AGENT},
    http::request::Parts,
};
use serde_json::{Value, json};

use crate::{
    answer::{Failure, MAX_EVENT, Outcome},
    http::{self, BodyError, Reply, Server},
    ids::{millis, request_id, unix_time},
    runtime_api::RuntimeApi,
};

/// The port unless another is asked for: the one of `cargo lambda watch`.
pub const PORT: u16 = 9000;

/// How long requests under way may take after the stop.
const GRACE: Duration = Duration::from_secs(5);

/// The content types that a function URL hands over as text; others are base64 in the event.
const TEXTS: [&str; 4] = ["text/", "application/json", "application/javascript", "application/xml"];

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
    pub async fn bind(port: u16, api: Arc<RuntimeApi>) -> io::Result<Self> {
        let front = Arc::clone(&api);
        let server = Server::bind(port, move |request| answer(Arc::clone(&front), request)).await?;
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

async fn answer(api: Arc<RuntimeApi>, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let body = match http::read_body(body, MAX_EVENT).await {
        Ok(body) => body,
        Err(BodyError::TooLarge) => {
            let message = format!("the body is over {MAX_EVENT} bytes");
            return http::error(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", &message);
        }
        Err(BodyError::Broken) => return http::error(StatusCode::BAD_REQUEST, "bad_request", "the body broke off"),
    };
    let event = match serde_json::to_vec(&event(&head, &body)) {
        Ok(event) => event,
        Err(error) => return http::error(StatusCode::BAD_REQUEST, "bad_request", &error.to_string()),
    };
    match api.invoke(event.into()).await {
        Ok(answer) => match answer.outcome {
            Outcome::Ok => reply(answer.payload),
            // What a function URL keeps to itself helps here.
            Outcome::FunctionError { .. } => http::json(StatusCode::BAD_GATEWAY, answer.payload),
        },
        Err(failure) => http::error(status_of_failure(&failure), failure.code(), &failure.to_string()),
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

/// The event that a function URL would make of a request.
///
/// <https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html>
fn event(head: &Parts, body: &Bytes) -> ApiGatewayV2httpRequest {
    let text = |name: HeaderName| head.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into());
    let content_type: Option<String> = text(CONTENT_TYPE);
    let is_text = content_type.is_none_or(|media| TEXTS.iter().any(|text| media.starts_with(text)));
    let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());

    // Their fields may become more: they cannot be written out.
    let mut event = ApiGatewayV2httpRequest::default();
    event.version = Some("2.0".to_owned());
    event.route_key = Some("$default".to_owned());
    event.raw_path = Some(path.to_owned());
    event.raw_query_string = Some(query.to_owned());
    event.query_string_parameters = query.parse().unwrap_or_default();
    let cookies = head.headers.get_all(COOKIE).iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let cookies: Vec<_> = cookies.map(|one| String::from_utf8_lossy(one.trim_ascii()).into_owned()).collect();
    event.cookies = (!cookies.is_empty()).then_some(cookies);
    event.headers = joined(&head.headers);
    event.is_base64_encoded = false;
    if !body.is_empty() {
        let as_text = str::from_utf8(body).ok().filter(|_| is_text);
        event.is_base64_encoded = as_text.is_none();
        event.body = Some(as_text.map_or_else(|| STANDARD.encode(body), str::to_owned));
    }

    let context = &mut event.request_context;
    context.account_id = Some("anonymous".to_owned());
    context.apiid = Some("local".to_owned());
    context.domain_name = text(HOST);
    context.domain_prefix = Some("local".to_owned());
    context.request_id = Some(request_id());
    context.route_key = Some("$default".to_owned());
    context.stage = Some("$default".to_owned());
    context.time_epoch = i64::try_from(millis(unix_time())).unwrap_or(i64::MAX);
    context.http.method = head.method.clone();
    context.http.path = Some(path.to_owned());
    context.http.protocol = Some(format!("{:?}", head.version));
    context.http.source_ip = Some("127.0.0.1".to_owned());
    context.http.user_agent = text(USER_AGENT);
    event
}

/// The headers with one value each, all of them in it; cookies are elsewhere.
fn joined(headers: &HeaderMap) -> HeaderMap {
    let mut all = HeaderMap::with_capacity(headers.keys_len());
    for name in headers.keys().filter(|name| **name != COOKIE) {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        if let Ok(value) = HeaderValue::from_str(&values.join(",")) {
            all.insert(name, value);
        }
    }
    all
}

/// The HTTP answer that a function's is for its URL: by its `statusCode`, or else the whole is the body.
fn reply(payload: Bytes) -> Reply {
    let Ok(mut answer @ Value::Object(_)) = serde_json::from_slice(&payload) else {
        return http::json(StatusCode::OK, payload);
    };
    if answer.get("statusCode").is_none() {
        return http::json(StatusCode::OK, payload);
    }
    // A function may leave them out.
    if answer.get("cookies").is_none_or(Value::is_null) {
        answer["cookies"] = json!([]);
    }
    let decoded = serde_json::from_value(answer).map_err(|error| error.to_string());
    decoded.and_then(reply_of).unwrap_or_else(|error| {
        let message = format!("this is not an answer of payload format 2.0: {error}");
        http::error(StatusCode::BAD_GATEWAY, "bad_answer", &message)
    })
}

fn reply_of(answer: ApiGatewayV2httpResponse) -> Result<Reply, String> {
    let status = u16::try_from(answer.status_code).ok().and_then(|status| StatusCode::from_u16(status).ok());
    let body = match answer.body {
        Some(Body::Text(text)) if answer.is_base64_encoded => {
            Bytes::from(STANDARD.decode(text).map_err(|error| error.to_string())?)
        }
        Some(body) => Bytes::copy_from_slice(&body),
        None => Bytes::new(),
    };
    let mut reply = Response::new(Full::new(body));
    *reply.status_mut() = status.ok_or_else(|| format!("{} is not a status", answer.status_code))?;
    let headers = reply.headers_mut();
    *headers = answer.headers;
    for cookie in &answer.cookies {
        headers.append(SET_COOKIE, cookie.parse().map_err(|_| format!("`{cookie}` is not a cookie"))?);
    }
    Ok(reply)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(request: hyper::http::request::Builder) -> Parts {
        request.body(()).expect("a request").into_parts().0
    }

    #[test]
    fn a_body_is_text_if_it_says_so_and_is() {
        let of = |media: Option<&str>, body: &'static [u8]| {
            let mut request = Request::post("/a/b?c=d");
            if let Some(media) = media {
                request = request.header(CONTENT_TYPE, media);
            }
            let event = event(&parts(request), &Bytes::from_static(body));
            (event.body, event.is_base64_encoded)
        };
        let text = (Some("{}".to_owned()), false);
        assert_eq!(of(None, b"{}"), text);
        assert_eq!(of(Some("application/json; charset=utf-8"), b"{}"), text);
        assert_eq!(of(Some("application/x-www-form-urlencoded"), b"{}"), (Some("e30=".to_owned()), true));
        assert_eq!(of(Some("text/plain"), b"\xff"), (Some("/w==".to_owned()), true));
        assert_eq!(of(None, b""), (None, false));
    }

    #[test]
    fn headers_have_one_value_each_and_cookies_are_apart() {
        let request = Request::get("/").header("x-a", "1").header("x-a", "2").header(COOKIE, "b=c; d=e");
        let event = event(&parts(request), &Bytes::new());
        assert_eq!(event.headers.get("x-a").map(HeaderValue::as_bytes), Some(&b"1,2"[..]));
        assert_eq!(event.headers.get(COOKIE), None);
        assert_eq!(event.cookies, Some(vec!["b=c".to_owned(), "d=e".to_owned()]));
    }
}
