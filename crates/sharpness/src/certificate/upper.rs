//! Upper bounds: on `lambda_1(G)` from the Jacobian of each sample, and on
//! `|H - G|_op` from the norms of the blocks of `d2 f`.
//!
//! # The Gauss-Newton matrix
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
//! where the first two coincide, and 1/2 for cross-entropy
//! ([`curvature_bound`]). Under learning rates `M`, `J_i` is `J_i M^{1/2}`. All
//! norms follow from the `K` by `K` tangent kernel of each sample. The gradient
//! of output `k` in the weight of layer `l` is the rank-one matrix of
//! `a^{l-1}_i` and `B^l_ik = d f_k / d z^l`, and in the bias it is `B^l_ik`, so
//!
//! ```text
//! (J_i M J_i^T)_kk' = sum_l rate_l (|a^{l-1}_i|^2 + [bias]) B^l_ik . B^l_ik'
//! ```
//!
//! # The rest of the Hessian
//! `S = H - G = (1/N) sum_i S_i`, `S_i = sum_k r_ik d2 f_k(x_i)` with the
//! loss's derivative `r` in the outputs. A ReLU network is linear in each layer almost everywhere, so
//! the second derivative of a combination `u . f` of outputs has no diagonal blocks, and block `(l, m)`,
//! `l < m`, has the norm, exactly,
//!
//! ```text
//! b_lm = sqrt(rate_l rate_m) |B^m| |P_{l->m-1}|_op sqrt(|a^{l-1}|^2 + [layer l has a bias])
//! ```
//!
//! where the learning rates come from `M^{1/2} S M^{1/2}`. A symmetric block
//! matrix's norm is at most that of the `(L+1)` by `(L+1)` matrix `b` of its
//! blocks' norms, which is subadditive, and monotone in entries `>= 0`. Hence
//!
//! ```text
//! |S|_op <= | (1/N) sum_i b(S_i) |_op                    [averaged]
//!        <= (1/N) sum_i | b(S_i) |_op                    [samplewise]
//!        <= (1/N) sum_i sum_k |r_ik| | b(d2 f_k) |_op    [classwise]
//! ```
//!
//! `b(S_i)` takes `u = r_i`, for which `B^m` is the backpropagated residual;
//! `b(d2 f_k)` takes `u = e_k`. Derived in the book, chapter *Moments and bounds, with proofs*.

use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_model::LayerRates;
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::propagator::{PropagatorNorm, PropagatorOptions, Propagators};
use crate::lanczos::top_eigenvalue;
use crate::operator::{Forward, Objective, curvature_bound, curvature_factor, to_host, unit_rows};

/// Upper bounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UpperBounds {
    /// On `lambda_1(G)`.
    pub gauss_newton: GaussNewtonUpper,
    /// On the norm of `H - G`.
    pub residual: ResidualUpper,
    /// On `lambda_1(H)`: the sum of the tightest of both, by Weyl's inequality
    /// `lambda_1(G + S) <= lambda_1(G) + |S|`.
    pub hessian: f64,
}

impl UpperBounds {
    /// The bounds, for relative learning rates `M`.
    pub(super) fn new<B: Backend>(
        objective: &Objective<B>,
        rates: &LayerRates,
        options: &PropagatorOptions,
    ) -> Self {
        let gauss_newton = gauss_newton_upper(objective, rates);
        let residual = residual_upper(objective, rates, options);
        Self {
            gauss_newton,
            residual,
            hessian: gauss_newton.tightest() + residual.tightest(),
        }
    }
}

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

/// Upper bounds on `|H - G|_op`, each at least as tight as the one before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ResidualUpper {
    /// Each sample's and each output's blocks on their own.
    pub classwise: f64,
    /// Each sample's blocks on their own.
    pub samplewise: f64,
    /// The mean of the samples' block norms.
    pub averaged: f64,
    /// How the norms of products of layers were bounded.
    pub method: PropagatorNorm,
}

impl ResidualUpper {
    /// The smallest of them.
    pub fn tightest(&self) -> f64 {
        self.classwise.min(self.samplewise).min(self.averaged)
    }
}

/// The bounds on `lambda_1(G)`, for relative learning rates `M`.
fn gauss_newton_upper<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
) -> GaussNewtonUpper {
    let (mut frobenius, mut operator_norm, mut weighted) = (0.0, 0.0, 0.0);
    let classes = objective.outputs();
    let square = |values: &[f64], sample: usize| {
        let size = classes * classes;
        let values = &values[sample * size..(sample + 1) * size];
        DMatrix::from_row_slice(classes, classes, values)
    };
    objective.for_each_piece(|forward, targets| {
        let units = unit_rows(&forward.outputs);
        let rows = objective.backward_combinations(&forward.states, units);
        let weights = objective.input_weights(&forward, rates);
        let products: Vec<Vec<f64>> = rows
            .into_iter()
            .map(|rows| to_host(rows.delta.clone().matmul(rows.delta.swap_dims(1, 2))))
            .collect();
        let factors = to_host(curvature_factor(objective.loss(), forward.outputs));
        for sample in 0..targets.dims()[0] {
            let mut gram = DMatrix::zeros(classes, classes);
            for (products, weights) in products.iter().zip(&weights) {
                gram += square(products, sample) * weights[sample];
            }
            let factor = square(&factors, sample);
            frobenius += gram.trace();
            operator_norm += top_eigenvalue(&gram);
            weighted += top_eigenvalue(&(&factor * gram * factor.transpose()));
        }
    });
    let beta = curvature_bound(objective.loss());
    let per_sample = 1.0 / objective.samples() as f64;
    GaussNewtonUpper {
        frobenius: beta * per_sample * frobenius,
        operator_norm: beta * per_sample * operator_norm,
        weighted: per_sample * weighted,
    }
}

