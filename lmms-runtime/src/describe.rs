//! Describe: what is linked, as the built-in interface `lmms` tells it.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::call::{self, Parameters};
use crate::descriptor::{Descriptor, Operation};
use crate::error::{Error, ErrorCode};
use crate::refusal;
use crate::registry::{Entry, Registry};

/// The operations of the built-in interface, sorted.
pub(crate) const OPERATIONS: [&str; 3] = ["describe", "health", "stats"];

/// Answers a call of the built-in interface, whose operations take no arguments.
pub(crate) fn answer(arguments: &[u8], answer: &impl Serialize, reply: &mut Vec<u8>) -> Result<(), Error> {
    call::read(arguments, Parameters(""), &mut [])
        .map_err(|error| refusal::arguments(&error, "no arguments", arguments))?;
    serde_json::to_writer(reply, answer)
        .map_err(|error| Error::new(ErrorCode::OperationFailed, error.to_string()).caused_by(error.into()))
}

/// `lmms.describe`: all interfaces with their operations, in the order of their names.
pub(crate) struct Description(pub(crate) &'static Registry);

impl Serialize for Description {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("interfaces", &Sequence(|| self.0.iter().map(Described)))?;
        map.end()
    }
}

struct Described(&'static Entry);

impl Serialize for Described {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Descriptor { name, origin, docs, options, .. } = self.0.descriptor;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", name)?;
        map.serialize_entry("docs", docs)?;
        map.serialize_entry("origin", origin)?;
        map.serialize_entry("pinned", &options.pinned)?;
        map.serialize_entry("preload", &options.preload)?;
        if let Some(may_stay) = options.snapshot {
            map.serialize_entry("snapshot", &may_stay)?;
        }
        if let Some(seconds) = options.grace_period {
            map.serialize_entry("grace_period", &seconds)?;
        }
        if let Some(calls) = options.fast_path_threshold {
            map.serialize_entry("fast_path_threshold", &calls)?;
        }
        if let Some(mebibytes) = options.memory_mb {
            map.serialize_entry("memory_mb", &mebibytes)?;
        }
        map.serialize_entry("operations", &Sequence(|| self.0.operations().iter().map(About)))?;
        map.end()
    }
}

/// The JSON text that the macro wrote about an operation, and its schemas.
struct About(&'static Operation);

impl Serialize for About {
    #[cfg(not(feature = "schema"))]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.0.about).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }

    #[cfg(feature = "schema")]
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let about = self.0.about.strip_suffix('}').unwrap_or_default();
        let schema = crate::schema::of(self.0);
        let raw = RawValue::from_string(format!("{about},\"schema\":{schema}}}")).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// A sequence made anew each time it is written, so that nothing is collected.
pub(crate) struct Sequence<F>(pub(crate) F);

impl<F, I> Serialize for Sequence<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
