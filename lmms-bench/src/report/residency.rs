//! Residency: which interface was loaded from when to when, in which container, as the lines of a log tell it.
//!
//! **Invariant.** Each load and each unload of the lines is in one life, also where the other end of it is not in the log; such
//! a life says so, and lasts as far as the container was heard of.

use std::collections::{BTreeMap, BTreeSet};

use crate::logs::Line;

/// What is known of one container.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Container {
    /// As the lines name it.
    pub id: String,
    /// When it was first heard of, in milliseconds since 1970.
    pub from: u64,
    /// When it was last heard of.
    pub to: u64,
    /// The lives, by interface and then in their order.
    pub lives: Vec<Life>,
    /// What it held at each line: milliseconds since 1970, and MiB.
    pub memory: Vec<(u64, f64)>,
    /// The memory budget in MiB; the last, if it changed.
    pub budget_mb: Option<f64>,
    /// Numbers of lines that are not in the log though later ones are: from, to.
    pub missing: Vec<(u64, u64)>,
    /// What the lines count together.
    pub counts: Counts,
}

/// Sums over lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines.
    pub lines: u64,
    /// Loads.
    pub loads: u64,
    /// Unloads.
    pub unloads: u64,
    /// Calls by name.
    pub calls: u64,
    /// Of these, on the fast path.
    pub fast: u64,
    /// Calls that the cache answered.
    pub cache_hits: u64,
    /// Calls that it could have answered.
    pub cache_misses: u64,
}

/// One generation of an interface, from its load to its unload.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Life {
    /// The interface.
    pub interface: String,
    /// Which life of it: 1 is the first.
    pub generation: u64,
    /// When its load ended.
    pub from: u64,
    /// When it was unloaded, or last heard of.
    pub to: u64,
    /// Whether the load is in the log.
    pub has_begin: bool,
    /// How long the load took, in milliseconds.
    pub load_ms: f64,
    /// Why it was unloaded; `None` if the log does not say that it was.
    pub reason: Option<String>,
    /// What it held, in bytes.
    pub bytes: u64,
    /// When it was hot: spans within its life.
    pub hot: Vec<(u64, u64)>,
}

/// The containers of `lines`, in the order in which they were first heard of. The lines may come in any order, and twice.
pub fn containers(lines: &[Line]) -> Vec<Container> {
    let mut by_container: BTreeMap<&str, BTreeMap<u64, &Line>> = BTreeMap::new();
    for line in lines {
        // A log that was exported twice, or in parts that overlap, has the same line again.
        by_container.entry(&line.container).or_default().insert(line.line, line);
    }
    let mut containers: Vec<Container> = by_container.into_iter().map(|(id, lines)| container(id, &lines)).collect();
    containers.sort_by(|a, b| (a.from, &a.id).cmp(&(b.from, &b.id)));
    containers
}

fn container(id: &str, lines: &BTreeMap<u64, &Line>) -> Container {
    let mut container = Container { id: id.to_owned(), from: u64::MAX, ..Container::default() };
    let mut lives: BTreeMap<(&str, u64), Life> = BTreeMap::new();
    let mut expected = 1;
    for (&number, line) in lines {
        if number > expected {
            container.missing.push((expected, number - 1));
        }
        expected = number.saturating_add(1);
        container.hear(line);
        for load in &line.loaded {
            let life = life(&mut lives, &load.interface, load.generation);
            (life.from, life.has_begin, life.load_ms, life.bytes) = (load.at, true, load.ms, load.bytes);
        }
        for unload in &line.unloaded {
            let life = life(&mut lives, &unload.interface, unload.generation);
            // The hook and the drop are no longer residency.
            life.to = unload.at.saturating_sub(unload.ms.max(0.0) as u64);
            life.reason = Some(unload.reason.clone());
            life.bytes = life.bytes.max(unload.bytes);
        }
    }
    container.from = container.from.min(container.to);
    for life in lives.values_mut() {
        if !life.has_begin {
            life.from = container.from.min(life.to);
        }
        if life.reason.is_none() {
            // Of a life whose end is missing a later one of the same interface is the latest end.
            life.to = container.to;
        }
    }
    container.lives = lives.into_values().collect();
    close(&mut container.lives);
    heat(&mut container, lines);
    container
}

impl Container {
    fn hear(&mut self, line: &Line) {
        let begins = line.loaded.iter().map(|load| load.at.saturating_sub(load.ms.max(0.0) as u64));
        let times = begins.chain(line.unloaded.iter().map(|unload| unload.at)).chain([line.timestamp]);
        // A line without a time says nothing of when.
        for time in times.filter(|time| *time > 0) {
            (self.from, self.to) = (self.from.min(time), self.to.max(time));
        }
        if line.memory_mb > 0.0 {
            self.memory.push((line.timestamp, line.memory_mb));
        }
        self.budget_mb = line.budget_mb.or(self.budget_mb);
        let counts = &mut self.counts;
        counts.lines += 1;
        for (sum, more) in [
            (&mut counts.loads, line.ligs_loads),
            (&mut counts.unloads, line.lugs_unloads),
            (&mut counts.calls, line.calls),
            (&mut counts.fast, line.zafp_hits),
            (&mut counts.cache_hits, line.cache_hits),
            (&mut counts.cache_misses, line.cache_misses),
        ] {
            *sum = sum.saturating_add(more);
        }
    }

    /// The names of its interfaces, those that were loaded first above.
    pub fn interfaces(&self) -> Vec<&str> {
        let mut first: Vec<(u64, &str)> = Vec::new();
        for life in &self.lives {
            match first.iter_mut().find(|(_, name)| *name == life.interface) {
                Some((from, _)) => *from = (*from).min(life.from),
                None => first.push((life.from, &life.interface)),
            }
        }
        first.sort_unstable();
        first.into_iter().map(|(_, name)| name).collect()
    }
}

fn life<'l, 'n>(lives: &'l mut BTreeMap<(&'n str, u64), Life>, interface: &'n str, generation: u64) -> &'l mut Life {
    lives.entry((interface, generation)).or_insert_with(|| Life {
        interface: interface.to_owned(),
        generation,
        ..Life::default()
    })
}

/// An interface has one life at a time: one whose end is missing ended when the next began.
fn close(lives: &mut [Life]) {
    for next in 1..lives.len() {
        let (before, after) = lives.split_at_mut(next);
        let (life, after) = (&mut before[next - 1], &mut after[0]);
        if life.interface == after.interface {
            if !after.has_begin {
                after.from = after.from.max(life.to.min(after.to));
            }
            if life.reason.is_none() {
                life.to = life.to.min(after.from);
            }
        }
        life.to = life.to.max(life.from);
    }
    if let Some(last) = lives.last_mut() {
        last.to = last.to.max(last.from);
    }
}

/// What a line calls hot was so since the line before, and is until the next: heat is told, not its changes.
fn heat(container: &mut Container, lines: &BTreeMap<u64, &Line>) {
    let end = container.to;
    let lines: Vec<&Line> = lines.values().copied().collect();
    for (nth, line) in lines.iter().enumerate() {
        let until = lines.get(nth + 1).map_or(end, |next| next.timestamp);
        let hot: BTreeSet<&str> = line.hot.iter().map(String::as_str).collect();
        for life in container.lives.iter_mut().filter(|life| hot.contains(life.interface.as_str())) {
            let (from, to) = (line.timestamp.max(life.from), until.min(life.to));
            if from >= to {
                continue;
            }
            match life.hot.last_mut() {
                Some((_, last)) if *last >= from => *last = to,
                _ => life.hot.push((from, to)),
            }
        }
    }
}
