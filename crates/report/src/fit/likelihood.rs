use nalgebra::DVector;

use super::censored::{Observed, Precision, Tobit};
use super::fitting::Reason;
use super::model::Law;
use super::quality::{Quality, quality};
use super::regression::LeastSquares;
use super::series::Point;
use super::solve::{Solved, solve};

/// A law fitted to points: by least squares or, where repeats are censored,
/// by maximum likelihood.
#[derive(Debug, Clone)]
pub(crate) struct Described<'a> {
    /// The points of the fit, in their order.
    pub(crate) points: Vec<&'a Point>,
    /// `log2` of the law's regressors, by point.
    pub(crate) regressors: Vec<Vec<f64>>,
    /// Decomposition of the regressors of all points.
    pub(crate) least_squares: LeastSquares,
    /// `log2 C`, then the slopes.
    pub(crate) coefficients: DVector<f64>,
    /// The likelihood's fit, where repeats are censored.
    pub(crate) censored: Option<Tobit>,
    /// How well the law describes the points that found an eta\*.
    pub(crate) quality: Quality,
    /// How many these are.
    pub(crate) found_cells: usize,
}

impl<'a> Described<'a> {
    /// The law on points each of which has a repeat, censored or not.
    ///
    /// # Errors
    /// If the points that found an eta\* do not determine the law: bounds on
    /// eta\* can correct a law, but not make one.
    pub(crate) fn of(law: Law, points: &[&'a Point]) -> Result<Self, Reason> {
        let found: Vec<&Point> = points
            .iter()
            .copied()
            .filter(|point| !point.repeats.is_empty())
            .collect();
        let solved = solve(law, &found)?;
        if points.iter().all(|point| point.censored.is_empty()) {
            return Ok(Self::uncensored(found, solved));
        }
        let regressors: Vec<Vec<f64>> = points.iter().map(|point| law.of_point(point)).collect();
        let cells: Vec<Vec<Observed>> = points
            .iter()
            .map(|point| point.observed().into_iter().map(|(_, y)| y).collect())
            .collect();
        let least_squares = LeastSquares::new(&regressors).ok_or(Reason::Collinear)?;
        let start = Tobit::start(&regressors, &cells).ok_or(Reason::Collinear)?;
        let tobit = start.maximise(&least_squares, &cells, Precision::FULL);
        let residuals: Vec<f64> = solved
            .y
            .iter()
            .zip(&solved.regressors)
            .map(|(y, x)| y - tobit.at(x))
            .collect();
        let parameters = tobit.coefficients.len();
        // The identity of least squares for leaving out cells does not hold.
        let quality = Quality {
            loo_rmse: leave_one_out(&regressors, &cells, points, &tobit),
            ..quality(
                &solved.y,
                &residuals,
                &vec![0.0; residuals.len()],
                parameters,
            )
        };
        Ok(Self {
            points: points.to_vec(),
            regressors,
            least_squares,
            coefficients: tobit.coefficients.clone(),
            censored: Some(tobit),
            quality,
            found_cells: found.len(),
        })
    }

    fn uncensored(points: Vec<&'a Point>, solved: Solved) -> Self {
        let values = DVector::from_vec(solved.y);
        let coefficients = solved.least_squares.coefficients(&values);
        let quality = quality(
            values.as_slice(),
            solved.least_squares.residuals(&values).as_slice(),
            &solved.least_squares.leverages(),
            coefficients.len(),
        );
        Self {
            found_cells: points.len(),
            points,
            regressors: solved.regressors,
            least_squares: solved.least_squares,
            coefficients,
            censored: None,
            quality,
        }
    }
}

/// Root mean square of the errors with which each cell that found an eta\* is
/// predicted by the fit to all other cells, by refitting; infinite if some
/// cell cannot be left out.
fn leave_one_out(
    regressors: &[Vec<f64>],
    cells: &[Vec<Observed>],
    points: &[&Point],
    full: &Tobit,
) -> f64 {
    let (mut squares, mut count) = (0.0, 0.0);
    for (index, point) in points.iter().enumerate() {
        let (Some(mean), Some(x)) = (point.mean(), regressors.get(index)) else {
            continue;
        };
        let (mut other_x, mut others) = (regressors.to_vec(), cells.to_vec());
        other_x.remove(index);
        others.remove(index);
        // Bounds alone do not determine a law.
        if Tobit::start(&other_x, &others).is_none() {
            return f64::INFINITY;
        }
        let Some(solved) = LeastSquares::new(&other_x) else {
            return f64::INFINITY;
        };
        let fit = full.clone().maximise(&solved, &others, Precision::REFIT);
        squares += (mean - fit.at(x)).powi(2);
        count += 1.0;
    }
    (squares / count).sqrt()
}

/// The coefficients of a law alone, as [`Described::of`] has them: by maximum
/// likelihood from `start` on where repeats are censored and there is a start,
/// to the precision of refits.
///
/// # Errors
/// If the points that found an eta\* do not determine the law.
pub(crate) fn coefficients(
    law: Law,
    points: &[&Point],
    start: Option<&Tobit>,
) -> Result<DVector<f64>, Reason> {
    let found: Vec<&Point> = points
        .iter()
        .copied()
        .filter(|point| !point.repeats.is_empty())
        .collect();
    let solved = solve(law, &found)?;
    let Some(start) = start else {
        let values = DVector::from_vec(solved.y);
        return Ok(solved.least_squares.coefficients(&values));
    };
    let regressors: Vec<Vec<f64>> = points.iter().map(|point| law.of_point(point)).collect();
    let cells: Vec<Vec<Observed>> = points
        .iter()
        .map(|point| point.observed().into_iter().map(|(_, y)| y).collect())
        .collect();
    let least_squares = LeastSquares::new(&regressors).ok_or(Reason::Collinear)?;
    let refit = start.clone();
    Ok(refit
        .maximise(&least_squares, &cells, Precision::REFIT)
        .coefficients)
}
