//! A contest: rivals that compute the same, each in a loop of its own, timed in turns.
//!
//! In each round every rival runs for one slice of time, in an order that changes, so that what disturbs the machine
//! disturbs all. Before the clock runs, every rival must have computed the same checksum. Where valgrind is installed,
//! the instructions of one call are counted too: they are the same on any machine, however busy.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use crate::table::{self, Target};
use crate::{is_bench, median, shuffled};

/// Calls a rival so many times, and returns a checksum of what they gave.
type Run<'a> = Box<dyn FnMut(u64) -> u64 + 'a>;

struct Rival<'a> {
    name: &'static str,
    run: Run<'a>,
    /// Runs of which the difference in instructions is taken.
    counted: [u64; 2],
}

/// Rivals, and what is claimed of them.
pub struct Contest<'a> {
    title: &'static str,
    method: &'static str,
    rivals: Vec<Rival<'a>>,
    claims: Vec<(&'static str, &'static str, Target)>,
    promises: Vec<(&'static str, Target)>,
    slice: Duration,
    is_counted: bool,
}

/// Rounds of a contest: odd, so that a median is a measurement.
const ROUNDS: usize = 201;
/// Calls of the run that checks the checksums.
const CHECKED: u64 = 1_000;
/// Instructions per call are those of so many calls more, by their number: what is around the calls cancels out.
const COUNTED: [u64; 2] = [1_000, 3_000];
/// Of a call that takes so many instructions that a few calls say enough.
const COUNTED_SLOW: [u64; 2] = [10, 30];
/// Tells a copy of this program what to run under valgrind: contest, rival, calls.
const COUNT: &str = "LMMS_BENCH_COUNT";

impl std::fmt::Debug for Contest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contest").field("title", &self.title).finish_non_exhaustive()
    }
}

impl<'a> Contest<'a> {
    /// A contest without rivals.
    #[must_use]
    pub fn new(title: &'static str, method: &'static str) -> Self {
        let slice = Duration::from_micros(150);
        let (rivals, claims, promises) = (Vec::new(), Vec::new(), Vec::new());
        Self { title, method, rivals, claims, promises, slice, is_counted: true }
    }

    /// A contest whose calls start threads: longer slices, and no count of instructions.
    #[must_use]
    pub fn threaded(title: &'static str, method: &'static str) -> Self {
        Self { slice: Duration::from_millis(3), is_counted: false, ..Self::new(title, method) }
    }

    /// Adds a rival. The first is the one that the others are held against.
    #[must_use]
    pub fn rival(mut self, name: &'static str, run: impl FnMut(u64) -> u64 + 'a) -> Self {
        self.rivals.push(Rival { name, run: Box::new(run), counted: COUNTED });
        self
    }

    /// As [`rival`](Self::rival), of calls that take long: the instructions of a few are counted.
    #[must_use]
    pub fn slow_rival(mut self, name: &'static str, run: impl FnMut(u64) -> u64 + 'a) -> Self {
        self.rivals.push(Rival { name, run: Box::new(run), counted: COUNTED_SLOW });
        self
    }

    /// Lets each rival run for so long at a time, where the first calls after another rival's are much slower.
    #[must_use]
    pub fn in_slices_of(mut self, slice: Duration) -> Self {
        self.slice = slice;
        self
    }

    /// Leaves out the instructions, where counting them takes long and tells little.
    #[must_use]
    pub fn uncounted(mut self) -> Self {
        self.is_counted = false;
        self
    }

    /// Claims something of the time of `over` by that of `under`.
    #[must_use]
    pub fn claim(mut self, over: &'static str, under: &'static str, target: Target) -> Self {
        self.claims.push((over, under, target));
        self
    }

    /// Claims something of the nanoseconds of one call. For what has to be quick whatever else there is.
    #[must_use]
    pub fn promise(mut self, rival: &'static str, target: Target) -> Self {
        self.promises.push((rival, target));
        self
    }

    fn index(&self, name: &str) -> usize {
        let index = self.rivals.iter().position(|rival| rival.name == name);
        index.unwrap_or_else(|| panic!("`{name}` takes no part in `{}`", self.title))
    }

    fn check(&mut self) {
        let sums: Vec<_> = self.rivals.iter_mut().map(|rival| (rival.run)(CHECKED)).collect();
        for (rival, sum) in self.rivals.iter().zip(&sums) {
            assert_eq!(*sum, sums[0], "`{}` of `{}` computes something else", rival.name, self.title);
        }
    }

