//! Errors: what can go wrong, with a stable code, the names involved, and what was expected.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::cycle::Path;
use crate::hook::{BoxError, HookFailure};

/// Why an interface could not be loaded. Cheap to clone: all that waited for one load share its error.
#[derive(Clone)]
pub struct LoadError(Arc<LoadErrorInner>);

struct LoadErrorInner {
    interface: &'static str,
    kind: LoadErrorKind,
    cause: Option<BoxError>,
}

/// The ways in which a load fails.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// `#[load]` returned an error, which is the source.
    Failed,
    /// `#[load]` panicked, with this message.
    Panicked(String),
    /// The load needs itself, along these names; the first and the last are the same.
    Cycle(Arc<[&'static str]>),
}

impl LoadError {
    fn new(interface: &'static str, kind: LoadErrorKind, cause: Option<BoxError>) -> Self {
        Self(Arc::new(LoadErrorInner { interface, kind, cause }))
    }

    pub(crate) fn failed(interface: &'static str, cause: BoxError) -> Self {
        Self::new(interface, LoadErrorKind::Failed, Some(cause))
    }

    pub(crate) fn panicked(interface: &'static str, message: String) -> Self {
        Self::new(interface, LoadErrorKind::Panicked(message), None)
    }

    pub(crate) fn cycle(interface: &'static str, path: Path) -> Self {
        Self::new(interface, LoadErrorKind::Cycle(path), None)
    }

    /// The error of a load that met a cycle and then failed. A load may try another interface and do without, so that
    /// what it failed for may be something else: it is told as well.
    pub(crate) fn cycle_behind(interface: &'static str, path: Path, cause: BoxError) -> Self {
        Self::new(interface, LoadErrorKind::Cycle(path), Some(cause))
    }

    pub(crate) fn cycle_path(&self) -> Option<Path> {
        match &self.0.kind {
            LoadErrorKind::Cycle(path) => Some(Arc::clone(path)),
            _ => None,
        }
    }

    /// The interface that could not be loaded.
    #[must_use]
    pub fn interface(&self) -> &'static str {
        self.0.interface
    }

    /// The code that an [`Error`] for this has.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self.0.kind {
            LoadErrorKind::Cycle(_) => ErrorCode::LoadCycle,
            _ => ErrorCode::LoadFailed,
        }
    }

    /// In which way it failed.
    #[must_use]
    pub fn kind(&self) -> &LoadErrorKind {
        &self.0.kind
    }
}

/// Whether an error, or one behind it, has `text` in its message.
fn speaks_of(error: &(dyn std::error::Error + 'static), text: &str) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.to_string().contains(text))
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.interface;
        match (&self.0.kind, &self.0.cause) {
            (LoadErrorKind::Cycle(path), cause) => {
                let path = path.join(" -> ");
                write!(f, "interface `{name}` needs itself to load: {path}")?;
                match cause {
                    Some(cause) if !speaks_of(&**cause, &path) => write!(f, "; its load failed with: {cause}"),
                    _ => Ok(()),
                }
            }
            (LoadErrorKind::Panicked(message), _) => {
                write!(f, "interface `{name}` panicked while it loaded: {message}")
            }
            (LoadErrorKind::Failed, Some(cause)) => {
                write!(f, "interface `{name}` failed to load: {cause}")
            }
            (LoadErrorKind::Failed, None) => write!(f, "interface `{name}` failed to load"),
        }
    }
}

impl fmt::Debug for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoadError")
            .field("interface", &self.0.interface)
            .field("kind", &self.0.kind)
            .field("cause", &self.0.cause)
            .finish()
    }
}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_deref().map(|cause| cause as _)
    }
}

/// What an interface's `#[unload]` failed with. The instance is gone all the same.
#[derive(Debug, thiserror::Error)]
#[error("the unload hook of interface `{interface}` {failure}")]
pub struct UnloadHookError {
    interface: &'static str,
    failure: String,
    #[source]
    cause: Option<BoxError>,
}

impl UnloadHookError {
    pub(crate) fn new(interface: &'static str, failure: HookFailure) -> Self {
        match failure {
            HookFailure::Error(cause) => Self { interface, failure: format!("failed: {cause}"), cause: Some(cause) },
            HookFailure::Panic(message) => Self { interface, failure: format!("panicked: {message}"), cause: None },
        }
    }

    /// The interface whose hook failed.
    #[must_use]
    pub fn interface(&self) -> &'static str {
        self.interface
    }
}

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
        }
    }

    /// The HTTP status that says the same.
    ///
    /// An operation that returns an error has understood the request and could not do it (422); a load that failed may
    /// succeed when it is tried again (503).
    #[must_use]
    pub fn http_status(self) -> u16 {
        match self {
            Self::BadRequest | Self::BadArguments => 400,
            Self::UnknownInterface | Self::UnknownOperation => 404,
            Self::PayloadTooLarge => 413,
            Self::OperationFailed => 422,
            Self::LoadCycle | Self::OperationPanicked => 500,
            Self::LoadFailed => 503,
        }
    }
}

/// All codes, for [`ErrorCode::parse`].
const CODES: [ErrorCode; 9] = [
    ErrorCode::BadRequest,
    ErrorCode::PayloadTooLarge,
    ErrorCode::UnknownInterface,
    ErrorCode::UnknownOperation,
    ErrorCode::BadArguments,
    ErrorCode::LoadFailed,
    ErrorCode::LoadCycle,
    ErrorCode::OperationFailed,
    ErrorCode::OperationPanicked,
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
    interface: Option<String>,
    operation: Option<String>,
    path: Option<String>,
    expected: Option<String>,
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
        let clip = |name: &str| (!name.is_empty()).then(|| name.chars().take(MOST_SHOWN).collect());
        self.0.interface = clip(interface);
        self.0.operation = clip(operation);
        self
    }

    pub(crate) fn at(mut self, path: Option<String>) -> Self {
        self.0.path = path;
        self
    }

    pub(crate) fn expecting(mut self, expected: Option<String>) -> Self {
        self.0.expected = expected;
        self
    }

    pub(crate) fn caused_by(mut self, cause: BoxError) -> Self {
        self.0.cause = Some(cause);
        self
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

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.0.code.as_str())?;
        map.serialize_entry("message", &self.0.message)?;
        let optional = [
            ("interface", &self.0.interface),
            ("operation", &self.0.operation),
            ("path", &self.0.path),
            ("expected", &self.0.expected),
        ];
        for (key, value) in optional {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        map.end()
    }
}

/// The known name that `name` was probably meant to be.
pub(crate) fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Nothing near is longer, and the distance is quadratic.
    if name.len() > MOST_SHOWN {
        return None;
    }
    known
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// How many characters of a request's own text an error repeats.
const MOST_SHOWN: usize = 64;

/// A name from a request, short enough to be shown.
pub(crate) fn shown(name: &str) -> String {
    match name.char_indices().nth(MOST_SHOWN) {
        Some((end, _)) => format!("`{}…`", &name[..end]),
        None => format!("`{name}`"),
    }
}

/// A text that may repeat what a request says, without its middle if that is longer than anybody reads.
pub(crate) fn clipped(text: &str) -> Cow<'_, str> {
    let ends = (text.char_indices().nth(2 * MOST_SHOWN), text.char_indices().nth_back(2 * MOST_SHOWN));
    match ends {
        (Some((head, _)), Some((tail, _))) if head < tail => Cow::Owned(format!("{}…{}", &text[..head], &text[tail..])),
        _ => Cow::Borrowed(text),
    }
}
