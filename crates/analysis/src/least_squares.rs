//! Ordinary least squares, and how well its line describes the points.

use nalgebra::{DMatrix, DVector};

use crate::effect::NotMeasured;
use crate::numbers::{mean, squares_about};

/// Ordinary least squares of `y = b_0 + sum_j b_j x_j` by a QR decomposition:
/// with `X = Q R` (`X` has a leading column of ones), `b = R^-1 Q^T y`. The
/// decomposition is made once and solves any number of `y`.
#[derive(Debug, Clone)]
pub(crate) struct LeastSquares {
    design: DMatrix<f64>,
    q: DMatrix<f64>,
    /// `R^-1 Q^T`: row `j` holds the weight of each `y_i` in `b_j`.
    weights: DMatrix<f64>,
}

impl LeastSquares {
    /// From the regressors of every observation. `None` if they do not
    /// determine the coefficients: fewer observations than coefficients, or
    /// regressors that are constant or depend on each other.
    pub(crate) fn new(regressors: &[Vec<f64>]) -> Option<Self> {
        let columns = 1 + regressors.first()?.len();
        if regressors.len() < columns {
            return None;
        }
        let design = DMatrix::from_fn(regressors.len(), columns, |row, column| match column {
            0 => 1.0,
            _ => regressors[row].get(column - 1).copied().unwrap_or(f64::NAN),
        });
        let (q, r) = design.clone().qr().unpack();
        // What of each column is not explained by those before it, against
        // its own size.
        let determined = (0..columns).all(|j| r[(j, j)].abs() > 1e-9 * design.column(j).norm());
        if !determined {
            return None;
        }
        let weights = r.solve_upper_triangular(&q.transpose())?;
        Some(Self { design, q, weights })
    }

    /// The coefficients, the constant first.
    pub(crate) fn coefficients(&self, y: &DVector<f64>) -> DVector<f64> {
        &self.weights * y
    }

    /// The values `X b` of coefficients `b`.
    pub(crate) fn fitted(&self, coefficients: &DVector<f64>) -> DVector<f64> {
        &self.design * coefficients
    }

    /// The diagonal of the hat matrix `H = Q Q^T`: `h_ii = |q_i|^2`.
    pub(crate) fn leverages(&self) -> Vec<f64> {
        self.q.row_iter().map(|row| row.norm_squared()).collect()
    }

    /// `x' (X' X)^-1 x` at a new observation's regressors: with `W = R^-1 Q'`,
    /// `(X' X)^-1 = W W'`, so it is `|W' (1, x)|^2`.
    pub(crate) fn leverage_at(&self, regressors: &[f64]) -> f64 {
        let row = std::iter::once(1.0).chain(regressors.iter().copied());
        let row = DVector::from_iterator(1 + regressors.len(), row);
        if row.len() != self.weights.nrows() {
            return f64::NAN;
        }
        self.weights.tr_mul(&row).norm_squared()
    }

    /// `(X' X)^-1 = W W'`, row by row.
    pub(crate) fn inverse_gram(&self) -> Vec<Vec<f64>> {
        let gram = &self.weights * self.weights.transpose();
        let rows = gram.row_iter().map(|row| row.iter().copied().collect());
        rows.collect()
    }
}

/// Variance (octaves squared) below which a residual is rounding error of the
/// logarithms: a root mean square of `1e-12` octaves.
const RESOLUTION: f64 = 1e-24;

/// How well a law describes the cells it was fitted to, and those it was not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quality {
    pub(crate) r_squared: f64,
    pub(crate) rmse: f64,
    pub(crate) leave_one_out: f64,
    pub(crate) aicc: Option<f64>,
}

/// `y` with the residuals and leverages of a fit of `coefficients`
/// coefficients.
pub(crate) fn quality(
    y: &[f64],
    residuals: &[f64],
    leverages: &[f64],
    coefficients: usize,
) -> Quality {
    let n = y.len() as f64;
    let rss: f64 = residuals.iter().map(|e| e * e).sum();
    Quality {
        r_squared: r_squared(y, rss),
        rmse: (rss / n).sqrt(),
        leave_one_out: leave_one_out(residuals, leverages),
        aicc: aicc(rss, y.len(), coefficients + 1),
    }
}

