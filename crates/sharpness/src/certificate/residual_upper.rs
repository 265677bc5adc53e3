//! Upper bounds on `|H - G|_op` from the norms of the blocks of `d2 f`.
//!
//! `S = H - G = (1/N) sum_i S_i`, `S_i = sum_k r_ik d2 f_k(x_i)` with the
//! loss's derivative `r` in the outputs. Move the parameters of layers
//! `l < m` by `(V^l, v^l)` and `(V^m, v^m)`. A ReLU network is linear in each
//! layer almost everywhere, so the second derivative of a combination
//! `u . f` of outputs has no diagonal blocks; the move of layer `l` changes
//! the activation of layer `m - 1` by `P_{l->m-1} (V^l a^{l-1} + v^l)`, only
//! `V^m` multiplies that, and `B^m = d (u . f) / d z^m` carries it on:
//!
//! ```text
//! d2(u . f) [(V^l, v^l), (V^m, v^m)] = B^m . V^m P_{l->m-1} (V^l a^{l-1} + v^l)
//! ```
//!
//! `V^l a^{l-1} + v^l` is the matrix `[V^l v^l]` times `a^{l-1}` with a 1
//! appended. The largest value over unit Frobenius norms, reached by rank-one
//! matrices with `v^m = 0`, is the block's norm, exactly:
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
//! `b(d2 f_k)` takes `u = e_k`.

use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_model::LayerRates;
use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use super::propagator::{PropagatorNorm, PropagatorOptions, Propagators};
use super::top_eigenvalue;
use crate::operator::{Forward, Objective, to_host, unit_rows};

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

/// The bounds, for relative learning rates `M`.
pub fn residual_upper<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
    options: &PropagatorOptions,
) -> ResidualUpper {
    let propagators = hidden_propagators(objective, options);
    let layers = objective.network().layers.len();
    let (mut classwise, mut samplewise) = (0.0, 0.0);
    let mut mean = DMatrix::zeros(layers, layers);
    objective.for_each_piece(objective.samples_with_all_outputs(), |forward, targets| {
        let piece = Piece::new(objective, rates, &forward, targets);
        for sample in 0..piece.samples {
            let norms = piece.input_norms(sample);
            let bounds = propagators.bounds(&piece.active_units(sample));
            let blocks = |backward: &[f64]| block_norms(&norms, &bounds, backward);
            for output in 0..piece.outputs {
                let residual = piece.residual[sample * piece.outputs + output].abs();
                if residual > 0.0 || residual.is_nan() {
                    let row = sample * piece.outputs + output;
                    let backward = piece.backward_norms(&piece.output_rows, row);
                    classwise += residual * top_eigenvalue(blocks(&backward));
                }
            }
            let own = blocks(&piece.backward_norms(&piece.residual_rows, sample));
            mean += &own;
            samplewise += top_eigenvalue(own);
        }
    });
    ResidualUpper {
        classwise,
        samplewise,
        averaged: top_eigenvalue(mean),
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
    let width = layers[..layers.len() - 1]
        .iter()
        .map(|layer| layer.weight.dims()[1])
        .max();
    let between = layers[..layers.len() - 1]
        .iter()
        .skip(1)
        .map(|layer| {
            let [rows, columns] = layer.weight.dims();
            DMatrix::from_row_slice(rows, columns, &to_host(layer.weight.clone()))
        })
        .collect();
    Propagators::new(between, options.choose(width.unwrap_or(0)))
}

/// What the bounds need to know about some samples, on the host.
struct Piece {
    samples: usize,
    outputs: usize,
    rates: Vec<f64>,
    /// `rate_l (|a^{l-1}|^2 + [bias])`, layer by sample.
    inputs: Vec<Vec<f64>>,
    /// Activations of the hidden layers.
    hidden: Vec<Vec<f64>>,
    /// `(1/N) r`, sample by output.
    residual: Vec<f64>,
    /// `(1/N) |B^m|` for the residual: layer by sample.
    residual_rows: Vec<Vec<f64>>,
    /// `|B^m_k|`: layer by (sample, output).
    output_rows: Vec<Vec<f64>>,
}

impl Piece {
    fn new<B: Backend>(
        objective: &Objective<B>,
        rates: &LayerRates,
        forward: &Forward<B>,
        targets: Tensor<B, 2>,
    ) -> Self {
        let [samples, outputs] = targets.dims();
        let residual = objective.residual(forward.outputs.clone(), targets);
        let units = unit_rows(&forward.outputs);
        let residual_rows = objective
            .backward(&forward.activations, residual.clone())
            .into_iter()
            .map(|delta| to_host(delta.square().sum_dim(1).sqrt()))
            .collect();
        let output_rows = objective
            .backward_combinations(&forward.activations, units)
            .into_iter()
            .map(|rows| to_host(rows.square().sum_dim(2).sqrt()))
            .collect();
        Self {
            samples,
            outputs,
            rates: (0..forward.activations.len())
                .map(|layer| rates.of(layer))
                .collect(),
            inputs: objective.input_weights(forward, rates),
            hidden: forward.activations[1..]
                .iter()
                .map(|activation| to_host(activation.clone()))
                .collect(),
            residual: to_host(residual),
            residual_rows,
            output_rows,
        }
    }

    fn input_norms(&self, sample: usize) -> Vec<f64> {
        let layers = self.inputs.iter();
        layers.map(|squares| squares[sample].sqrt()).collect()
    }

    fn backward_norms(&self, rows: &[Vec<f64>], row: usize) -> Vec<f64> {
        let layers = rows.iter().zip(&self.rates);
        layers
            .map(|(norms, rate)| rate.sqrt() * norms[row])
            .collect()
    }

    /// Indices of each hidden layer's active units.
    fn active_units(&self, sample: usize) -> Vec<Vec<usize>> {
        let layers = self.hidden.iter();
        layers
            .map(|values| {
                let width = values.len() / self.samples;
                let units = &values[sample * width..(sample + 1) * width];
                let active = units.iter().enumerate().filter(|(_, value)| **value > 0.0);
                active.map(|(unit, _)| unit).collect()
            })
            .collect()
    }
}
