//! The one resampling scheme of all intervals: whole architectures are resampled.
//!
//! A group is one architecture with everything measured on it: all its cells
//! at all input-layer rates, variants and checkpoints, each with its repeats,
//! whose noise their means carry along. So an interval answers for the noise of
//! repeats and for the choice of the grid's architectures. Repeats are not
//! resampled a second time within an architecture, which would count their
//! noise twice (A. C. Davison and D. V. Hinkley, Bootstrap Methods and their
//! Application, 1997, section 3.8).

use std::panic::resume_unwind;
use std::thread;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use crate::effect::{Effect, NotMeasured, Options, Unit};
use crate::numbers::{quantile, sorted, student};
use crate::searches::{share_difference, share_interval};

/// A statistic of groups with its interval.
///
/// `statistic` is computed once from all `groups`, each once, in their order,
/// and once from every resample, in which a group may occur several times (as
/// the same reference). `coefficients` is the number of numbers that the
/// statistic estimates from the groups: 1 for a mean, 2 for a straight line.
///
/// # Errors
/// If the statistic cannot be computed from all groups or is not finite.
pub(crate) fn effect<G: Sync>(
    groups: &[G],
    coefficients: usize,
    unit: Unit,
    options: &Options,
    statistic: impl Fn(&[&G]) -> Result<f64, NotMeasured> + Sync,
) -> Result<Effect, NotMeasured> {
    let [value] = effects(groups, coefficients, options, |sample| {
        Ok([statistic(sample)?])
    })?;
    let (value, interval) = value;
    if !value.is_finite() {
        return Err(NotMeasured::Undetermined("the number is not finite"));
    }
    Ok(Effect {
        value,
        interval,
        unit,
    })
}

/// A number with its interval.
pub(crate) type WithInterval = (f64, Option<[f64; 2]>);

/// Several statistics of the same groups, each with its interval. All see the
/// same resamples, so that one fit gives all its numbers.
///
/// # Errors
/// If they cannot be computed from all groups.
pub(crate) fn effects<G: Sync, const N: usize>(
    groups: &[G],
    coefficients: usize,
    options: &Options,
    statistics: impl Fn(&[&G]) -> Result<[f64; N], NotMeasured> + Sync,
) -> Result<[WithInterval; N], NotMeasured> {
    let all: Vec<&G> = groups.iter().collect();
    let values = statistics(&all)?;
    let tail = tail(options.confidence, groups.len(), coefficients);
    let resamples = tail.map(|tail| (tail, resamples(groups, options, &statistics)));
    Ok(std::array::from_fn(|index| {
        let interval = resamples.as_ref().and_then(|(tail, resamples)| {
            let own = resamples.iter().map(|values| values[index]);
            let finite = sorted(own.filter(|value| value.is_finite()));
            // With more than half of the resamples undetermined there is no interval.
            if 2 * finite.len() < options.resamples {
                return None;
            }
            Some([quantile(&finite, *tail)?, quantile(&finite, 1.0 - tail)?])
        });
        (values[index], interval)
    }))
}

