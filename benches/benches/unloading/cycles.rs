//! Cycles of load and unload of an interface that holds 1 MB, ten thousand in a fresh process, against the same by hand.
//!
//! What the process holds must not grow: of the last third of the cycles, the slope is held against its noise.

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lmms::{Config, Gateway, Invocation};
use lmms_benches::table::{self, Target};
use lmms_benches::{median, shuffled};
use parking_lot::RwLock;

use super::sweep;

const CYCLES: usize = 10_000;
/// What the process holds is looked at after so many cycles each.
const STRIDE: usize = 10;
/// Processes of each kind.
const ROUNDS: usize = 3;
/// Averages that the slope is fitted to: neighbours are alike, so that each sample by itself would say less than it seems.
const BLOCKS: usize = 20;
/// Memory is counted in pages.
const PAGE: f64 = 4096.0;
/// Tells a copy of this program whose cycles to run.
const WAY: &str = "LMMS_BENCH_CYCLES";

type Small = Box<[u8; 64]>;

/// One large block and many small ones, all written to: 1 MB with what the allocator adds.
pub struct Megabyte {
    large: Vec<u8>,
    small: Vec<Small>,
}

#[lmms::interface]
impl Megabyte {
    #[load]
    fn load() -> Self {
        Self { large: vec![1; 512 << 10], small: (0..6_000).map(|_| Small::new([1; 64])).collect() }
    }

    fn look(&self) -> usize {
        usize::from(self.large[100]) + usize::from(self.small[100][10])
    }
}

type Start = fn() -> Box<dyn FnMut()>;

/// The ways to load and unload, with what one cycle of each is.
const WAYS: [(&str, Start); 3] = [
    ("lmms", lmms_cycle),
    ("by hand, with malloc_trim", || by_hand(trim)),
    ("by hand, nothing given back", || by_hand(|| ())),
];

fn lmms_cycle() -> Box<dyn FnMut()> {
    let config = Config::default().with_grace_period(Duration::ZERO).with_min_resident(0).with_memory_budget(None);
    let gateway = Gateway::new(config).expect("unique names");
    Box::new(move || {
        let invocation = Invocation::enter();
        black_box(invocation.get::<Megabyte>().expect("it loads").look());
        drop(invocation);
        assert_eq!(sweep(&gateway).unloaded, ["megabyte"]);
    })
}

/// What one writes without a framework: filled when it is empty, emptied when it is idle.
fn by_hand(give_back: fn()) -> Box<dyn FnMut()> {
    static PLACE: RwLock<Option<Arc<Megabyte>>> = RwLock::new(None);
    Box::new(move || {
        let megabyte = Arc::clone(PLACE.write().get_or_insert_with(|| Arc::new(Megabyte::load())));
        black_box(megabyte.look());
        drop(megabyte);
        drop(PLACE.write().take());
        give_back();
    })
}

#[cfg(target_env = "gnu")]
fn trim() {
    #![allow(unsafe_code, reason = "there is no other way to call it")]
    // SAFETY: a call without pointers, which takes the allocator's own locks.
    unsafe { libc::malloc_trim(0) };
}

/// Other allocators cannot be asked to.
#[cfg(not(target_env = "gnu"))]
fn trim() {}

/// The resident bytes of this process: walked, for what `statm` says is up to some dozens of pages off.
fn resident() -> u64 {
    // Read into the stack: what is measured must not change by the measurement.
    let mut text = [0; 512];
    let read = File::open("/proc/self/smaps_rollup").and_then(|mut file| file.read(&mut text)).unwrap_or(0);
    let text = std::str::from_utf8(&text[..read]).unwrap_or_default();
    let kib =
        text.lines().find_map(|line| line.strip_prefix("Rss:")?.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok());
    kib.expect("this system tells what a process holds") * 1024
}

pub(super) fn is_wanted_of_this_process() -> bool {
    std::env::var_os(WAY).is_some()
}

