//! SQS: each message of a batch is a direct request (or a batch of them), executed in an invocation of its own, one after
//! the other.
//!
//! The answer lists the messages that failed, and SQS delivers those again, and only those, if the event source mapping has
//! `ReportBatchItemFailures` (in `FunctionResponseTypes`) switched on. Without it SQS takes any answer for the success of
//! all, and what failed is lost.
//! **Invariant.** A message is either done or listed, and of a FIFO group none is done after one that is listed.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant, SystemTime};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use lambda_runtime::{Context, Diagnostic};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, from_slice, from_str};

use super::super::deadline::Deadline;
use super::kind::Kind;
use super::{answer, report};
use crate::error::{Error, ErrorCode};
use crate::gateway::Gateway;
use crate::invocation::Invocation;
use crate::wording::clipped;

/// Answers a batch of messages.
pub(super) async fn answer(
    gateway: &Gateway,
    event: &RawValue,
    context: &Context,
) -> Result<Box<RawValue>, Diagnostic> {
    // As the function's error, after which all messages are delivered again.
    let SqsEvent { records, .. } = from_str(event.get()).map_err(|error| {
        let message = format!("the event of SQS cannot be read: {}", clipped(&error.to_string()));
        answer::refusal(&Error::new(ErrorCode::BadRequest, message))
    })?;
    let mut response = SqsBatchResponse::default();
    let mut stopped_groups = HashSet::new();
    let mut time = TimeLeft::until(Deadline::of(context));
    for message in &records {
        let group = fifo_group(message);
        let outcome = match group {
            Some(group) if stopped_groups.contains(group) => Err(Failure::new("not_executed", BEHIND_A_FAILURE)),
            _ => time.spend(execute(gateway, message)).await,
        };
        if let Err(Failure { code, text }) = outcome {
            // Without an id it cannot be told from the others: SQS delivers all again.
            let id = message.message_id.as_deref().unwrap_or_default();
            report(&format!("SQS message {id}"), &code, &text, context);
            response.add_failure(id);
            stopped_groups.extend(group);
        }
    }
    to_raw_value(&response).map_err(|error| Diagnostic::from(lambda_runtime::Error::from(error)))
}

/// Why a message is delivered again.
struct Failure {
    code: String,
    text: String,
}

const BEHIND_A_FAILURE: &str = "a message before it in its group failed";
const OUT_OF_TIME: &str = "the function's time is nearly over";
const CUT_OFF: &str = "cancelled, for the function's time is nearly over";

impl Failure {
    fn new(code: &str, text: &str) -> Self {
        Self { code: code.to_owned(), text: text.to_owned() }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        // With what was expected, as Lambda's own log of a direct request has it.
        let Diagnostic { error_type, error_message } = answer::refusal(&error);
        Self { code: error_type, text: error_message }
    }
}

/// The group whose order is to be kept: in a FIFO queue alone.
fn fifo_group(message: &SqsMessage) -> Option<&str> {
    let is_fifo = message.event_source_arn.as_deref().is_some_and(|queue| queue.ends_with(".fifo"));
    // Every message of such a queue has one. One without would be in a group with its like.
    is_fifo.then(|| message.attributes.get("MessageGroupId").map_or("", String::as_str))
}

async fn execute(gateway: &Gateway, message: &SqsMessage) -> Result<(), Failure> {
    let body = message.body.as_deref().unwrap_or_default().as_bytes();
    let mut reply = Vec::new();
    gateway.execute_in(&Invocation::enter(), body, &mut reply).await?;
    match Kind::of(body) {
        Kind::Batch => whole(&reply),
        _ => Ok(()),
    }
}

/// A batch is done when all of its items are: what is delivered again is the message.
fn whole(reply: &[u8]) -> Result<(), Failure> {
    let items: Vec<BTreeMap<&str, &RawValue>> =
        from_slice(reply).map_err(|error| Failure::new("operation_failed", &error.to_string()))?;
    let failed: Vec<_> = items.iter().filter_map(|item| item.get("error")).collect();
    let Some(first) = failed.first() else { return Ok(()) };
    let first: Value = from_str(first.get()).unwrap_or_default();
    let of = |field| first[field].as_str().unwrap_or_default();
    let text = format!("{} of {} in its batch failed, the first: {}", failed.len(), items.len(), of("message"));
    Err(Failure { code: of("code").to_owned(), text })
}

/// The time that a function has for its messages.
///
/// Kept free at its end is a tenth of what there was at the start, and no more than a second: enough to answer in. A message
/// is begun only while there is more than that, by as long as the longest took so far; and one that is still under way then
/// is cancelled at its next `await`, so that those that are done are not delivered again for its sake.
struct TimeLeft {
    /// `None` if there is no end.
    end: Option<SystemTime>,
    longest: Duration,
}

impl TimeLeft {
    fn until(deadline: Deadline) -> Self {
        let now = SystemTime::now();
        let end = deadline.left(now).and_then(|all| {
            let to_answer = (all / 10).min(Duration::from_secs(1));
            now.checked_add(all - to_answer)
        });
        Self { end, longest: Duration::ZERO }
    }

    async fn spend(&mut self, execution: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
        let Some(end) = self.end else { return execution.await };
        let left = end.duration_since(SystemTime::now()).unwrap_or_default();
        if left.is_zero() || left < self.longest {
            return Err(Failure::new("not_executed", OUT_OF_TIME));
        }
        let begun = Instant::now();
        let outcome = tokio::time::timeout(left, execution).await;
        self.longest = self.longest.max(begun.elapsed());
        outcome.unwrap_or_else(|_| Err(Failure::new("timed_out", CUT_OFF)))
    }
}
