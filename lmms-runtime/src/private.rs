//! What generated code uses, and nothing else may. No promise of stability.

pub use linkme;

pub use core::{concat, default::Default, file, line, module_path, option::Option, result::Result};
pub use std::borrow::Cow;
pub use std::boxed::Box;
pub use std::vec::Vec;

pub use crate::call::{Answer, ArgumentsError, Call, CallError, Infallible, Parameters, Place};
pub use crate::descriptor::{Caching, Descriptor, Operation, Options};
pub use crate::hook::{BoxError, Hook};
pub use crate::interface::{BlockingInterface, Interface, IntoLoaded, IntoUnloaded};
pub use crate::invocation::{Invocation, Load};
pub use crate::json::Text;
pub use crate::meter::Meter;
pub use crate::registry::LMMS_INTERFACES;
pub use crate::residents::Parts;
pub use crate::slot::{Slot, drop_instance};
pub use crate::step::{BoxFuture, Step};

pub use crate::__lmms_schema as schema;
#[cfg(feature = "schema")]
pub use crate::schema::{Given, Probe, Types, any, returned, returned_later};
#[cfg(feature = "schema")]
pub use crate::schema::{Infallible as InfallibleType, Schemaless, Unwritten};

use crate::call::CallFailure;
use crate::load_error::LoadError;

/// `Descriptor::operations`.
pub fn list<const N: usize>(operations: [Operation; N]) -> Vec<Operation> {
    Vec::from(operations)
}

/// The texts of a `&[&str]`.
pub fn borrowed<'a>(texts: &'a [Text<'_>]) -> Vec<&'a str> {
    texts.iter().map(|text| &**text).collect()
}

/// The path of a `&Path`.
pub fn path<'a>(text: &'a Text<'_>) -> &'a std::path::Path {
    std::path::Path::new(&**text)
}

/// The value of a required argument, which `Call::arguments` has made sure of.
pub fn present<T>(argument: Option<T>) -> Result<T, CallError> {
    argument.ok_or_else(|| CallFailure::Arguments(ArgumentsError::Missing("")).into())
}

/// `Descriptor::load` of an interface with sync hooks.
pub fn load_blocking<T: BlockingInterface>(invocation: &Invocation) -> Step<'_, Result<(), LoadError>> {
    match T::__lmms_slot().load_or_busy(invocation) {
        Ok(loaded) => Step::Ready(loaded.map(drop)),
        Err(busy) => Step::Busy(busy),
    }
}

/// `Descriptor::load` of an interface with async hooks.
pub fn load_async<T: Interface>(invocation: &Invocation) -> Step<'_, Result<(), LoadError>> {
    Step::Pending(Box::pin(async move { invocation.get_async::<T>().await.map(drop) }))
}

/// What the macro puts at the beginning of each operation's body: however it is called, it heats.
#[inline(always)]
pub fn called<T: Interface>(operation: usize) {
    // Inlined, so that the meter's address is all that is left of this.
    if let Some(meter) = T::__lmms_meters().get(operation) {
        meter.heat.called(const { declared(&T::__LMMS_OPTIONS) });
    }
}

/// The threshold that an interface declares, or nought.
const fn declared(options: &Options) -> u32 {
    match options.fast_path_threshold {
        Some(threshold) => threshold,
        None => 0,
    }
}

/// `Descriptor::slot`.
pub fn slot<T: Interface>() -> Parts {
    T::__lmms_slot().parts()
}

/// `Operation::types`: with the feature `schema` a function, else nothing.
#[cfg(feature = "schema")]
#[doc(hidden)]
#[macro_export]
macro_rules! __lmms_schema {
    (|$types:ident| { $($body:tt)* }) => {{
        // That it is deprecated is for those to hear who name it.
        #[allow(deprecated)]
        fn __lmms_types($types: &mut $crate::private::Types) {
            #[allow(unused_imports)]
            use $crate::private::{InfallibleType as _, Schemaless as _, Unwritten as _};
            $($body)*
        }
        __lmms_types
    }};
}

/// `Operation::types`: with the feature `schema` a function, else nothing.
#[cfg(not(feature = "schema"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __lmms_schema {
    ($($types:tt)*) => {
        ()
    };
}
