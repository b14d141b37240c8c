//! Load errors: why an interface could not be loaded, and what its unload hook failed with.

use std::fmt;
use std::sync::Arc;

use crate::cycle::Path;
use crate::error::ErrorCode;
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

    /// The code that an [`Error`](crate::Error) for this has.
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
