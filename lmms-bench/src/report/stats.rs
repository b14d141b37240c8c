//! Stats: what a list of measurements comes to.
//!
//! **Invariant.** What is no number is left out before anything is computed, and of nothing comes nothing: no figure is made up.

/// A list of measurements, in order of size.
#[derive(Debug, Clone, PartialEq)]
pub struct Spread {
    sorted: Vec<f64>,
}

impl Spread {
    /// `None` if there is no number among `values`.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        (!sorted.is_empty()).then_some(Self { sorted })
    }

    /// The same in another unit: each of them divided by `unit`, which is positive.
    pub fn per(mut self, unit: f64) -> Self {
        self.sorted.iter_mut().for_each(|value| *value /= unit);
        self
    }

    /// The value that `share` (0 to 1) of the measurements do not exceed, interpolated between neighbours.
    pub fn quantile(&self, share: f64) -> f64 {
        let place = share.clamp(0.0, 1.0) * (self.sorted.len() - 1) as f64;
        let (below, above) = (self.sorted[place.floor() as usize], self.sorted[place.ceil() as usize]);
        below + (above - below) * place.fract()
    }

    /// The middle one.
    pub fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// The smallest.
    pub fn min(&self) -> f64 {
        self.quantile(0.0)
    }

    /// The largest.
    pub fn max(&self) -> f64 {
        self.quantile(1.0)
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.sorted.len()
    }
}

/// The median of `values`, if there are any.
pub fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    Spread::of(values).map(|spread| spread.median())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        let spread = Spread::of([4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(spread.median(), 2.5);
        assert_eq!((spread.min(), spread.quantile(0.25), spread.max()), (1.0, 1.75, 4.0));
        assert_eq!(Spread::of([7.0]).unwrap().quantile(0.9), 7.0);
    }

    #[test]
    fn what_is_no_number_does_not_count() {
        assert_eq!(median([f64::NAN, 5.0, f64::INFINITY]), Some(5.0));
        assert_eq!(median([]), None);
        assert_eq!(Spread::of([f64::NAN]), None);
    }
}
