//! The traits that `#[lmms::interface]` implements.

use crate::descriptor::Options;
use crate::hook::{BoxError, Hook};
use crate::invocation::Load;
use crate::meter::Meter;
use crate::slot::Slot;

/// A type with one lazily loaded, unloadable instance per process.
///
/// Implemented by `#[lmms::interface]`, never by hand: the hidden methods are not part of the public interface and change
/// without notice.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface",
    label = "not an interface",
    note = "annotate its inherent impl with `#[lmms::interface]`"
)]
pub trait Interface: Sized + Send + Sync + 'static {
    /// The name that requests use.
    const NAME: &'static str;

    #[doc(hidden)]
    const __LMMS_OPTIONS: Options = Options::NONE;

    #[doc(hidden)]
    fn __lmms_slot() -> &'static Slot<Self>;

    #[doc(hidden)]
    fn __lmms_meters() -> &'static [Meter] {
        &[]
    }

    #[doc(hidden)]
    fn __lmms_load(load: Load<'_>) -> Hook<'_, Self>;

    #[doc(hidden)]
    fn __lmms_unload(self) -> Hook<'static, ()>;
}

/// An interface whose `#[load]` and `#[unload]` are sync, so that it can be reached without `await`.
///
/// Implemented by `#[lmms::interface]`, never by hand.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interface that loads without `await`",
    label = "its `#[load]` or `#[unload]` is an `async fn`, or it is no interface at all",
    note = "reach an interface with async hooks by `get_async::<{Self}>().await` or `lease_async::<{Self}>().await`"
)]
pub trait BlockingInterface: Interface {}

/// What a `#[load]` may return: the instance, or a `Result` with any error that boxes.
#[diagnostic::on_unimplemented(
    message = "`#[load]` of `{T}` cannot return `{Self}`",
    label = "expected `Self` or `Result<Self, E>`",
    note = "`E` is any `Error + Send + Sync + 'static`, `anyhow::Error` or `Box<dyn Error + Send + Sync>`"
)]
pub trait IntoLoaded<T> {
    #[doc(hidden)]
    fn into_loaded(self) -> Result<T, BoxError>;
}

impl<T: Interface> IntoLoaded<T> for T {
    fn into_loaded(self) -> Result<T, BoxError> {
        Ok(self)
    }
}

impl<T: Interface, E: Into<BoxError>> IntoLoaded<T> for Result<T, E> {
    fn into_loaded(self) -> Result<T, BoxError> {
        self.map_err(Into::into)
    }
}

/// What an `#[unload]` may return: nothing, or a `Result` with any error that boxes.
#[diagnostic::on_unimplemented(
    message = "`#[unload]` cannot return `{Self}`",
    label = "expected nothing or `Result<(), E>`",
    note = "`E` is any `Error + Send + Sync + 'static`, `anyhow::Error` or `Box<dyn Error + Send + Sync>`"
)]
pub trait IntoUnloaded {
    #[doc(hidden)]
    fn into_unloaded(self) -> Result<(), BoxError>;
}

impl IntoUnloaded for () {
    fn into_unloaded(self) -> Result<(), BoxError> {
        Ok(())
    }
}

impl<E: Into<BoxError>> IntoUnloaded for Result<(), E> {
    fn into_unloaded(self) -> Result<(), BoxError> {
        self.map_err(Into::into)
    }
}
