//! One function under one traffic: what it needs, and what it costs.

use super::inputs::Function;
use super::model::{Containers, Outcome, simulate};
use super::traffic::Traffic;
use crate::bill::WHOLE_PROCESSOR_MB;

/// The most that Lambda waits for an INIT, in seconds.
pub const LONGEST_INIT: f64 = 10.0;

/// What became of a function.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// With a whole core, as it was measured.
    pub measured: Outcome,
    /// What it needs.
    pub fits: Option<Fits>,
    /// Its longest INIT, in seconds.
    pub init: f64,
}

/// What a function that fits Lambda needs and costs.
#[derive(Debug, Clone, PartialEq)]
pub struct Fits {
    /// Its memory setting, in MB.
    pub setting: u32,
    /// With the processor's share that AWS gives at that setting, all processor time of requests as much longer.
    pub at_share: Outcome,
}

/// One function under one traffic.
#[must_use]
pub fn point(function: &Function, traffic: &Traffic, containers: &Containers, seed: u64) -> Point {
    let measured = simulate(&function.model, traffic, containers, seed);
    let fits = measured.setting().map(|setting| {
        let mut model = function.model.clone();
        model.slower = slower(function.cpu_share, setting);
        let at_share = if model.slower > 1.0 { simulate(&model, traffic, containers, seed) } else { measured.clone() };
        Fits { setting, at_share }
    });
    let init = function.model.init.iter().max().map_or(0.0, |nanos| *nanos as f64 / 1e9);
    Point { measured, fits, init }
}

/// How much longer a request takes where a function of this memory setting has its share of a processor.
#[must_use]
pub fn slower(cpu_share: f64, setting: u32) -> f64 {
    let longer = (f64::from(WHOLE_PROCESSOR_MB) / f64::from(setting.max(1))).max(1.0);
    1.0 - cpu_share + cpu_share * longer
}

impl Point {
    /// Starts at all: within what Lambda waits for an INIT.
    #[must_use]
    pub fn starts(&self) -> bool {
        self.init <= LONGEST_INIT
    }

    /// USD for a million requests, with a whole core and with its share.
    #[must_use]
    pub fn usd_per_million(&self) -> Option<(f64, f64)> {
        let fits = self.fits.as_ref()?;
        let of = |outcome: &Outcome| outcome.usd(fits.setting) * outcome.days / outcome.answered.max(1) as f64 * 1e6;
        Some((of(&self.measured), of(&fits.at_share)))
    }

    /// GB-seconds for 1,000 requests, with a whole core.
    #[must_use]
    pub fn gb_seconds_per_1000(&self) -> Option<f64> {
        let setting = self.fits.as_ref()?.setting;
        Some(crate::bill::gb_seconds_per_1000(self.measured.billed_ms, setting, self.measured.answered))
    }
}