/// `R^2 = 1 - RSS / TSS` with `TSS = sum_i (y_i - mean y)^2`; 0 where the
/// values do not vary, as there is then nothing to explain.
fn r_squared(y: &[f64], rss: f64) -> f64 {
    let tss = mean(y).map_or(0.0, |centre| squares_about(y, centre));
    if tss <= y.len() as f64 * RESOLUTION {
        0.0
    } else {
        1.0 - rss / tss
    }
}

/// Root mean square of the errors with which each observation is predicted by
/// the fit to all others. No refit is needed: that error is exactly
/// `e_i / (1 - h_ii)`, with residual `e_i` and leverage `h_ii`.
///
/// Infinite if some observation cannot be left out, because without it the
/// others do not determine the coefficients (`h_ii = 1`).
fn leave_one_out(residuals: &[f64], leverages: &[f64]) -> f64 {
    let squares = residuals.iter().zip(leverages).map(|(e, h)| {
        let rest = 1.0 - h;
        if rest < 1e-9 {
            f64::INFINITY
        } else {
            (e / rest).powi(2)
        }
    });
    (squares.sum::<f64>() / residuals.len() as f64).sqrt()
}

/// Akaike's criterion for Gaussian residuals with the small-sample correction
/// of C. M. Hurvich and C.-L. Tsai (Biometrika 76(2), 1989), up to a constant
/// that depends on `n` alone:
///
/// ```text
/// AICc = n ln(RSS / n) + 2 p + 2 p (p + 1) / (n - p - 1)
/// ```
///
/// `p` counts the coefficients and the variance. `None` where `n <= p + 1`.
/// `RSS / n` is taken as at least (1e-12 octaves)^2, so that exact laws
/// compare by `p` instead of by rounding errors.
fn aicc(rss: f64, n: usize, p: usize) -> Option<f64> {
    if n <= p + 1 {
        return None;
    }
    let (n, p) = (n as f64, p as f64);
    let variance = (rss / n).max(RESOLUTION);
    Some(n * variance.ln() + 2.0 * p + 2.0 * p * (p + 1.0) / (n - p - 1.0))
}

/// Fewest points of a line: one more than it has coefficients.
const FEWEST_POINTS: usize = 3;

/// A straight line `y = constant + slope x`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    /// Value at `x = 0`.
    pub(crate) constant: f64,
    /// Slope.
    pub(crate) slope: f64,
    /// Share of the variance of `y` that the line explains.
    pub(crate) r_squared: f64,
}

impl Line {
    /// The line of ordinary least squares through points `[x, y]`.
    ///
    /// # Errors
    /// For fewer than three points, or if their `x` do not vary.
    pub(crate) fn through(points: &[[f64; 2]]) -> Result<Self, NotMeasured> {
        if points.len() < FEWEST_POINTS {
            return Err(NotMeasured::TooFew {
                what: "points of a straight line",
                found: points.len(),
                needed: FEWEST_POINTS,
            });
        }
        let (x, y): (Vec<Vec<f64>>, Vec<f64>) = points.iter().map(|[x, y]| (vec![*x], *y)).unzip();
        let solved = LeastSquares::new(&x).ok_or(NotMeasured::Undetermined(
            "the points of a straight line share one abscissa",
        ))?;
        let values = DVector::from_column_slice(&y);
        let coefficients = solved.coefficients(&values);
        let rss = (values - solved.fitted(&coefficients)).norm_squared();
        Ok(Self {
            constant: coefficients[0],
            slope: coefficients[1],
            r_squared: r_squared(&y, rss),
        })
    }

