/// Variance (octaves squared) below which a residual is rounding error of the
/// logarithms: a root mean square of `1e-12` octaves.
const RESOLUTION: f64 = 1e-24;

/// How well a law describes the cells it was fitted to, and those it was not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Quality {
    pub(crate) r_squared: f64,
    pub(crate) rmse: f64,
    pub(crate) loo_rmse: f64,
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
        loo_rmse: leave_one_out(residuals, leverages),
        aicc: aicc(rss, y.len(), coefficients + 1),
    }
}

/// `R^2 = 1 - RSS / TSS` with `TSS = sum_i (y_i - mean y)^2`; 0 where the
/// values do not vary, as there is then nothing to explain.
fn r_squared(y: &[f64], rss: f64) -> f64 {
    let n = y.len() as f64;
    let mean = y.iter().sum::<f64>() / n;
    let tss: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    if tss <= n * RESOLUTION {
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

#[cfg(test)]
mod tests {
    use nalgebra::DVector;
    use proptest::prelude::*;

    use super::super::regression::LeastSquares;
    use super::*;

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

    proptest! {
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
            let residuals = solved.residuals(&DVector::from_vec(y.clone()));
            let identity = leave_one_out(residuals.as_slice(), &leverages);
            prop_assert!((refitted - identity).abs() < 1e-8 * (1.0 + refitted));
        }
    }
}
