//! From 10 to 10,000 registered interfaces: calls of one of them, and of all in turn.

use lmms_benches::shuffled;

use super::asked::{self, COUNTS, Programmed, Row};

const ROUNDS: usize = 41;

/// The orders of calls: the same interface again and again, or all, one after the other, in an order without pattern.
const ORDERS: [(&str, &str); 2] =
    [("one", "by name, always the same of many interfaces"), ("spread", "by name, all of many interfaces in turn")];

pub(super) fn run(programs: &mut [Programmed]) {
    for (order, title) in ORDERS {
        let mut rows: Vec<Row> = COUNTS.iter().map(|count| (count.to_string(), Default::default())).collect();
        for round in 0..ROUNDS {
            for index in shuffled(round, COUNTS.len()) {
                let turns = programs[index].turns(order);
                rows[index].1.iter_mut().zip(turns).for_each(|(times, nanos)| times.push(nanos));
            }
        }
        let method =
            "request bytes to answer bytes in ns, an invocation each; by hand: a `HashMap` of `fn`s by the two names";
        asked::report(title, method, "interfaces", &rows);
    }
}
