//! Playing the requests: what each loads and unloads, how long it takes and what the function then holds; and the same
//! with nothing unloaded, and with everything loaded at the start.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use crate::report;
use crate::requests::{self, Request};
use lmms_local::answer::Outcome;
use lmms_local::container::{Container, Function};
use lmms_local::memory::Memory;

/// Any error, as `main` prints it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts that a median is taken of.
const STARTS: usize = 5;
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// The function as it is, except that nothing has to be idle for half a minute: the demo is over before.
const UNLOADING: [(&str, &str); 2] = [("UNLOAD_GRACE_PERIOD", "0"), ("MIN_RESIDENT_MODULES", "4")];
const NO_UNLOADING: (&str, &str) = ("ENABLE_MODULE_UNLOADING", "false");
/// The baseline of ARCH-07, in the same program.
pub(crate) const EAGER: (&str, &str) = ("LAZY_LOADING_ENABLED", "false");

/// The function with more in its environment.
pub(crate) fn with(function: &Function, settings: &[(&str, &str)]) -> Function {
    settings.iter().fold(function.clone(), |function, (name, value)| function.env(name, value))
}

/// Plays all requests three times: with unloading, without, and eagerly, and prints what happened.
///
/// # Errors
/// A request that is not answered, and whatever keeps the function from starting.
pub async fn play(function: &Function) -> Result<(), Error> {
    let requests = requests::all()?;
    let Some(first) = requests.first() else { return Err("there are no requests to play".into()) };
    let unloading = with(function, &UNLOADING);
    let keeping = with(&unloading, &[NO_UNLOADING]);
    let eager = with(&keeping, &[EAGER]);

    let container = Container::start(&unloading).await?;
    report::beginning(&stats(&container).await?, container.init_duration(), container.memory()?);
    report::settings("unloaded after each response", &UNLOADING);
    report::header();
    let unloading_run = run(container, &requests, report::row).await?;

    report::settings("never unloaded", &[NO_UNLOADING]);
    let keeping_run = run(Container::start(&keeping).await?, &requests, |_| ()).await?;
    report::settings("loaded at the start", &[EAGER]);
    let eager_run = run(Container::start(&eager).await?, &requests, |_| ()).await?;

    // In turn, so that a machine that slows down slows both.
    let (mut lazy_starts, mut eager_starts) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        lazy_starts.push(start(function, first).await?);
        eager_starts.push(start(&eager, first).await?);
    }
    report::starts(&first.title, &lazy_starts, &eager_starts);
    report::runs([("unloading", &unloading_run), ("keeping", &keeping_run), ("eager", &eager_run)]);
    Ok(())
}

/// A function that was sent all requests.
pub(crate) struct Run {
    pub(crate) ready: Memory,
    pub(crate) after: Memory,
    pub(crate) stats: Stats,
    /// The answers, one after the other.
    pub(crate) answers: Duration,
    /// The longest that the function was busy after an answer.
    pub(crate) longest_after: Duration,
}

/// One request that was answered.
pub(crate) struct Played<'a> {
    pub(crate) title: &'a str,
    pub(crate) answer: String,
    pub(crate) duration: Duration,
    /// How long the function was busy after the answer.
    pub(crate) after: Duration,
    pub(crate) loaded: Vec<String>,
    pub(crate) unloaded: u64,
    pub(crate) resident: usize,
    pub(crate) memory: Memory,
}

