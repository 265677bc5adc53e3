//! Upper bounds on `lambda_1(G)` from the Jacobian of each sample.
//!
//! `G = (1/N) sum_i J_i^T A_i J_i` with the loss's second derivative `A_i`.
//! The top eigenvalue is convex and positive semidefinite matrices add up, so
//!
//! ```text
//! lambda_1(G) <= (1/N) sum_i lambda_1(J_i^T A_i J_i) = (1/N) sum_i lambda_1(F_i J_i J_i^T F_i^T)   [weighted]
//!             <= beta (1/N) sum_i |J_i|_op^2                                                       [operator norm]
//!             <= beta (1/N) sum_i |J_i|_F^2                                                        [Frobenius]
//! ```
//!
//! with `A_i = F_i^T F_i` and `A_i <= beta`: `beta = 1` for squared error,
//! where the first two coincide. For cross-entropy, `A = diag p - p p^T`, and
//! `t^T A t` is the variance of the values `t_k` under `p`: at most a quarter
//! of their range squared (Popoviciu), and the range of a unit vector is at
//! most `sqrt 2`. So `beta = 1/2`. Under learning rates `M`, `J_i` is
//! `J_i M^{1/2}`. All norms follow from the `K` by `K` matrices `J_i M J_i^T`.

use etastar_backend::Backend;
use etastar_model::{LayerRates, Loss};
use serde::{Deserialize, Serialize};

use super::gram::for_each_gram;
use super::top_eigenvalue;
use crate::operator::Objective;

/// Upper bounds on `lambda_1(G)`, each at least as tight as the one before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct GaussNewtonUpper {
    /// `beta (1/N) sum_i |J_i|_F^2`.
    pub frobenius: f64,
    /// `beta (1/N) sum_i |J_i|_op^2`.
    pub operator_norm: f64,
    /// `(1/N) sum_i lambda_1(J_i^T A_i J_i)`.
    pub weighted: f64,
}

impl GaussNewtonUpper {
    /// The smallest of them.
    pub fn tightest(&self) -> f64 {
        self.frobenius.min(self.operator_norm).min(self.weighted)
    }
}

/// Largest eigenvalue that the loss's second derivative in the outputs can
/// have: `beta`.
pub fn loss_smoothness(loss: Loss) -> f64 {
    match loss {
        Loss::CrossEntropy => 0.5,
        Loss::SquaredError => 1.0,
    }
}

/// The bounds, for relative learning rates `M`.
pub fn gauss_newton_upper<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
) -> GaussNewtonUpper {
    let (mut frobenius, mut operator_norm, mut weighted) = (0.0, 0.0, 0.0);
    for_each_gram(objective, rates, |gram, factor| {
        frobenius += gram.trace();
        weighted += top_eigenvalue(&factor * &gram * factor.transpose());
        operator_norm += top_eigenvalue(gram);
    });
    let beta = loss_smoothness(objective.loss());
    let per_sample = 1.0 / objective.samples() as f64;
    GaussNewtonUpper {
        frobenius: beta * per_sample * frobenius,
        operator_norm: beta * per_sample * operator_norm,
        weighted: per_sample * weighted,
    }
}
