//! Configure: how a configuration takes effect on a gateway, at its start and while it answers.
//!
//! **Invariant.** A call sees all of one configuration's heat rules or all of another's; of two that are set at once, all of
//! one holds in the end. Nothing of the user's runs under the lock, and who holds it waits for no other that is held while
//! waiting for it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::budget::{self, Budget};
use crate::clock;
use crate::config::Config;
use crate::descriptor::Operation;
use crate::gateway::Gateway;
use crate::heat::{self, HeatRules, Scale};
use crate::registry::Entry;
use crate::residents::Measures;
use crate::sweep::Rules;

/// How often the threshold may follow the mix of calls.
const ADAPT_INTERVAL: Duration = Duration::from_secs(1);

impl Gateway {
    /// Takes another configuration, while requests are answered: each call goes by the one or by the other.
    ///
    /// What is loaded stays loaded, what was counted stays counted, and cached results that fit stay. Only
    /// [`lazy_loading`](Config::lazy_loading) has its effect at the [`start`](Self::start).
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
        *current = config;
        self.apply(&current);
    }

    /// Under the lock of the configuration. Nothing of the user's runs, and nothing locks that one in turn.
    pub(crate) fn apply(&self, config: &Config) {
        let heat = config.heat_rules();
        self.heat.set(heat);
        if heat::count_for(heat) {
            // What was counted enough by then was not by now: seen once, it counts again.
            for operation in self.used_operations() {
                operation.meter.heat.calls(clock::now(), heat.scale);
            }
        }
        // Relaxed: it says whether to look, not what is seen.
        self.may_unload.store(config.may_unload(), Ordering::Relaxed);
        self.adapt_at.store(0, Ordering::Relaxed);
        self.results.reconfigure(config.result_limits());
        let rules = rules(config);
        self.sweeper.set_rules(rules);
        let budget = config.memory_budget().filter(|_| config.may_unload());
        budget::set(budget.map(|bytes| Budget { bytes, measures: rules.measures }));
    }

    /// With `LMMS_ADAPTIVE_HEAT`, once a second: lets the threshold follow the mix of calls.
    pub(crate) fn adapt(&self) {
        let before = self.heat.get();
        let now = clock::now();
        // Relaxed, and not one step: one that adapts twice does no harm.
        if !before.adaptive || now.0 < self.adapt_at.load(Ordering::Relaxed) {
            return;
        }
        self.adapt_at.store((now + ADAPT_INTERVAL).0, Ordering::Relaxed);
        let calls = self.used_operations().map(|operation| operation.meter.heat.calls(now, before.scale));
        let mut calls: Vec<_> = calls.collect();
        let config = self.config.lock();
        let configured = config.heat_rules();
        let threshold = heat::threshold_for(&mut calls, configured.scale.threshold);
        // It may have been configured otherwise since.
        let heat = HeatRules { scale: Scale { threshold, ..configured.scale }, ..configured };
        if configured.adaptive && heat != self.heat.get() {
            self.heat.set(heat);
            let Rules { measures, min_resident } = self.sweeper.rules();
            self.sweeper.set_rules(Rules { measures: Measures { heat, ..measures }, min_resident });
            budget::adapt(before, heat);
        }
    }

    /// All operations that can have been called.
    fn used_operations(&self) -> impl Iterator<Item = &'static Operation> {
        // What was called by name has its operations listed; what was called otherwise was loaded.
        let is_used = |entry: &&Entry| entry.known_operations().is_some() || entry.descriptor.status().loads > 0;
        self.registry.iter().filter(is_used).flat_map(Entry::operations)
    }
}

/// How sweeps judge, by a configuration.
pub(crate) fn rules(config: &Config) -> Rules {
    Rules { measures: config.measures(), min_resident: config.min_resident() }
}
