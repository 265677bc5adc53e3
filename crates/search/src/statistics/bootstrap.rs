use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use super::{central_interval, expanded_tail, mean};

/// The nonparametric bootstrap: how many resamples, from which seed. The same
/// seed gives the same intervals on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Bootstrap {
    /// Number of resamples. An expanded interval of few values reads far
    /// tails, so take at least 1,000; none at all gives no interval.
    pub resamples: usize,
    /// Seed of the resampling.
    pub seed: u64,
}

impl Default for Bootstrap {
    fn default() -> Self {
        Self {
            resamples: 2000,
            seed: 0,
        }
    }
}

impl Bootstrap {
    /// The generator of the resamples, at its start.
    pub fn generator(&self) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(self.seed)
    }

    /// Fills `indices` with one resample: as many draws, with replacement,
    /// from `0..indices.len()`.
    pub fn draw(generator: &mut ChaCha8Rng, indices: &mut [usize]) {
        let n = indices.len();
        for index in indices {
            *index = generator.random_range(0..n);
        }
    }

    /// The means of all resamples of `values`.
    pub fn means(&self, values: &[f64]) -> Vec<f64> {
        if values.is_empty() {
            return Vec::new();
        }
        let mut generator = self.generator();
        let mut indices = vec![0; values.len()];
        (0..self.resamples)
            .map(|_| {
                Self::draw(&mut generator, &mut indices);
                let sum: f64 = indices.iter().filter_map(|&index| values.get(index)).sum();
                sum / values.len() as f64
            })
            .collect()
    }

    /// The expanded percentile interval of the mean of `values` (see
    /// [`expanded_tail`]). It does not depend on the order of the values.
    ///
    /// `None` for fewer than two values, or without resamples.
    pub fn interval_of_mean(&self, values: &[f64], confidence: f64) -> Option<[f64; 2]> {
        let tail = expanded_tail(confidence, values.len())?;
        let mut ascending = values.to_vec();
        ascending.sort_by(f64::total_cmp);
        let [low, high] = central_interval(&self.means(&ascending), tail)?;
        // The mean of equal values may differ from them by rounding.
        let centre = mean(&ascending)?;
        let rounding = 4.0 * f64::EPSILON * centre.abs();
        Some(if high - low <= rounding {
            [centre, centre]
        } else {
            [low, high]
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn same_seed_same_interval() {
        let values = [0.1, 0.7, -0.4, 0.2, 0.9];
        let of = |seed| {
            Bootstrap {
                resamples: 500,
                seed,
            }
            .interval_of_mean(&values, 0.8)
        };
        assert_eq!(of(1), of(1));
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn nothing_of_one_value_or_without_resamples() {
        let none = Bootstrap {
            resamples: 0,
            seed: 0,
        };
        assert_eq!(Bootstrap::default().interval_of_mean(&[1.0], 0.95), None);
        assert_eq!(none.interval_of_mean(&[1.0, 2.0], 0.95), None);
        assert_eq!(Bootstrap::default().means(&[]).len(), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn contains_the_mean_and_stays_in_the_range(
            values in prop::collection::vec(-20.0..20.0f64, 2..12),
            seed: u64,
        ) {
            let bootstrap = Bootstrap { resamples: 1000, seed };
            let [low, high] = bootstrap.interval_of_mean(&values, 0.95).unwrap();
            let centre = mean(&values).unwrap();
            let lowest = values.iter().copied().fold(f64::INFINITY, f64::min);
            let highest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(low <= centre + 1e-12 && centre - 1e-12 <= high);
            prop_assert!(lowest - 1e-12 <= low && high <= highest + 1e-12);
        }

        #[test]
        fn shifts_with_the_values(
            values in prop::collection::vec(-20.0..20.0f64, 2..12),
            shift in -10i32..10,
        ) {
            let shift = f64::from(shift);
            let shifted: Vec<f64> = values.iter().map(|value| value + shift).collect();
            let bootstrap = Bootstrap { resamples: 200, seed: 3 };
            let before = bootstrap.interval_of_mean(&values, 0.9).unwrap();
            let after = bootstrap.interval_of_mean(&shifted, 0.9).unwrap();
            for (before, after) in before.iter().zip(after) {
                prop_assert!((before + shift - after).abs() < 1e-9);
            }
        }

        #[test]
        fn of_equal_values_is_the_value(value in -20.0..20.0f64, n in 2usize..9) {
            let interval = Bootstrap { resamples: 50, seed: 0 }
                .interval_of_mean(&vec![value; n], 0.95)
                .unwrap();
            prop_assert_eq!(interval[0], interval[1]);
            prop_assert!((interval[0] - value).abs() < 1e-12);
        }
    }
}
