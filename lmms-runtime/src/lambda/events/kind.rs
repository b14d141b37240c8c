//! Kind: what an event is, told from its top-level keys.
//!
//! Nothing is read twice that is large: the first key that decides ends the reading, and a direct request's first key does.
//! **Invariant.** What is not known for something else is a direct request, whose reader says what is wrong with it.

use crate::json::Cursor;

/// What sends an event, as far as that decides how it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A request as the gateway takes it.
    Direct,
    /// Several of them in one.
    Batch,
    Http(Origin),
    Sqs,
}

/// Who sends an HTTP request as an event: each has a form of its own, and wants the answer in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Function URLs and HTTP APIs of API Gateway: payload format 2.0.
    V2,
    /// REST APIs of API Gateway, and HTTP APIs with payload format 1.0.
    V1,
    /// Application Load Balancers.
    Alb,
}

impl Kind {
    pub(super) fn of(event: &[u8]) -> Self {
        Self::read(event).unwrap_or(Self::Direct)
    }

    fn read(event: &[u8]) -> Option<Self> {
        let mut cursor = Cursor::new(event);
        cursor.open_object().ok()?;
        let mut first = true;
        while let Some(key) = cursor.next_key(first).ok()? {
            first = false;
            let kind = match &*key {
                "interface" | "operation" | "args" => Some(Self::Direct),
                "batch" => Some(Self::Batch),
                // Both are in all events of format 2.0, and at the top of no others; `version` is not enough: a VPC
                // Lattice says "2.0" as well.
                "routeKey" | "rawPath" => is_text(&mut cursor).then_some(Self::Http(Origin::V2)),
                "resource" => is_text(&mut cursor).then_some(Self::Http(Origin::V1)),
                // Load balancers begin with it. The others come here only when somebody has sorted their keys.
                "requestContext" => origin(cursor.clone()).map(Self::Http),
                "Records" => is_sqs(cursor.clone())?.then_some(Self::Sqs),
                _ => None,
            };
            if kind.is_some() {
                return kind;
            }
            cursor.skip().ok()?;
        }
        None
    }
}

/// Whether the next value is text. The types of `aws_lambda_events` are written with fields that are `null` because they are
/// another kind's.
fn is_text(cursor: &mut Cursor<'_>) -> bool {
    cursor.peek() == Some(b'"')
}

/// Whose context of a request this is.
fn origin(mut context: Cursor<'_>) -> Option<Origin> {
    context.open_object().ok()?;
    let mut first = true;
    while let Some(key) = context.next_key(first).ok()? {
        first = false;
        match &*key {
            "elb" => return Some(Origin::Alb),
            "http" => return Some(Origin::V2),
            // Not those that a WebSocket API has, too.
            "httpMethod" | "resourceId" | "resourcePath" => return Some(Origin::V1),
            _ => context.skip().ok()?,
        };
    }
    None
}

/// Whether the first of these records is a message of SQS: other services call theirs records as well.
fn is_sqs(mut records: Cursor<'_>) -> Option<bool> {
    records.open_array().ok()?;
    if !records.next_item(true).ok()? {
        return Some(false);
    }
    records.open_object().ok()?;
    let mut first = true;
    while let Some(key) = records.next_key(first).ok()? {
        first = false;
        if &*key == "eventSource" {
            return Some(&*records.text().ok()? == "aws:sqs");
        }
        records.skip().ok()?;
    }
    Some(false)
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    fn of(event: &str) -> Kind {
        Kind::of(event.as_bytes())
    }

    #[test]
    fn a_request_is_known_by_its_first_key() {
        assert_eq!(of(r#"{"interface":"a""#), Kind::Direct, "what follows is not read");
        assert_eq!(of(r#" { "batch" : ["#), Kind::Batch);
        assert_eq!(of(r#"{"args":{"rawPath":"/"},"rawPath":"/"}"#), Kind::Direct);
        assert_eq!(of(r#"{"b\u0061tch":[]}"#), Kind::Batch);
    }

    #[test]
    fn an_event_is_known_by_keys_that_no_other_has_in_any_order() {
        for (event, kind) in [
            (r#"{"version":"2.0","routeKey":"$default","rawPath":"/"}"#, Kind::Http(Origin::V2)),
            (
                r#"{"body":"{}","headers":{"resource":"x"},"requestContext":{"stage":"a","http":{}}}"#,
                Kind::Http(Origin::V2),
            ),
            (r#"{"resource":"/{proxy+}","path":"/a"}"#, Kind::Http(Origin::V1)),
            (
                r#"{"version":"1.0","path":"/a","requestContext":{"apiId":"a","httpMethod":"GET"}}"#,
                Kind::Http(Origin::V1),
            ),
            (r#"{"type":null,"resource":null,"version":"2.0","rawPath":"/"}"#, Kind::Http(Origin::V2)),
            (r#"{"requestContext":{"elb":{}}}"#, Kind::Http(Origin::Alb)),
            (r#"{"body":"","httpMethod":"GET","requestContext":{"elb":{}}}"#, Kind::Http(Origin::Alb)),
            (r#"{"Records":[{"body":"","eventSource":"aws:sqs"}]}"#, Kind::Sqs),
        ] {
            assert_eq!(of(event), kind, "{event}");
        }
    }

    #[test]
    fn anything_else_is_taken_for_a_request() {
        for event in [
            "",
            "null",
            "[]",
            "[{\"rawPath\":1}]",
            "{}",
            "{\"a\":",
            "\u{0}",
            r#"{"a":{"interface":1}}"#,
            // A WebSocket API, a VPC Lattice, S3, EventBridge: not answered here.
            r#"{"requestContext":{"routeKey":"$connect","eventType":"CONNECT","stage":"a"}}"#,
            r#"{"version":"2.0","path":"/","method":"GET","requestContext":{"serviceArn":"a"}}"#,
            r#"{"Records":[{"eventVersion":"2.1","eventSource":"aws:s3"}]}"#,
            r#"{"Records":[]}"#,
            r#"{"Records":7}"#,
            r#"{"version":"0","detail-type":"a","source":"b"}"#,
        ] {
            assert_eq!(of(event), Kind::Direct, "{event}");
        }
    }
}
