//! The one way in which any law is fitted.
//!
//! A cell counts once, however many repeats it has: with a handful of repeats its own variance is
//! too poorly known to weigh by, the spread between repeats is much the same in all cells, and where
//! a law is not exact its misfit dominates. The fit is by maximum likelihood, in which repeats that
//! found no value in range take part as bounds (see the module `censored`); without any, that is
//! least squares of the cells' means. A law that is not linear is fitted by repeated linearisation.

use nalgebra::DVector;

use crate::censored::{Observed, Precision, Tobit};
use crate::effect::NoFit;
use crate::law::{Law, Network};
use crate::least_squares::{LeastSquares, Quality, quality};
use crate::points::Point;

/// A law fitted to points.
#[derive(Debug, Clone)]
pub(crate) struct LawFit {
    pub(crate) law: Law,
    /// `log2 C`, then the slope of each regressor, the negative of an exponent.
    pub(crate) coefficients: DVector<f64>,
    /// `B / K` of the two-term law; 1 for the others, which have none.
    pub(crate) ratio: f64,
    /// How well it describes the points that found a value.
    pub(crate) quality: Quality,
    /// Where refits to similar points start, if any repeat is censored.
    start: Option<Tobit>,
}

/// Steps in which the ratio of the two-term law is found: from anywhere, and from near it.
const RATIO_STEPS: [usize; 2] = [60, 3];

/// A ratio that moves by less, in octaves, is found.
const RATIO_PRECISION: f64 = 1e-6;

impl LawFit {
    /// Fits the law to points, each as often as it occurs.
    ///
    /// # Errors
    /// If the points that found a value do not determine the law: bounds can correct a law, but
    /// not make one.
    pub(crate) fn new(law: Law, points: &[&Point]) -> Result<Self, NoFit> {
        Self::fit(law, points, None)
    }

    /// Fits the same law to other points of the same kind, as in a resample: to the precision of
    /// a refit, from this fit on.
    ///
    /// # Errors
    /// As [`LawFit::new`].
    pub(crate) fn refit(&self, points: &[&Point]) -> Result<Self, NoFit> {
        Self::fit(self.law, points, Some(self))
    }

    fn fit(law: Law, points: &[&Point], from: Option<&Self>) -> Result<Self, NoFit> {
        let start = from.and_then(|from| from.start.as_ref());
        let ratio = from.map_or(1.0, |from| from.ratio);
        if law != Law::TwoTerm {
            return Self::linear(law, points, ratio, start);
        }
        // Gauss and Newton: the slope of the linearised law is the negative step of log2 ratio.
        let mut log2_ratio = ratio.log2();
        for _ in 0..RATIO_STEPS[usize::from(from.is_some())] {
            let step = -Self::linear(law, points, log2_ratio.exp2(), start)?.coefficients[1];
            log2_ratio += step.clamp(-2.0, 2.0);
            // Beyond these one of the two terms says nothing.
            if log2_ratio.abs() > 40.0 {
                return Err(NoFit::Collinear);
            }
            if step.abs() <= RATIO_PRECISION {
                break;
            }
        }
        Self::linear(law, points, log2_ratio.exp2(), start)
    }

