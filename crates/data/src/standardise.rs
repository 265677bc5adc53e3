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
        let mut histogram = [0_u64; 256];
        for value in rows.flatten() {
            histogram[usize::from(*value)] += 1;
        }
        let (mut count, mut sum, mut squares) = (0_u128, 0_u128, 0_u128);
        for (value, occurrences) in (0_u128..).zip(histogram) {
            let occurrences = u128::from(occurrences);
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
