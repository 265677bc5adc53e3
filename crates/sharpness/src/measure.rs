//! Everything that is measured of one network on given data: both top
//! eigenvalues with their residuals, the trace, and the certified bounds.
//!
//! The network and the data may come from anywhere; nothing here samples or
//! standardises them.

use etastar_backend::Backend;
use etastar_model::{Batch, LayerRates, Loss, Mlp};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::certificate::{Bounds, CertificateError, Measured, PropagatorOptions, certified_bounds};
use crate::lanczos::{
    Extremes, LanczosError, LanczosOptions, extreme_eigenvalues, largest_eigenvalue,
};
use crate::operator::{InvalidObjective, InvalidRate, Objective, ObjectiveOptions, adam_scales};

/// How sharpness is measured.
#[derive(Debug, Clone, Default)]
pub struct MeasureOptions {
    /// Of the eigenvalues.
    pub lanczos: LanczosOptions,
    /// Memory of the products, and who may interrupt them.
    pub objective: ObjectiveOptions,
    /// Certified bounds, or none: they cost more than the eigenvalues. There are none under Adam's
    /// preconditioner.
    pub bounds: Option<PropagatorOptions>,
    /// Samples per mini-batch of the second moment by which Adam divides its steps; none where
    /// steps are not Adam's.
    pub adam_batch: Option<usize>,
}

/// A network that cannot be measured.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum MeasureError {
    /// The network and the data do not fit together.
    #[error(transparent)]
    Objective(#[from] InvalidObjective),
    /// A rate is negative or not finite.
    #[error(transparent)]
    Rate(#[from] InvalidRate),
    /// The derivatives are not finite.
    #[error(transparent)]
    Lanczos(#[from] LanczosError),
    /// A bound is not finite.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// Somebody has asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// The ends of a matrix's spectrum.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spectrum {
    /// Largest eigenvalue (a Ritz value, so never above it).
    pub largest: f64,
    /// Smallest eigenvalue; for the Gauss-Newton matrix, which is positive
    /// semi-definite, 0 where its rank is below its dimension and absent
    /// otherwise.
    pub smallest: Option<f64>,
    /// The larger of the residuals `|A v - theta v|` of the eigenpairs.
    pub residual: f64,
    /// Whether the residuals are within the tolerance.
    pub converged: bool,
    /// Products with the matrix.
    pub products: usize,
}

/// What is known of one network on given data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NetworkSharpness {
    /// The (preconditioned) Hessian.
    pub hessian: Spectrum,
    /// The (preconditioned) Gauss-Newton matrix.
    pub gauss_newton: Spectrum,
    /// The trace of the Gauss-Newton matrix and, of networks that are linear in each layer as ReLU
    /// networks are, of the Hessian too. Absent under Adam's preconditioner.
    pub trace: Option<f64>,
    /// Certified bounds, if asked for.
    pub bounds: Option<Bounds>,
}

/// Measures `network` on `data` under the layers' relative learning rates
/// `M`: everything is of `M^{1/2} H M^{1/2}` and `M^{1/2} G M^{1/2}`, with Adam's scales (see
/// [`adam_scales`]) on both sides if steps are Adam's.
///
/// # Errors
/// If network, data and rates do not fit together, derivatives overflow, or it is interrupted.
/// Not converging is no error: see [`Spectrum::converged`].
pub fn measure<B: Backend>(
    network: &Mlp<B>,
    data: &Batch<B>,
    loss: Loss,
    rates: &LayerRates,
    options: &MeasureOptions,
) -> Result<NetworkSharpness, MeasureError> {
    let objective = Objective::new(network, data, loss, &options.objective)?;
    let scales = options.adam_batch;
    let scales = scales.map(|batch_size| adam_scales(network, data, loss, batch_size));
    let hessian = objective.hessian(rates)?.preconditioned(scales.as_deref());
    let Extremes { largest, smallest } = extreme_eigenvalues(&hessian, &options.lanczos)?;
    let hessian = Spectrum {
        largest: largest.value,
        smallest: Some(smallest.value),
        residual: largest.residual.max(smallest.residual),
        converged: largest.converged && smallest.converged,
        products: largest.operator_calls,
    };
    let gauss_newton = objective.gauss_newton(rates)?;
    let gauss_newton = gauss_newton.preconditioned(scales.as_deref());
    let top = largest_eigenvalue(&gauss_newton, &options.lanczos)?;
    let rank = objective.samples().saturating_mul(objective.outputs());
    let gauss_newton = Spectrum {
        largest: top.value,
        smallest: (rank < objective.parameters().dimension()).then_some(0.0),
        residual: top.residual,
        converged: top.converged,
        products: top.operator_calls,
    };
    let trace = scales.is_none().then(|| objective.trace(rates));
    let bounds = trace.zip(options.bounds.as_ref());
    let bounds = bounds.map(|(trace, propagator)| {
        let measured = Measured {
            trace,
            gauss_newton: gauss_newton.largest,
            hessian: hessian.largest,
        };
        certified_bounds(&objective, rates, propagator, measured)
    });
    let bounds = bounds.transpose();
    // Then nothing of the above means anything, what failed included.
    if objective.is_interrupted() {
        return Err(MeasureError::Interrupted);
    }
    let bounds = bounds?;
    Ok(NetworkSharpness {
        hessian,
        gauss_newton,
        trace,
        bounds,
    })
}
