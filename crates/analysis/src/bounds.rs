//! How far every bound on `lambda_1` is from what was measured.

use etastar_data::Standardise;
use etastar_model::StepScale;
use etastar_search::CellRecord;
use etastar_sharpness::Bounds;
use etastar_sharpness::bounds::{TheoryBounds, Upper};
use serde::{Deserialize, Serialize};

use crate::kernel_prediction::mean_and_error;
use crate::numbers::{quantile, sorted};
use crate::points::Matrix;

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

/// `(1/N) sum_i |x_i|^2 / n_0` that the bounds are computed for: the value of
/// standardised data without constant features. Records do not hold the
/// value of their own samples.
pub const MEAN_SQUARE_INPUT: f64 = 1.0;

/// An upper bound on a top eigenvalue over the draw of the weights.
#[derive(Debug, Clone, Copy)]
pub struct ExpectedBound {
    /// Name in words.
    pub description: &'static str,
    /// What it is compared with.
    pub holds_for: HoldsFor,
    /// The bound.
    of: fn(&Upper) -> f64,
}

impl ExpectedBound {
    /// The bound on the top eigenvalue of `matrix`.
    pub fn value(&self, bounds: &TheoryBounds, matrix: Matrix) -> f64 {
        (self.of)(match matrix {
            Matrix::Hessian => &bounds.hessian,
            Matrix::GaussNewton => &bounds.gauss_newton,
        })
    }
}

/// All of them.
pub const EXPECTED: [ExpectedBound; 6] = [
    ExpectedBound {
        description: "expectation, sum over outputs",
        holds_for: HoldsFor::Expectation,
        of: |upper| upper.summed.upper_expectation,
    },
    ExpectedBound {
        description: "expectation, sharper",
        holds_for: HoldsFor::Expectation,
        of: |upper| upper.sharper.upper_expectation,
    },
    ExpectedBound {
        description: "Markov's inequality, sum over outputs",
        holds_for: HoldsFor::Probability,
        of: |upper| upper.summed.markov.value,
    },
    ExpectedBound {
        description: "Markov's inequality, sharper",
        holds_for: HoldsFor::Probability,
        of: |upper| upper.sharper.markov.value,
    },
    ExpectedBound {
        description: "Chebyshev's inequality, sum over outputs",
        holds_for: HoldsFor::Probability,
        of: |upper| upper.summed.chebyshev.value,
    },
    ExpectedBound {
        description: "Chebyshev's inequality, sharper",
        holds_for: HoldsFor::Probability,
        of: |upper| upper.sharper.chebyshev.value,
    },
];

/// The bounds for a cell's architecture over the draw of its weights; `None` where there are none, as
/// for networks with biases, or where what they assume is otherwise: one-hot targets, one rate of all
/// layers but the first and no preconditioner within layers, inputs of mean square 1.
pub fn theory(record: &CellRecord) -> Option<TheoryBounds> {
    let cell = &record.cell;
    let is_standardised = cell.dataset.standardise != Standardise::None;
    let one_rate = cell.layer_rates.is_empty() && cell.step_scale() == StepScale::Gradient;
    if !one_rate || cell.dataset.is_regression() || !is_standardised {
        return None;
    }
    let architecture = cell.architecture(record.inputs, record.outputs);
    TheoryBounds::new(
        &architecture,
        cell.loss(),
        cell.input_rate,
        MEAN_SQUARE_INPUT,
    )
    .ok()
}

/// Relative rounding of single precision, accumulated, that is no violation.
const ROUNDING: f64 = 1e-4;

/// The side a bound is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// At most the eigenvalue.
    Lower,
    /// At least the eigenvalue.
    Upper,
}

/// What a bound is proved for, and so what it is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoldsFor {
    /// Each network: compared with each.
    Network,
    /// The expectation over networks: compared with the mean of each cell.
    Expectation,
    /// A network with a given probability: compared with each.
    Probability,
}