/// The bounds on `|H - G|_op`, for relative learning rates `M`.
fn residual_upper<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
    options: &PropagatorOptions,
) -> ResidualUpper {
    let propagators = hidden_propagators(objective, options);
    let layers = objective.network().layers.len();
    let (mut classwise, mut samplewise) = (0.0, 0.0);
    let mut mean = DMatrix::zeros(layers, layers);
    objective.for_each_piece(|forward, targets| {
        let [samples, outputs] = targets.dims();
        let piece = Piece::new(objective, rates, &forward, targets);
        for sample in 0..samples {
            if objective.is_interrupted() {
                return;
            }
            let inputs = of_each_layer(&piece.inputs, sample);
            let bounds = propagators.bounds(&piece.active_units(samples, sample));
            let blocks = |backward: &[Vec<f64>], row: usize| {
                block_norms(&inputs, &bounds, &of_each_layer(backward, row))
            };
            for row in sample * outputs..(sample + 1) * outputs {
                let residual = piece.residual[row].abs();
                if residual > 0.0 || residual.is_nan() {
                    classwise += residual * top_eigenvalue(&blocks(&piece.output_rows, row));
                }
            }
            let own = blocks(&piece.residual_rows, sample);
            mean += &own;
            samplewise += top_eigenvalue(&own);
        }
    });
    ResidualUpper {
        classwise,
        samplewise,
        averaged: top_eigenvalue(&mean),
        method: propagators.method,
    }
}

/// The matrix `b` (without the outer layer's `1/N`) for one sample, from
/// `sqrt(rate_l (|a^{l-1}|^2 + [bias]))`, the bounds on `|P|` and
/// `sqrt(rate_m) |B^m|`.
fn block_norms(inputs: &[f64], propagators: &[Vec<f64>], backward: &[f64]) -> DMatrix<f64> {
    let layers = inputs.len();
    let mut blocks = DMatrix::zeros(layers, layers);
    for lower in 0..layers {
        for upper in lower + 1..layers {
            let norm = backward[upper] * propagators[lower][upper - 1 - lower] * inputs[lower];
            blocks[(lower, upper)] = norm;
            blocks[(upper, lower)] = norm;
        }
    }
    blocks
}

/// The weights between hidden layers, on the host.
fn hidden_propagators<B: Backend>(
    objective: &Objective<B>,
    options: &PropagatorOptions,
) -> Propagators {
    let layers = &objective.network().layers;
    let hidden = &layers[..layers.len() - 1];
    let widest = hidden.iter().map(|layer| layer.weight.dims()[1]).max();
    let between = hidden.iter().skip(1).map(|layer| {
        let [rows, columns] = layer.weight.dims();
        DMatrix::from_row_slice(rows, columns, &to_host(layer.weight.clone()))
    });
    Propagators::new(
        between.collect(),
        options.choose(widest.unwrap_or(0)),
        || objective.is_interrupted(),
    )
}

/// What the bounds need to know about some samples, on the host.
struct Piece {
    /// `sqrt(rate_l (|a^{l-1}|^2 + [bias]))`, layer by sample.
    inputs: Vec<Vec<f64>>,
    /// Activations of the hidden layers.
    hidden: Vec<Vec<f64>>,
    /// `(1/N) r`, sample by output.
    residual: Vec<f64>,
    /// `(1/N) sqrt(rate_m) |B^m|` for the residual: layer by sample.
    residual_rows: Vec<Vec<f64>>,
    /// `sqrt(rate_m) |B^m_k|`: layer by (sample, output).
    output_rows: Vec<Vec<f64>>,
}

impl Piece {
    fn new<B: Backend>(
        objective: &Objective<B>,
        rates: &LayerRates,
        forward: &Forward<B>,
        targets: Tensor<B, 2>,
    ) -> Self {
        let residual = objective.residual(forward.outputs.clone(), targets);
        let residual_rows = objective.backward(&forward.states, residual.clone());
        let units = unit_rows(&forward.outputs);
        let output_rows = objective.backward_combinations(&forward.states, units);
        let scaled = |layer: usize, norms: Vec<f64>| -> Vec<f64> {
            let root = rates.of(layer).sqrt();
            norms.into_iter().map(|norm| root * norm).collect()
        };
        let inputs = objective.input_weights(forward, rates).into_iter();
        let hidden = forward.states[1..].iter().map(|state| &state.input);
        let residual_rows = residual_rows.into_iter().enumerate();
        let output_rows = output_rows.into_iter().enumerate();
        Self {
            inputs: inputs
                .map(|squares| squares.into_iter().map(f64::sqrt).collect())
                .collect(),
            hidden: hidden.map(|values| to_host(values.clone())).collect(),
            residual: to_host(residual),
            residual_rows: residual_rows
                .map(|(layer, rows)| scaled(layer, to_host(rows.delta.square().sum_dim(1).sqrt())))
                .collect(),
            output_rows: output_rows
                .map(|(layer, rows)| scaled(layer, to_host(rows.delta.square().sum_dim(2).sqrt())))
                .collect(),
        }
    }

    /// Indices of each hidden layer's active units.
    fn active_units(&self, samples: usize, sample: usize) -> Vec<Vec<usize>> {
        let layers = self.hidden.iter();
        layers
            .map(|values| {
                let width = values.len() / samples;
                let units = &values[sample * width..(sample + 1) * width];
                let active = units.iter().enumerate().filter(|(_, value)| **value > 0.0);
                active.map(|(unit, _)| unit).collect()
            })
            .collect()
    }
}

/// The entry `index` of each layer's.
fn of_each_layer(layers: &[Vec<f64>], index: usize) -> Vec<f64> {
    layers.iter().map(|values| values[index]).collect()
}
