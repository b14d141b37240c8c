//! Answers as `lambda_runtime` takes them.

use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;

use crate::error::{Error, ErrorCode};
use crate::load_error::LoadError;

/// The reply of a gateway, which is JSON already.
pub(crate) fn json(reply: Vec<u8>) -> Result<Box<RawValue>, Diagnostic> {
    let checked = String::from_utf8(reply).map_err(|error| error.to_string());
    checked.and_then(|text| RawValue::from_string(text).map_err(|error| error.to_string())).map_err(|error| {
        Diagnostic {
            error_type: ErrorCode::OperationFailed.as_str().to_owned(),
            error_message: format!("the operation's result is not valid JSON: {error}"),
        }
    })
}

/// A gateway's error. Lambda has one field for the text, so what was expected goes into it, unless the text says it.
pub(crate) fn refusal(error: &Error) -> Diagnostic {
    let says_it = matches!(error.code(), ErrorCode::UnknownInterface | ErrorCode::UnknownOperation);
    let expected = error.expected().filter(|_| !says_it);
    let expected = expected.map(|expected| format!("; expected {expected}")).unwrap_or_default();
    // `args` alone is said by the text already.
    let path = error.path().filter(|path| *path != "args");
    let path = path.map(|path| format!(" (at {path})")).unwrap_or_default();
    Diagnostic { error_type: error.code().as_str().to_owned(), error_message: format!("{error}{path}{expected}") }
}

/// The error of a handler of one's own: ours with their codes, others as `lambda_runtime` names them.
pub(crate) fn failure(error: lambda_runtime::Error) -> Diagnostic {
    if let Some(error) = error.downcast_ref::<Error>() {
        return refusal(error);
    }
    if let Some(error) = error.downcast_ref::<LoadError>() {
        return Diagnostic { error_type: error.code().as_str().to_owned(), error_message: error.to_string() };
    }
    Diagnostic::from(error)
}
