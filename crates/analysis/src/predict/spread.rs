//! The variance of a prediction.
//!
//! # Derivation
//!
//! `log2 eta*` of repeat `r` of cell `c` is `x_c' b + u_c + e_cr`: the law, the
//! misfit of the architecture with variance `t^2`, and the noise of
//! initialisation and batch order with variance `v^2`. A fit sees the cells'
//! means over `n` repeats, whose deviations `u_c + mean_r e_cr` have the
//! variance `s^2 = t^2 + v^2 / n`. Its residuals estimate `s^2`, by
//! `RSS / (cells - p)` with `p` coefficients; the spread within cells estimates
//! `v^2`, by the pooled variance.
//!
//! **(a)** The mean of a new cell of `n` repeats deviates from its predicted
//! value by its own `u + mean e` and by the error of the coefficients, which
//! are independent of it:
//!
//! ```text
//! s^2 (1 + h),   h = x' (X' X)^-1 x
//! ```
//!
//! and that over its estimate is Student's t. It is the interval of the
//! geometric mean over as many networks as a fitted cell has; the mean over
//! more lies in it more often.
//!
//! **(b)** A single repeat has all of `e` instead of its mean:
//!
//! ```text
//! s^2 (1 + h) + v^2 - v^2 / n = s^2 (1 + h) + v^2 (1 - 1/n)
//! ```
//!
//! a sum of two independent estimated variances, of which Student's t with
//! F. E. Satterthwaite's degrees of freedom (Biometrics Bulletin 2(6), 1946) is
//! the usual approximation. With single repeats, `n = 1`, it is (a).
//!
//! **The choice of the law.** Both variances are given the law. Where several
//! laws describe the cells almost equally well and predict different things,
//! as they do far from the cells, the choice is uncertain as well, and
//!
//! ```text
//! c^2 = sum_k w_k (y_k - y)^2,   w_k proportional to (e_min / e_k)^m
//! ```
//!
//! is added: `y_k` is the prediction of candidate `k`, `y` that of the chosen
//! one, `e_k` its error of validation and `m` the architectures behind it, so
//! that the weights are Akaike's, `exp(-AIC_k / 2)` with `AIC = m ln e^2` (S. T.
//! Buckland, K. P. Burnham and N. H. Augustin, Biometrics 53(2), 1997; the
//! error of validation in place of a likelihood is our choice). The candidates are those with no more
//! constants than the chosen law: one with more was not certainly better, and what it predicts
//! differently is for the most part the error of its own coefficients.
//!
//! **Beyond the cells.** A law that fits the cells within `s` may miss larger networks by more.
//! Forward validation says by how much it has missed networks 2 to 4 times larger: with an error `e`
//! at the leverage `h` in the fit to the smaller ones, the mean of `e^2 / (1 + h)` stands for `s^2`
//! there if it is larger.
//!
//! Where input-layer rates are pooled, the cells of one architecture share
//! their noise. The degrees of freedom are therefore those of as many
//! observations as there are architectures, not cells.

use serde::Serialize;

use crate::numbers::{mean, squares_about, student};
use crate::points::{Point, shapes};

/// The estimated variances behind a prediction.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Spread {
    /// `s^2` of cell means, in octaves squared.
    pub residual: f64,
    /// Degrees of freedom of `s^2`.
    pub residual_freedom: f64,
    /// `v^2` of repeats; 0 where no cell has two.
    pub repeat: f64,
    /// Degrees of freedom of `v^2`.
    pub repeat_freedom: f64,
    /// `n`, the harmonic mean over cells.
    pub repeats: f64,
}

impl Spread {
    /// From the points that found an eta\* and their residuals. `None` without
    /// a degree of freedom.
    pub(super) fn new(points: &[&Point], residuals: &[f64], coefficients: usize) -> Option<Self> {
        let freedom = shapes(points)
            .len()
            .checked_sub(coefficients)
            .filter(|f| *f > 0)?;
        let cells = points.len() as f64;
        let rss: f64 = residuals.iter().map(|e| e * e).sum();
        let (mut within, mut within_freedom, mut reciprocals) = (0.0, 0.0, 0.0);
        for point in points {
            let values = point.values();
            let n = values.len() as f64;
            within += squares_about(&values, mean(&values)?);
            within_freedom += n - 1.0;
            reciprocals += 1.0 / n;
        }
        Some(Self {
            residual: rss / (cells - coefficients as f64),
            residual_freedom: freedom as f64,
            repeat: if within_freedom > 0.0 {
                within / within_freedom
            } else {
                0.0
            },
            repeat_freedom: within_freedom,
            repeats: cells / reciprocals,
        })
    }

    /// The same with a residual deviation of at least this, known from so many architectures: where
    /// the law has missed larger networks by more than it misses those fitted.
    pub(super) fn at_least(&self, deviation: f64, architectures: usize) -> Self {
        if deviation * deviation <= self.residual {
            return *self;
        }
        Self {
            residual: deviation * deviation,
            residual_freedom: self.residual_freedom.min(architectures as f64),
            ..*self
        }
    }

