//! Proven bounds on the top eigenvalues of one network on given data.
//!
//! Nothing here is an estimate or an expectation: every number bounds
//! `lambda_1` of this network's Gauss-Newton matrix `G` or Hessian `H` (under
//! one relative learning rate per layer: of `M^{1/2} G M^{1/2}` and
//! `M^{1/2} H M^{1/2}`) from one side; each is widened by what the backend's
//! arithmetic may have rounded. Derivations are in the book, chapter *Moments and bounds, with proofs*.
//!
//! | bound | formula | in |
//! |---|---|---|
//! | `G` above | norms of the per-sample Jacobians | [`GaussNewtonUpper`] |
//! | `H - G` above | norms of the blocks of `d2 f` | [`ResidualUpper`] |
//! | `G` and `H` below | Rayleigh quotient of the gradient | [`GaussNewtonLower`], [`HessianLower`] |
//! | `G` and `H` below | trace over rank | the same |
//! | `G` below | norm of the mean output gradient | [`GaussNewtonLower`] |
//!
//! [`certified_bounds`] computes them all. Ritz values, lower bounds too, stand
//! beside them: they show how tight the others are.

mod lower;
mod propagator;
mod upper;

pub use lower::{GaussNewtonLower, HessianLower, LowerBounds, Measured};
pub use propagator::{PropagatorNorm, PropagatorOptions};
pub use upper::{GaussNewtonUpper, ResidualUpper, UpperBounds};

use etastar_backend::Backend;
use etastar_model::LayerRates;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::operator::{InvalidRate, Objective};

/// A network and data that no bound can be computed for.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CertificateError {
    /// A rate is negative or not finite.
    #[error(transparent)]
    Rate(#[from] InvalidRate),
    /// The network is none of ReLUs alone.
    #[error(
        "certified bounds are for ReLU networks without residual blocks and normalisation: turn them off"
    )]
    Form,
    /// A bound is infinite or undefined.
    #[error("the bound \"{0}\" is not finite")]
    NotFinite(&'static str),
}

/// Certified bounds on the top eigenvalues, from below and from above.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// From below.
    pub lower: LowerBounds,
    /// From above.
    pub upper: UpperBounds,
}

/// Computes every bound for a network on data, for the layers' relative
/// learning rates `M`: bounds on `M^{1/2} G M^{1/2}` and `M^{1/2} H M^{1/2}`,
/// whose trace and Ritz values have been `measured`.
///
/// # Errors
/// If a rate is negative or not finite, if the network is none of ReLUs alone, or if its derivatives
/// overflow.
pub fn certified_bounds<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
    propagator: &PropagatorOptions,
    measured: Measured,
) -> Result<Bounds, CertificateError> {
    if !objective.network().form.is_plain() {
        return Err(CertificateError::Form);
    }
    let bounds = Bounds {
        lower: LowerBounds::new(objective, rates, measured)?,
        upper: UpperBounds::new(objective, rates, propagator),
    };
    let Bounds { lower, upper } = &bounds;
    let values = [
        ("trace", measured.trace),
        (
            "gradient direction, Gauss-Newton",
            lower.gauss_newton.gradient,
        ),
        ("mean output gradient", lower.gauss_newton.mean_gradients),
        ("gradient direction, Hessian", lower.hessian.gradient),
        ("Jacobian norms", upper.gauss_newton.frobenius),
        ("weighted Jacobian norms", upper.gauss_newton.weighted),
        ("residual blocks by class", upper.residual.classwise),
        ("residual blocks", upper.residual.averaged),
    ];
    match values.into_iter().find(|(_, value)| !value.is_finite()) {
        Some((name, _)) => Err(CertificateError::NotFinite(name)),
        None => Ok(bounds.widened(ROUNDING_STEPS * epsilon::<B>())),
    }
}

/// Roundings that may add up in a bound, as multiples of the float type's epsilon. Sums of all
/// parameters are taken in double precision; what rounds are products of layers.
const ROUNDING_STEPS: f64 = 64.0;

/// Distance from 1 to the next number of the backend's float type.
fn epsilon<B: Backend>() -> f64 {
    match size_of::<B::FloatElem>() {
        8 => f64::EPSILON,
        _ => f32::EPSILON.into(),
    }
}

impl Bounds {
    /// The bounds farther out, each by a part of itself. Ritz values stay: they are what was
    /// measured.
    fn widened(mut self, part: f64) -> Self {
        let lower = |bound: &mut f64| *bound -= part * bound.abs();
        let upper = |bound: &mut f64| *bound += part * bound.abs();
        let below = &mut self.lower;
        lower(&mut below.gauss_newton.gradient);
        lower(&mut below.gauss_newton.trace_over_rank);
        lower(&mut below.gauss_newton.mean_gradient);
        lower(&mut below.gauss_newton.mean_gradients);
        lower(&mut below.hessian.gradient);
        lower(&mut below.hessian.trace_over_parameters);
        let above = &mut self.upper;
        upper(&mut above.gauss_newton.frobenius);
        upper(&mut above.gauss_newton.operator_norm);
        upper(&mut above.gauss_newton.weighted);
        upper(&mut above.residual.classwise);
        upper(&mut above.residual.samplewise);
        upper(&mut above.residual.averaged);
        upper(&mut above.hessian);
        self
    }
}