/// A bound over all networks, or all cells, of a series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tightness {
    /// Whose top eigenvalue is bounded.
    pub matrix: Matrix,
    /// From which side.
    pub side: Side,
    /// What the bound is proved for.
    pub holds_for: HoldsFor,
    /// The bound in words.
    pub description: String,
    /// Networks, or cells for expectations, that were compared.
    pub count: usize,
    /// Median of bound over measured.
    pub median: f64,
    /// The ratio furthest out: the least of a lower bound, the largest of an
    /// upper.
    pub worst: f64,
    /// How often the bound lies on the wrong side, beyond rounding. Proven
    /// bounds on each network: never. Expectations: the mean of a few
    /// networks may lie above its expectation. Probabilities: in at most the
    /// stated share of networks, in the long run.
    pub violations: usize,
}

/// Every certified bound that was measured and every bound before a network
/// is drawn, for the cells of a series.
pub(crate) fn tightness(cells: &[&CellRecord]) -> Vec<Tightness> {
    let networks = |record: &CellRecord| -> Vec<_> {
        let repeats = record.repeats.iter();
        repeats
            .filter_map(|repeat| Some(repeat.sharpness()?.sharpness.clone()))
            .collect()
    };
    let measured: Vec<_> = cells
        .iter()
        .map(|record| (*record, networks(record)))
        .collect();
    let certified = CERTIFIED.iter().map(|bound| {
        let all = measured.iter().flat_map(|(_, networks)| networks);
        let pairs = all.filter_map(|network| {
            let value = (bound.of)(network.bounds.as_ref()?);
            Some((value, bound.matrix.largest(network)))
        });
        summary(
            bound.matrix,
            bound.side,
            HoldsFor::Network,
            bound.description,
            pairs.collect(),
        )
    });
    let theories: Vec<_> = measured
        .iter()
        .filter_map(|(record, networks)| Some((*record, networks, theory(record)?)))
        .collect();
    let expected = [Matrix::GaussNewton, Matrix::Hessian]
        .into_iter()
        .flat_map(|matrix| {
            let theories = &theories;
            EXPECTED.iter().map(move |bound| {
                let pairs = theories.iter().flat_map(|(record, networks, theory)| {
                    let measured: Vec<f64> = if bound.holds_for == HoldsFor::Expectation {
                        let mean = mean_and_error(record, matrix).map(|(mean, _)| mean);
                        mean.into_iter().collect()
                    } else {
                        networks
                            .iter()
                            .map(|network| matrix.largest(network))
                            .collect()
                    };
                    let value = bound.value(theory, matrix);
                    measured.into_iter().map(move |measured| (value, measured))
                });
                let pairs = pairs.collect();
                summary(
                    matrix,
                    Side::Upper,
                    bound.holds_for,
                    bound.description,
                    pairs,
                )
            })
        });
    certified.chain(expected).flatten().collect()
}

/// Of pairs of bound and measured.
fn summary(
    matrix: Matrix,
    side: Side,
    holds_for: HoldsFor,
    description: &str,
    pairs: Vec<(f64, f64)>,
) -> Option<Tightness> {
    let rounding = if holds_for == HoldsFor::Expectation {
        0.0
    } else {
        ROUNDING
    };
    let is_violated = |&&(bound, measured): &&(f64, f64)| match side {
        Side::Lower => bound > measured * (1.0 + rounding),
        Side::Upper => bound < measured * (1.0 - rounding),
    };
    let ratios = pairs.iter().map(|(bound, measured)| bound / measured);
    let ratios = sorted(ratios.filter(|ratio| ratio.is_finite()));
    let worst = match side {
        Side::Lower => ratios.first(),
        Side::Upper => ratios.last(),
    };
    Some(Tightness {
        matrix,
        side,
        holds_for,
        description: description.to_owned(),
        count: ratios.len(),
        median: quantile(&ratios, 0.5)?,
        worst: *worst?,
        violations: pairs.iter().filter(is_violated).count(),
    })
}
