//! Request: what is asked, out of the event of whoever sent it.

use aws_lambda_events::alb::AlbTargetGroupRequest;
use aws_lambda_events::apigw::{ApiGatewayProxyRequest, ApiGatewayV2httpRequest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::DeserializeOwned;

use super::super::kind::Origin;
use crate::error::{Error, ErrorCode};
use crate::panics;
use crate::wording::{clipped, shown};

/// An HTTP request, as far as it is of interest.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    /// The stage of an API, which may be in front of the path.
    pub(super) stage: Option<String>,
    media: Media,
    body: String,
    is_base64: bool,
}

#[derive(Debug)]
pub(super) enum Method {
    Get,
    Head,
    Options,
    Post,
    Other(String),
}

/// What a request says its body is.
#[derive(Debug)]
enum Media {
    /// JSON, or nothing that would speak against it.
    Json,
    Other(String),
}

impl Request {
    /// Reads an event of this kind.
    pub(super) fn read(origin: Origin, event: &str) -> Result<Self, Error> {
        // Each has headers of its own type, which is not ours to name.
        macro_rules! media {
            ($($headers:expr),+) => {
                Media::of(None$(.or_else(|| $headers.get("content-type")))+.map(|value| value.as_bytes()))
            };
        }
        Ok(match origin {
            Origin::V2 => {
                let event: ApiGatewayV2httpRequest = decode(event)?;
                Self {
                    method: Method::of(event.request_context.http.method.as_str()),
                    path: event.raw_path.unwrap_or_default(),
                    stage: event.request_context.stage,
                    media: media!(event.headers),
                    body: event.body.unwrap_or_default(),
                    is_base64: event.is_base64_encoded,
                }
            }
            Origin::V1 => {
                let event: ApiGatewayProxyRequest = decode(event)?;
                Self {
                    method: Method::of(event.http_method.as_str()),
                    path: event.path.unwrap_or_default(),
                    stage: event.request_context.stage,
                    media: media!(event.headers, event.multi_value_headers),
                    body: event.body.unwrap_or_default(),
                    is_base64: event.is_base64_encoded,
                }
            }
            Origin::Alb => {
                let event: AlbTargetGroupRequest = decode(event)?;
                Self {
                    method: Method::of(event.http_method.as_str()),
                    path: event.path.unwrap_or_default(),
                    stage: None,
                    media: media!(event.headers, event.multi_value_headers),
                    body: event.body.unwrap_or_default(),
                    is_base64: event.is_base64_encoded,
                }
            }
        })
    }

    /// The body's bytes, which are to be JSON.
    pub(super) fn into_body(self) -> Result<Vec<u8>, Error> {
        if let (Media::Other(media), false) = (&self.media, self.body.is_empty()) {
            return Err(Error::new(ErrorCode::UnsupportedMediaType, format!("the body is {}, not JSON", shown(media)))
                .expecting("content-type: application/json"));
        }
        if !self.is_base64 {
            return Ok(self.body.into_bytes());
        }
        STANDARD.decode(self.body).map_err(|error| {
            let message = format!("the body is not base64, as `isBase64Encoded` says that it is: {error}");
            Error::new(ErrorCode::BadRequest, message)
        })
    }
}

impl Method {
    fn of(name: &str) -> Self {
        match name {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "OPTIONS" => Self::Options,
            "POST" => Self::Post,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl Media {
    fn of(value: Option<&[u8]>) -> Self {
        let Some(value) = value else { return Self::Json };
        let value = String::from_utf8_lossy(value);
        let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        // The last one is what `curl -d` says unless it is told otherwise: no word about what the body is.
        let is_json = matches!(
            essence.as_str(),
            "" | "application/json" | "text/json" | "text/plain" | "application/x-www-form-urlencoded"
        );
        if is_json || essence.ends_with("+json") { Self::Json } else { Self::Other(essence) }
    }
}

fn decode<T: DeserializeOwned>(event: &str) -> Result<T, Error> {
    // A `HeaderMap` panics when there are more headers than it counts.
    let decoded =
        panics::catch(|| serde_json::from_str(event).map_err(|error| error.to_string())).and_then(|read| read);
    decoded.map_err(|error| {
        Error::new(ErrorCode::BadRequest, format!("the event of this HTTP request cannot be read: {}", clipped(&error)))
    })
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_json_unless_it_is_said_to_be_something_else() {
        for json in [
            "application/json",
            "Application/JSON; charset=utf-8",
            "application/problem+json",
            "text/plain;charset=UTF-8",
            "application/x-www-form-urlencoded",
            " ;",
        ] {
            assert!(matches!(Media::of(Some(json.as_bytes())), Media::Json), "{json}");
        }
        assert!(matches!(Media::of(None), Media::Json));
        for other in ["application/xml", "multipart/form-data; boundary=x", "image/png", "json", "\u{fffd}"] {
            assert!(matches!(Media::of(Some(other.as_bytes())), Media::Other(_)), "{other}");
        }
    }
}
