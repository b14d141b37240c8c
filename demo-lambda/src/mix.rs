//! A mix of many requests under a memory budget, against the same mix without one.

use std::time::Duration;

use crate::local::container::{Container, Function};
use crate::local::memory::Memory;
use crate::play::{self, EAGER, Error, GRACE, Stats};
use crate::report;
use crate::requests::{self, Request};

const MIB: f64 = (1 << 20) as f64;

/// Sends `count` requests, of which a few kinds are frequent and most are rare, to the function without and with a budget
/// of so many per cent of what it holds when everything is loaded, and prints what that costs.
///
/// # Errors
/// A request that is not answered, and whatever keeps the function from starting.
pub async fn mix(function: &Function, count: usize, percent: u32) -> Result<(), Error> {
    let requests: Vec<_> = requests::all()?.into_iter().filter(|request| !request.title.starts_with("batch")).collect();
    if requests.is_empty() {
        return Err("there are no requests to mix".into());
    }
    let order = Zipf::new(requests.len()).take(count).collect::<Vec<_>>();

    let eager = Container::start(&play::with(function, &[EAGER])).await?;
    let eager_memory = eager.memory()?;
    eager.stop(GRACE).await?;
    let budget = (eager_memory.resident as f64 * f64::from(percent) / 100.0 / MIB).floor().max(1.0);
    println!(
        "{count} requests, Zipf-like over {} kinds. Loaded at the start, the function holds {:.1} MiB; the budget is {budget} MiB.",
        requests.len(),
        eager_memory.resident as f64 / MIB,
    );

    let unbounded = run(&play::with(function, &[("LMMS_MEMORY_BUDGET_MB", "0")]), &requests, &order).await?;
    let budget_mb = budget.to_string();
    let bounded = run(&play::with(function, &[("LMMS_MEMORY_BUDGET_MB", &budget_mb)]), &requests, &order).await?;
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
}

async fn run(function: &Function, requests: &[Request], order: &[usize]) -> Result<Mixed, Error> {
    let container = Container::start(function).await?;
    let mut answers = Vec::with_capacity(order.len());
    for index in order {
        let (_, duration) = play::answer(&container, &requests[*index]).await?;
        answers.push(duration);
    }
    let stats = play::stats(&container).await?;
    let memory = container.memory()?;
    container.stop(GRACE).await?;
    answers.sort_unstable();
    Ok(Mixed { answers, memory, stats })
}

/// Numbers below a count, each one with a frequency inverse to its rank; the same ones in every run.
struct Zipf {
    /// Which number has which rank.
    ranked: Vec<usize>,
    /// Sums of the frequencies up to each rank.
    sums: Vec<f64>,
    random: u64,
}

impl Zipf {
    fn new(count: usize) -> Self {
        let mut zipf = Self { ranked: (0..count).collect(), sums: Vec::new(), random: 0x9e37_79b9_7f4a_7c15 };
        for end in (1..count).rev() {
            let other = (zipf.uniform() * (end + 1) as f64) as usize;
            zipf.ranked.swap(end, other);
        }
        let mut sum = 0.0;
        zipf.sums = (1..=count)
            .map(|rank| {
                sum += 1.0 / rank as f64;
                sum
            })
            .collect();
        zipf
    }

    /// From 0 up to 1: xorshift, of which the high bits are good enough here.
    fn uniform(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Iterator for Zipf {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let wanted = self.uniform() * self.sums.last()?;
        let rank = self.sums.partition_point(|sum| *sum < wanted);
        self.ranked.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rank_is_as_frequent_as_it_should_be() {
        let mut counts = [0_u32; 29];
        Zipf::new(29).take(10_000).for_each(|index| counts[index] += 1);
        counts.sort_unstable_by(|a, b| b.cmp(a));
        // 1 / (1 + 1/2 + .. + 1/29) is 0.252.
        assert!((2_300..2_750).contains(&counts[0]), "{counts:?}");
        assert!(counts[28] > 0);
    }
}
