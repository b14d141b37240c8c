//! First and hot calls: each operation in fresh containers, once, and then again and again.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lmms_local::answer::Outcome;
use lmms_local::container::{Container, End};

use super::{Candidate, Error, Progress, in_turn};
use crate::results::Latency;

/// Calls that the median of a container is taken of, at most.
const CALLS: usize = 200;
/// Calls that are not counted, for they make an operation hot.
const WARM_UP: usize = 60;
/// No container is asked longer than this.
const LONGEST: Duration = Duration::from_millis(500);
const GRACE: Duration = Duration::from_secs(2);

/// Asks so many containers of each candidate for each operation: `(operation, event)`.
///
/// # Errors
/// A container that does not start, or a request that is not answered.
pub async fn latencies(
    candidates: &[Candidate],
    operations: &[(String, Vec<u8>)],
    containers: usize,
    progress: &impl Progress,
) -> Result<Vec<Latency>, Error> {
    let mut all: BTreeMap<(&str, &str), Latency> = BTreeMap::new();
    progress.expect((candidates.len() * operations.len() * containers) as u64, "first and hot calls");
    for round in 0..containers {
        for (operation, event) in operations {
            for candidate in in_turn(candidates, round) {
                let (first, hot) = measure(candidate, operation, event).await?;
                let latency = all.entry((&candidate.rival, operation)).or_insert_with(|| Latency {
                    rival: candidate.rival.clone(),
                    operation: operation.clone(),
                    ..Latency::default()
                });
                latency.first_ms.push(first);
                latency.hot_ms.push(hot);
                progress.step();
            }
        }
    }
    let order = candidates.iter().flat_map(|one| operations.iter().map(move |(operation, _)| (one, operation)));
    Ok(order.filter_map(|(one, operation)| all.remove(&(&*one.rival, &**operation))).collect())
}

async fn measure(candidate: &Candidate, operation: &str, event: &[u8]) -> Result<(f64, f64), Error> {
    let container = Container::start(&candidate.function.clone().end(End::AsLambda)).await?;
    let first = ask(&container, candidate, operation, event).await?;
    let since = Instant::now();
    let mut times = Vec::with_capacity(WARM_UP + CALLS);
    while times.len() < WARM_UP + CALLS && (times.is_empty() || since.elapsed() < LONGEST) {
        times.push(ask(&container, candidate, operation, event).await?);
    }
    container.stop(GRACE).await?;
    // A slow operation is not asked often enough to have a warm-up of its own; its half is.
    let mut counted = times.split_off(WARM_UP.min(times.len() / 2));
    counted.sort_by(f64::total_cmp);
    Ok((first, counted[counted.len() / 2]))
}

/// Milliseconds as the invoker sees them.
async fn ask(container: &Container, candidate: &Candidate, operation: &str, event: &[u8]) -> Result<f64, Error> {
    let event = event.to_vec();
    let asked = Instant::now();
    let answer = container.invoke(event).await?;
    let took = asked.elapsed().as_secs_f64() * 1e3;
    if let Outcome::FunctionError { error_type } = answer.outcome {
        let answer = String::from_utf8_lossy(&answer.payload).into_owned();
        return Err(format!("`{}` answered {operation} with {error_type}: {answer}", candidate.rival).into());
    }
    Ok(took)
}
