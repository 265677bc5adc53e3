use serde::Serialize;

use super::{Bootstrap, mean};
use crate::{CellRecord, EtaStar};

/// eta\* of one cell: the geometric mean over the repeats whose search found
/// one, with its interval and with the number of repeats that did not.
///
/// A repeat whose search left its range is censored: it says on which side
/// eta\* lies, not where. Such repeats do not enter the mean, which is then
/// the mean *given that the search succeeded*; wherever it is shown, show
/// `nothing_succeeds` and `nothing_fails` beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// Mean of `log2 eta*` over the repeats that found one.
    pub log2_eta_star: Option<f64>,
    /// `2^log2_eta_star`: the geometric mean.
    pub eta_star: Option<f64>,
    /// Bootstrap interval of `eta_star`, `[low, high]`, as learning rates;
    /// absent for fewer than two found ones.
    pub interval: Option<[f64; 2]>,
    /// Confidence of the interval.
    pub confidence: f64,
    /// Repeats that found an eta\*.
    pub found: usize,
    /// Repeats in which no rate in range succeeded: eta\* is below the range.
    pub nothing_succeeds: usize,
    /// Repeats in which no rate in range failed: eta\* is above the range.
    pub nothing_fails: usize,
}

impl Estimate {
    /// The estimate of a cell, from its finished repeats.
    pub fn of_cell(cell: &CellRecord, confidence: f64, bootstrap: &Bootstrap) -> Self {
        let ends: Vec<EtaStar> = cell.repeats.iter().map(|repeat| repeat.eta_star).collect();
        Self::of(&ends, confidence, bootstrap)
    }

    /// The estimate from the searches of a cell, in any order. The interval
    /// is the expanded percentile interval of
    /// [`Bootstrap::interval_of_mean`], on `log2`.
    ///
    /// A found rate that has no finite logarithm (0) counts as a repeat in
    /// which nothing succeeded.
    pub fn of(repeats: &[EtaStar], confidence: f64, bootstrap: &Bootstrap) -> Self {
        let mut values = Vec::with_capacity(repeats.len());
        let mut nothing_succeeds = 0;
        let mut nothing_fails = 0;
        for repeat in repeats {
            match repeat {
                EtaStar::Found { eta_star, .. } if eta_star.log2().is_finite() => {
                    values.push(eta_star.log2());
                }
                EtaStar::Found { .. } | EtaStar::NothingSucceeds { .. } => nothing_succeeds += 1,
                EtaStar::NothingFails { .. } => nothing_fails += 1,
            }
        }
        // Summed in one order, the mean does not depend on the repeats'.
        values.sort_by(f64::total_cmp);
        let log2_eta_star = mean(&values);
        Self {
            log2_eta_star,
            eta_star: log2_eta_star.map(f64::exp2),
            interval: bootstrap
                .interval_of_mean(&values, confidence)
                .map(|ends| ends.map(f64::exp2)),
            confidence,
            found: values.len(),
            nothing_succeeds,
            nothing_fails,
        }
    }

    /// Finished repeats, whether they found an eta\* or not.
    pub fn repeats(&self) -> usize {
        self.found + self.nothing_succeeds + self.nothing_fails
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(eta_star: f64) -> EtaStar {
        EtaStar::Found {
            eta_star,
            upper: 1.125 * eta_star,
        }
    }

    fn estimate(repeats: &[EtaStar]) -> Estimate {
        let bootstrap = Bootstrap {
            resamples: 400,
            seed: 7,
        };
        Estimate::of(repeats, 0.95, &bootstrap)
    }

    #[test]
    fn geometric_mean_of_powers_of_two() {
        let estimate = estimate(&[found(0.25), found(1.0), found(4.0)]);
        assert_eq!(estimate.eta_star, Some(1.0));
        assert_eq!(estimate.log2_eta_star, Some(0.0));
        assert_eq!(estimate.interval, Some([0.25, 4.0]));
        assert_eq!(estimate.found, 3);
    }

    #[test]
    fn censored_repeats_are_counted_not_averaged() {
        let estimate = estimate(&[
            found(0.5),
            EtaStar::NothingSucceeds { lowest: 1e-6 },
            EtaStar::NothingFails { highest: 64.0 },
            EtaStar::NothingFails { highest: 64.0 },
        ]);
        assert_eq!(estimate.eta_star, Some(0.5));
        assert_eq!(estimate.interval, None);
        let counts = (
            estimate.found,
            estimate.nothing_succeeds,
            estimate.nothing_fails,
        );
        assert_eq!(counts, (1, 1, 2));
        assert_eq!(estimate.repeats(), 4);
    }

    #[test]
    fn nothing_found() {
        for repeats in [
            vec![],
            vec![EtaStar::NothingSucceeds { lowest: 0.1 }],
            vec![found(0.0)],
        ] {
            let estimate = estimate(&repeats);
            assert_eq!(estimate.eta_star, None);
            assert_eq!(estimate.log2_eta_star, None);
            assert_eq!(estimate.interval, None);
            assert_eq!(estimate.repeats(), repeats.len());
        }
    }

    fn rates() -> impl Strategy<Value = Vec<f64>> {
        prop::collection::vec((-12.0..6.0f64).prop_map(f64::exp2), 2..9)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn scales_by_powers_of_two(rates in rates(), power in -8i32..8) {
            let scale = f64::from(power).exp2();
            let before = estimate(&rates.iter().map(|&r| found(r)).collect::<Vec<_>>());
            let after = estimate(&rates.iter().map(|&r| found(scale * r)).collect::<Vec<_>>());
            let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
            prop_assert!(close(before.eta_star.unwrap() * scale, after.eta_star.unwrap()));
            for (a, b) in before.interval.unwrap().iter().zip(after.interval.unwrap()) {
                prop_assert!(close(a * scale, b));
            }
        }

        #[test]
        fn does_not_depend_on_the_order(
            (rates, shuffled) in rates().prop_flat_map(|r| (Just(r.clone()), Just(r).prop_shuffle()))
        ) {
            let of = |rates: Vec<f64>| estimate(&rates.into_iter().map(found).collect::<Vec<_>>());
            prop_assert_eq!(of(rates), of(shuffled));
        }

        #[test]
        fn interval_contains_the_estimate(rates in rates()) {
            let estimate = estimate(&rates.into_iter().map(found).collect::<Vec<_>>());
            let [low, high] = estimate.interval.unwrap();
            let eta_star = estimate.eta_star.unwrap();
            prop_assert!(low <= eta_star * (1.0 + 1e-12) && eta_star * (1.0 - 1e-12) <= high);
        }
    }
}
