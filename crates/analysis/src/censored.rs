//! Maximum likelihood where some searches ended without an eta\*.
//!
//! A search in which nothing succeeded says that eta\* is *below* the lowest
//! rate tried, one in which nothing failed that it is *at least* the highest.
//! To drop such repeats biases a fit towards the middle of the range searched:
//! what is lost is not any repeat but the lowest or the highest ones. Here
//! they enter as what they are, censored values (J. Tobin, Econometrica 26(1),
//! 1958).
//!
//! # The model
//!
//! Repeat `r` of cell `c` has `log2 eta*`
//!
//! ```text
//! y_cr = x_c' b + e_cr,   e_cr normal with mean 0 and standard deviation s
//! ```
//!
//! and counts with weight `1/n_c`, `n_c` the repeats of its cell, so that every
//! cell counts once, as in the fit without censoring. `s` is the whole
//! deviation of one repeat from the law: its noise and its cell's misfit.
//!
//! Why on the level of repeats: it is repeats that are censored. The mean of a
//! cell of which some repeats are is neither known nor bounded on both sides,
//! and how it is spread depends on how many of its repeats were found. Misfit
//! makes the repeats of a cell dependent; the distribution of each one alone is
//! as written, so what is maximised is a composite likelihood, which is
//! consistent under any dependence within cells (B. G. Lindsay, Contemporary
//! Mathematics 80, 1988); only intervals have to know of the dependence, and
//! they are bootstrapped over whole cells' repeats.
//!
//! # Networks that no rate trains
//!
//! Now and then a narrow deep network is dead from the start: nothing succeeds
//! down to whatever rate the search ends at, twenty standard deviations below
//! its cell's other repeats. Taken for the tail of a normal distribution, one
//! such repeat moves a cell by octaves. So with a small probability `q`, fixed
//! at 1/1000 (our choice), a search without an eta\* is allowed to say nothing
//! of the edge, whatever the edge is; a censored repeat then has the likelihood
//! `q + (1 - q) Phi(z)`, and counts as a bound with the weight
//!
//! ```text
//! w = (1 - q) Phi(z) / (q + (1 - q) Phi(z))
//! ```
//!
//! which is nearly 1 where the law can explain it, 1/2 three standard deviations
//! off, and soon nothing.
//!
//! # EM
//!
//! A. P. Dempster, N. M. Laird and D. B. Rubin, Journal of the Royal
//! Statistical Society B 39(1), 1977. With `m = x' b`, `z = (limit - m) / s`
//! and the inverse Mills ratio `L(z) = phi(z) / Phi(z)`:
//!
//! ```text
//! E[y | y < limit]   = m - w s L(z)    E[(y - m)^2 | y < limit]  = s^2 (1 - w z L(z))
//! E[y | y >= limit]  = m + w s L(-z)   E[(y - m)^2 | y >= limit] = s^2 (1 + w z L(-z))
//! ```
//!
//! (`w` of the second line with `-z`) replace the censored values; then `b` is the least squares of the completed
//! cells' means and `s^2` the mean over cells of the mean over repeats of
//! squared residual plus variance. Without censored repeats the first step is
//! ordinary least squares and nothing changes afterwards.

use nalgebra::DVector;
use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use crate::least_squares::LeastSquares;

/// What the search of one repeat says of `log2 eta*`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Observed {
    /// It is this.
    Found(f64),
    /// It is below this: nothing succeeded.
    Below(f64),
    /// It is at least this: nothing failed.
    AtLeast(f64),
}

/// How far an iteration goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Precision {
    /// Ends when no cell's value moves by more than this, in octaves.
    pub(crate) octaves: f64,
    /// Ends after this many steps in any case.
    pub(crate) steps: usize,
}

impl Precision {
    /// Of the fit itself.
    pub(crate) const FULL: Self = Self {
        octaves: 1e-10,
        steps: 5000,
    };
    /// Of the many refits of a bootstrap or of leaving cells out, which start
    /// where the fit ended: a thousandth of the error of any of them.
    pub(crate) const REFIT: Self = Self {
        octaves: 1e-4,
        steps: 200,
    };
}

