use etastar_search::statistics::expanded_tail_with;

/// Tail probability of the expanded percentile interval of a statistic that
/// adds up independent means,
///
/// ```text
/// T = sum_c w_c m_c,   m_c the mean of n_c values with a common variance s^2,
/// ```
///
/// when each mean is bootstrapped on its own. The variance of `T` is
/// `s^2 sum w_c^2 / n_c`; the bootstrap's is, on average, `s^2 sum w_c^2
/// (n_c - 1) / n_c^2`. So the bootstrap's standard error is too small by
///
/// ```text
/// inflation = sqrt( (sum w_c^2 / n_c) / (sum w_c^2 (n_c - 1) / n_c^2) )
/// ```
///
/// and it is known to (F. E. Satterthwaite, Biometrics Bulletin 2(6), 1946)
///
/// ```text
/// nu = (sum w_c^2 (n_c - 1) / n_c^2)^2 / (sum w_c^4 (n_c - 1) / n_c^4)
/// ```
///
/// degrees of freedom. One mean alone gives Hesterberg's `sqrt(n / (n - 1))`
/// and `n - 1`; `A` means of equal weight and size, `A (n - 1)`.
pub(super) fn tail_of_sum(confidence: f64, terms: &[(f64, usize)]) -> Option<f64> {
    let (mut actual, mut bootstrap, mut fourth) = (0.0, 0.0, 0.0);
    for &(weight, n) in terms.iter().filter(|(_, n)| *n > 0) {
        let n = n as f64;
        let square = weight * weight;
        actual += square / n;
        bootstrap += square * (n - 1.0) / (n * n);
        fourth += square * square * (n - 1.0) / n.powi(4);
    }
    if bootstrap <= 0.0 || fourth <= 0.0 {
        return None;
    }
    expanded_tail_with(
        confidence,
        (actual / bootstrap).sqrt(),
        bootstrap * bootstrap / fourth,
    )
}

/// The same for a regression with `coefficients` coefficients whose `groups`
/// of observations are resampled whole: residuals are too small by
/// `sqrt(1 - p/A)`, and `A - p` degrees of freedom remain.
pub(crate) fn tail_of_groups(confidence: f64, groups: usize, coefficients: usize) -> Option<f64> {
    let remaining = groups.checked_sub(coefficients).filter(|left| *left > 0)? as f64;
    let groups = groups as f64;
    expanded_tail_with(confidence, (groups / remaining).sqrt(), remaining)
}

#[cfg(test)]
mod tests {
    use etastar_search::statistics::expanded_tail;

    use super::*;

    #[test]
    fn one_mean_is_hesterbergs() {
        for n in 2..12 {
            let ours = tail_of_sum(0.95, &[(-3.0, n)]).unwrap();
            let theirs = expanded_tail(0.95, n).unwrap();
            assert!((ours / theirs - 1.0).abs() < 1e-9, "{ours} {theirs}");
        }
    }

    #[test]
    fn more_means_need_less_widening() {
        let tails: Vec<f64> = (1..20)
            .map(|terms| tail_of_sum(0.95, &vec![(1.0, 5); terms]).unwrap())
            .collect();
        assert!(tails.windows(2).all(|pair| pair[0] < pair[1]), "{tails:?}");
        let equal = tail_of_sum(0.95, &[(2.0, 5); 6]);
        let expected = expanded_tail_with(0.95, 1.25f64.sqrt(), 24.0);
        assert!((equal.unwrap() - expected.unwrap()).abs() < 1e-12);
    }

    #[test]
    fn nothing_without_spread() {
        assert_eq!(tail_of_sum(0.95, &[(1.0, 1), (2.0, 1)]), None);
        assert_eq!(tail_of_sum(0.95, &[]), None);
        assert_eq!(tail_of_groups(0.95, 3, 3), None);
        assert!(tail_of_groups(0.95, 9, 2).is_some());
    }
}
