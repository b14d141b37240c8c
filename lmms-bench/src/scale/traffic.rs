//! Traffic: when requests arrive, and what they ask.
//!
//! **Invariant.** Arrivals, operations and what happens to a request draw from streams of their own, so that each function that is
//! compared sees the same requests.

use std::f64::consts::TAU;

use rand::{RngExt, SeedableRng, seq::SliceRandom};
use rand_distr::{Exp1, weighted::WeightedAliasIndex};
use rand_pcg::Pcg64;

use super::SECOND;

/// A day, in nanoseconds.
pub const DAY: u64 = 86_400 * SECOND;

/// What is asked of a function, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Traffic {
    /// Requests a day, bursts not counted: more than none.
    pub per_day: f64,
    /// For how long, in nanoseconds.
    pub length: u64,
    /// What a day is long, in nanoseconds, for its curve: an hour can stand for one.
    pub period: u64,
    /// From 0, the same rate all day, to 1, nothing at midnight: the rate is `1 - depth` times the mean at midnight and `1 + depth` times
    /// at noon.
    pub depth: f64,
    /// The share of each operation is inverse to this power of its rank; the seed decides the ranks.
    pub exponent: f64,
    /// So many phases, one after the other, each with interfaces of its own: 1 asks for all of them at any time.
    pub phases: usize,
    /// All phases together, in nanoseconds; then the first comes again.
    pub rotation: u64,
    /// Requests that arrive at the same moment.
    pub bursts: Option<Bursts>,
}

/// Requests that arrive at the same moment, on top of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bursts {
    /// From one to the next, in nanoseconds; the first is half of it after the begin.
    pub every: u64,
    /// So many.
    pub requests: usize,
}

impl Traffic {
    /// All operations by Zipf, on a day with a curve.
    #[must_use]
    pub fn day(per_day: f64) -> Self {
        Self {
            per_day,
            length: DAY,
            period: DAY,
            depth: 0.8,
            exponent: 1.0,
            phases: 1,
            rotation: 3_600 * SECOND,
            bursts: None,
        }
    }
}

/// One request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    /// In nanoseconds.
    pub(super) at: u64,
    /// Its place in the model.
    pub(super) operation: usize,
}

/// The requests, in the order of time.
pub(super) struct Requests<'a> {
    traffic: &'a Traffic,
    moments: Pcg64,
    asked: Pcg64,
    /// The operations of each phase, and how often each is asked.
    mixes: Vec<(Vec<usize>, WeightedAliasIndex<f64>)>,
    next: f64,
    burst: Option<(u64, usize)>,
}

impl<'a> Requests<'a> {
    /// `interfaces`: that of each operation.
    pub(super) fn of(traffic: &'a Traffic, interfaces: &[usize], seed: &mut Pcg64) -> Self {
        let [moments, mut asked] = [(); 2].map(|()| Pcg64::from_rng(seed));
        let mixes = mixes(traffic, interfaces, &mut asked);
        let burst =
            traffic.bursts.filter(|bursts| bursts.requests > 0).map(|bursts| (bursts.every / 2, bursts.requests));
        let mut requests = Self { traffic, moments, asked, mixes, next: 0.0, burst };
        requests.proceed();
        requests
    }

    /// To the next arrival, by thinning: exact for any curve.
    fn proceed(&mut self) {
        let Traffic { per_day, length, period, depth, .. } = *self.traffic;
        let highest = per_day / DAY as f64 * (1.0 + depth);
        while self.next < length as f64 {
            self.next += self.moments.sample::<f64, _>(Exp1) / highest;
            let share = (1.0 - depth * (TAU * self.next / period as f64).cos()) / (1.0 + depth);
            if self.moments.random::<f64>() < share {
                return;
            }
        }
    }

    fn moment(&mut self) -> Option<u64> {
        let next = self.next as u64;
        if let Some((at, left)) = self.burst
            && at <= next
            && at < self.traffic.length
        {
            let every = self.traffic.bursts.map_or(u64::MAX, |bursts| bursts.every.max(1));
            let requests = self.traffic.bursts.map_or(0, |bursts| bursts.requests);
            self.burst = Some(if left > 1 { (at, left - 1) } else { (at.saturating_add(every), requests) });
            return Some(at);
        }
        (next < self.traffic.length).then(|| {
            self.proceed();
            next
        })
    }
}

impl Iterator for Requests<'_> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        let at = self.moment()?;
        let phases = self.mixes.len();
        let rotation = self.traffic.rotation.max(1);
        let phase = ((at % rotation) as f64 / rotation as f64 * phases as f64) as usize;
        let (operations, weights) = self.mixes.get(phase.min(phases.checked_sub(1)?))?;
        Some(Request { at, operation: operations[self.asked.sample(weights)] })
    }
}

fn mixes(traffic: &Traffic, interfaces: &[usize], random: &mut Pcg64) -> Vec<(Vec<usize>, WeightedAliasIndex<f64>)> {
    let mut dealt: Vec<usize> = interfaces.to_vec();
    dealt.sort_unstable();
    dealt.dedup();
    dealt.shuffle(random);
    let phases = traffic.phases.clamp(1, dealt.len().max(1));
    let mut group = vec![0; dealt.iter().max().map_or(0, |last| last + 1)];
    for (place, interface) in dealt.iter().enumerate() {
        // Dealt out like cards.
        group[*interface] = place % phases;
    }
    let mix = |phase| {
        let mut operations: Vec<_> = (0..interfaces.len()).filter(|one| group[interfaces[*one]] == phase).collect();
        operations.shuffle(random);
        let weights = (1..=operations.len()).map(|rank| (rank as f64).powf(-traffic.exponent)).collect();
        // Only of none there is no index.
        Some((operations, WeightedAliasIndex::new(weights).ok()?))
    };
    (0..phases).filter_map(mix).collect()
}