/// Coefficients and standard deviation of the model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Tobit {
    /// The constant, then the slopes.
    pub(crate) coefficients: DVector<f64>,
    /// `s`, in octaves.
    deviation: f64,
}

/// Probability that a search without an eta\* says nothing of the edge.
const SILENT: f64 = 1e-3;

/// Below this the deviation is rounding error of the logarithms.
const LEAST_DEVIATION: f64 = 1e-9;

impl Tobit {
    /// Ordinary least squares of the means of the found repeats, where the
    /// iteration starts. `None` if they do not determine the coefficients.
    pub(crate) fn start(regressors: &[Vec<f64>], cells: &[Vec<Observed>]) -> Option<Self> {
        let (x, found): (Vec<Vec<f64>>, Vec<Vec<f64>>) = regressors
            .iter()
            .zip(cells)
            .map(|(x, cell)| (x.clone(), found(cell)))
            .filter(|(_, found)| !found.is_empty())
            .unzip();
        let means = found.iter().map(|values| mean(values));
        let solved = LeastSquares::new(&x)?;
        let coefficients = solved.coefficients(&DVector::from_iterator(found.len(), means));
        let fitted = solved.fitted(&coefficients);
        let squares = found
            .iter()
            .zip(fitted.iter())
            .map(|(values, m)| mean(&values.iter().map(|y| (y - m).powi(2)).collect::<Vec<_>>()));
        let deviation = (squares.sum::<f64>() / found.len() as f64).sqrt();
        Some(Self {
            coefficients,
            deviation: deviation.max(LEAST_DEVIATION),
        })
    }

    /// The maximum-likelihood fit from here on. `solved` decomposes the
    /// regressors of the cells; `cells` holds their repeats, none empty.
    pub(crate) fn maximise(
        mut self,
        solved: &LeastSquares,
        cells: &[Vec<Observed>],
        precision: Precision,
    ) -> Self {
        let Ok(normal) = Normal::new(0.0, 1.0) else {
            return self;
        };
        let mut before = solved.fitted(&self.coefficients);
        for _ in 0..precision.steps {
            let s = self.deviation;
            let completed: Vec<Vec<(f64, f64)>> = cells
                .iter()
                .zip(before.iter())
                .map(|(cell, &m)| cell.iter().map(|y| y.completed(m, s, &normal)).collect())
                .collect();
            let means = completed
                .iter()
                .map(|values| values.iter().map(|(y, _)| y).sum::<f64>() / values.len() as f64);
            self.coefficients = solved.coefficients(&DVector::from_iterator(cells.len(), means));
            let after = solved.fitted(&self.coefficients);
            let squares = completed.iter().zip(after.iter()).map(|(values, m)| {
                let of_cell = values
                    .iter()
                    .map(|(y, variance)| (y - m).powi(2) + variance);
                of_cell.sum::<f64>() / values.len() as f64
            });
            self.deviation = (squares.sum::<f64>() / cells.len() as f64)
                .sqrt()
                .max(LEAST_DEVIATION);
            let moved = (&after - &before).amax().max((self.deviation - s).abs());
            before = after;
            // Also where the numbers have stopped being numbers.
            if moved.is_nan() || moved <= precision.octaves {
                break;
            }
        }
        self
    }
}

impl Observed {
    /// The same of a number that is larger by `offset`.
    pub(crate) fn shifted(self, offset: f64) -> Self {
        match self {
            Self::Found(value) => Self::Found(value + offset),
            Self::Below(limit) => Self::Below(limit + offset),
            Self::AtLeast(limit) => Self::AtLeast(limit + offset),
        }
    }

    /// The value, or the end of the range searched.
    pub(crate) fn limit(self) -> f64 {
        match self {
            Self::Found(limit) | Self::Below(limit) | Self::AtLeast(limit) => limit,
        }
    }

