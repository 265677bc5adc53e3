use etastar_backend::Backend;
use etastar_model::LayerRates;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::gauss_newton_upper::{GaussNewtonUpper, gauss_newton_upper};
use super::mean_gradient::mean_gradient;
use super::propagator::PropagatorOptions;
use super::rayleigh::rayleigh_quotient;
use super::residual_upper::{ResidualUpper, residual_upper};
use super::trace_over_rank::{gauss_newton_rank, trace_over};
use crate::lanczos::{LanczosError, LanczosOptions, largest_eigenvalue};
use crate::operator::{InvalidRate, Objective};

/// How hard [`certify`] tries.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CertificateOptions {
    /// Of the Ritz values.
    pub lanczos: LanczosOptions,
    /// Of the propagator norms in the bound on `H - G`.
    pub propagator: PropagatorOptions,
}

/// A network and data that no bound can be computed for.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum CertificateError {
    /// A rate is negative or not finite.
    #[error(transparent)]
    Rate(#[from] InvalidRate),
    /// The network has no parameters, or products that are not finite.
    #[error(transparent)]
    Lanczos(#[from] LanczosError),
    /// A bound is infinite or undefined.
    #[error("the bound \"{0}\" is not finite")]
    NotFinite(&'static str),
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
    /// Top eigenvalue of the Gram matrix of the mean output gradients.
    pub mean_gradients: f64,
    /// Ritz value of the Lanczos process.
    pub ritz: f64,
}

impl GaussNewtonLower {
    /// The largest of them.
    pub fn tightest(&self) -> f64 {
        [
            self.gradient,
            self.trace_over_rank,
            self.mean_gradient,
            self.mean_gradients,
            self.ritz,
        ]
        .into_iter()
        .fold(f64::NEG_INFINITY, f64::max)
    }
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

impl HessianLower {
    /// The largest of them.
    pub fn tightest(&self) -> f64 {
        self.gradient.max(self.trace_over_parameters).max(self.ritz)
    }
}

/// Bounds on both top eigenvalues of one network on given data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Certificate {
    /// Lower bounds on `lambda_1(G)`.
    pub gauss_newton_lower: GaussNewtonLower,
    /// Upper bounds on `lambda_1(G)`.
    pub gauss_newton_upper: GaussNewtonUpper,
    /// Lower bounds on `lambda_1(H)`.
    pub hessian_lower: HessianLower,
    /// Upper bounds on the norm of `H - G`.
    pub residual_upper: ResidualUpper,
    /// Trace of `G` and of `H`.
    pub trace: f64,
}

impl Certificate {
    /// Tightest upper bound on `lambda_1(H)`, by Weyl's inequality
    /// `lambda_1(G + S) <= lambda_1(G) + |S|`.
    pub fn hessian_upper(&self) -> f64 {
        self.gauss_newton_upper.tightest() + self.residual_upper.tightest()
    }
}

/// Computes every bound for a network on data, for the layers' relative
/// learning rates `M`: bounds on `M^{1/2} G M^{1/2}` and `M^{1/2} H M^{1/2}`.
///
/// # Errors
/// If a rate is negative or not finite, or if the network's derivatives
/// overflow.
pub fn certify<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
    options: &CertificateOptions,
) -> Result<Certificate, CertificateError> {
    let gauss_newton = objective.preconditioned_gauss_newton(rates)?;
    let hessian = objective.preconditioned_hessian(rates)?;
    let ritz = RitzValues {
        gauss_newton: largest_eigenvalue(&gauss_newton, &options.lanczos)?.value,
        hessian: largest_eigenvalue(&hessian, &options.lanczos)?.value,
    };
    certify_with(objective, rates, &options.propagator, ritz)
}

/// Ritz values of both matrices, where they are known already.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RitzValues {
    /// Of `M^{1/2} G M^{1/2}`.
    pub gauss_newton: f64,
    /// Of `M^{1/2} H M^{1/2}`.
    pub hessian: f64,
}

/// [`certify`], with Ritz values computed before.
///
/// # Errors
/// As [`certify`].
pub fn certify_with<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
    propagator: &PropagatorOptions,
    ritz: RitzValues,
) -> Result<Certificate, CertificateError> {
    let gauss_newton = objective.preconditioned_gauss_newton(rates)?;
    let hessian = objective.preconditioned_hessian(rates)?;
    let roots = objective.parameters().root_rates(rates)?;
    let gradient = objective.gradient();
    let direction: Vec<f64> = gradient
        .iter()
        .zip(roots)
        .map(|(g, root)| g * root)
        .collect();

    let trace = objective.trace(rates);
    let mean = mean_gradient(objective, rates)?;
    let gauss_newton_lower = GaussNewtonLower {
        gradient: rayleigh_quotient(&gauss_newton, &direction),
        trace_over_rank: trace_over(trace, gauss_newton_rank(objective, rates)),
        mean_gradient: mean.longest,
        mean_gradients: mean.combined,
        ritz: ritz.gauss_newton,
    };
    let hessian_lower = HessianLower {
        gradient: rayleigh_quotient(&hessian, &direction),
        trace_over_parameters: trace_over(trace, objective.parameters().trained(rates)),
        ritz: ritz.hessian,
    };
    let certificate = Certificate {
        gauss_newton_lower,
        gauss_newton_upper: gauss_newton_upper(objective, rates),
        hessian_lower,
        residual_upper: residual_upper(objective, rates, propagator),
        trace,
    };
    certificate.check()?;
    Ok(certificate)
}

impl Certificate {
    fn check(&self) -> Result<(), CertificateError> {
        let lower = &self.gauss_newton_lower;
        let bounds = [
            ("trace", self.trace),
            ("gradient direction, Gauss-Newton", lower.gradient),
            ("mean output gradient", lower.mean_gradients),
            ("gradient direction, Hessian", self.hessian_lower.gradient),
            ("Jacobian norms", self.gauss_newton_upper.frobenius),
            ("weighted Jacobian norms", self.gauss_newton_upper.weighted),
            ("residual blocks by class", self.residual_upper.classwise),
            ("residual blocks", self.residual_upper.averaged),
        ];
        match bounds.into_iter().find(|(_, bound)| !bound.is_finite()) {
            Some((name, _)) => Err(CertificateError::NotFinite(name)),
            None => Ok(()),
        }
    }
}
