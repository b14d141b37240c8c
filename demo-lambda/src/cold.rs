//! What the extension costs a cold start: containers started with it and without, in turn.

use std::time::{Duration, Instant};

use crate::play::{self, Error, GRACE};
use crate::report::{median, millis};
use lmms_local::container::{Container, End, Function};

/// Starts of each kind that are not counted: the first ones read the program from the disk.
const WARM_UP: usize = 2;
const WITHOUT: (&str, &str) = ("LMMS_EXTENSION", "false");
/// The most that the extension may add, in milliseconds.
const TARGET: f64 = 2.0;

/// One cold start: how long each part took from the start of the process.
#[derive(Debug, Clone, Copy)]
struct Cold {
    polled: Duration,
    initialized: Duration,
    answered: Duration,
}

/// A part of a cold start.
type Part = fn(&Cold) -> Duration;

const PARTS: [(&str, Part); 3] = [
    ("until the runtime's first /next", |cold| cold.polled),
    ("until the end of INIT", |cold| cold.initialized),
    ("until a light request is answered", |cold| cold.answered),
];

/// Starts so many containers with the extension and as many without, and prints how long that takes.
///
/// # Errors
/// A request that is not answered, and whatever keeps the function from starting.
pub async fn cold(function: &Function, starts: usize) -> Result<(), Error> {
    let with = function.clone().end(End::AsLambda);
    let without = play::with(&with, &[WITHOUT]);
    let (mut extended, mut bare) = (Vec::new(), Vec::new());
    for round in 0..starts + WARM_UP {
        // In turn, and each the first every other time, so that a machine that slows down slows both.
        let pair = if round % 2 == 0 {
            let extended = start(&with).await?;
            (extended, start(&without).await?)
        } else {
            let bare = start(&without).await?;
            (start(&with).await?, bare)
        };
        if round >= WARM_UP {
            extended.push(pair.0);
            bare.push(pair.1);
        }
    }
    println!("Cold starts, median of {starts} each (the middle half of them), ms:\n");
    println!("{:<36} {:>24} {:>24} {:>12}", "", "with the extension", "without", "difference");
    let mut most = f64::NEG_INFINITY;
    for (name, part) in PARTS {
        let times = |starts: &[Cold]| starts.iter().map(|cold| millis(part(cold))).collect::<Vec<_>>();
        let (extended, bare) = (times(&extended), times(&bare));
        let difference = median(extended.iter().copied()) - median(bare.iter().copied());
        println!("{name:<36} {:>24} {:>24} {difference:>+12.2}", spread(&extended), spread(&bare));
        most = most.max(difference);
    }
    let verdict = if most < TARGET { "met" } else { "MISSED" };
    println!("\nThe extension adds {most:.2} ms at most (target below {TARGET}): {verdict}");
    Ok(())
}

async fn start(function: &Function) -> Result<Cold, Error> {
    let container = Container::start(function).await?;
    let (polled, initialized) = (container.first_poll().await?, container.init_duration());
    let asked = Instant::now();
    container.invoke(play::STATS).await?;
    let answered = initialized + asked.elapsed();
    container.stop(GRACE).await?;
    Ok(Cold { polled, initialized, answered })
}

/// The median and the quartiles.
fn spread(times: &[f64]) -> String {
    let mut sorted = times.to_vec();
    sorted.sort_by(f64::total_cmp);
    let quartile = |share: f64| sorted.get((share * sorted.len() as f64) as usize).copied().unwrap_or(f64::NAN);
    format!("{:.2} ({:.2} - {:.2})", median(times.iter().copied()), quartile(0.25), quartile(0.75))
}