    /// Mean and variance of the value, given what is observed.
    fn completed(self, m: f64, s: f64, normal: &Normal) -> (f64, f64) {
        let (side, limit) = match self {
            Self::Found(value) => return (value, 0.0),
            Self::Below(limit) => (-1.0, limit),
            Self::AtLeast(limit) => (1.0, limit),
        };
        let z = -side * (limit - m) / s;
        let explained = (1.0 - SILENT) * normal.cdf(z);
        let weight = explained / (SILENT + explained);
        let shift = weight * inverse_mills(z, normal);
        // E[(y - m)^2] less the square of the shift.
        let variance = s * s * (1.0 - z * shift - shift * shift);
        (m + side * s * shift, variance.max(0.0))
    }
}

/// `phi(z) / Phi(z)`; far below zero, where both vanish, by the first terms of
/// the asymptotic series `Phi(z) = phi(z) (1 - 1/z^2 + 3/z^4 - ..) / -z`.
fn inverse_mills(z: f64, normal: &Normal) -> f64 {
    if z < -30.0 {
        let inverse = 1.0 / (z * z);
        -z / (1.0 - inverse + 3.0 * inverse * inverse)
    } else {
        normal.pdf(z) / normal.cdf(z)
    }
}

/// The values that were found.
fn found(cell: &[Observed]) -> Vec<f64> {
    cell.iter()
        .filter_map(|observed| match observed {
            Observed::Found(value) => Some(*value),
            Observed::Below(_) | Observed::AtLeast(_) => None,
        })
        .collect()
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// The value at these regressors.
    fn at(tobit: &Tobit, regressors: &[f64]) -> f64 {
        let all = std::iter::once(&1.0).chain(regressors);
        tobit.coefficients.iter().zip(all).map(|(b, x)| b * x).sum()
    }

    fn maximised(x: &[Vec<f64>], cells: &[Vec<Observed>]) -> Tobit {
        let solved = LeastSquares::new(x).unwrap();
        let start = Tobit::start(x, cells).unwrap();
        start.maximise(&solved, cells, Precision::FULL)
    }

    /// Log-likelihood, from the definition: cells weighed as one repeat each.
    fn likelihood(tobit: &Tobit, x: &[Vec<f64>], cells: &[Vec<Observed>]) -> f64 {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let s = tobit.deviation;
        let bound = |share: f64| (SILENT + (1.0 - SILENT) * share).ln();
        let of_cell = |(x, cell): (&Vec<f64>, &Vec<Observed>)| {
            let m = at(tobit, x);
            let terms = cell.iter().map(|y| match y {
                Observed::Found(y) => normal.ln_pdf((y - m) / s) - s.ln(),
                Observed::Below(limit) => bound(normal.cdf((limit - m) / s)),
                Observed::AtLeast(limit) => bound(normal.sf((limit - m) / s)),
            });
            terms.sum::<f64>() / cell.len() as f64
        };
        x.iter().zip(cells).map(of_cell).sum()
    }

    /// A line with noise, everything below `limit` censored.
    fn simulated(seed: u64, limit: f64) -> (Vec<Vec<f64>>, Vec<Vec<Observed>>) {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut generator = ChaCha8Rng::seed_from_u64(seed);
        let mut draw = || normal.inverse_cdf(generator.random_range(1e-15..1.0));
        (0..24)
            .map(|i| {
                let x = f64::from(i) / 4.0;
                let misfit = 0.3 * draw();
                let repeats = (0..5).map(|_| {
                    let y = 1.0 - x + misfit + 0.4 * draw();
                    if y < limit {
                        Observed::Below(limit)
                    } else {
                        Observed::Found(y)
                    }
                });
                (vec![x], repeats.collect())
            })
            .unzip()
    }

    #[test]
    fn the_ratio_is_continuous_where_its_form_changes() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let (a, b) = (
            inverse_mills(-30.0, &normal),
            inverse_mills(-30.0 - 1e-9, &normal),
        );
        assert!((a / b - 1.0).abs() < 1e-6, "{a} {b}");
        assert!((inverse_mills(0.0, &normal) - (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-12);
        assert!(inverse_mills(-1e8, &normal).is_finite());
    }

    /// Over 200 simulated grids: the slope is -1, to within its standard
    /// error; dropping what is censored makes it flatter by more than 0.1.
    #[test]
    fn recovers_a_slope_that_dropping_flattens() {
        let (mut ours, mut dropped) = (0.0, 0.0);
        for seed in 0..200 {
            let (x, cells) = simulated(seed, -3.0);
            ours += maximised(&x, &cells).coefficients[1] / 200.0;
            dropped += Tobit::start(&x, &cells).unwrap().coefficients[1] / 200.0;
        }
        println!("maximum likelihood {ours}, dropped {dropped}");
        assert!((ours + 1.0).abs() < 0.03, "{ours}");
        assert!(dropped > -0.9, "{dropped}");
    }

    /// No step in any direction raises the likelihood.
    #[test]
    fn it_is_the_maximum() {
        let (x, cells) = simulated(3, -2.0);
        let best = maximised(&x, &cells);
        let top = likelihood(&best, &x, &cells);
        for direction in 0..3 {
            for step in [-1e-3, 1e-3] {
                let mut other = best.clone();
                match direction {
                    2 => other.deviation += step,
                    index => other.coefficients[index] += step,
                }
                assert!(likelihood(&other, &x, &cells) < top, "{direction} {step}");
            }
        }
        assert!(likelihood(&Tobit::start(&x, &cells).unwrap(), &x, &cells) < top);
    }

    /// A network that nothing trains moves the fit by less than a twentieth of an
    /// octave; as the tail of a normal distribution it would by more than one.
    #[test]
    fn a_dead_network_says_nothing() {
        let (x, mut cells) = simulated(5, f64::NEG_INFINITY);
        let before = maximised(&x, &cells);
        cells[20].push(Observed::Below(-30.0));
        let after = maximised(&x, &cells);
        for place in &x {
            assert!((at(&before, place) - at(&after, place)).abs() < 0.05);
        }
    }

    #[test]
    fn cells_censored_far_away_change_nothing() {
        let (x, cells) = simulated(4, f64::NEG_INFINITY);
        let before = maximised(&x, &cells);
        let (mut more_x, mut more) = (x.clone(), cells.clone());
        more_x.push(vec![3.0]);
        more.push(vec![Observed::Below(1e6)]);
        let after = maximised(&more_x, &more);
        assert!((before.coefficients - after.coefficients).amax() < 1e-6);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn without_censoring_it_is_least_squares(
            rows in prop::collection::vec(
                (0.0..10.0f64, prop::collection::vec(-9.0..9.0f64, 1..5)), 3..15)
        ) {
            let x: Vec<Vec<f64>> = rows.iter().map(|(x, _)| vec![*x]).collect();
            let solved = LeastSquares::new(&x);
            prop_assume!(solved.is_some());
            let cells: Vec<Vec<Observed>> = rows
                .iter()
                .map(|(_, values)| values.iter().copied().map(Observed::Found).collect())
                .collect();
            let means = rows.iter().map(|(_, values)| mean(values));
            let expected = solved.unwrap().coefficients(&DVector::from_iterator(rows.len(), means));
            prop_assert_eq!(maximised(&x, &cells).coefficients, expected);
        }

        /// Mirrored data have the mirrored fit.
        #[test]
        fn both_sides_are_treated_alike(seed: u64) {
            let (x, cells) = simulated(seed, -3.0);
            let mirrored: Vec<Vec<Observed>> = cells
                .iter()
                .map(|cell| cell.iter().map(|y| match *y {
                    Observed::Found(y) => Observed::Found(-y),
                    Observed::Below(limit) => Observed::AtLeast(-limit),
                    Observed::AtLeast(limit) => Observed::Below(-limit),
                }).collect())
                .collect();
            let (a, b) = (maximised(&x, &cells), maximised(&x, &mirrored));
            prop_assert!((a.coefficients + b.coefficients).amax() < 1e-8);
            prop_assert!((a.deviation - b.deviation).abs() < 1e-8);
        }
    }
}
