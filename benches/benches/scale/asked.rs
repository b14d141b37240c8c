//! The programs that are asked: one for each number of interfaces and each tier, all running at once.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use lmms_benches::median;
use lmms_benches::programs::{Profile, Programs};
use lmms_benches::table::{self, Target};

/// How many interfaces there are.
pub(super) const COUNTS: [usize; 4] = [10, 100, 1_000, 10_000];
/// Calls in one turn: each interface has two, where they are most.
const CALLS: usize = 20_000;

/// Who answers: in a process of which tier, and to which word.
pub(super) const RIVALS: [(&str, &str, &str); 3] =
    [("COLD", "COLD", "gateway"), ("BLAZING", "BLAZING", "gateway"), ("by hand", "BLAZING", "hand")];

/// The programs of one number of interfaces, by their tiers.
pub(super) struct Programmed([Asked; 2]);

/// A program that answers turns.
struct Asked {
    tier: &'static str,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Asked {
    fn start(program: &Path, tier: &'static str) -> Self {
        let mut command = Command::new(program);
        let mut child = command.arg(tier).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it was built");
        let (stdin, stdout) = (child.stdin.take().expect("it is piped"), child.stdout.take().expect("it is piped"));
        Self { tier, child, stdin, stdout: BufReader::new(stdout) }
    }

    /// Nanoseconds per call in one turn, and the checksum of its answers.
    fn turn(&mut self, who: &str, what: &str) -> (f64, String) {
        writeln!(self.stdin, "{who} {what}").expect("it reads");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("it prints text");
        let (nanos, sum) = line.trim_end().split_once(' ').expect("it prints two numbers");
        (nanos.parse().expect("it prints a number"), sum.to_owned())
    }
}

impl Programmed {
    /// One turn for each rival: nanoseconds per call. `what` is as the program has it.
    pub(super) fn turns(&mut self, what: &str) -> [f64; RIVALS.len()] {
        let turns = RIVALS.map(|(_, tier, who)| {
            let asked = self.0.iter_mut().find(|asked| asked.tier == tier);
            asked.expect("there is one of each tier").turn(who, what)
        });
        assert!(turns.iter().all(|(_, sum)| *sum == turns[0].1), "they compute something else");
        turns.map(|(nanos, _)| nanos)
    }

    pub(super) fn end(self) {
        for Asked { mut child, stdin, .. } in self.0 {
            drop(stdin);
            assert!(child.wait().expect("it ends").success(), "a program failed");
        }
    }
}

fn source(count: usize) -> String {
    let mut source = String::from(include_str!("program.rs"));
    let _ = write!(
        source,
        "
const COUNT: usize = {count};
const CALLS: u64 = {CALLS};

macro_rules! register {{
    ($($entry:ident $number:literal)*) => {{
        $(
            #[lmms::__private::linkme::distributed_slice(lmms::__private::LMMS_INTERFACES)]
            #[linkme(crate = lmms::__private::linkme)]
            static $entry: fn() -> Descriptor = descriptor::<$number>;
        )*

        static HAND: [Hand; COUNT] = [$(hand::<$number>),*];
    }};
}}

register! {{"
    );
    (0..count).for_each(|number| _ = write!(source, " E{number} {number}"));
    source.push_str(" }\n");
    source
}

/// The programs for each of [`COUNTS`], started.
pub(super) fn start() -> Vec<Programmed> {
    let mut programs = Programs::new(Path::new(env!("CARGO_TARGET_TMPDIR")).join("scale"));
    let name = |count: usize| format!("scale-{count}");
    let needed = ["lmms", "lmms-benches", "serde", "serde_json"].map(|needed| format!("{needed}.workspace = true"));
    COUNTS.iter().for_each(|count| programs.add(&name(*count), &needed.join("\n"), &source(*count)));
    programs.finish();
    let start = |count: &usize| {
        let (path, _) = programs.build(&name(*count), Profile::Release);
        Programmed(["COLD", "BLAZING"].map(|tier| Asked::start(&path, tier)))
    };
    COUNTS.iter().map(start).collect()
}

/// One line of a table: what it is about, and the times of each rival, in all rounds.
pub(super) type Row = (String, [Vec<f64>; RIVALS.len()]);

/// Prints rows, each held against the first, and claims that none takes longer.
pub(super) fn report(title: &str, method: &str, of: &str, rows: &[Row]) {
    let ratio = |over: &[f64], under: &[f64]| median(over.iter().zip(under).map(|(over, under)| over / under));
    let (first, firsts) = &rows[0];
    let lines = rows.iter().map(|(name, times)| {
        let mut line = vec![name.clone()];
        for (times, first) in times.iter().zip(firsts) {
            line.push(format!("{:.1}", median(times.iter().copied())));
            line.push(format!("{:.2}x", ratio(times, first)));
        }
        let [cold, blazing, by_hand] = times;
        line.extend([cold, blazing].map(|times| format!("{:.2}x", ratio(times, by_hand))));
        line
    });
    let by = format!("by {first}");
    let mut head = vec![of];
    RIVALS.iter().for_each(|(name, _, _)| head.extend([name, &*by]));
    head.extend(["COLD by hand's", "BLAZING by hand's"]);
    table::print(title, method, &head, &lines.collect::<Vec<_>>());
    for (index, (rival, _, who)) in RIVALS.iter().enumerate() {
        let target = if *who == "hand" { Target::Told } else { Target::AtMost(1.25) };
        let most = rows.iter().map(|(_, times)| ratio(&times[index], &firsts[index])).fold(0.0, f64::max);
        table::claim(&format!("{rival}, the most / {first}"), most, "x", target);
    }
}
