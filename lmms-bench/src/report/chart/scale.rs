//! Scales: from figures to pixels, with ticks that a person would choose.
//!
//! **Invariant.** Whatever it is made of, a scale has a length: no figure is placed at what is no number.

/// A figure's place on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    from: f64,
    to: f64,
    low: f64,
    high: f64,
    is_log: bool,
    most: usize,
}

/// Where the largest is so many times the smallest, both are seen on a logarithmic scale alone.
const WIDE: f64 = 25.0;

impl Scale {
    /// From 0 to at least `to`, on the pixels from `low` to `high`, with about `most` ticks.
    pub fn from_zero(to: f64, low: f64, high: f64, most: usize) -> Self {
        let to = if to.is_finite() && to > 0.0 { to } else { 1.0 };
        Self { from: 0.0, to, low, high, is_log: false, most }
    }

    /// That of `values`: logarithmic where they are wide apart, else from 0.
    pub fn suited(values: impl IntoIterator<Item = f64>, low: f64, high: f64, most: usize) -> Self {
        let (mut least, mut largest) = (f64::INFINITY, 0.0_f64);
        for value in values.into_iter().filter(|value| value.is_finite() && *value > 0.0) {
            (least, largest) = (least.min(value), largest.max(value));
        }
        if largest <= least * WIDE {
            return Self::from_zero(largest * 1.02, low, high, most);
        }
        // A little room, so that nothing sits on the edge.
        Self { from: least / 1.15, to: largest * 1.15, low, high, is_log: true, most }
    }

    /// Ends at a tick, so that the axis says how far it goes.
    pub fn nice(mut self) -> Self {
        let step = step(self.to - self.from, self.most);
        if !self.is_log {
            self.to = (self.to / step).ceil() * step;
        }
        self
    }

    /// The pixel of `value`, on the axis even if the value is not.
    pub fn at(&self, value: f64) -> f64 {
        let share = if self.is_log {
            (value.max(self.from) / self.from).ln() / (self.to / self.from).ln()
        } else {
            (value - self.from) / (self.to - self.from)
        };
        // `clamp` keeps what is no number.
        let share = if share.is_nan() { 0.0 } else { share.clamp(0.0, 1.0) };
        self.low + share * (self.high - self.low)
    }

    /// Round figures on it, from low to high.
    pub fn ticks(&self) -> Vec<f64> {
        if self.is_log { self.decades() } else { steps(self.from, self.to, step(self.to - self.from, self.most)) }
    }

    /// How the text at pixel `x` is placed, so that it does not hang over the edge.
    pub fn anchor(&self, x: f64) -> &'static str {
        let (low, high) = (self.low.min(self.high), self.low.max(self.high));
        if x - low < 12.0 {
            "start"
        } else if high - x < 12.0 {
            "end"
        } else {
            "middle"
        }
    }

    fn decades(&self) -> Vec<f64> {
        let within = |digits: &[f64]| -> Vec<f64> {
            let (first, last) = (self.from.log10().floor() as i32, self.to.log10().ceil() as i32);
            let all = (first..=last).flat_map(|power| digits.iter().map(move |digit| digit * 10_f64.powi(power)));
            all.filter(|tick| *tick >= self.from && *tick <= self.to).collect()
        };
        // As many as fit; over many decades not even each of them.
        let mut ticks = within(&[1.0, 2.0, 5.0]);
        if ticks.len() > self.most {
            ticks = within(&[1.0]);
        }
        let every = ticks.len().div_ceil(self.most.max(1)).max(1);
        ticks.into_iter().step_by(every).collect()
    }
}

/// 1, 2 or 5 times a power of ten, so that `most` of them span `length`.
fn step(length: f64, most: usize) -> f64 {
    let rough = length / most.max(1) as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let digit = [1.0, 2.0, 5.0, 10.0].into_iter().find(|digit| digit * power >= rough * 0.999).unwrap_or(10.0);
    digit * power
}

fn steps(from: f64, to: f64, step: f64) -> Vec<f64> {
    let first = (from / step).ceil();
    let count = ((to / step + 1e-9).floor() - first).max(0.0) as usize;
    (0..=count).map(|nth| (first + nth as f64) * step).collect()
}

/// Ticks of a time axis of `seconds`: full seconds, minutes or hours.
pub fn times(seconds: f64, most: usize) -> Vec<f64> {
    const STEPS: [f64; 18] = [
        1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0,
        43_200.0, 86_400.0,
    ];
    let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
    let rough = seconds / most.max(1) as f64;
    if rough < STEPS[0] {
        return steps(0.0, seconds, step(seconds.max(1e-6), most));
    }
    let step = STEPS.into_iter().find(|step| *step >= rough).unwrap_or_else(|| (rough / 86_400.0).ceil() * 86_400.0);
    steps(0.0, seconds, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_on_the_axis() {
        let scale = Scale::from_zero(47.0, 0.0, 340.0, 5).nice();
        assert_eq!(scale.ticks(), [0.0, 10.0, 20.0, 30.0, 40.0, 50.0]);
        assert_eq!((scale.at(0.0), scale.at(25.0), scale.at(50.0)), (0.0, 170.0, 340.0));
        assert_eq!(Scale::from_zero(0.0007, 0.0, 100.0, 4).ticks().len(), 4);
    }

    #[test]
    fn what_is_wide_apart_is_seen_on_decades() {
        let scale = Scale::suited([3.0, 900.0], 0.0, 300.0, 6);
        assert!(scale.is_log);
        assert_eq!(scale.ticks(), [10.0, 100.0, 1000.0]);
        assert!(scale.at(30.0) - scale.at(3.0) - (scale.at(300.0) - scale.at(30.0)) < 1e-9);
        assert!(!Scale::suited([300.0, 900.0], 0.0, 300.0, 6).is_log);
        assert!(Scale::suited([1e-9, 1e9], 0.0, 300.0, 6).ticks().len() <= 6);
    }

    #[test]
    fn nothing_is_placed_at_no_number() {
        for values in [vec![], vec![0.0], vec![f64::NAN, -3.0], vec![f64::INFINITY], vec![5.0]] {
            let scale = Scale::suited(values, 0.0, 340.0, 5).nice();
            for value in [f64::NAN, f64::NEG_INFINITY, f64::INFINITY, 0.0, -1.0] {
                assert!((0.0..=340.0).contains(&scale.at(value)), "{scale:?} {value}");
            }
            assert!(scale.ticks().iter().all(|tick| tick.is_finite()));
        }
    }

    #[test]
    fn time_is_told_in_full_minutes() {
        assert_eq!(times(3600.0, 6), [0.0, 600.0, 1200.0, 1800.0, 2400.0, 3000.0, 3600.0]);
        assert_eq!(times(100.0, 4), [0.0, 30.0, 60.0, 90.0]);
        assert_eq!(times(0.0, 4), [0.0]);
        assert!(times(f64::NAN, 4).len() == 1 && times(1e9, 5).len() <= 6);
        assert_eq!(times(0.5, 5), [0.0, 0.1, 0.2, 0.30000000000000004, 0.4, 0.5]);
    }
}
