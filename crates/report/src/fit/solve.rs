use super::fitting::Reason;
use super::model::Law;
use super::regression::LeastSquares;
use super::series::Point;

/// A law's least squares on a set of points.
#[derive(Debug, Clone)]
pub(crate) struct Solved {
    /// `log2` of the law's regressors, by point.
    pub(crate) regressors: Vec<Vec<f64>>,
    /// Mean `log2 eta*`, by point.
    pub(crate) y: Vec<f64>,
    /// The decomposition that gives the coefficients.
    pub(crate) least_squares: LeastSquares,
}

/// The least squares of a law on the points that have an eta\*, unless they
/// do not determine it and leave a degree of freedom.
pub(crate) fn solve(law: Law, points: &[&Point]) -> Result<Solved, Reason> {
    let (regressors, y): (Vec<Vec<f64>>, Vec<f64>) = points
        .iter()
        .filter_map(|point| Some((law.of_point(point), point.mean()?)))
        .unzip();
    let names = law.regressors();
    let needed = names.len() + 2;
    if y.len() < needed {
        return Err(Reason::TooFewCells {
            cells: y.len(),
            needed,
        });
    }
    for (index, regressor) in names.iter().enumerate() {
        let values = || regressors.iter().filter_map(|x| x.get(index).copied());
        let first = values().next();
        if values().all(|value| Some(value) == first) {
            return Err(Reason::NoVariance { regressor });
        }
    }
    let least_squares = LeastSquares::new(&regressors).ok_or(Reason::Collinear)?;
    Ok(Solved {
        regressors,
        y,
        least_squares,
    })
}
