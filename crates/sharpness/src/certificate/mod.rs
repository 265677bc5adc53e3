//! Proven bounds on the top eigenvalues of one network on given data.
//!
//! Nothing here is an estimate or an expectation: every number bounds
//! `lambda_1` of this network's Gauss-Newton matrix `G` or Hessian `H` (under
//! one relative learning rate per layer: of `M^{1/2} G M^{1/2}` and
//! `M^{1/2} H M^{1/2}`) from one side, up to the rounding of the backend's
//! arithmetic.
//!
//! | bound | formula | module |
//! |---|---|---|
//! | `G` above | norms of the per-sample Jacobians | [`gauss_newton_upper`] |
//! | `H - G` above | norms of the blocks of `d2 f` | [`residual_upper`] |
//! | `G` and `H` below | Rayleigh quotient of the gradient | [`rayleigh`] |
//! | `G` and `H` below | trace over rank | [`trace_over_rank`] |
//! | `G` below | norm of the mean output gradient | [`mean_gradient`] |
//!
//! [`certify`] computes them all. Ritz values, lower bounds too, come with
//! them: they show how tight the others are.

mod certify;
pub mod gauss_newton_upper;
mod gram;
pub mod mean_gradient;
pub mod propagator;
pub mod rayleigh;
pub mod residual_upper;
pub mod trace_over_rank;

pub use certify::{
    Certificate, CertificateError, CertificateOptions, GaussNewtonLower, HessianLower, RitzValues,
    certify, certify_with,
};
pub use gauss_newton_upper::GaussNewtonUpper;
pub use propagator::{PropagatorNorm, PropagatorOptions};
pub use residual_upper::ResidualUpper;

use nalgebra::DMatrix;

use crate::lanczos::symmetric_eigenvalues;

/// Largest eigenvalue of a symmetric matrix; NaN if an entry is not finite, 0
/// for an empty matrix.
fn top_eigenvalue(matrix: DMatrix<f64>) -> f64 {
    symmetric_eigenvalues(&matrix)
        .last()
        .copied()
        .unwrap_or(0.0)
}
