use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// Tail probability of the *expanded* bootstrap percentile interval of a mean
/// of `n` values:
///
/// ```text
/// alpha'/2 = Phi( -sqrt(n / (n-1)) t_{1-alpha/2, n-1} ),   alpha = 1 - confidence
/// ```
///
/// The plain percentile interval is too narrow for few values, for two
/// reasons: the bootstrap's standard error divides by `n` instead of `n - 1`,
/// and normal quantiles stand where Student's belong. Widening the percentile
/// levels repairs both without giving up the invariance of percentile
/// intervals. Source: T. C. Hesterberg, "What Teachers Should Know About the
/// Bootstrap", The American Statistician 69(4), 2015, pages 371-386, section
/// on the expanded percentile interval.
///
/// `None` where a spread cannot be estimated (`n < 2`) or the confidence is
/// not strictly between 0 and 1.
pub fn expanded_tail(confidence: f64, n: usize) -> Option<f64> {
    if n < 2 {
        return None;
    }
    let n = n as f64;
    expanded_tail_with(confidence, (n / (n - 1.0)).sqrt(), n - 1.0)
}

/// The same for a statistic whose bootstrap standard error is too small by
/// the factor `inflation` and is known to `degrees_of_freedom`:
/// `Phi(-inflation * t_{1-alpha/2, degrees_of_freedom})`.
pub fn expanded_tail_with(confidence: f64, inflation: f64, degrees_of_freedom: f64) -> Option<f64> {
    if !(confidence > 0.0 && confidence < 1.0 && inflation.is_finite()) {
        return None;
    }
    let student = StudentsT::new(0.0, 1.0, degrees_of_freedom).ok()?;
    let normal = Normal::new(0.0, 1.0).ok()?;
    // From the lower tail: 1 - alpha/2 would lose its digits near 1.
    let t = -student.inverse_cdf((1.0 - confidence) / 2.0);
    Some(normal.cdf(-inflation * t))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of Phi and of Student's quantiles from printed tables.
    #[test]
    fn five_repeats_at_95_percent() {
        // sqrt(5/4) * 2.776445 = 3.104160; Phi(-3.104160) = 0.000954
        let tail = expanded_tail(0.95, 5).unwrap();
        assert!((tail - 0.000_954).abs() < 1e-6, "{tail}");
    }

    #[test]
    fn many_values_leave_the_plain_percentile() {
        let tail = expanded_tail(0.95, 1_000_000).unwrap();
        assert!((tail - 0.025).abs() < 1e-5, "{tail}");
    }

    #[test]
    fn widens_as_values_become_few() {
        let tails: Vec<f64> = (2..50).map(|n| expanded_tail(0.95, n).unwrap()).collect();
        assert!(tails.windows(2).all(|pair| pair[0] < pair[1]), "{tails:?}");
        assert!(tails.iter().all(|&tail| tail < 0.025));
    }

    #[test]
    fn nothing_where_undefined() {
        assert_eq!(expanded_tail(0.95, 1), None);
        assert_eq!(expanded_tail(0.95, 0), None);
        for confidence in [0.0, 1.0, -0.5, f64::NAN] {
            assert_eq!(expanded_tail(confidence, 5), None);
        }
        assert_eq!(expanded_tail_with(0.95, 1.0, 0.0), None);
        assert_eq!(expanded_tail_with(0.95, f64::NAN, 3.0), None);
    }
}