/// The statistics of every resample that determines them, in the order in which the resamples are
/// drawn, on all cores.
fn resamples<G: Sync, const N: usize>(
    groups: &[G],
    options: &Options,
    statistics: impl Fn(&[&G]) -> Result<[f64; N], NotMeasured> + Sync,
) -> Vec<[f64; N]> {
    let mut generator = ChaCha8Rng::seed_from_u64(options.seed);
    let drawn: Vec<Vec<&G>> = (0..options.resamples)
        .map(|_| {
            let indices = groups
                .iter()
                .map(|_| generator.random_range(0..groups.len()));
            indices.filter_map(|index| groups.get(index)).collect()
        })
        .collect();
    let compute = |samples: &[Vec<&G>]| -> Vec<[f64; N]> {
        let found = samples.iter().filter_map(|sample| statistics(sample).ok());
        found.collect()
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = drawn.len().div_ceil(threads).max(1);
    thread::scope(|scope| {
        let parts = drawn.chunks(share);
        let workers: Vec<_> = parts
            .map(|part| scope.spawn(move || compute(part)))
            .collect();
        let all = workers.into_iter();
        all.flat_map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

/// Tail probability of the *expanded* percentile interval of a statistic that
/// estimates `p` coefficients from `A` groups that are resampled whole:
///
/// ```text
/// Phi( -sqrt(A / (A - p)) t_{1-alpha/2, A-p} ),   alpha = 1 - confidence
/// ```
///
/// The plain percentile interval is too narrow for few groups, for two
/// reasons: residuals are too small by `sqrt(1 - p/A)`, and normal quantiles
/// stand where Student's belong. Widening the percentile levels repairs both
/// without giving up the invariance of percentile intervals. For a mean,
/// `p = 1`, it is that of T. C. Hesterberg, "What Teachers Should Know About the
/// Bootstrap", The American Statistician 69(4), 2015, pages 371-386, section
/// on the expanded percentile interval.
///
/// `None` for fewer than `p + 1` groups, or if the confidence is not strictly
/// between 0 and 1.
fn tail(confidence: f64, groups: usize, coefficients: usize) -> Option<f64> {
    let remaining = groups.checked_sub(coefficients).filter(|left| *left > 0)? as f64;
    let inflation = (groups as f64 / remaining).sqrt();
    let t = student(confidence, remaining)?;
    Some(Normal::new(0.0, 1.0).ok()?.cdf(-inflation * t))
}

/// A statistic of architectures, ready for resampling.
pub(crate) struct Estimator<'a> {
    /// The architectures that say something of it, ascending.
    shapes: Vec<Shape>,
    /// Numbers that it estimates from them.
    coefficients: usize,
    unit: Unit,
    compute: Compute<'a>,
    /// Of a share: its events, and all of them; of a difference of shares: those of both.
    counts: Vec<[usize; 2]>,
}

/// Depth and width of an architecture.
pub(crate) type Shape = (usize, usize);

type Compute<'a> = Box<dyn Fn(&[Shape]) -> Result<f64, NotMeasured> + Sync + 'a>;

impl<'a> Estimator<'a> {
    /// From groups of data, one for each architecture, in ascending order.
    pub(crate) fn new<G: Sync + 'a>(
        groups: Vec<(Shape, G)>,
        coefficients: usize,
        unit: Unit,
        statistic: impl Fn(&[&G]) -> Result<f64, NotMeasured> + Sync + 'a,
    ) -> Self {
        Self {
            shapes: groups.iter().map(|(shape, _)| *shape).collect(),
            coefficients,
            unit,
            compute: Box::new(move |sample| {
                let found = sample.iter().filter_map(|shape| {
                    let index = groups.binary_search_by_key(shape, |(own, _)| *own).ok()?;
                    groups.get(index).map(|(_, group)| group)
                });
                statistic(&found.collect::<Vec<_>>())
            }),
            counts: Vec::new(),
        }
    }

    /// A share of events: `[events, all of them]` in every architecture.
    pub(crate) fn share(groups: Vec<(Shape, [usize; 2])>) -> Self {
        let sum = |all: &[&[usize; 2]]| {
            all.iter()
                .fold([0, 0], |sum, own| [sum[0] + own[0], sum[1] + own[1]])
        };
        let counts = sum(&groups.iter().map(|(_, own)| own).collect::<Vec<_>>());
        let share = Self::new(groups, 1, Unit::Share, move |sample| {
            let [some, all] = sum(sample);
            Ok(some as f64 / all as f64)
        });
        Self {
            counts: vec![counts],
            ..share
        }
    }

    /// The statistic with its interval.
    ///
    /// Where all events of a share agree, resampling knows no other share; there the interval is
    /// the exact one (see [`share_interval`]), and that of two independent shares for a difference
    /// (see [`share_difference`]).
    ///
    /// # Errors
    /// If the cells do not determine it.
    pub(crate) fn effect(&self, options: &Options) -> Result<Effect, NotMeasured> {
        let compute = |sample: &[&Shape]| {
            let sample: Vec<Shape> = sample.iter().copied().copied().collect();
            (self.compute)(&sample)
        };
        let mut own = effect(&self.shapes, self.coefficients, self.unit, options, compute)?;
        if self.unit == Unit::Count {
            own.interval = None;
        }
        if self
            .counts
            .iter()
            .all(|[some, all]| *some == 0 || some == all)
        {
            match self.counts.as_slice() {
                [share] => own.interval = share_interval(*share, options.confidence),
                [one, two] => own.interval = share_difference(*one, *two, options.confidence),
                _ => {}
            }
        }
        Ok(own)
    }

    /// This statistic minus another one: both see the same resamples, and the interval answers for
    /// the coefficients of both.
    pub(crate) fn minus(self, other: Self) -> Self {
        let mut shapes: Vec<Shape> = self.shapes.iter().chain(&other.shapes).copied().collect();
        shapes.sort_unstable();
        shapes.dedup();
        Self {
            shapes,
            coefficients: self.coefficients + other.coefficients,
            unit: self.unit,
            compute: Box::new(move |sample| Ok((self.compute)(sample)? - (other.compute)(sample)?)),
            counts: [self.counts, other.counts].concat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use statrs::distribution::StudentsT;

    use super::*;
    use crate::numbers::mean;

    /// The interval of a statistic that may be undetermined.
    fn interval<G: Sync>(
        groups: &[G],
        coefficients: usize,
        options: &Options,
        statistic: impl Fn(&[&G]) -> Option<f64> + Sync,
    ) -> Option<[f64; 2]> {
        let numbers = effects(groups, coefficients, options, |sample| {
            Ok([statistic(sample).unwrap_or(f64::NAN)])
        });
        numbers.unwrap()[0].1
    }

    fn mean_of(sample: &[&f64]) -> Option<f64> {
        mean(&sample.iter().copied().copied().collect::<Vec<_>>())
    }

    /// Student's interval of a mean, in closed form, on the quantiles of a
    /// normal distribution: there the bootstrap has to agree with it.
    #[test]
    fn agrees_with_the_closed_form_of_a_mean() {
        let options = Options {
            resamples: 40_000,
            ..Options::default()
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

    /// Values of Phi and of Student's quantiles from printed tables:
    /// sqrt(5/4) * 2.776445 = 3.104160; Phi(-3.104160) = 0.000954.
    #[test]
    fn tails_by_hand() {
        let five = tail(0.95, 5, 1).unwrap();
        assert!((five - 0.000_954).abs() < 1e-6, "{five}");
        let many = tail(0.95, 1_000_000, 1).unwrap();
        assert!((many - 0.025).abs() < 1e-5, "{many}");
        let tails: Vec<f64> = (2..50).map(|n| tail(0.95, n, 1).unwrap()).collect();
        assert!(tails.windows(2).all(|pair| pair[0] < pair[1]), "{tails:?}");
        assert!(tail(0.95, 3, 3).is_none() && tail(0.95, 9, 2).is_some());
    }

    #[test]
    fn no_interval_where_none_can_be() {
        let options = Options::default();
        let ones =
            |n: usize, coefficients| interval(&vec![1.0; n], coefficients, &options, mean_of);
        assert_eq!((ones(1, 1), ones(2, 2), ones(0, 1)), (None, None, None));
        assert!(ones(3, 2).is_some());
        let none = Options {
            resamples: 0,
            ..options.clone()
        };
        assert_eq!(interval(&[1.0, 2.0], 1, &none, mean_of), None);
        let certain = Options {
            confidence: 1.0,
            ..options.clone()
        };
        assert_eq!(interval(&[1.0, 2.0], 1, &certain, mean_of), None);
    }

    #[test]
    fn too_many_undetermined_resamples_give_no_interval() {
        let options = Options::default();
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
        let options = Options::default();
        let constant = |value: f64| effect(&[1.0; 4], 1, Unit::Plain, &options, |_| Ok(value));
        assert!(constant(f64::INFINITY).is_err() && constant(f64::NAN).is_err());
        assert_eq!(constant(3.0).unwrap().interval, Some([3.0, 3.0]));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn moves_and_scales_with_the_data(
            values in prop::collection::vec(-4.0..4.0f64, 3..12), shift in -5.0..5.0f64, power in -4i32..4,
        ) {
            let options = Options { resamples: 200, ..Options::default() };
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
