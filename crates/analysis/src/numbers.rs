//! Means, quantiles and Student's t: the few formulas that every estimate is made of.
//!
//! Learning rates live on a ratio scale, so everything is computed on `log2` of them: a mean of
//! logarithms is the logarithm of the geometric mean, and an error is a number of octaves.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Arithmetic mean, or `None` of an empty slice.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The shortest text that reads back as the same number; very large and very small ones with an
/// exponent.
pub fn shortest(number: f64) -> String {
    let size = number.abs();
    if size != 0.0 && !(1e-5..1e15).contains(&size) {
        format!("{number:e}")
    } else {
        format!("{number}")
    }
}

/// Root of the mean square, or `None` of an empty slice.
pub(crate) fn root_mean_square(values: &[f64]) -> Option<f64> {
    let squares: Vec<f64> = values.iter().map(|value| value * value).collect();
    mean(&squares).map(f64::sqrt)
}

/// Sum of the squared deviations from a centre.
pub(crate) fn squares_about(values: &[f64], centre: f64) -> f64 {
    values.iter().map(|value| (value - centre).powi(2)).sum()
}

/// Quantile `p` of ascending values, in the form meant for bootstrap
/// distributions: the `i`-th of `B` values is taken as the quantile
/// `i / (B + 1)`, linearly interpolated between neighbours and held constant
/// beyond the ends (type 6 of R. J. Hyndman and Y. Fan, The American
/// Statistician 50(4), 1996).
///
/// `None` of an empty slice or where `p` is not within `0..=1`.
pub fn quantile(ascending: &[f64], p: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&p) {
        return None;
    }
    let last = ascending.len().checked_sub(1)?;
    // Zero-based position of the quantile among the values.
    let position = (p * (ascending.len() + 1) as f64 - 1.0).clamp(0.0, last as f64);
    let (below, above) = (position.floor() as usize, position.ceil() as usize);
    let share = position - position.floor();
    let (low, high) = (ascending.get(below)?, ascending.get(above)?);
    // At a value itself, no arithmetic: equal values give exactly that value.
    Some(if share == 0.0 || low == high {
        *low
    } else {
        low + share * (high - low)
    })
}

/// The values in ascending order.
pub(crate) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

/// The different values, in ascending order.
pub fn distinct(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values = sorted(values);
    values.dedup();
    values
}

/// The quantile `1 - (1 - confidence) / 2` of Student's t: half the width of a
/// two-sided interval in standard errors. `None` unless there is a degree of
/// freedom and the confidence lies strictly between 0 and 1.
pub(crate) fn student(confidence: f64, degrees_of_freedom: f64) -> Option<f64> {
    if !(confidence > 0.0 && confidence < 1.0) {
        return None;
    }
    // From the lower tail: 1 - alpha/2 would lose its digits near 1.
    let tail = (1.0 - confidence) / 2.0;
    if degrees_of_freedom > 1000.0 {
        // The library loses four digits there. Abramowitz and Stegun, 26.7.5.
        let z = -Normal::standard().inverse_cdf(tail);
        let (first, second) = (z.powi(3) + z, 5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z);
        let terms = first / (4.0 * degrees_of_freedom);
        return Some(z + terms + second / (96.0 * degrees_of_freedom.powi(2)));
    }
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom).ok()?;
    Some(-student.inverse_cdf(tail))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_positions() {
        let values = [1.0, 2.0, 3.0];
        for (p, expected) in [
            (0.5, 2.0),
            (0.25, 1.0),
            (0.375, 1.5),
            (0.0, 1.0),
            (1.0, 3.0),
        ] {
            assert_eq!(quantile(&values, p), Some(expected), "{p}");
        }
    }

    #[test]
    fn nothing_of_nothing() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0], 1.5), None);
        assert_eq!(quantile(&[1.0], f64::NAN), None);
        assert_eq!(mean(&[]), None);
        for confidence in [0.0, 1.0, -0.5, f64::NAN] {
            assert_eq!(student(confidence, 4.0), None);
        }
        assert_eq!(student(0.95, 0.0), None);
    }

    /// From printed tables.
    #[test]
    fn students_quantiles() {
        assert!((student(0.95, 4.0).unwrap() - 2.776_445).abs() < 1e-5);
        assert!((student(0.95, 1000.0).unwrap() - 1.962_339).abs() < 1e-5);
        assert!((student(0.95, 1001.0).unwrap() - 1.962_337).abs() < 1e-5);
        assert!((student(0.95, 1e6).unwrap() - 1.959_966).abs() < 1e-5);
    }

    proptest! {
        #[test]
        fn quantiles_are_monotone_and_within_the_range(
            values in prop::collection::vec(-1e3..1e3f64, 1..40),
            p in 0.0..=1.0f64,
            q in 0.0..=1.0f64,
        ) {
            let values = sorted(values);
            let (p, q) = (p.min(q), p.max(q));
            let (at_p, at_q) = (quantile(&values, p).unwrap(), quantile(&values, q).unwrap());
            prop_assert!(at_p <= at_q);
            prop_assert!(values[0] <= at_p && at_q <= values[values.len() - 1]);
        }
    }
}
