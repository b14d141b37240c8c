//! One container: what it has loaded, and what it unloads.

use std::collections::HashMap;

use super::model::{Heat, Keeping, Model, Plan, Work};

/// What an interface is in a container that has loaded it at least once.
#[derive(Debug, Clone, Copy)]
struct Held {
    is_loaded: bool,
    last_use: u64,
}

/// What an operation is in a container that was asked for it.
#[derive(Debug, Clone, Copy)]
struct Asked {
    /// Calls that came to its body, of late.
    calls: u32,
    /// When they were halved last.
    cooled: u64,
}

impl Asked {
    fn at(self, now: u64, heat: Heat) -> Self {
        let halvings = (now - self.cooled) / heat.half_life.max(1);
        let calls = u32::try_from(halvings).ok().and_then(|halvings| self.calls.checked_shr(halvings)).unwrap_or(0);
        Self { calls, cooled: self.cooled + halvings * heat.half_life }
    }
}

/// One container. Times are in nanoseconds since the begin.
#[derive(Debug)]
pub(super) struct Container {
    pub(super) born: u64,
    pub(super) idle_since: u64,
    /// What it holds.
    pub(super) bytes: f64,
    /// What it held, times how long, up to `counted`.
    pub(super) byte_seconds: f64,
    counted: u64,
    requests: u64,
    held: HashMap<usize, Held>,
    /// The loaded ones, in no order.
    loaded: Vec<usize>,
    asked: HashMap<usize, Asked>,
    /// Nothing is due before.
    next_due: u64,
}

/// What a container does for a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) work: Work,
    pub(super) loads: bool,
    /// How long it takes before to unload what makes room.
    pub(super) room: u64,
    /// So much.
    pub(super) unloads: u64,
}

impl Done {
    fn without_load(work: Work) -> Self {
        Self { work, loads: false, room: 0, unloads: 0 }
    }
}

impl Container {
    pub(super) fn born(now: u64, model: &Model) -> Self {
        Self {
            born: now,
            idle_since: now,
            bytes: model.base,
            byte_seconds: 0.0,
            counted: now,
            requests: 0,
            held: HashMap::new(),
            loaded: Vec::new(),
            asked: HashMap::new(),
            next_due: 0,
        }
    }

    /// Counts what it held so far; what is beyond the end of the simulated time does not count.
    pub(super) fn count(&mut self, now: u64, end: u64) {
        let now = now.min(end);
        self.byte_seconds += self.bytes * now.saturating_sub(self.counted) as f64 / 1e9;
        self.counted = self.counted.max(now);
    }

    /// Takes a request: what it has to do for it. `may_hit`: the cache has the result, if the operation was asked here before.
    pub(super) fn take(&mut self, operation: usize, may_hit: bool, now: u64, plan: &Plan<'_>) -> Done {
        let model = plan.model;
        self.count(now, plan.end);
        self.requests += 1;
        let interface = model.operations[operation].interface;
        let known = self.asked.contains_key(&operation);
        if known && may_hit {
            return Done::without_load(Work::Hit);
        }
        if let Keeping::Idle { heat: Some(heat), .. } = model.keeping {
            let asked = self.asked.entry(operation).or_insert(Asked { calls: 0, cooled: now });
            *asked = asked.at(now, heat);
            // What is BLAZING is not counted further, or it would stay hot for ever.
            asked.calls = (asked.calls + 1).min(4 * heat.threshold + 1);
        } else if !known {
            self.asked.insert(operation, Asked { calls: 0, cooled: now });
        }
        if model.keeping == Keeping::AtStart {
            // All is there; the container's first request is what it is anyhow.
            return Done::without_load(if self.requests == 1 { Work::First } else { Work::Again });
        }
        let part = &model.interfaces[interface];
        let was = self.held.insert(interface, Held { is_loaded: true, last_use: now });
        match was {
            Some(Held { is_loaded: true, .. }) => Done::without_load(Work::Again),
            was => {
                // What its last life has left behind is there already.
                let adds = part.bytes - was.map_or(0.0, |_| part.left);
                let (room, unloads) = self.make_room(adds, plan);
                self.bytes += adds;
                self.loaded.push(interface);
                Done { work: Work::First, loads: true, room, unloads }
            }
        }
    }

    /// The end of an invocation: what was asked was in use until now, and what has idled long enough is unloaded. How long that takes,
    /// and how many it were.
    pub(super) fn end_of_invocation(&mut self, operation: usize, now: u64, plan: &Plan<'_>) -> (u64, u64) {
        let model = plan.model;
        self.count(now, plan.end);
        if let Some(held) = self.held.get_mut(&model.operations[operation].interface) {
            held.last_use = now;
        }
        let Keeping::Idle { grace, floor, heat } = model.keeping else { return (0, 0) };
        if now < self.next_due || self.loaded.len() <= floor {
            return (0, 0);
        }
        let last_use = |interface: &usize| self.held[interface].last_use;
        let mut idle: Vec<_> = self.loaded.iter().copied().filter(|one| now - last_use(one) >= grace).collect();
        idle.retain(|interface| !self.is_hot(*interface, now, heat, plan));
        // The least recently used first; equal ones in the order of their places, so that nothing depends on chance.
        idle.sort_unstable_by_key(|interface| (last_use(interface), *interface));
        idle.truncate(self.loaded.len() - floor);
        let took = self.unload(&idle, model);
        let held = &self.held;
        let oldest = self.loaded.iter().map(|interface| held[interface].last_use).min();
        self.next_due = oldest.map_or(0, |oldest| oldest.saturating_add(grace));
        (took, idle.len() as u64)
    }

    /// Unloads what is needed for a load of so many bytes to fit into the budget, whatever its heat. How long that takes, and how many
    /// it were.
    fn make_room(&mut self, adds: f64, plan: &Plan<'_>) -> (u64, u64) {
        let model = plan.model;
        let Some(mut over) = model.budget.map(|budget| self.bytes + adds - budget).filter(|over| *over > 0.0) else {
            return (0, 0);
        };
        let mut going = self.loaded.clone();
        going.sort_unstable_by_key(|interface| (self.held[interface].last_use, *interface));
        let enough = |interface: &usize| {
            let is_needed = over > 0.0;
            over -= model.interfaces[*interface].bytes - model.interfaces[*interface].left;
            is_needed
        };
        let going: Vec<_> = going.into_iter().take_while(enough).collect();
        (self.unload(&going, model), going.len() as u64)
    }

    /// How long that takes.
    fn unload(&mut self, going: &[usize], model: &Model) -> u64 {
        for interface in going {
            let part = &model.interfaces[*interface];
            self.bytes -= part.bytes - part.left;
            if let Some(held) = self.held.get_mut(interface) {
                held.is_loaded = false;
            }
        }
        let held = &self.held;
        self.loaded.retain(|interface| held[interface].is_loaded);
        going.iter().map(|interface| model.interfaces[*interface].unload).sum()
    }

    fn is_hot(&self, interface: usize, now: u64, heat: Option<Heat>, plan: &Plan<'_>) -> bool {
        heat.is_some_and(|heat| {
            let asked = plan.by_interface[interface].iter().filter_map(|operation| self.asked.get(operation));
            asked.map(|asked| asked.at(now, heat).calls).any(|calls| calls > heat.threshold)
        })
    }
}
