//! The laws that are compared, and the one way in which any of them is fitted.
//!
//! A law is a straight line in `log2`: `log2 y = log2 C - sum_j a_j log2 x_j`. A cell counts
//! once, however many repeats it has: with a handful of repeats its own variance is too poorly
//! known to weigh by, the spread between repeats is much the same in all cells, and where a law
//! is not exact its misfit dominates. The fit is by maximum likelihood, in which repeats that
//! found no value in range take part as bounds (see the module `censored`); without any, that is
//! least squares of the cells' means.

use nalgebra::DVector;
use serde::{Deserialize, Serialize};

use crate::censored::{Observed, Precision, Tobit};
use crate::effect::NoFit;
use crate::least_squares::{LeastSquares, Quality, quality};
use crate::points::Point;

/// The laws that are compared. `depth` counts hidden layers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Law {
    /// `eta* = C (depth * width)^-a`: the paper's law (claim C1).
    DepthWidth,
    /// `eta* = C depth^-a width^-b`.
    Separate,
    /// `eta* = C (input_rate * inputs + depth * width)^-a`: the effective
    /// size, our hypothesis.
    EffectiveSize,
}

impl Law {
    /// All laws, in the order in which they are reported.
    pub const ALL: [Self; 3] = [Self::DepthWidth, Self::Separate, Self::EffectiveSize];

    /// Its name in files and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::DepthWidth => "depth-width",
            Self::Separate => "separate",
            Self::EffectiveSize => "effective-size",
        }
    }

    /// Its name in a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Self::DepthWidth => "depth × width law",
            Self::Separate => "law with separate exponents of depth and width",
            Self::EffectiveSize => "effective-size law",
        }
    }

    /// The names of its regressors, one for each exponent.
    pub fn regressors(self) -> &'static [&'static str] {
        match self {
            Self::DepthWidth => &["depth x width"],
            Self::Separate => &["depth", "width"],
            Self::EffectiveSize => &["effective size"],
        }
    }

    /// `log2` of its regressors, in the order of [`Law::regressors`], for a
    /// network of `depth` hidden layers of one `width`.
    pub fn log2_regressors(
        self,
        depth: usize,
        width: usize,
        inputs: usize,
        input_rate: f64,
    ) -> Vec<f64> {
        let (depth, width, inputs) = (depth as f64, width as f64, inputs as f64);
        match self {
            Self::DepthWidth => vec![(depth * width).log2()],
            Self::Separate => vec![depth.log2(), width.log2()],
            Self::EffectiveSize => vec![(input_rate * inputs + depth * width).log2()],
        }
    }

    /// The same at a point.
    pub(crate) fn at_point(self, point: &Point) -> Vec<f64> {
        self.log2_regressors(point.depth, point.width, point.inputs, point.input_rate)
    }

    /// Number of coefficients, the constant among them.
    pub(crate) fn coefficients(self) -> usize {
        1 + self.regressors().len()
    }
}

/// A law fitted to points.
#[derive(Debug, Clone)]
pub(crate) struct LawFit {
    pub(crate) law: Law,
    /// `log2 C`, then the slope of each regressor, the negative of an exponent.
    pub(crate) coefficients: DVector<f64>,
    /// How well it describes the points that found a value.
    pub(crate) quality: Quality,
    /// Where refits to similar points start, if any repeat is censored.
    start: Option<Tobit>,
}

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
        Self::fit(self.law, points, self.start.as_ref())
    }

    fn fit(law: Law, points: &[&Point], from: Option<&Tobit>) -> Result<Self, NoFit> {
        let regressors: Vec<Vec<f64>> = points.iter().map(|point| law.at_point(point)).collect();
        let means: Vec<Option<f64>> = points.iter().map(|point| point.mean()).collect();
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
                .map(|point| {
                    point
                        .repeats
                        .iter()
                        .map(|(_, observed)| *observed)
                        .collect()
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
        Ok(Self {
            law,
            quality: quality(&y, &residuals, &leverages, coefficients.len()),
            coefficients,
            start: start.or_else(|| from.cloned()),
        })
    }

    /// The exponent of the law's regressor of this index: `a` in `x^-a`.
    pub(crate) fn exponent(&self, index: usize) -> Option<f64> {
        self.coefficients.get(index + 1).map(|slope| -slope)
    }

    /// The law's `log2` value at these `log2` regressors.
    pub(crate) fn at(&self, regressors: &[f64]) -> f64 {
        let all = std::iter::once(&1.0).chain(regressors);
        let terms = self.coefficients.iter().zip(all);
        terms.map(|(coefficient, x)| coefficient * x).sum()
    }

    /// The law's `log2` value at a point.
    pub(crate) fn at_point(&self, point: &Point) -> f64 {
        self.at(&self.law.at_point(point))
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
    let needed = names.len() + 2;
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
