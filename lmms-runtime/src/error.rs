//! Errors of requests: a stable code, the names involved, and what was expected.

use std::borrow::Cow;
use std::fmt;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::hook::BoxError;
use crate::wording::MOST_SHOWN;

/// The stable code of an [`Error`], which clients may match on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// The request is not the JSON that it should be.
    BadRequest,
    /// The request or the answer is larger than Lambda carries.
    PayloadTooLarge,
    /// No interface of that name is registered.
    UnknownInterface,
    /// The interface has no operation of that name.
    UnknownOperation,
    /// The arguments are not those that the operation takes.
    BadArguments,
    /// The interface could not be loaded: its load failed or panicked.
    LoadFailed,
    /// The interface needs itself to load.
    LoadCycle,
    /// The operation returned an error.
    OperationFailed,
    /// The operation panicked.
    OperationPanicked,
    /// Over HTTP: there is nothing at that path.
    NotFound,
    /// Over HTTP: what is at that path is not asked for with that method.
    MethodNotAllowed,
    /// Over HTTP: the body is said to be something else than JSON.
    UnsupportedMediaType,
}

impl ErrorCode {
    /// The code as it stands in answers, and as Lambda's `errorType`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::PayloadTooLarge => "payload_too_large",
            Self::UnknownInterface => "unknown_interface",
            Self::UnknownOperation => "unknown_operation",
            Self::BadArguments => "bad_arguments",
            Self::LoadFailed => "load_failed",
            Self::LoadCycle => "load_cycle",
            Self::OperationFailed => "operation_failed",
            Self::OperationPanicked => "operation_panicked",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::UnsupportedMediaType => "unsupported_media_type",
        }
    }

    /// Whether it was refused before anything was loaded or called.
    pub(crate) fn is_refusal(self) -> bool {
        matches!(self, Self::BadRequest | Self::UnknownInterface | Self::UnknownOperation | Self::BadArguments)
    }

    /// The HTTP status that says the same.
    ///
    /// An operation that returns an error has understood the request and could not do it (422); a load that failed may
    /// succeed when it is tried again (503).
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Self::BadRequest | Self::BadArguments => 400,
            Self::UnknownInterface | Self::UnknownOperation | Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::OperationFailed => 422,
            Self::LoadCycle | Self::OperationPanicked => 500,
            Self::LoadFailed => 503,
        }
    }
}

/// All codes, for [`ErrorCode::parse`].
pub(crate) const CODES: [ErrorCode; 12] = [
    ErrorCode::BadRequest,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnknownInterface,
    ErrorCode::UnknownOperation,
    ErrorCode::BadArguments,
    ErrorCode::LoadFailed,
    ErrorCode::LoadCycle,
    ErrorCode::OperationFailed,
    ErrorCode::OperationPanicked,
    ErrorCode::NotFound,
    ErrorCode::MethodNotAllowed,
    ErrorCode::UnsupportedMediaType,
];

impl ErrorCode {
    /// The code that is written so, as in Lambda's `errorType`.
    ///
    /// ```
    /// use lmms_runtime::ErrorCode;
    ///
    /// assert_eq!(ErrorCode::parse("bad_arguments"), Some(ErrorCode::BadArguments));
    /// assert_eq!(ErrorCode::parse("Runtime.ExitError"), None);
    /// ```
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        CODES.into_iter().find(|known| known.as_str() == code)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a request was not answered.
///
/// Serialises to the JSON that clients see: `code`, `message`, and where known `interface`, `operation`, `path` (inside
/// the arguments) and `expected`.
#[derive(Debug)]
pub struct Error(Box<ErrorInner>);

#[derive(Debug)]
struct ErrorInner {
    code: ErrorCode,
    message: String,
    // Of a call that found its operation these are not copied: they stand in the program, or in its template.
    interface: Option<Cow<'static, str>>,
    operation: Option<Cow<'static, str>>,
    path: Option<String>,
    expected: Option<Cow<'static, str>>,
    cause: Option<BoxError>,
}

impl Error {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self(Box::new(ErrorInner {
            code,
            message: message.into(),
            interface: None,
            operation: None,
            path: None,
            expected: None,
            cause: None,
        }))
    }

    /// Names what was asked for, as far as it was. A request may carry megabytes as a name, so no more than is useful.
    pub(crate) fn about(mut self, interface: &str, operation: &str) -> Self {
        let clip = |name: &str| (!name.is_empty()).then(|| name.chars().take(MOST_SHOWN).collect::<String>().into());
        self.0.interface = clip(interface);
        self.0.operation = clip(operation);
        self
    }

    /// Names the operation that was called.
    pub(crate) fn of(mut self, interface: &'static str, operation: &'static str) -> Self {
        self.0.interface = Some(interface.into());
        self.0.operation = Some(operation.into());
        self
    }

    pub(crate) fn at(mut self, path: Option<String>) -> Self {
        self.0.path = path;
        self
    }

    pub(crate) fn expecting(mut self, expected: impl Into<Cow<'static, str>>) -> Self {
        self.0.expected = Some(expected.into());
        self
    }

    pub(crate) fn caused_by(mut self, cause: BoxError) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// The same, but for its cause, which is the user's and may not be `Clone`.
    pub(crate) fn without_cause(&self) -> Self {
        let ErrorInner { code, message, interface, operation, path, expected, cause: _ } = &*self.0;
        Self(Box::new(ErrorInner {
            code: *code,
            message: message.clone(),
            interface: interface.clone(),
            operation: operation.clone(),
            path: path.clone(),
            expected: expected.clone(),
            cause: None,
        }))
    }

    /// What it takes, in bytes, but for its cause.
    pub(crate) fn bytes(&self) -> usize {
        let ErrorInner { message, interface, operation, path, expected, .. } = &*self.0;
        let texts = [interface.as_deref(), operation.as_deref(), path.as_deref(), expected.as_deref()];
        size_of::<ErrorInner>() + message.len() + texts.into_iter().flatten().map(str::len).sum::<usize>()
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// The interface that was asked for, as the request named it.
    #[must_use]
    pub fn interface(&self) -> Option<&str> {
        self.0.interface.as_deref()
    }

    /// The operation that was asked for, as the request named it.
    #[must_use]
    pub fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref()
    }

    /// Where in the arguments, as `args.points[2].lat`.
    #[must_use]
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// What would have been right.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        self.0.expected.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

impl Error {
    /// Writes what clients see of it as entries of a map, to which more can be added.
    pub(crate) fn serialize_fields<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("code", self.0.code.as_str())?;
        map.serialize_entry("message", &self.0.message)?;
        let optional = [
            ("interface", self.interface()),
            ("operation", self.operation()),
            ("path", self.path()),
            ("expected", self.expected()),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        Ok(())
    }
}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_fields(&mut map)?;
        map.end()
    }
}
