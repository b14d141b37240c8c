//! Cold starts: from the spawn of the process to its first poll, to the end of INIT, and to its first answer.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lmms_local::answer::Outcome;
use lmms_local::container::{Container, End};

use super::{Candidate, Error, Progress, in_turn};
use crate::results::ColdStarts;

/// Starts of each candidate and kind that are not counted: the first ones read the program from the disk.
const WARM_UP: usize = 1;
const GRACE: Duration = Duration::from_secs(2);

/// A kind of first request.
#[derive(Debug, Clone)]
pub struct Kind {
    /// `light`, `middling` or `heavy`.
    pub kind: String,
    /// `language.detect`.
    pub operation: String,
    /// What is sent.
    pub event: Vec<u8>,
}

/// Starts so many containers of each candidate with each kind of first request. `takes` says which go together.
///
/// # Errors
/// A container that does not start, or a request that is not answered.
pub async fn cold_starts(
    candidates: &[Candidate],
    kinds: &[Kind],
    starts: usize,
    takes: impl Fn(&Candidate, &Kind) -> bool,
    progress: &impl Progress,
) -> Result<Vec<ColdStarts>, Error> {
    let pairs = || candidates.iter().flat_map(|one| kinds.iter().map(move |kind| (one, kind)));
    let mut all: BTreeMap<(&str, &str), ColdStarts> = BTreeMap::new();
    let rounds = starts + WARM_UP;
    progress.expect((pairs().filter(|(one, kind)| takes(one, kind)).count() * rounds) as u64, "cold starts");
    for round in 0..rounds {
        for kind in kinds {
            for candidate in in_turn(candidates, round).filter(|one| takes(one, kind)) {
                let entry = all.entry((&candidate.rival, &kind.kind)).or_insert_with(|| ColdStarts {
                    rival: candidate.rival.clone(),
                    request: kind.operation.clone(),
                    kind: kind.kind.clone(),
                    ..ColdStarts::default()
                });
                let into = (round >= WARM_UP).then_some(entry);
                start(candidate, kind, into).await?;
                progress.step();
            }
        }
    }
    Ok(pairs().filter_map(|(one, kind)| all.remove(&(&*one.rival, &*kind.kind))).collect())
}

async fn start(candidate: &Candidate, kind: &Kind, into: Option<&mut ColdStarts>) -> Result<(), Error> {
    let container = Container::start(&candidate.function.clone().end(End::AsLambda)).await?;
    let (polled, ready) = (container.first_poll().await?, container.init_duration());
    // Between the two times, and in neither of them.
    let memory = container.memory()?;
    let asked = Instant::now();
    let answer = container.invoke(kind.event.clone()).await?;
    let answered = ready + asked.elapsed();
    container.stop(GRACE).await?;
    if let Outcome::FunctionError { error_type } = answer.outcome {
        let answer = String::from_utf8_lossy(&answer.payload).into_owned();
        return Err(format!("`{}` answered {} with {error_type}: {answer}", candidate.rival, kind.operation).into());
    }
    if let Some(all) = into {
        let millis = |time: Duration| time.as_secs_f64() * 1e3;
        all.first_poll_ms.push(millis(polled));
        all.ready_ms.push(millis(ready));
        all.answered_ms.push(millis(answered));
        all.ready_bytes.push(memory.resident);
        all.ready_anonymous_bytes.push(memory.anonymous);
    }
    Ok(())
}
