//! From 1 to 64 invocations that are open at once, on one thread or two, their calls interleaved.

use lmms_benches::{median, shuffled};

use super::asked::{self, Programmed, RIVALS, Row};

const ROUNDS: usize = 61;

/// How many invocations are open, and on how many threads.
const OPEN: [(usize, usize); 4] = [(1, 1), (64, 1), (2, 2), (64, 2)];

/// What they call: all the same operation, or each one of an interface of its own.
const ORDERS: [(&str, &str); 2] = [
    ("different", "by name, from many invocations, each of which calls another interface"),
    ("same", "by name, from many invocations, all of which call the same operation"),
];

/// Nothing of it is shared by threads: what it takes longer on two than on one is the machine's doing.
const BY_HAND: usize = RIVALS.len() - 1;

/// Asks a program that has at least 64 interfaces.
pub(super) fn run(program: &mut Programmed) {
    for (order, title) in ORDERS {
        let name = |(open, threads): &(usize, usize)| format!("{open} on {threads}");
        let mut rows: Vec<Row> = OPEN.iter().map(|open| (name(open), Default::default())).collect();
        for round in 0..ROUNDS {
            for index in shuffled(round, OPEN.len()) {
                let (open, threads) = OPEN[index];
                let turns = program.turns(&format!("{order} {open} {threads}"));
                rows[index].1.iter_mut().zip(turns).for_each(|(times, nanos)| times.push(nanos));
            }
        }
        let method =
            "ns until each thread has had one answer; by hand: a `HashMap` of `fn`s, which knows no invocations";
        asked::report(title, method, "invocations on threads", &rows);
        let [alone, two] = [0, 2].map(|row| median(rows[row].1[BY_HAND].iter().copied()));
        if two > alone * 1.5 {
            println!(
                "  by hand, {} took {:.1}x: the machine had no two processors to give, and this says nothing",
                rows[2].0,
                two / alone
            );
        }
    }
}
