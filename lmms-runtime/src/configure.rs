//! Configure: how a configuration takes effect on a gateway, at its start and while it answers.
//!
//! **Invariant.** A call sees all of one configuration's heat rules or all of another's; of two that are set at once, all of
//! one holds in the end. Nothing of the user's runs under the lock, and who holds it waits for no other that is held while
//! waiting for it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::budget::{self, Budget};
use crate::clock::{self, Moment};
use crate::config::Config;
use crate::descriptor::Options;
use crate::gateway::Gateway;
use crate::heat::{self, HeatRules, Scale};
use crate::meter::Meter;
use crate::registry::Entry;
use crate::residents::Measures;
use crate::sweep::Rules;

/// How often a gateway is tended.
const INTERVAL: Duration = Duration::from_secs(1);

impl Gateway {
    /// Takes another configuration, while requests are answered: each call goes by the one or by the other.
    ///
    /// What is loaded stays loaded, what was counted stays counted, and cached results that fit stay for as long as they were
    /// to. [`lazy_loading`](Config::lazy_loading) and [`preload`](Config::preload) stay what they were at the start. The memory budget, which is the process's,
    /// is set if it is another one than this gateway's before.
    ///
    /// ```
    /// use std::num::NonZeroU32;
    /// use lmms_runtime::{Config, Gateway};
    ///
    /// let gateway = Gateway::new(Config::default())?;
    /// gateway.reconfigure(gateway.config().with_fast_path_threshold(NonZeroU32::new(30).unwrap()));
    /// assert_eq!(gateway.config().fast_path_threshold(), 30);
    /// # Ok::<(), lmms_runtime::StartError>(())
    /// ```
    pub fn reconfigure(&self, config: Config) {
        let mut current = self.config.lock();
        let config = config.with_lazy_loading(current.lazy_loading()).with_preload(current.preload().clone());
        let before = std::mem::replace(&mut *current, config);
        self.apply(&current, Some(&before));
    }

    /// Under the lock of the configuration. Nothing of the user's runs, and nothing locks that one in turn.
    pub(crate) fn apply(&self, config: &Config, before: Option<&Config>) {
        let (heat, now) = (config.heat_rules(), clock::now());
        if let Some(before) = before.map(Config::heat_rules)
            && before.scale.half_life != heat.scale.half_life
        {
            self.used_meters().for_each(|(meter, _)| meter.restamp(now, before.scale));
        }
        self.heat.set(heat);
        if self.judge.judge_by(heat) {
            // What was counted enough by then was not by now: seen once, it counts again.
            self.look_at_heat(now, heat);
        }
        // Relaxed: it says whether to look, not what is seen.
        self.may_unload.store(config.may_unload(), Ordering::Relaxed);
        self.tend_at.store(0, Ordering::Relaxed);
        self.results.reconfigure(config.result_limits());
        let Rules { measures, .. } = rules(config);
        self.sweeper.set_rules(rules(config));
        match budget(config) {
            bytes if before.is_some_and(|before| budget(before) == bytes) => budget::judge_by(self.judge, measures),
            bytes => budget::set(bytes.map(|bytes| Budget { bytes, measures, judge: self.judge })),
        }
    }

    /// Once a second: takes out results that have expired, looks whether heat has cooled, and with `LMMS_ADAPTIVE_HEAT` lets
    /// the threshold follow the mix of calls. To be called where no client waits.
    pub(crate) fn tend(&self) {
        let now = clock::now();
        // Relaxed, and not one step: twice does no harm.
        if now.0 < self.tend_at.load(Ordering::Relaxed) {
            return;
        }
        self.tend_at.store((now + INTERVAL).0, Ordering::Relaxed);
        self.results.expire();
        let mut calls = self.look_at_heat(now, self.heat.get());
        let config = self.config.lock();
        let configured = config.heat_rules();
        if !configured.adaptive {
            return;
        }
        let current = self.heat.get().scale.threshold;
        let threshold = heat::threshold_for(&mut calls, configured.scale.threshold, current);
        if threshold != current {
            let heat = HeatRules { scale: Scale { threshold, ..configured.scale }, ..configured };
            self.heat.set(heat);
            let Rules { measures, min_resident } = self.sweeper.rules();
            let measures = Measures { heat, ..measures };
            self.sweeper.set_rules(Rules { measures, min_resident });
            budget::judge_by(self.judge, measures);
        }
    }

    /// Has what has cooled count again. The calls of the operations that go by the common threshold.
    fn look_at_heat(&self, now: Moment, rules: HeatRules) -> Vec<u32> {
        let mut calls = Vec::new();
        for (meter, options) in self.used_meters() {
            let scale = rules.scale_of(options);
            let counted = meter.calls(now, scale);
            if scale == rules.scale {
                calls.push(counted);
            }
        }
        calls
    }

    /// Heat does not cool over the time from `since` to `until`.
    pub(crate) fn pass_over(&self, since: Moment, until: Moment) {
        self.used_meters().for_each(|(meter, _)| meter.pass_over(since, until));
    }

    /// Of all operations that can have been called.
    fn used_meters(&self) -> impl Iterator<Item = (&'static Meter, &'static Options)> {
        // What was called by name has its operations listed; what was called otherwise was loaded.
        let is_used = |entry: &&Entry| entry.known_operations().is_some() || entry.descriptor.status().loads > 0;
        let meters = |entry: &'static Entry| {
            entry.operations().iter().map(|operation| (operation.meter, &entry.descriptor.options))
        };
        self.registry.iter().filter(is_used).flat_map(meters)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.judge.retire();
    }
}

/// The budget that a configuration asks for.
fn budget(config: &Config) -> Option<u64> {
    config.memory_budget().filter(|_| config.may_unload())
}

/// How sweeps judge, by a configuration.
pub(crate) fn rules(config: &Config) -> Rules {
    Rules { measures: config.measures(), min_resident: config.min_resident() }
}