    /// Half the width of interval (a), in octaves, at leverage `h` and with the
    /// variance `c^2` of the choice.
    pub(super) fn of_mean(&self, leverage: f64, choice: f64, confidence: f64) -> f64 {
        half(
            self.residual * (1.0 + leverage) + choice,
            self.residual_freedom,
            confidence,
        )
    }

    /// Half the width of interval (b): never less than that of (a), as the usual approximation of the
    /// degrees of freedom can make it where there are few cells.
    pub(super) fn of_network(&self, leverage: f64, choice: f64, confidence: f64) -> f64 {
        let cells = self.residual * (1.0 + leverage);
        let repeats = self.repeat * (1.0 - 1.0 / self.repeats);
        let terms = [
            (cells, self.residual_freedom),
            (repeats, self.repeat_freedom),
        ];
        let weighed = terms
            .iter()
            .filter(|(variance, freedom)| *variance > 0.0 && *freedom > 0.0)
            .map(|(variance, freedom)| variance * variance / freedom)
            .sum::<f64>();
        let total = cells + repeats;
        let freedom = if weighed > 0.0 {
            total * total / weighed
        } else {
            self.residual_freedom
        };
        let own = half(total + choice, freedom, confidence);
        own.max(self.of_mean(leverage, choice, confidence))
    }
}

fn half(variance: f64, freedom: f64, confidence: f64) -> f64 {
    student(confidence, freedom).unwrap_or(f64::NAN) * variance.sqrt()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::censored::Observed;
    use crate::law::Network;

    /// Points of depth 1 and widths 1, 2, .., each with the given repeats.
    fn points(cells: &[Vec<f64>]) -> Vec<Point> {
        cells
            .iter()
            .enumerate()
            .map(|(index, values)| Point {
                network: Network::new(1, 1, index + 1, 1.0, 2.0),
                repeats: values
                    .iter()
                    .map(|y| Observed::Found(*y))
                    .enumerate()
                    .collect(),
            })
            .collect()
    }

    fn spread(cells: &[Vec<f64>], residuals: &[f64], coefficients: usize) -> Option<Spread> {
        let points = points(cells);
        Spread::new(&points.iter().collect::<Vec<_>>(), residuals, coefficients)
    }

    /// t(0.975, 3) = 3.182446 from printed tables; RSS / (5 - 2) = 1.
    #[test]
    fn by_hand() {
        let single = vec![vec![0.0]; 5];
        let own = spread(&single, &[1.0, -1.0, 1.0, 0.0, 0.0], 2).unwrap();
        assert!((own.of_mean(0.0, 0.0, 0.95) - 3.182_446).abs() < 1e-5);
        assert!((own.of_mean(3.0, 0.0, 0.95) - 2.0 * 3.182_446).abs() < 1e-5);
        assert!((own.of_mean(2.0, 1.0, 0.95) - 2.0 * 3.182_446).abs() < 1e-5);
        // Single repeats: both intervals are one.
        assert_eq!(own.of_network(0.5, 0.2, 0.9), own.of_mean(0.5, 0.2, 0.9));
        assert_eq!(spread(&single, &[0.0; 5], 5), None);
    }

    /// Where the law is exact for the means, one network varies by `v` alone:
    /// two repeats at -1 and 1 have `v^2 = 2`, half of which is in the means.
    #[test]
    fn repeats_add_what_their_means_lack() {
        let own = spread(&vec![vec![-1.0, 1.0]; 8], &[0.0; 8], 2).unwrap();
        assert_eq!(own.of_mean(0.3, 0.0, 0.95), 0.0);
        // t(0.975, 8) = 2.306004.
        assert!((own.of_network(0.3, 0.0, 0.95) - 2.306_004).abs() < 1e-5);
    }

    proptest! {
        #[test]
        fn scales_with_the_deviations(
            residuals in prop::collection::vec(-1.0..1.0f64, 6), scale in 0.1..10.0f64, h in 0.0..3.0f64,
        ) {
            prop_assume!(residuals.iter().any(|e| e.abs() > 1e-3));
            let cells: Vec<Vec<f64>> = residuals.iter().map(|e| vec![*e, 0.5 - e, 0.1]).collect();
            let scaled: Vec<Vec<f64>> =
                cells.iter().map(|cell| cell.iter().map(|y| scale * y).collect()).collect();
            let more: Vec<f64> = residuals.iter().map(|e| scale * e).collect();
            let before = spread(&cells, &residuals, 2).unwrap();
            let after = spread(&scaled, &more, 2).unwrap();
            let close = |a: f64, b: f64| (a * scale / b - 1.0).abs() < 1e-9;
            prop_assert!(close(before.of_mean(h, 0.0, 0.95), after.of_mean(h, 0.0, 0.95)));
            prop_assert!(close(before.of_network(h, 0.0, 0.95), after.of_network(h, 0.0, 0.95)));
        }
    }
}
