//! What the benches share: contests ([`contest`]) of calls ([`calls`]), generated programs ([`programs`]), threads, tables
//! and claims.
//!
//! A figure means something beside its rival's, measured in the same run, in turns, under the same noise. So what is
//! printed is ratios: the median over many rounds of one rival's time by another's *in the same round*.

pub mod calls;
pub mod contest;
pub mod programs;
pub mod table;
pub mod threads;

/// Whether `cargo bench` started this program, and not `cargo test --all-targets`, which wants no timings.
#[must_use]
pub fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// The middle value, or not a number if there is none.
#[must_use]
pub fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => (values[count / 2 - 1] + values[count / 2]) / 2.0,
    }
}

/// The numbers below `count` in an order that differs from round to round but not from run to run: nobody always comes
/// after the same neighbour, whose traces in the caches would be charged to it.
#[must_use]
pub fn shuffled(round: usize, count: usize) -> Vec<usize> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(round as u64 + 1);
    let mut order: Vec<usize> = (0..count).collect();
    for end in (1..count).rev() {
        // xorshift
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        order.swap(end, (random % (end as u64 + 1)) as usize);
    }
    order
}
