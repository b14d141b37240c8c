//! EMF: a line's figures in CloudWatch's Embedded Metric Format, by `metrique-writer-format-emf`.
//!
//! Of the maintained crates it is the one that only formats: the others take the process's one `metrics` recorder, which is
//! the user's. **Invariant.** A metric that says nothing is not there: an average of nothing would be counted as 0.

use std::env;
use std::time::{Duration, UNIX_EPOCH};

use metrique_writer_core::format::Format;
use metrique_writer_core::unit::{NegativeScale, PositiveScale, Unit};
use metrique_writer_core::{Entry, EntryWriter, MetricFlags, Observation, Value, ValueWriter};
use metrique_writer_format_emf::Emf;

use super::StatsLine;
use super::line::{mebibytes, milliseconds};

/// The dimension of all metrics, where it is known.
const FUNCTION: &str = "FunctionName";

const MILLISECONDS: Unit = Unit::Second(NegativeScale::Milli);
const MEGABYTES: Unit = Unit::Byte(PositiveScale::Mega);

struct Metric(Observation, Unit);

impl Value for Metric {
    fn write(&self, writer: impl ValueWriter) {
        writer.metric([self.0], self.1, [], MetricFlags::empty());
    }
}

struct Record<'a> {
    line: &'a StatsLine,
    function: Option<&'a str>,
}

impl Entry for Record<'_> {
    fn write<'a>(&'a self, writer: &mut impl EntryWriter<'a>) {
        let line = self.line;
        writer.timestamp(UNIX_EPOCH + Duration::from_millis(line.timestamp));
        if let Some(function) = self.function {
            writer.value(FUNCTION, function);
        }
        let counts = [
            ("ligs_loads", line.ligs_loads),
            ("reloads", line.reloads),
            ("failed_loads", line.failed_loads),
            ("lugs_unloads", line.lugs_unloads),
            ("hook_errors", line.hook_errors),
            ("over_budget_loads", line.over_budget_loads),
            ("zafp_hits", line.zafp_hits),
            ("calls", line.calls),
            ("errors", line.errors),
            ("cache_hits", line.cache_hits),
            ("cache_misses", line.cache_misses),
            ("resident", line.resident as u64),
        ];
        for (name, count) in counts {
            writer.value(name, &Metric(Observation::Unsigned(count), Unit::Count));
        }
        if line.ligs_loads > 0 {
            writer.value("cold_start_time", &Metric(Observation::Floating(milliseconds(line.load_time)), MILLISECONDS));
        }
        if line.fast_path_timed > 0 {
            // With its weight, so that CloudWatch's average is that of the calls, not that of the lines.
            let total = milliseconds(line.fast_path_time);
            let times = Observation::Repeated { total, occurrences: line.fast_path_timed };
            writer.value("fast_path_response_time", &Metric(times, MILLISECONDS));
        }
        let sizes = [("memory_reclaimed_mb", line.reclaimed_bytes), ("memory_mb", line.memory_bytes)];
        for (name, bytes) in sizes {
            writer.value(name, &Metric(Observation::Floating(mebibytes(bytes)), MEGABYTES));
        }
    }
}

impl StatsLine {
    /// The same figures in the Embedded Metric Format, as one line of JSON: metrics of `namespace` with the dimension
    /// `FunctionName`, as `AWS_LAMBDA_FUNCTION_NAME` says.
    ///
    /// ```
    /// use lmms_runtime::{Config, Gateway};
    ///
    /// let gateway = Gateway::new(Config::default())?;
    /// if let Some(line) = gateway.stats_line() {
    ///     println!("{}", line.to_emf("LMMS"));
    /// }
    /// # Ok::<(), lmms_runtime::StartError>(())
    /// ```
    #[must_use]
    pub fn to_emf(&self, namespace: &str) -> String {
        let function = env::var("AWS_LAMBDA_FUNCTION_NAME").ok().filter(|name| !name.is_empty());
        let dimensions = function.iter().map(|_| FUNCTION.to_owned()).collect();
        let record = Record { line: self, function: function.as_deref() };
        let mut json = Vec::new();
        // Made anew: it takes microseconds, and a namespace may be set while the function runs.
        let formatted = Emf::builder(namespace.to_owned(), vec![dimensions]).build().format(&record, &mut json);
        debug_assert!(formatted.is_ok(), "{formatted:?}");
        String::from_utf8(json).unwrap_or_default().trim_end().to_owned()
    }
}
