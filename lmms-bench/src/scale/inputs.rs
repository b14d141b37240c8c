//! Where the model's parameters come from: [`Results`] of a session, and nothing that is not in them, but for the constants here.

use std::collections::{BTreeMap, BTreeSet};

use super::model::{Calls, Heat, Keeping, Model, Part, SECOND};
use crate::results::{Results, Rival};

/// What each registered interface adds to the start of lmms, in seconds: `cargo bench --bench startup` prints 0.2 ms until ready for
/// 1,000 of them. A call costs the same however many there are (`cargo bench --bench scale`).
pub const REGISTERED: f64 = 0.2e-6;

/// What lmms and the timer do unless told otherwise: `UNLOAD_GRACE_PERIOD`, `MIN_RESIDENT_MODULES`, `FAST_PATH_THRESHOLD`,
/// `LMMS_HEAT_HALF_LIFE`.
pub const GRACE: u64 = 30 * SECOND;
/// See [`GRACE`].
pub const FLOOR: usize = 8;
/// See [`GRACE`].
pub const HEAT: Heat = Heat { threshold: 50, half_life: 300 * SECOND };

/// The parameters of what can be compared.
#[derive(Debug, Clone, PartialEq)]
pub struct Inputs {
    /// In the order of the results.
    pub functions: Vec<Function>,
    /// Those of the results that are not simulated, and why.
    pub left_out: Vec<String>,
    /// The operations, `interface.operation`, in the order of the models.
    pub operations: Vec<String>,
    /// The interfaces, in the order of the models.
    pub interfaces: Vec<String>,
    /// Of these, the ones whose bytes no line tells.
    pub estimated: Vec<String>,
}

/// A function, as a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Who.
    pub rival: Rival,
    /// As it was measured.
    pub model: Model,
    /// The share of a request's time in which it used the processor.
    pub cpu_share: f64,
    /// What another interface adds to its INIT, in seconds.
    pub init_each: f64,
    /// What another interface adds to what a container holds when ready, in bytes.
    pub bytes_each: f64,
}

/// The results lack what the simulation needs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the results lack {lacks}; expected those of `lmms-bench compare` over all rivals")]
pub struct InputsError {
    /// What.
    pub lacks: String,
}

fn lack<T>(lacks: impl Into<String>) -> Result<T, InputsError> {
    Err(InputsError { lacks: lacks.into() })
}

impl Inputs {
    /// What the results tell.
    ///
    /// # Errors
    /// They lack `lmms` or its replays' lines, or the cold starts or latencies of one that has replays.
    pub fn of(results: &Results) -> Result<Self, InputsError> {
        let operations: Vec<String> = results
            .latencies
            .iter()
            .filter(|latency| latency.rival == "lmms")
            .map(|latency| latency.operation.clone())
            .collect();
        if operations.is_empty() {
            return lack("latencies of `lmms`");
        }
        let interface = |operation: &String| operation.split('.').next().unwrap_or_default().to_owned();
        let interfaces: BTreeSet<String> = operations.iter().map(interface).collect();
        let interfaces: Vec<String> = interfaces.into_iter().collect();
        let session = Session { results, operations: &operations, interfaces: &interfaces };
        let lmms = session.ready("lmms").map_or_else(|| lack("cold starts of `lmms`"), Ok)?;
        let parts = session.parts("lmms", lmms.bytes)?;
        let (mut functions, mut left_out) = (Vec::new(), Vec::new());
        for rival in &results.rivals {
            match session.function(rival, lmms, &parts)? {
                Ok(function) => functions.push(function),
                Err(why) => left_out.push(format!("`{}`: {why}", rival.id)),
            }
        }
        let estimated = parts.estimated;
        Ok(Self { functions, left_out, operations, interfaces, estimated })
    }

    /// By its [`Rival::id`].
    #[must_use]
    pub fn function(&self, id: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.rival.id == id)
    }
}

impl Function {
    /// The same with so many interfaces, each of which is a copy of one that it has.
    #[must_use]
    pub fn with_interfaces(&self, count: usize) -> Self {
        let known = self.model.interfaces.len();
        let interfaces = (0..count).map(|place| self.model.interfaces[place % known]).collect();
        let by_interface = self.model.by_interface();
        let copies = (0..count).flat_map(|place| {
            let originals = by_interface[place % known].iter();
            originals.map(move |original| Calls { interface: place, ..self.model.operations[*original].clone() })
        });
        let more = count as f64 - known as f64;
        let init = |nanos: &u64| (*nanos as f64 + self.init_each * more * 1e9).max(0.0) as u64;
        let model = Model {
            init: self.model.init.iter().map(init).collect(),
            base: (self.model.base + self.bytes_each * more).max(0.0),
            scratch: self.model.scratch,
            budget: self.model.budget,
            hit_rate: self.model.hit_rate,
            slower: self.model.slower,
            ..Model::new(interfaces, copies.collect(), self.model.keeping)
        };
        Self { model, ..self.clone() }
    }
}

