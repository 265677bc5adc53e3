//! Repeated times of one thing.

use serde::Deserialize;

/// Times, in seconds.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub(super) struct Samples(Vec<f64>);

impl Samples {
    pub(super) fn extend(&mut self, more: impl IntoIterator<Item = f64>) {
        self.0.extend(more);
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match (sorted.len(), sorted.len() / 2) {
            (0, _) => f64::NAN,
            (count, half) if count % 2 == 0 => 0.5 * (sorted[half - 1] + sorted[half]),
            (_, half) => sorted[half],
        }
    }

    /// From the least to the most, as a share of the median.
    pub(super) fn spread(&self) -> f64 {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (most - least) / self.median()
    }
}

impl IntoIterator for Samples {
    type Item = f64;
    type IntoIter = std::vec::IntoIter<f64>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The mean of ratios; NaN of none.
pub(super) fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for ratio in ratios {
        sum += ratio.ln();
        count += 1.0;
    }
    (sum / count).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_spread_relative_to_it() {
        let mut samples = Samples::default();
        assert!(samples.median().is_nan());
        samples.extend([3.0, 1.0, 2.0]);
        assert_eq!((samples.median(), samples.spread()), (2.0, 1.0));
        samples.extend([4.0]);
        assert_eq!((samples.median(), samples.len()), (2.5, 4));
    }

    #[test]
    fn a_ratio_and_its_inverse_average_to_one() {
        assert!((geometric_mean([4.0, 0.25]) - 1.0).abs() < 1e-15);
        assert!(geometric_mean([]).is_nan());
    }
}