async fn run(container: Container, requests: &[Request], mut show: impl FnMut(&Played<'_>)) -> Result<Run, Error> {
    let mut before = stats(&container).await?;
    let ready = container.memory()?;
    let (mut answers, mut longest_after) = (Duration::ZERO, Duration::ZERO);
    for request in requests {
        let (answer, duration) = answer(&container, request).await?;
        let after = container.settled().await?;
        // Which are loaded now is what the answer left, less what went after it.
        let now = stats(&container).await?;
        let known: BTreeSet<_> = before.resident.iter().collect();
        show(&Played {
            title: &request.title,
            answer,
            duration,
            after,
            loaded: now.resident.iter().filter(|name| !known.contains(name)).cloned().collect(),
            unloaded: now.lugs_unloads - before.lugs_unloads,
            resident: now.resident.len(),
            memory: container.memory()?,
        });
        answers += duration;
        longest_after = longest_after.max(after);
        before = now;
    }
    let after = container.memory()?;
    container.stop(GRACE).await?;
    Ok(Run { ready, after, stats: before, answers, longest_after })
}

pub(crate) async fn answer(container: &Container, request: &Request) -> Result<(String, Duration), Error> {
    let answer = container.invoke(request.event.clone()).await?;
    let text = String::from_utf8_lossy(&answer.payload).into_owned();
    match answer.outcome {
        Outcome::Ok => Ok((text, answer.duration)),
        Outcome::FunctionError { .. } => Err(format!("{} was answered with an error: {text}", request.title).into()),
    }
}

/// A cold start: until the function asks for an event, and until it has answered the first.
pub(crate) struct Start {
    pub(crate) ready: Duration,
    pub(crate) answered: Duration,
}

async fn start(function: &Function, first: &Request) -> Result<Start, Error> {
    let container = Container::start(function).await?;
    let ready = container.init_duration();
    let (_, duration) = answer(&container, first).await?;
    container.stop(GRACE).await?;
    Ok(Start { ready, answered: ready + duration })
}

/// The lightest of requests, as well.
pub(crate) const STATS: &str = r#"{"interface":"lmms","operation":"stats"}"#;

/// `lmms.stats`, as far as it is shown.
#[derive(Deserialize)]
pub(crate) struct Stats {
    pub(crate) registered: usize,
    pub(crate) resident: Vec<String>,
    pub(crate) ligs_loads: u64,
    pub(crate) lugs_unloads: u64,
    pub(crate) over_budget_loads: u64,
    pub(crate) memory_reclaimed_mb: f64,
    pub(crate) result_cache: ResultCache,
    pub(crate) interfaces: Vec<Loaded>,
}

impl Stats {
    /// The operations whose results can be cached, of those that were called; and how often that was.
    fn cacheable_calls(&self) -> impl Iterator<Item = (String, u64)> {
        self.interfaces.iter().flat_map(|known| {
            let cacheable = known.operations.iter().filter(|called| called.cache_hits.is_some());
            cacheable.map(|called| (format!("{}.{}", known.name, called.name), called.calls))
        })
    }

    /// Their names, as `tokens.count`.
    pub(crate) fn cacheable(&self) -> BTreeSet<String> {
        self.cacheable_calls().map(|(title, _)| title).collect()
    }

    /// Calls of them.
    pub(crate) fn calls_of_cacheable(&self) -> u64 {
        self.cacheable_calls().map(|(_, calls)| calls).sum()
    }
}

/// The cache of results.
#[derive(Deserialize)]
pub(crate) struct ResultCache {
    pub(crate) hits: u64,
    pub(crate) evictions: u64,
    pub(crate) bytes: u64,
}

/// One interface that was loaded, or asked for.
#[derive(Deserialize)]
pub(crate) struct Loaded {
    pub(crate) name: String,
    pub(crate) loads: u64,
    pub(crate) leaked_bytes: u64,
    pub(crate) operations: Vec<Called>,
}

/// One operation that was called.
#[derive(Deserialize)]
pub(crate) struct Called {
    pub(crate) name: String,
    pub(crate) calls: u64,
    /// Of these, the ones that were answered from the cache. `None` if its results are not cached.
    pub(crate) cache_hits: Option<u64>,
}

pub(crate) async fn stats(container: &Container) -> Result<Stats, Error> {
    let answer = container.invoke(STATS).await?;
    // What runs between an answer and the next request belongs to the answer.
    container.settled().await?;
    Ok(serde_json::from_slice(&answer.payload)?)
}