    /// The fit of the law, linear near a ratio.
    fn linear(
        law: Law,
        points: &[&Point],
        ratio: f64,
        from: Option<&Tobit>,
    ) -> Result<Self, NoFit> {
        let (offsets, regressors): (Vec<f64>, Vec<Vec<f64>>) = points
            .iter()
            .map(|point| law.linearised(&point.network, ratio))
            .unzip();
        let of_points = regressors.iter().flatten().chain(&offsets);
        if !of_points.copied().all(f64::is_finite) {
            return Err(NoFit::Undefined);
        }
        let means: Vec<Option<f64>> = points
            .iter()
            .zip(&offsets)
            .map(|(point, offset)| Some(point.mean()? + offset))
            .collect();
        let (found, y): (Vec<Vec<f64>>, Vec<f64>) = regressors
            .iter()
            .zip(&means)
            .filter_map(|(x, mean)| Some((x.clone(), (*mean)?)))
            .unzip();
        check(law, &found)?;
        let least_squares = LeastSquares::new(&regressors).ok_or(NoFit::Collinear)?;
        if found.len() < points.len() {
            LeastSquares::new(&found).ok_or(NoFit::Collinear)?;
        }
        let (coefficients, start) = if points.iter().all(|point| point.censored() == 0) {
            (
                least_squares.coefficients(&DVector::from_column_slice(&y)),
                None,
            )
        } else {
            let cells: Vec<Vec<Observed>> = points
                .iter()
                .zip(&offsets)
                .map(|(point, offset)| {
                    let repeats = point.repeats.iter();
                    repeats.map(|(_, seen)| seen.shifted(*offset)).collect()
                })
                .collect();
            let (start, precision) = match from {
                Some(from) => (from.clone(), Precision::REFIT),
                None => (
                    Tobit::start(&regressors, &cells).ok_or(NoFit::Collinear)?,
                    Precision::FULL,
                ),
            };
            let tobit = start.maximise(&least_squares, &cells, precision);
            (tobit.coefficients.clone(), Some(tobit))
        };
        let fitted = least_squares.fitted(&coefficients);
        let of_found = |values: &[f64]| -> Vec<f64> {
            let all = values.iter().zip(&means);
            all.filter(|(_, mean)| mean.is_some())
                .map(|(value, _)| *value)
                .collect()
        };
        let residuals: Vec<f64> = y
            .iter()
            .zip(of_found(fitted.as_slice()))
            .map(|(y, fitted)| y - fitted)
            .collect();
        let leverages = of_found(&grouped_leverages(points, least_squares.leverages()));
        // The variance is that of eta* itself, whatever was added to it.
        let plain: Vec<f64> = points.iter().filter_map(|point| point.mean()).collect();
        Ok(Self {
            law,
            quality: quality(&plain, &residuals, &leverages, coefficients.len()),
            coefficients,
            ratio,
            start: start.or_else(|| from.cloned()),
        })
    }

    /// The exponent of the law's regressor of this index: `a` in `x^-a`.
    pub(crate) fn exponent(&self, index: usize) -> Option<f64> {
        let is_one = index < self.law.regressors().len();
        is_one.then(|| self.coefficients.get(index + 1).map(|slope| -slope))?
    }

    /// The law's `log2` value where its `log2` sizes are these.
    pub(crate) fn at_sizes(&self, log2_sizes: &[f64]) -> f64 {
        // The two-term law's slope is no exponent: it belongs to the ratio in its size.
        let fitted = self.law.regressors().len();
        let exponents = self
            .coefficients
            .iter()
            .skip(1)
            .take(fitted)
            .map(|slope| -slope);
        self.law
            .log2_value(self.coefficients[0], exponents, log2_sizes)
    }

    /// The law's `log2` value for a network.
    pub(crate) fn at(&self, network: &Network) -> f64 {
        self.at_sizes(&self.log2_sizes(network))
    }

    /// `log2` of the sizes of a network that the law depends on.
    pub(crate) fn log2_sizes(&self, network: &Network) -> Vec<f64> {
        let sizes = self.law.sizes(network, self.ratio).into_iter();
        sizes.map(f64::log2).collect()
    }

    /// The regressors of a network, as the fit saw them.
    pub(crate) fn regressors(&self, network: &Network) -> Vec<f64> {
        self.law.linearised(network, self.ratio).1
    }
}

/// Leverages with which each point would be left out together with its copies.
///
/// In a resample a cell occurs as often as its architecture, `m` times: all its
/// copies are left out together, or the others would give it away. With the
/// residual `e` and the leverage `h` of one copy, the error of prediction is
/// `e / (1 - m h)`: the hat matrix of `m` equal rows is `h` in every entry, and
/// `(I - h 1 1^T)^-1 1 = 1 / (1 - m h)`.
///
/// With censored repeats the identity is that of the completed values, which
/// are taken as given.
fn grouped_leverages(points: &[&Point], leverages: Vec<f64>) -> Vec<f64> {
    let copies = |point: &&Point| {
        let same = points.iter().filter(|other| std::ptr::eq(**other, *point));
        same.count() as f64
    };
    let each = points.iter().zip(leverages);
    each.map(|(point, leverage)| copies(point) * leverage)
        .collect()
}

/// That there are enough points with a value to leave a degree of freedom, and that every
/// regressor varies among them.
fn check(law: Law, regressors: &[Vec<f64>]) -> Result<(), NoFit> {
    let names = law.regressors();
    let needed = law.coefficients() + 1;
    if regressors.len() < needed {
        return Err(NoFit::TooFewCells {
            cells: regressors.len(),
            needed,
        });
    }
    for (index, regressor) in names.iter().enumerate() {
        let values = || regressors.iter().filter_map(|x| x.get(index));
        let first = values().next();
        if values().all(|value| Some(value) == first) {
            return Err(NoFit::NoVariance {
                regressor: (*regressor).to_owned(),
            });
        }
    }
    Ok(())
}