    /// The line through the means of sets of points, without the noise of those means:
    ///
    /// ```text
    /// slope = (C_xy - c_xy) / (C_xx - c_xx)
    /// ```
    ///
    /// with the covariances `C` of the means and those, `c`, of their noise: pooled within the sets
    /// and divided by the number of points of each. Least squares would be biased towards 0 by the
    /// noise of `x`, and by noise that both axes share (M. G. Akritas and M. A. Bershady,
    /// arXiv:astro-ph/9605002: the estimator BCES(Y|X)). `r_squared` is the square of the
    /// correlation without noise, at most 1. Sets of one point do not count.
    ///
    /// # Errors
    /// For fewer than three sets, or if their means vary no more than by noise.
    pub(crate) fn corrected(sets: &[Vec<[f64; 2]>]) -> Result<Self, NotMeasured> {
        let sets: Vec<&Vec<[f64; 2]>> = sets.iter().filter(|set| set.len() > 1).collect();
        let means: Vec<[f64; 2]> = sets.iter().map(|set| centre(set)).collect();
        if means.len() < FEWEST_POINTS {
            return Err(NotMeasured::TooFew {
                what: "cells with several networks",
                found: means.len(),
                needed: FEWEST_POINTS,
            });
        }
        let n = means.len() as f64;
        let total = products(&means).map(|sum| sum / (n - 1.0));
        let within = sets.iter().fold([0.0; 3], |sum, set| {
            let own = products(set);
            [0, 1, 2].map(|index| sum[index] + own[index])
        });
        let freedom: usize = sets.iter().map(|set| set.len() - 1).sum();
        let reciprocals: f64 = sets.iter().map(|set| 1.0 / set.len() as f64).sum();
        let noise = within.map(|sum| sum / freedom as f64 * reciprocals / n);
        let [xx, xy, yy] = [0, 1, 2].map(|index| total[index] - noise[index]);
        if xx <= 0.0 {
            return Err(NotMeasured::Undetermined(
                "the sharpness varies between cells by no more than its noise",
            ));
        }
        let [mean_x, mean_y] = centre(&means);
        let slope = xy / xx;
        Ok(Self {
            constant: mean_y - slope * mean_x,
            slope,
            r_squared: if yy > 0.0 {
                (slope * xy / yy).min(1.0)
            } else {
                0.0
            },
        })
    }

    /// The common slope of several sets of points, each about its own mean:
    ///
    /// ```text
    /// slope = sum (x - mean x) (y - mean y) / sum (x - mean x)^2,
    /// R^2   = slope^2 sum (x - mean x)^2 / sum (y - mean y)^2
    /// ```
    ///
    /// with the mean of each set and sums over all sets; sets of one point do
    /// not count. `constant` is 0.
    ///
    /// # Errors
    /// If `x` does not vary within any set.
    pub(crate) fn within(sets: &[Vec<[f64; 2]>]) -> Result<Self, NotMeasured> {
        let [mut xx, mut xy, mut yy] = [0.0; 3];
        for set in sets.iter().filter(|set| set.len() > 1) {
            let own = products(set);
            xx += own[0];
            xy += own[1];
            yy += own[2];
        }
        if xx < 1e-12 {
            return Err(NotMeasured::Undetermined(
                "the sharpness does not vary between networks of one cell",
            ));
        }
        let slope = xy / xx;
        Ok(Self {
            constant: 0.0,
            slope,
            r_squared: if yy > 0.0 { slope * xy / yy } else { 0.0 },
        })
    }
}

fn centre(points: &[[f64; 2]]) -> [f64; 2] {
    let n = points.len() as f64;
    [0, 1].map(|axis: usize| points.iter().map(|point| point[axis]).sum::<f64>() / n)
}

