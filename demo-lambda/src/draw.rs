//! Draws: which operation is asked next, and with which arguments. The same ones in every run.
//!
//! Both are Zipf-like, the frequency of each inverse to its rank: of the operations a few are asked all the time and most
//! are rare, and of each operation's arguments too. But not all arguments come back: some are asked once and never again.

/// An operation and its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Draw {
    /// Which operation, of those that there are.
    pub(crate) operation: usize,
    /// Which arguments: up to [`KNOWN`] those that come back.
    pub(crate) arguments: u64,
}

/// Of each operation, so many arguments are asked again and again.
pub(crate) const KNOWN: usize = 50;

pub(crate) struct Draws {
    operations: Zipf,
    arguments: Zipf,
    /// Of the draws, the share whose arguments were never drawn before.
    fresh: f64,
    drawn_fresh: u64,
}

impl Draws {
    /// Of so many operations, with fresh arguments in so many per cent of the draws.
    pub(crate) fn new(operations: usize, fresh_percent: u32) -> Self {
        let fresh = f64::from(fresh_percent) / 100.0;
        Self { operations: Zipf::shuffled(operations), arguments: Zipf::new(KNOWN), fresh, drawn_fresh: 0 }
    }
}

impl Iterator for Draws {
    type Item = Draw;

    fn next(&mut self) -> Option<Draw> {
        let operation = self.operations.next()?;
        let known = self.arguments.next()?;
        let arguments = match self.arguments.uniform() < self.fresh {
            true => {
                self.drawn_fresh += 1;
                KNOWN as u64 + self.drawn_fresh
            }
            false => known as u64,
        };
        Some(Draw { operation, arguments })
    }
}

/// Numbers below a count, each one with a frequency inverse to its rank.
struct Zipf {
    /// Which number has which rank.
    ranked: Vec<usize>,
    /// Sums of the frequencies up to each rank.
    sums: Vec<f64>,
    random: u64,
}

impl Zipf {
    /// The smaller a number, the more frequent.
    fn new(count: usize) -> Self {
        let mut sum = 0.0;
        let sums = (1..=count).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self { sums: sums.collect(), ranked: (0..count).collect(), random: 0x9e37_79b9_7f4a_7c15 }
    }

    /// In an order of frequency that has nothing to do with the numbers.
    fn shuffled(count: usize) -> Self {
        let mut zipf = Self::new(count);
        for end in (1..count).rev() {
            let other = (zipf.uniform() * (end + 1) as f64) as usize;
            zipf.ranked.swap(end, other);
        }
        zipf
    }

    /// From 0 up to 1: xorshift, of which the high bits are good enough here.
    fn uniform(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1_u64 << 53) as f64
    }
}

impl Iterator for Zipf {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let wanted = self.uniform() * self.sums.last()?;
        let rank = self.sums.partition_point(|sum| *sum < wanted);
        self.ranked.get(rank).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rank_is_as_frequent_as_it_should_be() {
        let mut counts = [0_u32; 29];
        Zipf::shuffled(29).take(10_000).for_each(|index| counts[index] += 1);
        counts.sort_unstable_by(|a, b| b.cmp(a));
        // 1 / (1 + 1/2 + .. + 1/29) is 0.252.
        assert!((2_300..2_750).contains(&counts[0]), "{counts:?}");
        assert!(counts[28] > 0);
    }

    #[test]
    fn fresh_arguments_never_come_back() {
        let draws: Vec<_> = Draws::new(29, 5).take(10_000).collect();
        let fresh: Vec<_> =
            draws.iter().map(|draw| draw.arguments).filter(|arguments| *arguments >= KNOWN as u64).collect();
        assert!((400..600).contains(&fresh.len()), "{}", fresh.len());
        assert!(fresh.is_sorted_by(|one, next| one < next));
        assert!(draws.iter().any(|draw| draw.arguments == 0));
    }

    #[test]
    fn operations_and_arguments_have_nothing_to_do_with_each_other() {
        let draws = Draws::new(29, 0).take(10_000);
        let both_first = draws.filter(|draw| draw.arguments == 0).map(|draw| draw.operation);
        let seen: std::collections::BTreeSet<_> = both_first.collect();
        assert_eq!(seen.len(), 29);
    }
}
