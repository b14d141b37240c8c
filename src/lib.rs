//! Lazily loaded, safely unloadable state for AWS Lambda functions.
pub use lmms_macros::{interface, link};
#[cfg(feature = "lambda")]
pub use lmms_runtime::lambda;
pub use lmms_runtime::{
    BlockingInterface, BoxError, Config, ConfigError, Error, ErrorCode, Gateway, Interface, InterfaceInfo,
    Invocation, Lease, Load, LoadError, LoadErrorKind, MAX_PAYLOAD, Reason, RegistryError, StartError, Stats,
    Status, Unload, UnloadHookError,
};

#[doc(hidden)]
pub use lmms_runtime::private as __private;
