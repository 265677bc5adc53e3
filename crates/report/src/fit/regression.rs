use nalgebra::{DMatrix, DVector};

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

    /// Residuals `y - X b`.
    pub(crate) fn residuals(&self, y: &DVector<f64>) -> DVector<f64> {
        y - &self.design * self.coefficients(y)
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

    /// The weight of each observation in coefficient `j`.
    pub(crate) fn weights_of(&self, j: usize) -> Vec<f64> {
        self.weights.row(j).iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
    }
}
