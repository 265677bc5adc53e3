//! An independent plain-loop ReLU network in double precision, for checking
//! formulas by simulation.
#![allow(dead_code, reason = "each test program uses a part of it")]
#![allow(clippy::unwrap_used, reason = "helper functions of tests")]

use etastar_model::Architecture;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Row-major `rows x columns`.
#[derive(Debug, Clone)]
pub(crate) struct Dense {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    pub(crate) values: Vec<f64>,
}

impl Dense {
    pub(crate) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..(row + 1) * self.columns]
    }

    pub(crate) fn apply(&self, vector: &[f64]) -> Vec<f64> {
        (0..self.rows)
            .map(|row| self.row(row).iter().zip(vector).map(|(w, v)| w * v).sum())
            .collect()
    }

    pub(crate) fn apply_transposed(&self, vector: &[f64]) -> Vec<f64> {
        let mut result = vec![0.0; self.columns];
        for (row, v) in vector.iter().enumerate() {
            for (result, w) in result.iter_mut().zip(self.row(row)) {
                *result += w * v;
            }
        }
        result
    }
}

pub(crate) struct Network {
    /// `W^1 .. W^{L+1}`, rows are units.
    pub(crate) weights: Vec<Dense>,
}

/// What one input leaves behind.
pub(crate) struct Pass {
    /// `a^0 .. a^L`.
    pub(crate) activations: Vec<Vec<f64>>,
    /// Whether each unit of layers `1 .. L` is active.
    pub(crate) masks: Vec<Vec<bool>>,
    pub(crate) outputs: Vec<f64>,
}

impl Network {
    pub(crate) fn draw(architecture: &Architecture, rng: &mut ChaCha8Rng) -> Self {
        let depth = architecture.depth();
        let weights = architecture
            .layer_shapes()
            .enumerate()
            .map(|(layer, (columns, rows))| {
                let gain = if layer == depth {
                    architecture.output_gain
                } else {
                    2.0
                };
                let deviation = (gain / columns as f64).sqrt();
                let values = (0..rows * columns)
                    .map(|_| {
                        let normal: f64 = StandardNormal.sample(rng);
                        deviation * normal
                    })
                    .collect();
                Dense {
                    rows,
                    columns,
                    values,
                }
            })
            .collect();
        Self { weights }
    }

    pub(crate) fn forward(&self, input: &[f64]) -> Pass {
        let depth = self.weights.len() - 1;
        let mut activations = vec![input.to_vec()];
        let mut masks = Vec::new();
        for weights in &self.weights[..depth] {
            let z = weights.apply(activations.last().unwrap());
            masks.push(z.iter().map(|&z| z > 0.0).collect());
            activations.push(z.iter().map(|&z| z.max(0.0)).collect());
        }
        let outputs = self.weights[depth].apply(activations.last().unwrap());
        Pass {
            activations,
            masks,
            outputs,
        }
    }

    /// `B^1 .. B^L` and the seed itself as `B^{L+1}`, of `seed . f`.
    pub(crate) fn backward(&self, pass: &Pass, seed: &[f64]) -> Vec<Vec<f64>> {
        let mut vectors = vec![seed.to_vec()];
        for layer in (1..self.weights.len()).rev() {
            let mut next = self.weights[layer].apply_transposed(vectors.last().unwrap());
            mask(&mut next, &pass.masks[layer - 1]);
            vectors.push(next);
        }
        vectors.reverse();
        vectors
    }

    /// `P_{l->m}`, layers counted from 1, as a dense matrix.
    pub(crate) fn path(&self, pass: &Pass, from: usize, to: usize) -> Dense {
        let columns = self.weights[from - 1].rows;
        let rows = self.weights[to - 1].rows;
        let mut result = Dense {
            rows,
            columns,
            values: vec![0.0; rows * columns],
        };
        for column in 0..columns {
            let mut vector = vec![0.0; columns];
            vector[column] = 1.0;
            mask(&mut vector, &pass.masks[from - 1]);
            for layer in from..to {
                vector = self.weights[layer].apply(&vector);
                mask(&mut vector, &pass.masks[layer]);
            }
            for (row, value) in vector.iter().enumerate() {
                result.values[row * columns + column] = *value;
            }
        }
        result
    }

    /// The gradient of `seed . f` in all weights, row-major layer by layer,
    /// the input layer's scaled with `input_scale`.
    pub(crate) fn gradient(&self, pass: &Pass, seed: &[f64], input_scale: f64) -> Vec<f64> {
        let mut gradient = Vec::new();
        for (layer, vector) in self.backward(pass, seed).iter().enumerate() {
            let scale = if layer == 0 { input_scale } else { 1.0 };
            for b in vector {
                gradient.extend(pass.activations[layer].iter().map(|a| scale * b * a));
            }
        }
        gradient
    }
}

pub(crate) fn mask(vector: &mut [f64], mask: &[bool]) {
    for (value, &on) in vector.iter_mut().zip(mask) {
        if !on {
            *value = 0.0;
        }
    }
}

pub(crate) fn square(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum()
}

pub(crate) fn normals(count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

/// A vector of exact squared norm `n_0 q`.
pub(crate) fn input(inputs: usize, mean_square: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut values = normals(inputs, rng);
    let scale = (inputs as f64 * mean_square / square(&values)).sqrt();
    values.iter_mut().for_each(|value| *value *= scale);
    values
}

pub(crate) fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Mean and its standard error.
pub(crate) fn mean_and_error(draws: &[f64]) -> (f64, f64) {
    let count = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / count;
    let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// Asserts that the mean of draws is `expected` within four standard errors,
/// and that these are small enough for the comparison to mean something.
pub(crate) fn assert_mean(draws: &[f64], expected: f64, most_relative_error: f64, what: &str) {
    let (mean, error) = mean_and_error(draws);
    assert!(
        (mean - expected).abs() <= 4.0 * error + 1e-12 * expected,
        "{what}: {mean} +- {error}, expected {expected}"
    );
    assert!(
        error <= most_relative_error * expected,
        "{what}: standard error {error} of {expected}"
    );
}
