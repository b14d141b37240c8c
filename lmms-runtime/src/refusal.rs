//! Refusals: what went wrong with a call by name, told so that the client can mend it.

use crate::call::{ArgumentsError, CallError, CallFailure};
use crate::descriptor::Operation;
use crate::error::{Error, ErrorCode};
use crate::json;
use crate::registry::BUILT_IN;
use crate::request::MAX_PAYLOAD;
use crate::wording::{nearest, shown};

/// Why a call that reached its operation came to nothing.
pub(crate) enum Failure {
    Call(CallError),
    Panicked(String),
}

pub(crate) fn too_large(what: &str, size: usize) -> Error {
    Error::new(
        ErrorCode::PayloadTooLarge,
        format!("the {what} is {size} bytes large, more than the {MAX_PAYLOAD} that Lambda carries"),
    )
    .expecting(format!("at most {MAX_PAYLOAD} bytes"))
}

pub(crate) fn batch_is_full() -> Error {
    let message = "not called: the answers to the items before it fill what Lambda carries";
    Error::new(ErrorCode::PayloadTooLarge, message).expecting("a smaller batch")
}

pub(crate) fn unknown_interface<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Error {
    let near = nearest(name, known);
    let help = near.map_or_else(|| "`lmms.describe` lists all".to_owned(), |near| format!("did you mean `{near}`?"));
    let error = Error::new(ErrorCode::UnknownInterface, format!("there is no interface {}; {help}", shown(name)));
    match near {
        Some(near) => error.expecting(near.to_owned()),
        None => error,
    }
}

/// An interface that is to be preloaded and does not exist.
pub(crate) fn unknown_preload(name: &str, nearest: Option<&str>) -> String {
    let help = nearest.map_or_else(|| "none has a name like it".to_owned(), |near| format!("did you mean `{near}`?"));
    format!("LMMS_PRELOAD: there is no interface {} to be loaded before the first request; {help}", shown(name))
}

/// The built-in interface, where one is meant that loads.
pub(crate) fn built_in() -> Error {
    let message = format!("`{BUILT_IN}` is built in: it is not loaded, not unloaded, and has no heat");
    Error::new(ErrorCode::UnknownInterface, message).expecting("an interface that `lmms.describe` lists")
}

pub(crate) fn unknown_operation<'a>(
    interface: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Error {
    let all = known.clone().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let near = nearest(name, known);
    let has = if all.is_empty() { "it has none".to_owned() } else { format!("it has {all}") };
    let help = near.map_or(has, |near| format!("did you mean `{near}`?"));
    Error::new(ErrorCode::UnknownOperation, format!("interface `{interface}` has no operation {}; {help}", shown(name)))
        .expecting(near.map_or(all, str::to_owned))
}

/// What a call that reached `operation` failed with.
pub(crate) fn failed(failure: Failure, interface: &str, operation: &'static Operation, arguments: &[u8]) -> Error {
    let whole = format!("{interface}.{}", operation.name);
    match failure {
        Failure::Panicked(message) => {
            Error::new(ErrorCode::OperationPanicked, format!("`{whole}` panicked: {message}"))
        }
        Failure::Call(CallError(failure)) => match *failure {
            CallFailure::Arguments(error) => {
                self::arguments(&error, operation.meter.template.signature(interface, operation), arguments)
            }
            CallFailure::Load(error) => Error::new(error.code(), error.to_string()).caused_by(error.into()),
            CallFailure::Failed(cause) => {
                Error::new(ErrorCode::OperationFailed, format!("`{whole}` failed: {cause}")).caused_by(cause)
            }
            CallFailure::Unwritable(error) => Error::new(
                ErrorCode::OperationFailed,
                format!("the result of `{whole}` cannot be written as JSON: {error}"),
            )
            .caused_by(error.into()),
        },
    }
}

/// What is wrong with the arguments, and how it is done right.
pub(crate) fn arguments(error: &ArgumentsError, expected: &'static str, text: &[u8]) -> Error {
    let bad = |message: String| Error::new(ErrorCode::BadArguments, message);
    let refusal = match error {
        ArgumentsError::Json(error) => {
            bad(format!("the arguments are not valid: {} at byte {}", error.message, error.at))
                .at(Some(json::path("args", text, error.at)))
        }
        ArgumentsError::Type { name, error } => {
            bad(format!("argument `{name}`: {}", error.message)).at(Some(json::path("args", text, error.at)))
        }
        ArgumentsError::Unknown { name, nearest } => {
            let help = nearest.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            bad(format!("there is no argument {}{help}", shown(name))).at(Some("args".to_owned()))
        }
        ArgumentsError::Duplicate(name) => {
            bad(format!("argument `{name}` is there twice")).at(Some(format!("args.{name}")))
        }
        ArgumentsError::Missing(name) => bad(format!("argument `{name}` is missing")).at(Some("args".to_owned())),
    };
    refusal.expecting(expected)
}
