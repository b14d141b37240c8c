//! Adaptive: a threshold that follows the mix of calls.
//!
//! The rule: of the operations with the most calls, as many as it takes to cover [`SHARE`] percent of all calls that count
//! are the set to be hot, be the traffic ten calls in a half-life or ten million. T is three quarters of what the last of them
//! has had, so that one which falls a little behind stays hot; and T stays as it is while the whole set is hot by it and it is
//! no less than half of what it would be: equal traffic may count up to twice as much, depending on when it was last halved,
//! and nothing is to be hot one second and not the next.
//!
//! Two bounds keep it sane: until as many calls as the configured T were counted there is no mix to speak of, and the
//! configured T holds; and T never falls below a fifth of the configured one (what would be WARM without adapting), so that in
//! thin traffic a few calls make nothing hot. What declares a threshold of its own keeps it, and is left out.

use std::num::NonZeroU32;

/// What the hot set is to cover of all calls, in percent.
pub(crate) const SHARE: u64 = 80;

/// T for operations that have had so many calls each, which is `current` now.
pub(crate) fn threshold_for(calls: &mut [u32], configured: NonZeroU32, current: NonZeroU32) -> NonZeroU32 {
    let total: u64 = calls.iter().copied().map(u64::from).sum();
    if total < u64::from(configured.get()) {
        return configured;
    }
    calls.sort_unstable_by(|a, b| b.cmp(a));
    let mut covered = 0;
    let last = calls.iter().find(|calls| {
        covered += u64::from(**calls);
        covered * 100 >= total * SHARE
    });
    let least = (configured.get() / 5).max(1);
    let last = last.copied().unwrap_or(least);
    let found = (last - last / 4).min(last.saturating_sub(1)).max(least);
    if (found.div_ceil(2)..last).contains(&current.get()) {
        return current;
    }
    NonZeroU32::new(found).unwrap_or(NonZeroU32::MIN)
}

#[cfg(all(test, not(lmms_loom)))]
mod tests {
    use super::*;

    const CONFIGURED: NonZeroU32 = NonZeroU32::new(50).unwrap();

    /// What T comes to where it was far lower before.
    fn threshold(calls: &[u32]) -> u32 {
        threshold_for(&mut calls.to_vec(), CONFIGURED, NonZeroU32::MIN).get()
    }

    /// How many operations are hot, and what percentage of the calls they account for.
    fn hot(calls: &[u32]) -> (usize, u64) {
        let threshold = threshold(calls);
        let hot = || calls.iter().filter(|calls| **calls > threshold);
        let sum = |calls: &mut dyn Iterator<Item = &u32>| calls.copied().map(u64::from).sum::<u64>();
        (hot().count(), sum(&mut hot()) * 100 / sum(&mut calls.iter()))
    }

    #[test]
    fn a_set_that_covers_the_share_and_not_much_more() {
        // What the operations of the demo were called in 10,000 requests of its Zipf-like mix.
        let zipf = [
            2_003, 1_041, 702, 513, 408, 340, 297, 262, 231, 204, 191, 169, 158, 147, 139, 127, 119, 114, 107, 103, 97,
            94, 89, 84, 82, 80, 77, 74, 71, 69,
        ];
        assert_eq!(threshold(&zipf), 111);
        assert_eq!(hot(&zipf), (18, 87));
        // One operation has nearly all calls: no other is hot.
        assert_eq!(hot(&[9_000, 300, 200, 200, 100, 100, 50, 50]), (1, 90));
        // None stands out: nearly all are.
        assert_eq!(hot(&[500; 20]), (20, 100));
        // A step: the four that share the traffic, not the many that get some now and then.
        assert_eq!(hot(&[700, 690, 650, 640, 30, 30, 20, 20, 10, 10, 10]), (4, 95));
    }

    #[test]
    fn it_scales_with_the_traffic() {
        let mix = [4_000_u32, 2_000, 1_500, 1_000, 500, 300, 200, 100, 100, 100];
        let thinner: Vec<_> = mix.iter().map(|calls| calls / 10).collect();
        assert_eq!(hot(&mix), hot(&thinner));
        assert_eq!((threshold(&mix), threshold(&thinner)), (750, 75));
    }

    #[test]
    fn thin_traffic_makes_nothing_hot() {
        // Fewer calls than the configured threshold: no mix to speak of.
        assert_eq!(threshold(&[]), 50);
        assert_eq!(threshold(&[20, 20, 9]), 50);
        assert_eq!(threshold(&[20, 20, 10]), 15);
        assert_eq!(threshold(&[3; 40]), 10);
        assert_eq!(threshold(&[0; 40]), 50);
        assert_eq!(threshold_for(&mut [1, 1], NonZeroU32::MIN, NonZeroU32::MIN).get(), 1);
    }

    #[test]
    fn a_mix_that_changes_takes_the_hot_set_along() {
        // Two phases, as counted a half-life after the change: what was hot has half of its calls left.
        let before = [1_000, 800, 20, 10];
        let after = [510, 405, 1_010, 805];
        assert_eq!(hot(&before), (2, 98));
        assert_eq!(hot(&after), (4, 100));
        let later = [70, 52, 1_900, 1_500];
        assert_eq!(hot(&later), (2, 96));
    }

    #[test]
    fn equal_traffic_that_was_halved_at_different_moments_stays_hot() {
        // Ten operations called alike, 100 times in each tenth of a half-life, halved one after the other.
        let mut calls = [1_000_u32; 10];
        let mut current = CONFIGURED;
        // Ten half-lives until what is forgotten is what comes in anew.
        let mut settled = None;
        for step in 0..500 {
            calls.iter_mut().for_each(|calls| *calls += 100);
            calls[step % 10] /= 2;
            current = threshold_for(&mut calls.clone(), CONFIGURED, current);
            if step >= 100 {
                assert_eq!(*settled.get_or_insert(current), current, "{step}");
                assert!(calls.iter().all(|calls| *calls > current.get()), "{step}: {calls:?}, {current}");
            }
        }
    }

    #[test]
    fn as_many_calls_as_can_be_counted() {
        assert_eq!(hot(&[1 << 30; 4_000]), (4_000, 100));
    }
}