/// A container when it is ready.
#[derive(Clone, Copy)]
struct Ready {
    seconds: f64,
    bytes: f64,
}

struct Parts {
    parts: Vec<Part>,
    estimated: Vec<String>,
}

struct Session<'a> {
    results: &'a Results,
    operations: &'a [String],
    interfaces: &'a [String],
}

impl Session<'_> {
    fn function(&self, rival: &Rival, lmms: Ready, parts: &Parts) -> Result<Result<Function, String>, InputsError> {
        let id = &*rival.id;
        // Told another memory size, it is the same function: its starts and calls are measured once.
        let like = id.strip_suffix("-budget").unwrap_or(id);
        let idle = |floor, heat| Keeping::Idle { grace: GRACE, floor, heat };
        let keeping = match id {
            "eager" => Keeping::AtStart,
            "lazylock" => Keeping::Forever,
            "timer" => idle(0, None),
            _ if id.starts_with("lmms") => idle(FLOOR, Some(HEAT)),
            _ => return Ok(Err("it does not have the operations".to_owned())),
        };
        if !self.results.replays.iter().any(|replays| replays.rival == id) {
            return Ok(Err("it was started, not replayed".to_owned()));
        }
        let Some(ready) = self.ready(like) else { return lack(format!("cold starts of `{like}`")) };
        let is_eager = keeping == Keeping::AtStart;
        // Another allocator holds other bytes, which its own lines tell.
        let own = if like.contains("jemalloc") { Some(self.parts(like, ready.bytes)?) } else { None };
        let mut parts = own.as_ref().unwrap_or(parts).parts.clone();
        if !id.starts_with("lmms") {
            // They do not give back what loads leave over: with all loaded they hold what an eager one does.
            let sum: f64 = parts.iter().map(|part| part.bytes).sum();
            let all = self.ready("eager").map_or(0.0, |eager| eager.bytes - lmms.bytes);
            let more = if sum > 0.0 { (all / sum).max(1.0) } else { 1.0 };
            parts.iter_mut().for_each(|part| (part.bytes, part.left) = (part.bytes * more, part.left * more));
        }
        // What a hit saves is told by the same function without a cache.
        let uncached = if like == "lmms" && self.has_latencies("lmms-uncached") { "lmms-uncached" } else { like };
        let calls = self.operations.iter().map(|operation| self.calls(like, uncached, operation));
        let calls = calls.collect::<Result<Vec<_>, _>>()?;
        let count = self.interfaces.len() as f64;
        let (init_each, bytes_each) = match (is_eager, id.starts_with("lmms")) {
            (true, _) => {
                (((ready.seconds - lmms.seconds) / count).max(0.0), ((ready.bytes - lmms.bytes) / count).max(0.0))
            }
            (_, true) => (REGISTERED, 0.0),
            _ => (0.0, 0.0),
        };
        let model = Model {
            init: self.inits(like).map(nanos).collect(),
            base: ready.bytes,
            scratch: self.scratch(),
            budget: if like == id { None } else { self.budget(id) },
            hit_rate: self.hit_rate(id, "zipf"),
            ..Model::new(parts, calls, keeping)
        };
        Ok(Ok(Function { rival: rival.clone(), model, cpu_share: self.cpu_share(id), init_each, bytes_each }))
    }

    fn inits<'s>(&'s self, id: &'s str) -> impl Iterator<Item = f64> + 's {
        let starts = self.results.cold_starts.iter().filter(move |starts| starts.rival == id);
        starts.flat_map(|starts| starts.ready_ms.iter().copied())
    }

    fn ready(&self, id: &str) -> Option<Ready> {
        let starts = self.results.cold_starts.iter().filter(|starts| starts.rival == id);
        let bytes = median(starts.flat_map(|starts| starts.ready_bytes.iter().map(|bytes| *bytes as f64)))?;
        Some(Ready { seconds: median(self.inits(id))? / 1e3, bytes })
    }

    /// What lmms derives from the memory that it is told it has: a tenth and 16 MiB less.
    fn budget(&self, id: &str) -> Option<f64> {
        let mut runs =
            self.results.replays.iter().filter(|replays| replays.rival == id).flat_map(|replays| &replays.runs);
        runs.next().map(|run| (f64::from(run.told_mb) * 0.9 - 16.0) * (1 << 20) as f64)
    }

    fn has_latencies(&self, id: &str) -> bool {
        self.results.latencies.iter().any(|latency| latency.rival == id)
    }

    fn calls(&self, id: &str, uncached: &str, operation: &str) -> Result<Calls, InputsError> {
        let of = |id: &str| {
            let mut all = self.results.latencies.iter();
            let found = all.find(|latency| latency.rival == id && latency.operation == operation);
            found.map_or_else(|| lack(format!("latencies of `{id}` for `{operation}`")), Ok)
        };
        let (own, again) = (of(id)?, of(uncached)?);
        let times = |millis: &[f64]| millis.iter().copied().map(nanos).collect::<Vec<_>>();
        let interface = operation.split('.').next().unwrap_or_default();
        let interface = self.interfaces.iter().position(|name| name == interface).unwrap_or_default();
        Ok(Calls { interface, first: times(&own.first_ms), again: times(&again.hot_ms), hit: times(&own.hot_ms) })
    }

    /// By the lines of its replays: the median of what the loads and the unloads of each interface tell.
    fn parts(&self, id: &str, ready: f64) -> Result<Parts, InputsError> {
        let of_rival = |wanted: &str| {
            let replays = self.results.replays.iter().filter(|replays| replays.rival == wanted);
            replays
                .filter_map(|replays| replays.timeline.as_ref())
                .flat_map(|timeline| &timeline.lines)
                .collect::<Vec<_>>()
        };
        // Without a cache more is loaded, so that more is told.
        let mut lines = of_rival(id);
        if id == "lmms" {
            lines.extend(of_rival("lmms-uncached"));
        }
        let mut loads: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
        let mut unloads: BTreeMap<&str, Vec<(f64, f64)>> = BTreeMap::new();
        for line in &lines {
            for loaded in &line.loaded {
                loads.entry(&loaded.interface).or_default().push(loaded.bytes as f64);
            }
            for unloaded in line.unloaded.iter().filter(|unloaded| unloaded.reason != "shutdown") {
                unloads.entry(&unloaded.interface).or_default().push((unloaded.bytes as f64, unloaded.ms));
            }
        }
        if loads.is_empty() {
            return lack(format!("`[LMMS_STATS]` lines of `{id}` that tell of loads"));
        }
        let mut estimated = Vec::new();
        let mut parts: Vec<_> = self
            .interfaces
            .iter()
            .map(|name| {
                let Some(bytes) = loads.get(&**name).and_then(|bytes| median(bytes.iter().copied())) else {
                    estimated.push(name.clone());
                    return None;
                };
                let told = unloads.get(&**name).map_or(&[][..], |told| told);
                // Where nothing was unloaded, all of it would come back, in no time.
                let back = median(told.iter().map(|(bytes, _)| *bytes)).unwrap_or(bytes);
                let unload = median(told.iter().map(|(_, millis)| *millis)).map_or(0, nanos);
                Some(Part { bytes, left: (bytes - back).max(0.0), unload })
            })
            .collect();
        let known: f64 = parts.iter().flatten().map(|part| part.bytes).sum();
        let all = self.ready("eager").map_or(0.0, |eager| eager.bytes - ready);
        let each = ((all - known) / estimated.len().max(1) as f64).max(0.0);
        Ok(Parts {
            parts: parts.iter_mut().map(|part| part.unwrap_or(Part { bytes: each, left: 0.0, unload: 0 })).collect(),
            estimated,
        })
    }

    /// What requests hold while they run: an eager function has all else when it is ready.
    fn scratch(&self) -> f64 {
        let runs =
            self.results.replays.iter().filter(|replays| replays.rival == "eager").flat_map(|replays| &replays.runs);
        let peak = runs.map(|run| run.peak_bytes as f64).fold(0.0, f64::max);
        self.ready("eager").map_or(0.0, |ready| (peak - ready.bytes).max(0.0))
    }

    pub(super) fn hit_rate(&self, id: &str, trace: &str) -> f64 {
        let of = self.results.replays.iter().filter(|replays| replays.rival == id && replays.trace == trace);
        let runs = of.flat_map(|replays| &replays.runs).filter(|run| run.requests > 0);
        median(runs.map(|run| run.cache_hits.unwrap_or(0) as f64 / run.requests as f64)).unwrap_or(0.0).min(1.0)
    }

    /// Of what was billed over all replays.
    fn cpu_share(&self, id: &str) -> f64 {
        let runs = self.results.replays.iter().filter(|replays| replays.rival == id).flat_map(|replays| &replays.runs);
        let (cpu, billed) =
            runs.fold((0.0, 0.0), |(cpu, billed), run| (cpu + run.cpu_ms, billed + run.billed_ms as f64));
        if billed > 0.0 { (cpu / billed).min(1.0) } else { 1.0 }
    }
}

/// What the cache answers of a trace's requests, by the median run.
pub(super) fn hit_rate(results: &Results, id: &str, trace: &str) -> f64 {
    Session { results, operations: &[], interfaces: &[] }.hit_rate(id, trace)
}

fn nanos(millis: f64) -> u64 {
    // Saturates; what is no time is none.
    (millis * 1e6) as u64
}

pub(super) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[half]),
        _ => Some(f64::midpoint(values[half - 1], values[half])),
    }
}
