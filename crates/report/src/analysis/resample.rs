//! The bootstrap of all statistics: whole groups of data are resampled.
//!
//! A group is one architecture with everything measured on it: all its cells
//! at all input-layer rates, variants and checkpoints, each with its repeats,
//! whose noise their means carry along. Repeats are not resampled a second
//! time, which would count that noise twice (A. C. Davison and D. V. Hinkley,
//! Bootstrap Methods and their Application, 1997, section 3.8).

use etastar_search::statistics::{Bootstrap, central_interval};

use super::{AnalysisOptions, Effect, NotMeasured, Unit};
use crate::fit::tail_of_groups;

/// A statistic of groups with its interval.
///
/// `statistic` is computed once from all `groups`, each once, in their order,
/// and once from every resample, in which a group may occur several times (as
/// the same reference). `coefficients` is the number of numbers that the
/// statistic estimates from the groups: 1 for a mean, 2 for a straight line.
///
/// # Errors
/// If the statistic cannot be computed from all groups or is not finite.
pub(crate) fn effect<G>(
    groups: &[G],
    coefficients: usize,
    unit: Unit,
    options: &AnalysisOptions,
    statistic: impl Fn(&[&G]) -> Result<f64, NotMeasured>,
) -> Result<Effect, NotMeasured> {
    let all: Vec<&G> = groups.iter().collect();
    let value = statistic(&all)?;
    if !value.is_finite() {
        return Err(NotMeasured::Undetermined("the number is not finite"));
    }
    Ok(Effect {
        value,
        interval: interval(groups, coefficients, options, |sample| {
            statistic(sample).ok()
        }),
        confidence: options.confidence,
        unit,
    })
}

/// The expanded percentile interval of a statistic of groups (see
/// [`tail_of_groups`]).
///
/// Resamples from which the statistic cannot be computed, or is not finite,
/// are dropped; with more than half dropped there is no interval, as there is
/// none for fewer groups than `coefficients + 1`.
pub(crate) fn interval<G>(
    groups: &[G],
    coefficients: usize,
    options: &AnalysisOptions,
    statistic: impl Fn(&[&G]) -> Option<f64>,
) -> Option<[f64; 2]> {
    let tail = tail_of_groups(options.confidence, groups.len(), coefficients)?;
    let bootstrap = Bootstrap {
        resamples: options.resamples,
        seed: options.seed,
    };
    let mut generator = bootstrap.generator();
    let mut drawn = vec![0; groups.len()];
    let values: Vec<f64> = (0..bootstrap.resamples)
        .filter_map(|_| {
            Bootstrap::draw(&mut generator, &mut drawn);
            let sample: Vec<&G> = drawn.iter().filter_map(|&i| groups.get(i)).collect();
            statistic(&sample).filter(|value| value.is_finite())
        })
        .collect();
    if 2 * values.len() < bootstrap.resamples {
        return None;
    }
    central_interval(&values, tail)
}

#[cfg(test)]
mod tests {
    use etastar_search::statistics::mean;
    use proptest::prelude::*;
    use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

    use super::*;

    fn mean_of(sample: &[&f64]) -> Option<f64> {
        mean(&sample.iter().copied().copied().collect::<Vec<_>>())
    }

    /// Student's interval of a mean, in closed form, on the quantiles of a
    /// normal distribution: there the bootstrap has to agree with it.
    #[test]
    fn agrees_with_the_closed_form_of_a_mean() {
        let options = AnalysisOptions {
            resamples: 40_000,
            ..AnalysisOptions::default()
        };
        let normal = Normal::new(2.0, 3.0).unwrap();
        for n in [10, 20, 40] {
            let values: Vec<f64> = (0..n)
                .map(|i| normal.inverse_cdf((f64::from(i) + 0.5) / f64::from(n)))
                .collect();
            let n = f64::from(n);
            let centre = mean(&values).unwrap();
            let squares: f64 = values.iter().map(|v| (v - centre).powi(2)).sum();
            let t = StudentsT::new(0.0, 1.0, n - 1.0)
                .unwrap()
                .inverse_cdf(0.975);
            let half = t * (squares / (n - 1.0) / n).sqrt();
            let [low, high] = interval(&values, 1, &options, mean_of).unwrap();
            assert!((low - (centre - half)).abs() < 0.05 * half, "{n}: {low}");
            assert!((high - (centre + half)).abs() < 0.05 * half, "{n}: {high}");
        }
    }

    /// The mean of single values is what repeats are resampled for.
    #[test]
    fn is_the_interval_of_a_mean_where_groups_are_values() {
        let options = AnalysisOptions::default();
        let ascending = [-0.4, 0.1, 0.2, 0.7, 0.9];
        let bootstrap = Bootstrap {
            resamples: options.resamples,
            seed: options.seed,
        };
        let ours = interval(&ascending, 1, &options, mean_of).unwrap();
        let theirs = bootstrap.interval_of_mean(&ascending, 0.95).unwrap();
        for (a, b) in ours.iter().zip(theirs) {
            assert!((a - b).abs() < 1e-9, "{ours:?} {theirs:?}");
        }
    }

    #[test]
    fn no_interval_where_none_can_be() {
        let options = AnalysisOptions::default();
        let of = |n: usize, coefficients| interval(&vec![1.0; n], coefficients, &options, mean_of);
        assert_eq!((of(1, 1), of(2, 2), of(0, 1)), (None, None, None));
        assert!(of(3, 2).is_some());
        let none = AnalysisOptions {
            resamples: 0,
            ..options
        };
        assert_eq!(interval(&[1.0, 2.0], 1, &none, mean_of), None);
        let certain = AnalysisOptions {
            confidence: 1.0,
            ..options
        };
        assert_eq!(interval(&[1.0, 2.0], 1, &certain, mean_of), None);
    }

    #[test]
    fn too_many_undetermined_resamples_give_no_interval() {
        let options = AnalysisOptions::default();
        let groups: Vec<usize> = (0..4).collect();
        // A given group is missing from (3/4)^4 = 32 % of the resamples, one of
        // two from (2/4)^4 fewer than both: 57 %.
        let needs = |needed: &'static [usize]| {
            interval(&groups, 1, &options, move |sample| {
                let all = needed.iter().all(|group| sample.contains(&group));
                all.then_some(0.0)
            })
        };
        assert_eq!(needs(&[0]), Some([0.0, 0.0]));
        assert_eq!(needs(&[0, 1]), None);
    }

    #[test]
    fn what_is_not_finite_is_not_measured() {
        let options = AnalysisOptions::default();
        let of = |value: f64| effect(&[1.0; 4], 1, Unit::Plain, &options, |_| Ok(value));
        assert!(of(f64::INFINITY).is_err() && of(f64::NAN).is_err());
        assert_eq!(of(3.0).unwrap().interval, Some([3.0, 3.0]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn moves_and_scales_with_the_data(
            values in prop::collection::vec(-4.0..4.0f64, 3..12), shift in -5.0..5.0f64, power in -4i32..4,
        ) {
            let options = AnalysisOptions { resamples: 200, ..AnalysisOptions::default() };
            let scale = f64::from(power).exp2();
            let moved: Vec<f64> = values.iter().map(|v| scale * v + shift).collect();
            let before = interval(&values, 1, &options, mean_of).unwrap();
            let after = interval(&moved, 1, &options, mean_of).unwrap();
            for (a, b) in before.iter().zip(after) {
                prop_assert!((scale * a + shift - b).abs() < 1e-9);
            }
        }
    }
}
