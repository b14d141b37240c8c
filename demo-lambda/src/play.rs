//! Playing the requests: what each loads, how long it takes and what the function then holds, and the same with
//! everything loaded at the start.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::Deserialize;

use crate::local::answer::Outcome;
use crate::local::container::{Container, Function};
use crate::local::memory::Memory;
use crate::requests::{self, Request};

/// Any error, as `main` prints it.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// Starts that a median is taken of.
const STARTS: usize = 5;
const GRACE: Duration = Duration::from_secs(2);
/// The baseline of ARCH-07, in the same program.
const EAGER: (&str, &str) = ("LAZY_LOADING_ENABLED", "false");

/// Plays all requests twice, lazily and eagerly, and prints what happened.
///
/// # Errors
/// A request that is not answered, and whatever keeps the function from starting.
pub async fn play(function: &Function) -> Result<(), Error> {
    let requests = requests::all()?;
    let lazy = function.clone();
    let eager = function.clone().env(EAGER.0, EAGER.1);

    let container = Container::start(&lazy).await?;
    let stats = stats(&container).await?;
    println!(
        "{} interfaces are linked, {} loaded. The function was ready in {:.1} ms with {:.1} MiB.\n",
        stats.registered,
        stats.resident.len(),
        millis(container.init_duration()),
        mib(container.memory()?.resident),
    );
    print_header();
    let lazy_run = run(container, &requests, print_row).await?;

    println!("\nThe same requests with {}={}: everything is loaded at the start.", EAGER.0, EAGER.1);
    let eager_run = run(Container::start(&eager).await?, &requests, |_| ()).await?;
    let Some(first) = requests.first() else { return Err("there are no requests to play".into()) };
    // In turn, so that a machine that slows down slows both.
    let (mut lazy_starts, mut eager_starts) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        lazy_starts.push(start(&lazy, first).await?);
        eager_starts.push(start(&eager, first).await?);
    }
    print_summary(&first.title, [(&lazy_run, &lazy_starts), (&eager_run, &eager_starts)]);
    Ok(())
}

/// A function that was sent all requests.
struct Run {
    ready: Memory,
    after: Memory,
    loads_at_start: u64,
    loads: u64,
    total: Duration,
}

/// One request that was answered.
struct Played<'a> {
    title: &'a str,
    answer: String,
    duration: Duration,
    loaded: Vec<String>,
    resident: usize,
    memory: Memory,
}

async fn run(container: Container, requests: &[Request], mut show: impl FnMut(&Played<'_>)) -> Result<Run, Error> {
    let mut before = stats(&container).await?;
    let loads_at_start = before.ligs_loads;
    let ready = container.memory()?;
    let (mut after, mut total) = (ready, Duration::ZERO);
    for request in requests {
        let (answer, duration) = answer(&container, request).await?;
        let now = stats(&container).await?;
        after = container.memory()?;
        total += duration;
        let known: BTreeSet<_> = before.resident.iter().collect();
        show(&Played {
            title: &request.title,
            answer,
            duration,
            loaded: now.resident.iter().filter(|name| !known.contains(name)).cloned().collect(),
            resident: now.resident.len(),
            memory: after,
        });
        before = now;
    }
    container.stop(GRACE).await?;
    Ok(Run { ready, after, loads_at_start, loads: before.ligs_loads, total })
}

async fn answer(container: &Container, request: &Request) -> Result<(String, Duration), Error> {
    let answer = container.invoke(request.event.clone()).await?;
    let text = String::from_utf8_lossy(&answer.payload).into_owned();
    match answer.outcome {
        Outcome::Ok => Ok((text, answer.duration)),
        Outcome::FunctionError { .. } => Err(format!("{} was answered with an error: {text}", request.title).into()),
    }
}

/// A cold start: until the function asks for an event, and until it has answered the first.
struct Start {
    ready: Duration,
    answered: Duration,
}

async fn start(function: &Function, first: &Request) -> Result<Start, Error> {
    let container = Container::start(function).await?;
    let ready = container.init_duration();
    let (_, duration) = answer(&container, first).await?;
    container.stop(GRACE).await?;
    Ok(Start { ready, answered: ready + duration })
}

/// `lmms.stats`, as far as it is shown.
#[derive(Deserialize)]
struct Stats {
    registered: usize,
    resident: Vec<String>,
    ligs_loads: u64,
}

async fn stats(container: &Container) -> Result<Stats, Error> {
    let answer = container.invoke(r#"{"interface":"lmms","operation":"stats"}"#).await?;
    // What runs between an answer and the next request belongs to the answer.
    container.settled().await?;
    Ok(serde_json::from_slice(&answer.payload)?)
}

fn print_header() {
    println!("{:<20} {:>9}  {:<10} {:>8} {:>8}  answer", "operation", "ms", "loaded", "resident", "MiB");
}

fn print_row(played: &Played<'_>) {
    println!(
        "{:<20} {:>9.2}  {:<10} {:>8} {:>8.1}  {}",
        played.title,
        millis(played.duration),
        if played.loaded.is_empty() { "-".to_owned() } else { played.loaded.join(" ") },
        played.resident,
        mib(played.memory.resident),
        short(&played.answer),
    );
}

fn print_summary(first: &str, [lazy, eager]: [(&Run, &Vec<Start>); 2]) {
    let row = |what: &str, unit: &str, lazy: f64, eager: f64| {
        println!("{what:<44} {lazy:>9.1} {eager:>9.1} {unit:<4} {:>6.1}x", eager / lazy);
    };
    println!("\n{:<44} {:>9} {:>9}      {:>7}", "", "lazy", "eager", "ratio");
    let ready = |starts: &[Start]| median(starts.iter().map(|start| millis(start.ready)));
    let answered = |starts: &[Start]| median(starts.iter().map(|start| millis(start.answered)));
    row(&format!("start until ready (median of {STARTS})"), "ms", ready(lazy.1), ready(eager.1));
    row(&format!("start until {first} is answered"), "ms", answered(lazy.1), answered(eager.1));
    let resident = |memory: Memory| mib(memory.resident);
    row("resident memory when ready", "MiB", resident(lazy.0.ready), resident(eager.0.ready));
    row("resident memory after all requests", "MiB", resident(lazy.0.after), resident(eager.0.after));
    row("all requests, first loads included", "ms", millis(lazy.0.total), millis(eager.0.total));
    println!(
        "{:<44} {:>9} {:>9}",
        "loads at the start / in all",
        format!("{} / {}", lazy.0.loads_at_start, lazy.0.loads),
        format!("{} / {}", eager.0.loads_at_start, eager.0.loads),
    );
}

/// An answer that fits on the rest of a line.
fn short(answer: &str) -> String {
    const MOST: usize = 50;
    let line: String = answer.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
