//! A mix of many requests: with a cache of results and without, and under a memory budget and without.

use std::collections::HashSet;
use std::time::Duration;

use crate::draw::{Draw, Draws};
use crate::play::{self, EAGER, Error, GRACE, Stats};
use crate::report;
use crate::requests::{self, Request};
use crate::variants::Variants;
use lmms_local::container::{Container, Function};
use lmms_local::memory::Memory;

const MIB: f64 = (1 << 20) as f64;

/// Of the requests, so many per cent have arguments that nobody asked with before, unless it is said.
pub const FRESH: u32 = 5;

const NO_BUDGET: (&str, &str) = ("LMMS_MEMORY_BUDGET_MB", "0");
const NO_CACHE: (&str, &str) = ("LMMS_RESULT_CACHE_MB", "0");

/// The requests of a mix, in their order.
struct Requests {
    variants: Vec<Variants>,
    drawn: Vec<Draw>,
}

impl Requests {
    /// So many, of which a few kinds are frequent and most are rare, with arguments of which the same holds; in so many per
    /// cent they are fresh.
    fn draw(count: usize, fresh: u32) -> Result<Self, Error> {
        let variants: Vec<_> = requests::all()?.iter().filter_map(Variants::of).collect();
        if variants.is_empty() {
            return Err("there are no requests to mix".into());
        }
        let drawn = Draws::new(variants.len(), fresh).take(count).collect();
        Ok(Self { variants, drawn })
    }

    fn events(&self) -> impl Iterator<Item = (&str, Vec<u8>)> {
        self.drawn.iter().map(|draw| {
            let variants = &self.variants[draw.operation];
            (&*variants.title, variants.event(draw.arguments))
        })
    }

    /// Of those of certain operations, how many were asked before, word for word.
    fn repeated(&self, is_meant: impl Fn(&str) -> bool) -> usize {
        let mut seen = HashSet::new();
        self.events().filter(|(title, _)| is_meant(title)).filter(|(_, event)| !seen.insert(event.clone())).count()
    }
}

/// Sends `count` requests to the function with its cache of results and without, of which so many per cent are with arguments
/// that never come back, and prints how many the cache answers and what that gains.
///
/// # Errors
/// A request that is not answered, and whatever keeps the function from starting.
pub async fn mix(function: &Function, count: usize, fresh: u32) -> Result<(), Error> {
    let requests = Requests::draw(count, fresh)?;
    report::drawn(count, requests.variants.len(), fresh);
    let cached = run(&play::with(function, &[NO_BUDGET]), &requests).await?;
    let uncached = run(&play::with(function, &[NO_BUDGET, NO_CACHE]), &requests).await?;
    report::mixed([("cache", &cached), ("no cache", &uncached)]);
    let cacheable = cached.stats.cacheable();
    report::hit_rate(&cached, requests.repeated(|title| cacheable.contains(title)));
    Ok(())
}

/// Sends `count` such requests to the function without and with a budget of so many per cent of what it holds when everything
/// is loaded, and prints what that costs.
///
/// # Errors
/// A request that is not answered, and whatever keeps the function from starting.
pub async fn budget(function: &Function, count: usize, percent: u32) -> Result<(), Error> {
    let requests = Requests::draw(count, FRESH)?;
    let eager = Container::start(&play::with(function, &[EAGER])).await?;
    let eager_memory = eager.memory()?;
    eager.stop(GRACE).await?;
    let budget = (eager_memory.resident as f64 * f64::from(percent) / 100.0 / MIB).floor().max(1.0);
    report::drawn(count, requests.variants.len(), FRESH);
    println!(
        "Loaded at the start, the function holds {:.1} MiB; the budget is {budget} MiB.",
        eager_memory.resident as f64 / MIB,
    );

    let unbounded = run(&play::with(function, &[NO_BUDGET]), &requests).await?;
    let budget_mb = budget.to_string();
    let bounded = run(&play::with(function, &[("LMMS_MEMORY_BUDGET_MB", &budget_mb)]), &requests).await?;
    report::mixed([("no budget", &unbounded), ("budget", &bounded)]);
    println!(
        "peak of the budget {:.2}x (target at most 1), p50 {:.2}x that without (target at most 1.2)",
        bounded.memory.peak as f64 / MIB / budget,
        bounded.quantile(0.5).as_secs_f64() / unbounded.quantile(0.5).as_secs_f64(),
    );
    Ok(())
}

/// What became of one mix.
pub(crate) struct Mixed {
    /// Of the answers, sorted.
    answers: Vec<Duration>,
    pub(crate) memory: Memory,
    pub(crate) stats: Stats,
}

impl Mixed {
    /// The duration that a share of the answers did not exceed.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let index = (share * self.answers.len() as f64) as usize;
        self.answers.get(index).or(self.answers.last()).copied().unwrap_or_default()
    }

    pub(crate) fn total(&self) -> Duration {
        self.answers.iter().sum()
    }

    /// The share of the requests that the cache answered.
    pub(crate) fn hit_share(&self) -> f64 {
        self.stats.result_cache.hits as f64 / self.answers.len() as f64
    }
}

async fn run(function: &Function, requests: &Requests) -> Result<Mixed, Error> {
    let container = Container::start(function).await?;
    let mut answers = Vec::with_capacity(requests.drawn.len());
    for (title, event) in requests.events() {
        let (_, duration) = play::answer(&container, &Request { title: title.to_owned(), event }).await?;
        answers.push(duration);
    }
    let stats = play::stats(&container).await?;
    let memory = container.memory()?;
    container.stop(GRACE).await?;
    answers.sort_unstable();
    Ok(Mixed { answers, memory, stats })
}
