//! What being hot gains: each operation of the demo, called first in a fresh process, then when it is hot, and then when the
//! result is cached.
//!
//! All of it inside one process, by the gateway alone: what a client sees of it is told at the end, and is little.

mod table;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use lmms::{Config, Gateway, Invocation, Tier};

use crate::play::{self, Error, GRACE};
use crate::report;
use crate::requests::{self, Request};
use crate::variants::Variants;
use lmms_local::container::{Container, Function};

/// Tells a copy of this program which operation to measure.
const MEASURED: &str = "LMMS_DEMO_TIERS_OF";
/// Fresh processes for each operation.
const PROCESSES: usize = 3;
/// Calls that a median is taken of: as many as are HOT, with the default threshold.
const CALLS: usize = 150;
/// Invocations of the local Lambda that a median is taken of.
const INVOCATIONS: usize = 1_000;

/// How long an operation takes, in microseconds: once, or a median.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    /// The first call of the process, its load included.
    pub(crate) first: f64,
    /// Loaded, but dispatched the whole way, as when it is COLD.
    pub(crate) whole: f64,
    pub(crate) hot: f64,
    /// Answered from the cache, unless it is not cached.
    pub(crate) hit: Option<f64>,
}

/// Measures all operations and prints how much faster they are when hot, and when cached.
///
/// # Errors
/// A request that is not answered, and whatever keeps the function from starting.
pub async fn tiers(function: &Function) -> Result<(), Error> {
    let all = requests::all()?;
    let operations = all.iter().filter_map(Variants::of);
    if let Ok(wanted) = std::env::var(MEASURED) {
        let wanted = operations.into_iter().find(|variants| variants.title == wanted);
        let Times { first, whole, hot, hit } = measure(&wanted.ok_or("there is no such operation")?).await?;
        println!("{first} {whole} {hot} {}", hit.map_or_else(|| "-".to_owned(), |hit| hit.to_string()));
        return Ok(());
    }
    table::header(PROCESSES);
    let mut measured = Vec::new();
    for variants in operations {
        let title = variants.title.clone();
        let processes = (0..PROCESSES).map(|_| in_a_process(&title)).collect::<Result<Vec<_>, _>>()?;
        let median = |part: fn(&Times) -> f64| report::median(processes.iter().map(part));
        let hit = processes[0].hit.map(|_| median(|times| times.hit.unwrap_or(f64::NAN)));
        let times = Times {
            first: median(|times| times.first),
            whole: median(|times| times.whole),
            hot: median(|times| times.hot),
            hit,
        };
        table::row(&title, &times);
        measured.push((variants, times));
    }
    table::footer(measured.iter().map(|(_, times)| times));
    let quickest = measured.iter().min_by(|(_, one), (_, other)| one.hot.total_cmp(&other.hot));
    let Some((variants, times)) = quickest else { return Err("there are no requests to measure".into()) };
    table::outside(&variants.title, times, over_loopback(function, variants).await?);
    Ok(())
}

/// Measures an operation in a fresh process.
fn in_a_process(title: &str) -> Result<Times, Error> {
    let mut copy = Command::new(std::env::current_exe()?);
    let output = copy.arg("tiers").env(MEASURED, title).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    let told = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<_> = told.split_whitespace().map(|figure| figure.parse().ok()).collect();
    match *figures.as_slice() {
        [Some(first), Some(whole), Some(hot), hit] => Ok(Times { first, whole, hot, hit }),
        _ => Err(format!("`{title}` was not measured: {}", output.status).into()),
    }
}

/// In that process, of which nothing is loaded yet.
async fn measure(variants: &Variants) -> Result<Times, Error> {
    let (title, event) = (&*variants.title, variants.event(0));
    // Without a budget, and without a cache where calls are to be measured.
    let config = Config::default().with_result_cache(0);
    let gateway = Gateway::new(config.clone())?;
    let first = timed(&gateway, &event).await?;
    let mut hot = Vec::new();
    loop {
        let took = timed(&gateway, &event).await?;
        match gateway.check_fast_path(title)?.tier {
            Tier::Hot => hot.push(took),
            Tier::Blazing => break,
            _ => {}
        }
    }
    let whole = median_of(&Gateway::new(config.with_fast_path(false))?, &event).await?;
    let caching = Gateway::new(Config::default())?;
    timed(&caching, &event).await?;
    let before = caching.operation_stats(title)?.cache_hits;
    let hit = median_of(&caching, &event).await?;
    let hits = caching.operation_stats(title)?.cache_hits - before;
    Ok(Times { first, whole, hot: report::median(hot.into_iter()), hit: (hits == CALLS as u64).then_some(hit) })
}

async fn median_of(gateway: &Gateway, event: &[u8]) -> Result<f64, Error> {
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        times.push(timed(gateway, event).await?);
    }
    Ok(report::median(times.into_iter()))
}

/// The microseconds from the request's bytes to the answer's, in an invocation of its own.
async fn timed(gateway: &Gateway, event: &[u8]) -> Result<f64, Error> {
    let mut reply = Vec::with_capacity(4096);
    let started = Instant::now();
    gateway.execute_in(&Invocation::enter(), event, &mut reply).await?;
    Ok(started.elapsed().as_secs_f64() * 1e6)
}

/// A warm invocation of the function over loopback.
async fn over_loopback(function: &Function, variants: &Variants) -> Result<Duration, Error> {
    let container = Container::start(&play::with(function, &[("LMMS_RESULT_CACHE_MB", "0")])).await?;
    let request = Request { title: variants.title.clone(), event: variants.event(0) };
    let mut times = Vec::with_capacity(INVOCATIONS);
    for _ in 0..INVOCATIONS {
        times.push(play::answer(&container, &request).await?.1);
    }
    container.stop(GRACE).await?;
    times.sort_unstable();
    Ok(times[INVOCATIONS / 2])
}
