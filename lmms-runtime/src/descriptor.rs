//! Descriptors: what the gateway knows of an interface before anything of it runs.
//!
//! `#[lmms::interface]` registers one function per interface, which makes its descriptor. A `static` descriptor would hold
//! seventeen pointers, each of which the dynamic linker relocates before `main`, on pages of its own; the function holds
//! them as code, and costs a start one pointer. What only `describe` needs is one JSON text per item, written at compile
//! time.

use crate::call::{Call, CallError, Parameters};
use crate::invocation::Invocation;
use crate::load_error::LoadError;
use crate::meter::Meter;
use crate::residents::Parts;
use crate::slot::Status;
use crate::step::Step;

/// One interface, as the registry holds it.
#[derive(Debug)]
pub struct Descriptor {
    /// The name that requests use.
    pub name: &'static str,
    /// Where it is declared, for messages: module path, file and line.
    pub origin: &'static str,
    /// The doc comment on the impl.
    pub docs: &'static str,
    /// The arguments of `#[lmms::interface(..)]`.
    pub options: Options,
    /// Makes the list of its operations, in the order of the source.
    pub operations: fn() -> Vec<Operation>,
    /// Loads it into its slot, if it is not there, and keeps it for the invocation.
    pub load: for<'a> fn(&'a Invocation) -> Step<'a, Result<(), LoadError>>,
    /// Its slot.
    pub slot: fn() -> Parts,
}

impl Descriptor {
    pub(crate) fn status(&self) -> Status {
        (self.slot)().status()
    }
}

/// The arguments of `#[lmms::interface(..)]` that the policy reads.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Belongs to the core set: never unloaded.
    pub pinned: bool,
    /// Loaded before the first request.
    pub preload: bool,
    /// Whether it may stay loaded in a snapshot, if it says so.
    pub snapshot: Option<bool>,
    /// Seconds without use before an unload, if it has its own.
    pub grace_period: Option<u32>,
    /// Calls that make an operation hot, if it has its own.
    pub fast_path_threshold: Option<u32>,
    /// What it needs to load, in MiB, if it is declared.
    pub memory_mb: Option<u32>,
    /// Its hooks are sync.
    pub is_blocking: bool,
    /// It has an `#[unload]`, unless its `#[cfg]`s leave none.
    pub has_unload: bool,
}

impl Options {
    /// Of an interface with async hooks that declares nothing.
    pub(crate) const NONE: Self = Self {
        pinned: false,
        preload: false,
        snapshot: None,
        grace_period: None,
        fast_path_threshold: None,
        memory_mb: None,
        is_blocking: false,
        has_unload: false,
    };
}

/// One operation of an interface.
#[derive(Debug)]
pub struct Operation {
    /// The name that requests use.
    pub name: &'static str,
    /// JSON object with documentation, arguments and result.
    pub about: &'static str,
    /// What it takes, in the order of its parameters.
    pub parameters: Parameters,
    /// Declared `#[operation(cached)]`: pure, so its results may be cached.
    pub caching: Option<Caching>,
    /// What is counted of it.
    pub meter: &'static Meter,
    /// Reads the arguments, loads the interface if need be, calls, and writes the result as JSON.
    pub call: for<'a> fn(Call<'a>) -> Step<'a, Result<(), CallError>>,
}

/// The arguments of `#[operation(cached(..))]`.
#[derive(Debug, Clone, Copy)]
pub struct Caching {
    /// Seconds for which a result is good, if it has its own.
    pub ttl: Option<u32>,
    /// How many times its bytes a result counts.
    pub weight: u32,
    /// An error that the operation returns is a result, too.
    pub errors: bool,
}
