//! Answer: what an operation came to, as it is kept: the bytes of its reply, or its error.

use std::sync::Arc;

use crate::descriptor::Caching;
use crate::error::{Error, ErrorCode};

/// What an entry holds. A clone shares it.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Reply(Arc<[u8]>),
    /// Without its cause. What is kept is of code [`OperationFailed`](ErrorCode::OperationFailed) alone.
    Failed(Arc<Error>),
}

impl Answer {
    /// Appends it to `reply`, or is the error.
    pub(crate) fn write(self, reply: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Reply(bytes) => {
                reply.extend_from_slice(&bytes);
                Ok(())
            }
            Self::Failed(error) => Err(error.without_cause()),
        }
    }
}

/// What a computation came to, if it may be kept: not copied yet.
#[derive(Clone, Copy)]
pub(super) struct Outcome<'a>(Result<&'a [u8], &'a Error>);

impl<'a> Outcome<'a> {
    /// Of errors only the operation's own may be, and only if it says so: a load may succeed the next time.
    pub(super) fn new(outcome: Result<&'a [u8], &'a Error>, caching: Caching) -> Option<Self> {
        match outcome {
            Err(error) if !caching.errors || error.code() != ErrorCode::OperationFailed => None,
            outcome => Some(Self(outcome)),
        }
    }

    pub(super) fn bytes(self) -> usize {
        self.0.map_or_else(Error::bytes, <[u8]>::len)
    }

    pub(super) fn to_answer(self) -> Answer {
        match self.0 {
            Ok(bytes) => Answer::Reply(bytes.into()),
            Err(error) => Answer::Failed(Arc::new(error.without_cause())),
        }
    }
}
