//! Words: figures as a person reads them.
//!
//! **Invariant.** Three digits that matter, and a unit: what is shown is never more exact than what was measured.

use std::time::{Duration, UNIX_EPOCH};

/// What there is no figure for.
pub const NONE: &str = "–";

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Milliseconds.
    Ms,
    /// Bytes; shown in MB of 2^20 bytes, as AWS counts them.
    Bytes,
    /// GB-seconds.
    GbSeconds,
    /// Requests, containers.
    Count,
    /// A part of 1; shown in per cent.
    Share,
}

impl Unit {
    /// `value` with its unit.
    pub fn text(self, value: f64) -> String {
        match self {
            Self::Ms => ms(value),
            Self::Bytes => mb(value),
            Self::GbSeconds => three(value),
            Self::Count => count(value),
            Self::Share => percent(value),
        }
    }

    /// What an axis counts in, so that its ticks are round as a person reads them.
    pub fn scale(self) -> f64 {
        match self {
            Self::Bytes => f64::from(1 << 20),
            _ => 1.0,
        }
    }

    /// As [`text`](Self::text), [`NONE`] without a value.
    pub fn maybe(self, value: Option<f64>) -> String {
        value.map_or_else(|| NONE.to_owned(), |value| self.text(value))
    }
}

/// Three digits that matter; thousands are set apart.
pub fn three(value: f64) -> String {
    if value == 0.0 {
        return "0".to_owned();
    }
    let digits = match value.abs() {
        // 99.96 would round to 100.0.
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        size if size >= 0.9995 => 2,
        size => (2 - size.log10().floor() as i32).clamp(2, 6) as usize,
    };
    if digits == 0 { count(value) } else { format!("{value:.digits$}") }
}

/// A whole number with its thousands set apart: `1,234,567`.
pub fn count(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = if value <= -0.5 { String::from("−") } else { String::new() };
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Milliseconds in the unit that suits them.
pub fn ms(value: f64) -> String {
    match value.abs() {
        size if size >= 999.5 => format!("{} s", three(value / 1000.0)),
        size if size >= 0.1 || size == 0.0 => format!("{} ms", three(value)),
        _ => format!("{} µs", three(value * 1000.0)),
    }
}

/// Bytes in MB of 2^20.
pub fn mb(bytes: f64) -> String {
    format!("{} MB", three(bytes / f64::from(1 << 20)))
}

/// A part of 1 in per cent. What is not all of it never reads `100 %`.
pub fn percent(share: f64) -> String {
    let value = share * 100.0;
    if value != 0.0 && value.abs() < 10.0 || (99.0..100.0).contains(&value) {
        let text = format!("{value:.1} %");
        return if text == "100.0 %" { "99.9 %".to_owned() } else { text };
    }
    format!("{value:.0} %")
}

/// How many times.
pub fn times(value: f64) -> String {
    format!("×{}", three(value))
}

/// A duration in seconds, roughly.
pub fn span(seconds: f64) -> String {
    match seconds {
        s if s >= 7200.0 => format!("{} h", trimmed(s / 3600.0)),
        s if s >= 120.0 => format!("{} min", trimmed(s / 60.0)),
        s => format!("{} s", trimmed(s)),
    }
}

/// At most one digit after the point, and none that says nothing.
pub fn trimmed(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Seconds since 1970 as a date and time in UTC.
pub fn date(seconds: u64) -> String {
    // What is beyond the year 9999 is no date that was measured.
    let time = UNIX_EPOCH + Duration::from_secs(seconds.min(253_402_300_799));
    humantime::format_rfc3339_seconds(time).to_string().replace('T', " ").replace('Z', " UTC")
}

/// `text` in at most `most` characters.
pub fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// `1 container`, `2 containers`.
pub fn many(number: usize, one: &str, more: &str) -> String {
    format!("{} {}", count(number as f64), if number == 1 { one } else { more })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_has_three_digits_and_the_unit_that_suits_it() {
        let texts: Vec<String> = [0.0123, 0.5, 12.34, 99.96, 999.4, 1234.0, 61_000.0].map(ms).into();
        assert_eq!(texts, ["12.3 µs", "0.500 ms", "12.3 ms", "100 ms", "999 ms", "1.23 s", "61.0 s"]);
        assert_eq!(mb(12.5 * f64::from(1 << 20)), "12.5 MB");
        assert_eq!(
            (count(1_234_567.0), count(-12_345.0), count(0.0)),
            ("1,234,567".into(), "−12,345".into(), "0".into())
        );
    }

    #[test]
    fn almost_all_is_not_all() {
        let texts: Vec<String> = [1.0, 0.9996, 0.995, 0.5, 0.034, 0.0].map(percent).into();
        assert_eq!(texts, ["100 %", "99.9 %", "99.5 %", "50 %", "3.4 %", "0 %"]);
    }

    #[test]
    fn dates_and_spans_are_short() {
        assert_eq!(date(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(date(u64::MAX), "9999-12-31 23:59:59 UTC");
        assert_eq!([5.0, 90.0, 600.0, 5400.0, 9000.0].map(span), ["5 s", "90 s", "10 min", "90 min", "2.5 h"]);
        assert_eq!((short("a long name", 7), short("short", 7)), ("a long…".into(), "short".into()));
    }
}
