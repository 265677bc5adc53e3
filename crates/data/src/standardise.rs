//! Mean and standard deviation of raw values, and the standardised values.

/// One mean and one standard deviation (of the population) for all values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Statistics {
    pub(crate) mean: f64,
    pub(crate) standard_deviation: f64,
}

impl Statistics {
    /// Of bytes: sums are exact integers, rounding happens once at the end.
    pub(crate) fn of_bytes<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Self {
        // Four histograms: runs of equal bytes, such as a black background,
        // would otherwise wait for one counter.
        let mut histograms = [[0_u64; 256]; 4];
        for row in rows {
            let (quadruples, rest) = row.as_chunks::<4>();
            for quadruple in quadruples {
                for (histogram, value) in histograms.iter_mut().zip(quadruple) {
                    histogram[usize::from(*value)] += 1;
                }
            }
            for value in rest {
                histograms[0][usize::from(*value)] += 1;
            }
        }
        let (mut count, mut sum, mut squares) = (0_u128, 0_u128, 0_u128);
        for value in 0..256 {
            let occurrences = histograms
                .iter()
                .map(|histogram| u128::from(histogram[value]))
                .sum::<u128>();
            let value = value as u128;
            count += occurrences;
            sum += value * occurrences;
            squares += value * value * occurrences;
        }
        let mean = sum as f64 / count as f64;
        // count^2 times the variance, never negative (Cauchy-Schwarz).
        let scaled = (count * squares).saturating_sub(sum * sum);
        Self {
            mean,
            standard_deviation: (scaled as f64).sqrt() / count as f64,
        }
    }

    /// Of reals, in two passes.
    pub(crate) fn of_reals<'a>(rows: impl Iterator<Item = &'a [f32]> + Clone) -> Self {
        let (mut count, mut sum) = (0_usize, 0.0_f64);
        for row in rows.clone() {
            count += row.len();
            sum += row.iter().map(|value| f64::from(*value)).sum::<f64>();
        }
        let mean = sum / count as f64;
        let squares: f64 = rows
            .map(|row| {
                row.iter()
                    .map(|value| (f64::from(*value) - mean).powi(2))
                    .sum::<f64>()
            })
            .sum();
        Self {
            mean,
            standard_deviation: (squares / count as f64).sqrt(),
        }
    }

    /// A raw value, standardised and rounded to `f32`.
    pub(crate) fn standardise(&self, value: f64) -> f32 {
        ((value - self.mean) / self.standard_deviation) as f32
    }

    /// The standardised value of each byte.
    pub(crate) fn table(&self) -> [f32; 256] {
        std::array::from_fn(|value| self.standardise(value as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_of_any_row_length_agree_with_reals() {
        for features in 1..10 {
            let bytes: Vec<u8> = (0..features * 7).map(|i| (i * 37 % 256) as u8).collect();
            let reals: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte)).collect();
            let exact = Statistics::of_bytes(bytes.chunks(features));
            let summed = Statistics::of_reals(reals.chunks(features));
            assert!((exact.mean - summed.mean).abs() < 1e-12);
            let difference = exact.standard_deviation - summed.standard_deviation;
            assert!(difference.abs() < 1e-12, "{difference}");
        }
    }

    #[test]
    fn the_mean_and_deviation_of_two_values_are_exact() {
        let statistics = Statistics::of_bytes([&[10, 20][..]].into_iter());
        assert_eq!(statistics.mean, 15.0);
        assert_eq!(statistics.standard_deviation, 5.0);
        assert_eq!(statistics.table()[20], 1.0);
    }
}