/// In the copy: runs the cycles, and prints the nanoseconds of the middle one, and what was resident after every tenth.
pub(super) fn run() {
    let wanted = std::env::var(WAY).unwrap_or_default();
    let (_, start) = WAYS.iter().find(|(name, _)| *name == wanted).expect("one of the ways");
    let mut cycle = start();
    // Written to before, so that it does not grow meanwhile.
    let mut nanos = vec![1.0; CYCLES];
    let mut samples = vec![1; CYCLES / STRIDE];
    for (index, nanos) in nanos.iter_mut().enumerate() {
        let started = Instant::now();
        cycle();
        *nanos = started.elapsed().as_nanos() as f64;
        if (index + 1) % STRIDE == 0 {
            samples[index / STRIDE] = resident();
        }
    }
    println!("{}", median(nanos));
    for sample in samples {
        println!("{sample}");
    }
}

/// What one process came to.
struct Ran {
    micros: f64,
    /// Resident bytes after each stride.
    samples: Vec<f64>,
}

impl Ran {
    fn new(way: &str) -> Self {
        let this = std::env::current_exe().expect("this program");
        let output = Command::new(this).arg("--bench").env(WAY, way).output().expect("it starts again");
        assert!(output.status.success(), "{way}: {}", String::from_utf8_lossy(&output.stderr));
        let printed = String::from_utf8_lossy(&output.stdout);
        let mut figures = printed.lines().map(|line| line.parse::<f64>().expect("figures"));
        Self { micros: figures.next().expect("a median") / 1e3, samples: figures.collect() }
    }

    /// The slope over the last third in bytes per cycle, and what of it is noise: twice its standard error, and never less
    /// than one page in all these cycles, for there is nothing finer to be seen.
    fn slope(&self) -> (f64, f64) {
        let last = &self.samples[self.samples.len() * 2 / 3..];
        let size = last.len() / BLOCKS;
        let points: Vec<_> = last
            .chunks_exact(size)
            .enumerate()
            .map(|(block, samples)| {
                let cycle = (block * size * STRIDE) as f64;
                (cycle, samples.iter().sum::<f64>() / size as f64)
            })
            .collect();
        let (slope, error) = fit(&points);
        (slope, f64::max(2.0 * error, PAGE / (last.len() * STRIDE) as f64))
    }
}

/// The slope of the straight line through points, by least squares, with its standard error.
fn fit(points: &[(f64, f64)]) -> (f64, f64) {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let spread = points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>();
    let slope = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum::<f64>() / spread;
    let rest = points.iter().map(|point| (point.1 - y - slope * (point.0 - x)).powi(2)).sum::<f64>();
    (slope, (rest / (count - 2.0) / spread).sqrt())
}

pub(super) fn report() {
    let mut ran: Vec<Vec<Ran>> = WAYS.iter().map(|_| Vec::new()).collect();
    for round in 0..ROUNDS {
        for way in shuffled(round, WAYS.len()) {
            ran[way].push(Ran::new(WAYS[way].0));
        }
    }
    let mib = |bytes: f64| format!("{:.2}", bytes / f64::from(1 << 20));
    let mut rows = Vec::new();
    for ((name, _), rounds) in WAYS.iter().zip(&ran) {
        for ran in rounds {
            let third = ran.samples.len() / 3;
            let (slope, noise) = ran.slope();
            rows.push(vec![
                (*name).to_owned(),
                format!("{:.0}", ran.micros),
                mib(ran.samples[0]),
                mib(ran.samples[third]),
                mib(ran.samples[ran.samples.len() - 1]),
                format!("{slope:+.2}"),
                format!("{noise:.2}"),
            ]);
        }
    }
    table::print(
        &format!("{CYCLES} cycles of load and unload, 1 MB"),
        "a fresh process each; the median cycle, what is resident between cycles, and the slope of the last third",
        &["", "us", "MiB at first", "MiB after a third", "MiB at last", "B per cycle", "+-"],
        &rows,
    );
    let slopes = ran[0].iter().map(Ran::slope);
    let worst = slopes.map(|(slope, noise)| slope.abs() / noise).fold(0.0, f64::max);
    table::claim("lmms, the largest slope by its noise", worst, "x", Target::AtMost(1.0));
    let micros = |rounds: &[Ran]| median(rounds.iter().map(|ran| ran.micros));
    for ((name, _), rounds) in WAYS.iter().zip(&ran).skip(1) {
        table::claim(&format!("a cycle, lmms / {name}"), micros(&ran[0]) / micros(rounds), "x", Target::Told);
    }
}
