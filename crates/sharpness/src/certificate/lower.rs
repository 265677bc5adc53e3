//! Lower bounds on the top eigenvalues: Rayleigh quotients of the gradient,
//! trace over rank, and mean output gradients.
//!
//! # Rayleigh quotients
//! `lambda_1(A) >= v^T A v / |v|^2` for every vector `v`. The gradient is a good
//! direction at initialisation: of the loss's change in a step of gradient
//! descent, `-eta |g|^2 + eta^2 g^T H g / 2`, it decides the second term. Under
//! learning rates `M`, gradient descent in the parameters `M^{-1/2} w` moves
//! along `M^{1/2} g`.
//!
//! # Trace over rank
//! A symmetric matrix of rank at most `r` whose trace is not negative has an
//! eigenvalue of at least `trace / r`: its `r` eigenvalues that may differ
//! from 0 average that.
//!
//! `G = (1/N) sum_i J_i^T A_i J_i` has rank at most `N rank(A_i)`: `N K` for
//! squared error, `N (K - 1)` for cross-entropy, where `A_i` annihilates the
//! vector of ones. Neither `G` nor `H` (of equal trace) has more than one
//! eigenvalue for each parameter that is trained.
//!
//! # Mean output gradients
//! With rows `F_ik` such that the loss's second derivative for sample `i` is
//! `sum_k F_ik^T F_ik`, `G = (1/N) V V^T` for the matrix `V` with the columns
//! `J_i^T F_ik^T`. It has the same top eigenvalue as `(1/N) V^T V`, whose
//! quadratic form in the unit vector with entries `c_k / sqrt N`, `|c| = 1`,
//! is
//!
//! ```text
//! lambda_1(G) >= | sum_k c_k g_k |^2,   g_k = (1/N) sum_i J_i^T F_ik^T.
//! ```
//!
//! `c = e_k` gives `max_k |g_k|^2`; the best `c` gives the top eigenvalue of
//! the `K` by `K` Gram matrix `g_k . g_k'`. For squared error `F_ik = e_k`, and
//! `g_k` is the gradient of the mean of output `k`: the bound is a mean of the
//! tangent kernel, `max_k (1/N^2) sum_ij Theta_kk(x_i, x_j)`. For
//! cross-entropy, `F_ik = sqrt(p_ik) (e_k - p_i)`. Under learning rates `M`,
//! the inner product is `g . M g'`.

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
