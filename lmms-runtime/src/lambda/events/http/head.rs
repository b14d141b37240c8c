//! Head: the part of an HTTP answer before its body, which does not change: prepared when the program is built.
//!
//! Cross-origin headers are not in it: a function URL or API Gateway with CORS switched on adds them itself, and answers the
//! preflights, and a browser refuses an answer that has them twice.

use crate::error::ErrorCode;

use super::super::kind::Origin;

/// A head in the form of each that sends requests: the JSON of an answer up to its body, which is to follow as text.
#[derive(Debug)]
pub(super) struct Head {
    v2: &'static str,
    v1: &'static str,
    alb: &'static str,
}

impl Head {
    pub(super) fn text(&self, origin: Origin) -> &'static str {
        match origin {
            Origin::V2 => self.v2,
            Origin::V1 => self.v1,
            Origin::Alb => self.alb,
        }
    }
}

/// The head of a status, with headers beside the one that all have.
macro_rules! head {
    ($status:literal $reason:literal $(, $name:literal: $value:literal)*) => {
        Head {
            v2: concat!(
                r#"{"statusCode":"#, $status, r#","headers":{"x-content-type-options":"nosniff""#,
                $(r#",""#, $name, r#"":""#, $value, r#"""#,)*
                r#"},"cookies":[],"isBase64Encoded":false,"body":"#
            ),
            v1: concat!(
                r#"{"statusCode":"#, $status, r#","headers":{"x-content-type-options":"nosniff""#,
                $(r#",""#, $name, r#"":""#, $value, r#"""#,)*
                r#"},"isBase64Encoded":false,"body":"#
            ),
            // A load balancer takes the one or the other, by a setting that an event that cannot be read does not tell: it
            // has both, as `lambda_http`'s.
            alb: concat!(
                r#"{"statusCode":"#, $status, r#","statusDescription":""#, $status, " ", $reason,
                r#"","headers":{"x-content-type-options":"nosniff""#,
                $(r#",""#, $name, r#"":""#, $value, r#"""#,)*
                r#"},"multiValueHeaders":{"x-content-type-options":["nosniff"]"#,
                $(r#",""#, $name, r#"":[""#, $value, r#""]"#,)*
                r#"},"isBase64Encoded":false,"body":"#
            ),
        }
    };
}

/// The head of a status whose body is JSON.
macro_rules! json {
    ($status:literal $reason:literal $(, $name:literal: $value:literal)*) => {
        head!($status $reason, "content-type": "application/json" $(, $name: $value)*)
    };
}

pub(super) static OK: Head = json!(200 "OK");
static BAD_REQUEST: Head = json!(400 "Bad Request");
static NOT_FOUND: Head = json!(404 "Not Found");
static TOO_LARGE: Head = json!(413 "Content Too Large");
static UNSUPPORTED: Head = json!(415 "Unsupported Media Type");
static FAILED: Head = json!(422 "Unprocessable Content");
static BROKEN: Head = json!(500 "Internal Server Error");
static UNAVAILABLE: Head = json!(503 "Service Unavailable");

/// The methods of a target: the answer to OPTIONS, and the one to all that are not among them.
pub(super) struct Methods {
    pub(super) text: &'static str,
    pub(super) options: Head,
    pub(super) not_allowed: Head,
}

macro_rules! methods {
    ($text:literal) => {
        Methods {
            text: $text,
            options: head!(204 "No Content", "allow": $text),
            not_allowed: json!(405 "Method Not Allowed", "allow": $text),
        }
    };
}

/// Of what may change something.
pub(super) static CALLED: Methods = methods!("OPTIONS, POST");
/// Of what can be read.
pub(super) static READ: Methods = methods!("GET, HEAD, OPTIONS, POST");

/// The head of an error's answer.
pub(super) fn of(code: ErrorCode) -> &'static Head {
    match code.http_status() {
        400 => &BAD_REQUEST,
        404 => &NOT_FOUND,
        413 => &TOO_LARGE,
        415 => &UNSUPPORTED,
        422 => &FAILED,
        503 => &UNAVAILABLE,
        _ => &BROKEN,
    }
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    #[test]
    fn every_error_has_the_head_of_its_status() {
        for code in crate::error::CODES {
            // What is allowed instead depends on the path.
            let head = if code == ErrorCode::MethodNotAllowed { &CALLED.not_allowed } else { of(code) };
            let status = format!(r#"{{"statusCode":{},"#, code.http_status());
            for origin in [Origin::V2, Origin::V1, Origin::Alb] {
                assert!(head.text(origin).starts_with(&status), "{code}: {}", head.text(origin));
            }
        }
    }
}
