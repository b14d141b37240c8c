//! What the benches share: contests of calls ([`contest`]), generated programs ([`programs`]), tables and claims.
//!
//! A figure means something beside its rival's, measured in the same run, in turns, under the same noise. So what is
//! printed is ratios: the median over many rounds of one rival's time by another's *in the same round*.

pub mod contest;
pub mod programs;
pub mod table;

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