    /// Nanoseconds per call, of each rival in each round.
    fn time(&mut self) -> Vec<Vec<f64>> {
        let slice = self.slice;
        let calls: Vec<u64> = self.rivals.iter_mut().map(|rival| calibrate(&mut rival.run, slice)).collect();
        let mut times = vec![Vec::with_capacity(ROUNDS); self.rivals.len()];
        for round in 0..ROUNDS {
            for index in shuffled(round, self.rivals.len()) {
                let started = Instant::now();
                black_box((self.rivals[index].run)(black_box(calls[index])));
                times[index].push(started.elapsed().as_nanos() as f64 / calls[index] as f64);
            }
        }
        times
    }

    fn report(mut self) {
        self.check();
        let times = self.time();
        let ratio =
            |over: usize, under: usize| median(times[over].iter().zip(&times[under]).map(|(over, under)| over / under));
        let mut rows = Vec::new();
        for (index, rival) in self.rivals.iter().enumerate() {
            let more = median(times[index].iter().zip(&times[0]).map(|(this, first)| this - first));
            let count = self.is_counted.then(|| instructions(self.title, rival)).flatten();
            rows.push(vec![
                rival.name.to_owned(),
                format!("{:.2}", median(times[index].iter().copied())),
                format!("{more:+.2}"),
                format!("{:.2}x", ratio(index, 0)),
                count.map_or_else(|| "-".to_owned(), |count| format!("{count:.1}")),
            ]);
        }
        let first = self.rivals[0].name;
        let head = ["", "ns", &format!("ns over {first}"), &format!("by {first}"), "instructions"].map(str::to_owned);
        table::print(self.title, self.method, &head.each_ref().map(String::as_str), &rows);
        for (over, under, target) in &self.claims {
            let value = ratio(self.index(over), self.index(under));
            table::claim(&format!("{over} / {under}"), value, "x", *target);
        }
        for (rival, target) in &self.promises {
            let value = median(times[self.index(rival)].iter().copied());
            table::claim(rival, value, "ns", *target);
        }
    }
}

/// How many calls fill a slice, at the quickest of a few runs: one that was disturbed says nothing.
fn calibrate(run: &mut Run<'_>, slice: Duration) -> u64 {
    let mut calls = 1;
    let mut quickest = |calls| {
        let time = || {
            let started = Instant::now();
            black_box(run(black_box(calls)));
            started.elapsed()
        };
        std::iter::repeat_with(time).take(3).min()
    };
    while calls < 1 << 24 && quickest(calls) < Some(slice) {
        calls *= 2;
    }
    calls
}

/// The instructions of one call, if valgrind is there to count them.
fn instructions(title: &str, rival: &Rival<'_>) -> Option<f64> {
    let name = rival.name;
    let count = |calls: u64| {
        let mut valgrind = Command::new("valgrind");
        valgrind.env(COUNT, format!("{title}\n{name}\n{calls}"));
        count(valgrind, &std::env::current_exe().ok()?, &["--bench"])
    };
    let [few, many] = rival.counted;
    // At once: what is counted is the same however busy the machine.
    let counts = thread::scope(|scope| {
        let counting = scope.spawn(|| count(few));
        (count(many), counting.join().ok().flatten())
    });
    Some((counts.0? - counts.1?) / (many - few) as f64)
}

/// The instructions of a whole program, the dynamic linker's included, if `valgrind` can be started.
#[must_use]
pub fn count(mut valgrind: Command, program: &Path, arguments: &[&str]) -> Option<f64> {
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]).arg(program).args(arguments);
    let output = valgrind.output().ok().filter(|output| output.status.success())?;
    let said = String::from_utf8_lossy(&output.stderr);
    let line = said.lines().find(|line| line.contains("Collected :"))?;
    line.rsplit(' ').next()?.parse().ok()
}

/// Whether this process is such a copy: nothing else is to be done in it.
#[must_use]
pub fn is_counting() -> bool {
    std::env::var_os(COUNT).is_some()
}

/// Runs all contests, or, as a copy under valgrind, one rival of one.
pub fn run<'a>(contests: impl IntoIterator<Item = Contest<'a>>) {
    let Ok(wanted) = std::env::var(COUNT) else {
        if is_bench() {
            contests.into_iter().for_each(Contest::report);
        }
        return;
    };
    let mut wanted = wanted.split('\n');
    let (title, rival, calls) = (wanted.next(), wanted.next(), wanted.next());
    let calls = calls.and_then(|calls| calls.parse().ok()).expect("a number of calls");
    for mut contest in contests {
        if Some(contest.title) == title {
            let index = contest.index(rival.expect("a rival"));
            black_box((contest.rivals[index].run)(black_box(calls)));
        }
    }
}
