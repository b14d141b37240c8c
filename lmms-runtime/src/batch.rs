//! Batch: several requests in one, answered item by item, in order.

use crate::error::Error;
use crate::gateway::Gateway;
use crate::invocation::Invocation;
use crate::refusal;
use crate::request::{Items, MAX_PAYLOAD, Request};

/// What a batch keeps free of that for saying which of its items did not fit.
const ROOM_TO_REFUSE: usize = 256 * 1024;

impl Gateway {
    pub(crate) async fn answer_batch(
        &self,
        invocation: &Invocation,
        items: Items<'_>,
        reply: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let batch = reply.len();
        let mut full = false;
        for item in items {
            reply.push(if reply.len() == batch { b'[' } else { b',' });
            let start = reply.len();
            reply.extend_from_slice(b"{\"result\":");
            let mut outcome = match Request::parse(item) {
                // Better not called than called and not told of.
                Ok(request) if full => Err(refusal::batch_is_full().about(&request.interface, &request.operation)),
                Ok(request) => {
                    let Request { interface, operation, arguments, .. } = &request;
                    self.call(invocation, interface, operation, arguments, reply).await
                }
                Err(error) => Err(error),
            };
            // One that does not fit gives way to what those before it answered.
            if outcome.is_ok() && reply.len() - batch >= MAX_PAYLOAD - ROOM_TO_REFUSE {
                outcome = Err(refusal::too_large("answer to the batch", reply.len() - batch));
                full = true;
            }
            if let Err(error) = outcome {
                reply.truncate(start);
                reply.extend_from_slice(b"{\"error\":");
                serde_json::to_writer(&mut *reply, &error).expect("an error is text only, and a Vec takes it");
            }
            reply.push(b'}');
            // Not even the refusals fit: nothing that is called from here on could be told.
            if reply.len() - batch >= MAX_PAYLOAD {
                return Err(refusal::too_large("answer to the batch", reply.len() - batch));
            }
        }
        if reply.len() == batch {
            reply.push(b'[');
        }
        reply.push(b']');
        Ok(())
    }
}
