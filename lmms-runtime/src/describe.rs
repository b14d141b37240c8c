//! The built-in interface `lmms`: what is linked, and what has happened.

use serde::ser::{Error as _, Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use crate::call::{self, Parameters};
use crate::descriptor::Descriptor;
use crate::error::{Error, ErrorCode};
use crate::metrics::Stats;
use crate::refusal;
use crate::registry::{Entry, Registry};

/// The operations of the built-in interface, sorted.
pub(crate) const OPERATIONS: [&str; 2] = ["describe", "stats"];

/// Answers a call of the built-in interface, whose operations take no arguments.
pub(crate) fn answer(arguments: &[u8], answer: &impl Serialize, reply: &mut Vec<u8>) -> Result<(), Error> {
    call::read(arguments, Parameters(""), &mut [])
        .map_err(|error| refusal::arguments(&error, "no arguments".to_owned(), arguments))?;
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
        if let Some(seconds) = options.grace_period {
            map.serialize_entry("grace_period", &seconds)?;
        }
        if let Some(calls) = options.fast_path_threshold {
            map.serialize_entry("fast_path_threshold", &calls)?;
        }
        if let Some(mebibytes) = options.memory_mb {
            map.serialize_entry("memory_mb", &mebibytes)?;
        }
        map.serialize_entry("operations", &Sequence(|| self.0.operations().iter().map(|op| Raw(op.about))))?;
        map.end()
    }
}

/// JSON text that the macro wrote.
struct Raw(&'static str);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(self.0).map_err(S::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// `lmms.stats`: what is resident and what has happened.
pub(crate) struct Statistics<'a>(pub(crate) &'a Registry);

impl Serialize for Statistics<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let stats = Stats::now();
        let resident: Vec<_> = self
            .0
            .iter()
            .map(|entry| &entry.descriptor)
            .filter(|known| known.status().resident)
            .map(|known| known.name)
            .collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("registered", &self.0.len())?;
        map.serialize_entry("resident", &resident)?;
        map.serialize_entry("ligs_loads", &stats.ligs_loads)?;
        map.serialize_entry("reloads", &stats.reloads)?;
        map.serialize_entry("lugs_unloads", &stats.lugs_unloads)?;
        map.serialize_entry("over_budget_loads", &stats.over_budget_loads)?;
        map.serialize_entry("memory_reclaimed_mb", &(stats.reclaimed_bytes as f64 / f64::from(1 << 20)))?;
        map.serialize_entry("load_time_ms", &(stats.load_time.as_secs_f64() * 1e3))?;
        let loaded = || self.0.iter().map(|entry| &entry.descriptor).filter(|known| known.status().loads > 0);
        map.serialize_entry("interfaces", &Sequence(|| loaded().map(Loaded)))?;
        map.end()
    }
}

/// What is known of an interface that was loaded.
struct Loaded<'a>(&'a Descriptor);

impl Serialize for Loaded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let status = self.0.status();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("name", self.0.name)?;
        map.serialize_entry("resident", &status.resident)?;
        map.serialize_entry("holds", &status.holds)?;
        map.serialize_entry("dependents", &status.dependents)?;
        map.serialize_entry("loads", &status.loads)?;
        map.serialize_entry("load_time_ms", &(status.load_time.as_secs_f64() * 1e3))?;
        map.serialize_entry("bytes", &status.bytes)?;
        map.serialize_entry("needed_bytes", &status.needed_bytes)?;
        map.serialize_entry("leaked_bytes", &status.leaked)?;
        map.end()
    }
}

/// A sequence made anew each time it is written, so that nothing is collected.
struct Sequence<F>(F);

impl<F, I> Serialize for Sequence<F>
where
    F: Fn() -> I,
    I: Iterator<Item: Serialize>,
{
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}
