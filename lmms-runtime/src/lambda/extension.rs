//! Extension: this process as an internal extension of its own function.
//!
//! Lambda freezes a container when the runtime *and* each extension have asked for what comes next, and sends SIGTERM only
//! where there is an extension. So this is what makes time for the work after a response, and for the end.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html>

use std::fmt;

use http_body_util::BodyExt;
use lambda_runtime::Error;
use lambda_runtime_api_client::body::Body;
use lambda_runtime_api_client::{PooledClient, build_request};
use serde_json::Value;

/// Its name, which no other extension of the function may have.
const NAME: &str = "lmms";
/// Where the Extensions API is, on the host of the Runtime API.
const ROOT: &str = "/2020-01-01/extension";
/// The header that tells one extension from another.
const IDENTIFIER: &str = "lambda-extension-identifier";
/// How Lambda Managed Instances are started.
const MANAGED: &str = "lambda-managed-instances";
/// How often in a row the next event is asked for in vain. One time is usual: connections do not survive a snapshot.
const TRIES: usize = 3;

/// A registered extension.
pub(crate) struct Extension {
    client: PooledClient,
    identifier: String,
}

/// An invocation that the runtime has got, too.
pub(crate) struct Invoked {
    pub(crate) request_id: String,
}

/// Why there is no extension.
#[derive(Debug)]
pub(crate) struct NotRegistered(String);

impl fmt::Display for NotRegistered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an extension can be told of each invocation.
///
/// `cargo lambda watch` serves the Runtime API under a path. It has an event for an extension that waits just then or for nobody,
/// and when the function is built and started again, the old one's place breaks the new one's invocations.
///
/// Lambda Managed Instances refuse it, also where only one invocation runs at a time.
pub(crate) fn can_be_told() -> bool {
    if std::env::var_os("AWS_LAMBDA_INITIALIZATION_TYPE").is_some_and(|kind| kind == MANAGED) {
        return false;
    }
    let host = std::env::var("AWS_LAMBDA_RUNTIME_API").unwrap_or_default();
    let host = host.split_once("://").map_or(&*host, |(_, host)| host);
    !host.trim_end_matches('/').contains('/')
}

impl Extension {
    /// Registers it, which has to be done before the runtime asks for its first invocation. `is_told` of each invocation, or
    /// else of nothing: then it is there for SIGTERM alone, and still has to ask for what comes next.
    pub(crate) async fn register(is_told: bool) -> Result<Self, NotRegistered> {
        let events = if is_told { r#"{"events":["INVOKE"]}"# } else { r#"{"events":[]}"# };
        let client = PooledClient::builder().build();
        let registering = async {
            let request = build_request()
                .method("POST")
                .uri(format!("{ROOT}/register"))
                .header("lambda-extension-name", NAME)
                .header("content-type", "application/json")
                .body(Body::from(events))?;
            let response = client.call(request).await?;
            let status = response.status();
            let identifier =
                response.headers().get(IDENTIFIER).and_then(|value| value.to_str().ok()).map(str::to_owned);
            // Read to its end, or the connection could not be used again.
            let body = response.into_body().collect().await?.to_bytes();
            match identifier.filter(|_| status.is_success()) {
                Some(identifier) => Ok(identifier),
                None => Err(Error::from(format!("{status} {}", String::from_utf8_lossy(&body).trim()))),
            }
        };
        match registering.await {
            Ok(identifier) => Ok(Self { client, identifier }),
            Err(error) => Err(NotRegistered(error.to_string().trim().to_owned())),
        }
    }

    /// Waits for the next invocation, having told Lambda that all work after the last one is done.
    pub(crate) async fn next(&self) -> Result<Invoked, Error> {
        let mut tries = 0;
        loop {
            match self.next_event().await {
                Ok(event) => match event["eventType"].as_str() {
                    Some("INVOKE") => {
                        let request_id = event["requestId"].as_str().unwrap_or_default().to_owned();
                        return Ok(Invoked { request_id });
                    }
                    // Nothing else was asked for.
                    _ => tries = 0,
                },
                Err(error) => {
                    tries += 1;
                    if tries == TRIES {
                        return Err(error);
                    }
                }
            }
        }
    }

    async fn next_event(&self) -> Result<Value, Error> {
        let request = build_request()
            .method("GET")
            .uri(format!("{ROOT}/event/next"))
            .header(IDENTIFIER, &self.identifier)
            .body(Body::empty())?;
        let response = self.client.call(request).await?;
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            return Err(format!("{status} {}", String::from_utf8_lossy(&body).trim()).into());
        }
        Ok(serde_json::from_slice(&body)?)
    }
}
