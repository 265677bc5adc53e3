//! Lower bounds on the top eigenvalues: Rayleigh quotients of the gradient,
//! trace over rank, and mean output gradients.
//!
//! - *Rayleigh quotients*: `lambda_1(A) >= v^T A v / |v|^2` for every vector `v`. The gradient is a good
//!   direction at initialisation; under learning rates `M` it is `M^{1/2} g`.
//! - *Trace over rank*: a symmetric matrix of rank at most `r` whose trace is not negative has an
//!   eigenvalue of at least `trace / r`. `G` has rank at most `N K` for squared error and `N (K - 1)`
//!   for cross-entropy, and neither matrix more than there are trained parameters.
//! - *Mean output gradients*: with rows `F_ik` such that the loss's second derivative for sample `i` is
//!   `sum_k F_ik^T F_ik`, and `|c| = 1`,
//!
//!   ```text
//!   lambda_1(G) >= | sum_k c_k g_k |^2,   g_k = (1/N) sum_i J_i^T F_ik^T,
//!   ```
//!
//!   so `max_k |g_k|^2`, and with the best `c` the top eigenvalue of the Gram matrix `g_k . g_k'`.
//!
//! Derived in the book, chapter *Moments and bounds, with proofs*.

use etastar_backend::Backend;
use etastar_model::{LayerRates, Loss};
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::lanczos::top_eigenvalue;
use crate::operator::{InvalidRate, LinearOperator, Objective, curvature_factor};

/// What is known of both matrices before they are bounded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// Trace of both.
    pub trace: f64,
    /// Largest Ritz value of `M^{1/2} G M^{1/2}`.
    pub gauss_newton: f64,
    /// Largest Ritz value of `M^{1/2} H M^{1/2}`.
    pub hessian: f64,
}

/// Lower bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LowerBounds {
    /// On `lambda_1(G)`.
    pub gauss_newton: GaussNewtonLower,
    /// On `lambda_1(H)`.
    pub hessian: HessianLower,
}

/// Lower bounds on `lambda_1(G)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GaussNewtonLower {
    /// Rayleigh quotient of the gradient.
    pub gradient: f64,
    /// Trace over the largest possible rank.
    pub trace_over_rank: f64,
    /// Squared norm of the longest mean output gradient.
    pub mean_gradient: f64,
    /// Top eigenvalue of the Gram matrix of the mean output gradients: at
    /// least as large.
    pub mean_gradients: f64,
    /// Ritz value of the Lanczos process.
    pub ritz: f64,
}

/// Lower bounds on `lambda_1(H)`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HessianLower {
    /// Rayleigh quotient of the gradient.
    pub gradient: f64,
    /// Trace over the number of parameters that are trained.
    pub trace_over_parameters: f64,
    /// Ritz value of the Lanczos process.
    pub ritz: f64,
}

impl GaussNewtonLower {
    /// The largest of them.
    pub fn tightest(&self) -> f64 {
        self.gradient
            .max(self.trace_over_rank)
            .max(self.mean_gradient)
            .max(self.mean_gradients)
            .max(self.ritz)
    }
}

impl HessianLower {
    /// The largest of them.
    pub fn tightest(&self) -> f64 {
        self.gradient.max(self.trace_over_parameters).max(self.ritz)
    }
}

impl LowerBounds {
    /// The bounds, for relative learning rates `M`. Those of mean gradients
    /// take `K` backward passes and `K` vectors of all parameters.
    pub(super) fn new<B: Backend>(
        objective: &Objective<B>,
        rates: &LayerRates,
        measured: Measured,
    ) -> Result<Self, InvalidRate> {
        let roots = objective.parameters().root_rates(rates)?;
        let scaled = |vector: Vec<f64>, factor: f64| -> Vec<f64> {
            let pairs = vector.iter().zip(&roots);
            pairs.map(|(value, root)| value * root * factor).collect()
        };
        let direction = scaled(objective.gradient(), 1.0);
        let per_sample = 1.0 / objective.samples() as f64;
        let outputs = objective.outputs();
        let means: Vec<Vec<f64>> = (0..outputs)
            .map(|output| {
                let sum = objective.pullback(|forward| {
                    let [samples, _] = forward.outputs.dims();
                    curvature_factor(objective.loss(), forward.outputs.clone())
                        .slice_dim(1, output..output + 1)
                        .reshape([samples, outputs])
                });
                scaled(sum, per_sample)
            })
            .collect();
        let gram = DMatrix::from_fn(outputs, outputs, |row, column| {
            let pairs = means[row].iter().zip(&means[column]);
            pairs.map(|(a, b)| a * b).sum::<f64>()
        });
        let trained = objective.parameters().trained(rates);
        let directions = match objective.loss() {
            Loss::SquaredError => outputs,
            Loss::CrossEntropy => outputs.saturating_sub(1),
        };
        let rank = objective.samples().saturating_mul(directions).min(trained);
        // A matrix of rank 0 vanishes.
        let trace_over = |rank: usize| match rank {
            0 => 0.0,
            rank => measured.trace / rank as f64,
        };
        Ok(Self {
            gauss_newton: GaussNewtonLower {
                gradient: rayleigh_quotient(&objective.gauss_newton(rates)?, &direction),
                trace_over_rank: trace_over(rank),
                mean_gradient: gram.diagonal().iter().copied().fold(0.0, f64::max),
                mean_gradients: top_eigenvalue(&gram),
                ritz: measured.gauss_newton,
            },
            hessian: HessianLower {
                gradient: rayleigh_quotient(&objective.hessian(rates)?, &direction),
                trace_over_parameters: trace_over(trained),
                ritz: measured.hessian,
            },
        })
    }
}

/// The Rayleigh quotient of a direction; 0 if the direction vanishes.
///
/// 0 is then a lower bound too for both matrices bounded here: `G` is positive
/// semidefinite, and the trace of `H` is that of `G`, so `lambda_1(H) >= 0`.
fn rayleigh_quotient(operator: &impl LinearOperator, direction: &[f64]) -> f64 {
    // Scaled first: the square of a tiny gradient may vanish.
    let largest = direction
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(value.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return if largest == 0.0 { 0.0 } else { f64::NAN };
    }
    let scaled: Vec<f64> = direction.iter().map(|value| value / largest).collect();
    let norm = scaled.iter().map(|value| value * value).sum::<f64>().sqrt();
    let unit: Vec<f64> = scaled.iter().map(|value| value / norm).collect();
    let image = operator.apply(&unit);
    unit.iter().zip(image).map(|(u, image)| u * image).sum()
}
