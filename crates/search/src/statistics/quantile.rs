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
    let below = position.floor() as usize;
    let above = position.ceil() as usize;
    let share = position - position.floor();
    let (low, high) = (ascending.get(below)?, ascending.get(above)?);
    // At a value itself, no arithmetic: equal values give exactly that value.
    Some(if share == 0.0 || low == high {
        *low
    } else {
        low + share * (high - low)
    })
}

/// The central interval of a bootstrap distribution that leaves `tail` of it
/// on either side. The values need not be sorted; those that are not finite
/// are left out.
pub fn central_interval(values: &[f64], tail: f64) -> Option<[f64; 2]> {
    let mut ascending: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    ascending.sort_by(f64::total_cmp);
    Some([
        quantile(&ascending, tail)?,
        quantile(&ascending, 1.0 - tail)?,
    ])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_positions() {
        let values = [1.0, 2.0, 3.0];
        assert_eq!(quantile(&values, 0.5), Some(2.0));
        assert_eq!(quantile(&values, 0.25), Some(1.0));
        assert_eq!(quantile(&values, 0.375), Some(1.5));
        assert_eq!(quantile(&values, 0.0), Some(1.0));
        assert_eq!(quantile(&values, 1.0), Some(3.0));
    }

    #[test]
    fn nothing_of_nothing() {
        assert_eq!(quantile(&[], 0.5), None);
        assert_eq!(quantile(&[1.0], 1.5), None);
        assert_eq!(quantile(&[1.0], f64::NAN), None);
        assert_eq!(central_interval(&[f64::NAN], 0.1), None);
    }

    proptest! {
        #[test]
        fn monotone_and_within_the_range(
            mut values in prop::collection::vec(-1e3..1e3f64, 1..40),
            p in 0.0..=1.0f64,
            q in 0.0..=1.0f64,
        ) {
            values.sort_by(f64::total_cmp);
            let (p, q) = (p.min(q), p.max(q));
            let (at_p, at_q) = (quantile(&values, p).unwrap(), quantile(&values, q).unwrap());
            prop_assert!(at_p <= at_q);
            prop_assert!(values[0] <= at_p && at_q <= values[values.len() - 1]);
        }

        #[test]
        fn central_interval_ignores_order(
            values in prop::collection::vec(-1e3..1e3f64, 1..40),
            tail in 0.0..0.5f64,
        ) {
            let reversed: Vec<f64> = values.iter().rev().copied().collect();
            prop_assert_eq!(central_interval(&values, tail), central_interval(&reversed, tail));
        }
    }
}