/// Sums of `x^2`, `x y` and `y^2` about the mean of points `[x, y]`.
fn products(points: &[[f64; 2]]) -> [f64; 3] {
    let [mean_x, mean_y] = centre(points);
    points.iter().fold([0.0; 3], |[xx, xy, yy], point| {
        let (x, y) = (point[0] - mean_x, point[1] - mean_y);
        [xx + x * x, xy + x * y, yy + y * y]
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    /// Slope and constant of a simple regression, from the textbook.
    fn simple(x: &[f64], y: &[f64]) -> (f64, f64) {
        let n = x.len() as f64;
        let (mx, my) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let covariance: f64 = x.iter().zip(y).map(|(x, y)| (x - mx) * (y - my)).sum();
        let variance: f64 = x.iter().map(|x| (x - mx).powi(2)).sum();
        let slope = covariance / variance;
        (my - slope * mx, slope)
    }

    #[test]
    fn undetermined_regressors_are_refused() {
        assert!(LeastSquares::new(&[]).is_none());
        assert!(LeastSquares::new(&[vec![1.0]]).is_none());
        assert!(LeastSquares::new(&vec![vec![3.3]; 8]).is_none());
        let dependent: Vec<Vec<f64>> = (0..8)
            .map(|i| vec![f64::from(i), f64::from(i) + 3.0])
            .collect();
        assert!(LeastSquares::new(&dependent).is_none());
        assert!(LeastSquares::new(&[vec![1.0], vec![f64::NAN], vec![2.0]]).is_none());
    }

    #[test]
    fn aicc_by_hand() {
        // n = 10, RSS = 10, p = 3: 0 + 6 + 24/6
        assert_eq!(aicc(10.0, 10, 3), Some(10.0));
        assert_eq!(aicc(1.0, 4, 3), None);
        assert!(aicc(0.0, 10, 3).unwrap().is_finite());
        assert_eq!(aicc(0.0, 10, 3), aicc(1e-29, 10, 3));
    }

    #[test]
    fn constant_values_are_not_explained() {
        assert_eq!(r_squared(&[0.3; 5], 0.0), 0.0);
    }

    #[test]
    fn a_cell_that_cannot_be_left_out() {
        assert_eq!(leave_one_out(&[0.1, 0.0], &[0.5, 1.0]), f64::INFINITY);
    }

    #[test]
    fn undetermined_lines() {
        assert!(Line::through(&[[0.0, 0.0], [1.0, 1.0]]).is_err());
        assert!(Line::through(&[[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]).is_err());
        assert!(Line::within(&[vec![[0.0, 0.0]], vec![[1.0, 5.0]]]).is_err());
        assert!(Line::within(&[]).is_err());
    }

    /// By simulation: 4,000 cells of three networks on a line of slope -0.6, whose noise in `x` is
    /// as large as half of what `x` varies by, and is shared in part by `y`.
    #[test]
    fn the_corrected_line_is_that_without_noise() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        // Of variance 1: sums of twelve uniform numbers.
        let mut normal = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
        let sets: Vec<Vec<[f64; 2]>> = (0..4000)
            .map(|_| {
                let truth = normal();
                let network = |_| {
                    let noise = 0.7 * normal();
                    [
                        truth + noise,
                        2.0 - 0.6 * truth + 0.3 * noise + 0.2 * normal(),
                    ]
                };
                (0..3).map(network).collect()
            })
            .collect();
        let line = Line::corrected(&sets).unwrap();
        assert!((line.slope + 0.6).abs() < 0.02, "{line:?}");
        assert!((line.constant - 2.0).abs() < 0.02, "{line:?}");
        assert!((line.r_squared - 1.0).abs() < 0.02, "{line:?}");
        let means: Vec<[f64; 2]> = sets.iter().map(|set| centre(set)).collect();
        assert!(Line::through(&means).unwrap().slope > -0.5);
        // One network a cell says nothing of the noise.
        let single: Vec<Vec<[f64; 2]>> = sets.iter().map(|set| vec![set[0]]).collect();
        assert!(Line::corrected(&single).is_err());
    }

    proptest! {
        #[test]
        fn agrees_with_the_closed_form(
            points in prop::collection::vec((4.0..16.0f64, -12.0..2.0f64), 3..30)
        ) {
            let (x, y): (Vec<f64>, Vec<f64>) = points.into_iter().unzip();
            let spread = x.iter().copied().fold(f64::MIN, f64::max)
                - x.iter().copied().fold(f64::MAX, f64::min);
            prop_assume!(spread > 0.5);
            let rows: Vec<Vec<f64>> = x.iter().map(|&x| vec![x]).collect();
            let solved = LeastSquares::new(&rows).unwrap();
            let coefficients = solved.coefficients(&DVector::from_vec(y.clone()));
            let (constant, slope) = simple(&x, &y);
            prop_assert!((coefficients[0] - constant).abs() < 1e-8);
            prop_assert!((coefficients[1] - slope).abs() < 1e-8);
        }

        #[test]
        fn leverages_sum_to_the_number_of_coefficients(
            x in prop::collection::vec(prop::collection::vec(0.0..10.0f64, 2), 4..30)
        ) {
            if let Some(solved) = LeastSquares::new(&x) {
                let leverages = solved.leverages();
                prop_assert!((leverages.iter().sum::<f64>() - 3.0).abs() < 1e-9);
                prop_assert!(leverages.iter().all(|h| (-1e-12..1.0 + 1e-9).contains(h)));
                for (x, h) in x.iter().zip(&leverages) {
                    prop_assert!((solved.leverage_at(x) - h).abs() < 1e-6);
                }
            }
        }

        #[test]
        fn leave_one_out_agrees_with_refits(
            rows in prop::collection::vec((0.0..10.0f64, 0.0..10.0f64, -5.0..5.0f64), 6..20)
        ) {
            let x: Vec<Vec<f64>> = rows.iter().map(|(a, b, _)| vec![*a, *b]).collect();
            let y: Vec<f64> = rows.iter().map(|(_, _, y)| *y).collect();
            let solved = LeastSquares::new(&x);
            prop_assume!(solved.is_some());
            let solved = solved.unwrap();
            let leverages = solved.leverages();
            prop_assume!(leverages.iter().all(|h| *h < 0.99));
            let mut sum = 0.0;
            for left_out in 0..y.len() {
                let (mut other_x, mut other_y) = (x.clone(), y.clone());
                let at = other_x.remove(left_out);
                let observed = other_y.remove(left_out);
                let b = LeastSquares::new(&other_x).unwrap()
                    .coefficients(&DVector::from_vec(other_y));
                sum += (observed - b[0] - b[1] * at[0] - b[2] * at[1]).powi(2);
            }
            let refitted = (sum / y.len() as f64).sqrt();
            let values = DVector::from_vec(y.clone());
            let residuals = &values - solved.fitted(&solved.coefficients(&values));
            let identity = leave_one_out(residuals.as_slice(), &leverages);
            prop_assert!((refitted - identity).abs() < 1e-8 * (1.0 + refitted));
        }

        #[test]
        fn exact_lines(constant in -5.0..5.0f64, slope in -3.0..3.0f64) {
            let points: Vec<[f64; 2]> = (0..6)
                .map(|i| [f64::from(i), constant + slope * f64::from(i)])
                .collect();
            let line = Line::through(&points).unwrap();
            prop_assert!((line.slope - slope).abs() < 1e-9);
            prop_assert!((line.constant + 2.0 * line.slope - points[2][1]).abs() < 1e-9);
        }

        /// Sets apart by any distance have the slope within them.
        #[test]
        fn common_slopes_ignore_the_sets_places(
            slope in -3.0..3.0f64,
            places in prop::collection::vec((-9.0..9.0f64, -9.0..9.0f64), 1..5),
        ) {
            let sets: Vec<Vec<[f64; 2]>> = places
                .iter()
                .map(|(x, y)| (0..3).map(|i| f64::from(i) / 4.0).map(|t| [x + t, y + slope * t]).collect())
                .collect();
            let line = Line::within(&sets).unwrap();
            prop_assert!((line.slope - slope).abs() < 1e-8);
            prop_assert!(slope.abs() < 0.01 || (line.r_squared - 1.0).abs() < 1e-6);
        }

        /// One set about its mean is the ordinary line.
        #[test]
        fn one_set_is_the_ordinary_line(
            points in prop::collection::vec((-4.0..4.0f64, -4.0..4.0f64), 4..12)
        ) {
            let points: Vec<[f64; 2]> = points.into_iter().map(|(x, y)| [x, y]).collect();
            prop_assume!(points.iter().any(|[x, _]| (x - points[0][0]).abs() > 0.5));
            let (one, two) = (Line::through(&points).unwrap(), Line::within(&[points]).unwrap());
            prop_assert!((one.slope - two.slope).abs() < 1e-8);
            prop_assert!((one.r_squared - two.r_squared).abs() < 1e-8);
        }
    }
}
