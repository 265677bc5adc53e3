//! The proven bounds of one network.

use etastar_sharpness::Bounds;

use super::Matrix;
use super::tightness::Side;

/// A proven bound on a top eigenvalue of one network.
#[derive(Debug, Clone, Copy)]
pub struct CertifiedBound {
    /// Name in exports.
    pub name: &'static str,
    /// In words and formulas.
    pub description: &'static str,
    /// Whose top eigenvalue is bounded.
    pub matrix: Matrix,
    /// From which side.
    pub side: Side,
    /// The bound.
    pub of: fn(&Bounds) -> f64,
}

/// All of them but the Ritz values, which are the measured numbers themselves.
pub const CERTIFIED: [CertifiedBound; 13] = [
    CertifiedBound {
        name: "gauss_newton_lower_gradient",
        description: "Rayleigh quotient of the gradient",
        matrix: Matrix::GaussNewton,
        side: Side::Lower,
        of: |bounds| bounds.lower.gauss_newton.gradient,
    },
    CertifiedBound {
        name: "gauss_newton_lower_trace_over_rank",
        description: "trace over the largest possible rank",
        matrix: Matrix::GaussNewton,
        side: Side::Lower,
        of: |bounds| bounds.lower.gauss_newton.trace_over_rank,
    },
    CertifiedBound {
        name: "gauss_newton_lower_mean_gradient",
        description: "longest mean output gradient, squared",
        matrix: Matrix::GaussNewton,
        side: Side::Lower,
        of: |bounds| bounds.lower.gauss_newton.mean_gradient,
    },
    CertifiedBound {
        name: "gauss_newton_lower_mean_gradients",
        description: "Gram matrix of the mean output gradients",
        matrix: Matrix::GaussNewton,
        side: Side::Lower,
        of: |bounds| bounds.lower.gauss_newton.mean_gradients,
    },
    CertifiedBound {
        name: "gauss_newton_upper_frobenius",
        description: "Frobenius norms of the Jacobians of single samples",
        matrix: Matrix::GaussNewton,
        side: Side::Upper,
        of: |bounds| bounds.upper.gauss_newton.frobenius,
    },
    CertifiedBound {
        name: "gauss_newton_upper_operator_norm",
        description: "operator norms of the Jacobians of single samples",
        matrix: Matrix::GaussNewton,
        side: Side::Upper,
        of: |bounds| bounds.upper.gauss_newton.operator_norm,
    },
    CertifiedBound {
        name: "gauss_newton_upper_weighted",
        description: "top eigenvalues of the Gauss-Newton matrices of single samples",
        matrix: Matrix::GaussNewton,
        side: Side::Upper,
        of: |bounds| bounds.upper.gauss_newton.weighted,
    },
    CertifiedBound {
        name: "hessian_lower_gradient",
        description: "Rayleigh quotient of the gradient",
        matrix: Matrix::Hessian,
        side: Side::Lower,
        of: |bounds| bounds.lower.hessian.gradient,
    },
    CertifiedBound {
        name: "hessian_lower_trace_over_parameters",
        description: "trace over the number of trained parameters",
        matrix: Matrix::Hessian,
        side: Side::Lower,
        of: |bounds| bounds.lower.hessian.trace_over_parameters,
    },
    CertifiedBound {
        name: "hessian_upper_classwise",
        description: "tightest bound on G plus block norms by sample and output",
        matrix: Matrix::Hessian,
        side: Side::Upper,
        of: |bounds| bounds.upper.gauss_newton.tightest() + bounds.upper.residual.classwise,
    },
    CertifiedBound {
        name: "hessian_upper_samplewise",
        description: "tightest bound on G plus block norms by sample",
        matrix: Matrix::Hessian,
        side: Side::Upper,
        of: |bounds| bounds.upper.gauss_newton.tightest() + bounds.upper.residual.samplewise,
    },
    CertifiedBound {
        name: "hessian_upper_averaged",
        description: "tightest bound on G plus averaged block norms",
        matrix: Matrix::Hessian,
        side: Side::Upper,
        of: |bounds| bounds.upper.gauss_newton.tightest() + bounds.upper.residual.averaged,
    },
    CertifiedBound {
        name: "hessian_upper",
        description: "the least of these sums",
        matrix: Matrix::Hessian,
        side: Side::Upper,
        of: |bounds| bounds.upper.hessian,
    },
];
