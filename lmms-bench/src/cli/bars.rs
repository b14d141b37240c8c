//! Progress on standard error, for who looks on; nothing where nobody does.

use std::cell::RefCell;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use lmms_bench::measure::Progress;

/// A bar for each measurement, one after the other.
#[derive(Debug, Default)]
pub(crate) struct Bars(RefCell<Option<ProgressBar>>);

impl Bars {
    /// A bar of so many steps. On a terminal alone.
    pub(crate) fn bar(steps: u64, what: &str) -> ProgressBar {
        let style = ProgressStyle::with_template("{msg:32} {bar:40} {pos}/{len} {elapsed} (still {eta})");
        let bar = ProgressBar::new(steps).with_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(500));
        match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        }
    }
}

impl Progress for Bars {
    fn expect(&self, steps: u64, what: &str) {
        if let Some(before) = self.0.replace(Some(Self::bar(steps, what))) {
            before.finish();
        }
    }

    fn step(&self) {
        if let Some(bar) = &*self.0.borrow() {
            bar.inc(1);
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        if let Some(bar) = self.0.get_mut() {
            bar.finish();
        }
    }
}
