//! What the tests share: random networks and data for the library, and, as
//! an oracle independent of it, a plain-loop ReLU network in double precision.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "shared by several test crates, each of which uses a part"
)]

use burn_ndarray::NdArray;
use burn_tensor::{Tensor, TensorData};
use etastar_backend::Backend;
use etastar_model::{Architecture, Batch, Form, InitialWeights, LayerRates, Loss, Mlp};
use etastar_sharpness::lanczos::symmetric_eigenvalues;
use etastar_sharpness::operator::{LinearOperator, Objective, ObjectiveOptions};
use nalgebra::{DMatrix, DVector};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// A network without biases.
pub fn architecture(
    inputs: usize,
    hidden: &[usize],
    outputs: usize,
    output_gain: f64,
) -> Architecture {
    Architecture {
        inputs,
        hidden: hidden.to_vec(),
        outputs,
        bias: false,
        output_gain,
        form: Form::default(),
    }
}

/// The whole matrix, column by column.
pub fn assemble(operator: &impl LinearOperator) -> DMatrix<f64> {
    let dimension = operator.dimension();
    let columns = (0..dimension).flat_map(|column| operator.apply(&unit(dimension, column)));
    DMatrix::from_vec(dimension, dimension, columns.collect())
}

pub fn top_eigenvalue(matrix: &DMatrix<f64>) -> f64 {
    *symmetric_eigenvalues(matrix).last().unwrap()
}

pub fn unit(length: usize, index: usize) -> Vec<f64> {
    let mut unit = vec![0.0; length];
    unit[index] = 1.0;
    unit
}

/// The second derivative of the loss in the outputs.
pub fn loss_curvature(loss: Loss, outputs: &[f64]) -> DMatrix<f64> {
    let classes = outputs.len();
    let identity = DMatrix::identity(classes, classes);
    match loss {
        Loss::SquaredError => identity,
        Loss::CrossEntropy => {
            let p = softmax(outputs);
            DMatrix::from_fn(classes, classes, |i, j| {
                p[i] * identity[(i, j)] - p[i] * p[j]
            })
        }
    }
}

fn softmax(outputs: &[f64]) -> Vec<f64> {
    let sum: f64 = outputs.iter().map(|f| f.exp()).sum();
    outputs.iter().map(|f| f.exp() / sum).collect()
}

pub type Double = NdArray<f64>;

#[derive(Debug, Clone)]
pub struct Case {
    pub architecture: Architecture,
    pub samples: usize,
    pub loss: Loss,
    pub rates: Vec<f64>,
    pub options: ObjectiveOptions,
    pub seed: u64,
}

/// Networks of 1 to 4 hidden layers of widths up to `width`.
pub fn cases(width: usize, samples: usize) -> impl Strategy<Value = Case> {
    let rate = prop_oneof![1 => Just(0.0), 3 => Just(1.0), 4 => 0.01..3.0f64];
    let architecture = (
        1..=width,
        prop::collection::vec(1..=width, 1..5),
        2..6usize,
        any::<bool>(),
        prop_oneof![Just(1.0), Just(2.0)],
    );
    let architecture =
        architecture.prop_map(|(inputs, hidden, outputs, bias, gain)| Architecture {
            bias,
            ..self::architecture(inputs, &hidden, outputs, gain)
        });
    let case = (
        architecture,
        1..=samples,
        prop_oneof![Just(Loss::CrossEntropy), Just(Loss::SquaredError)],
        prop::collection::vec(rate, 5),
        1..=samples + 1,
        prop_oneof![Just(0), Just(1_000), Just(usize::MAX)],
        any::<u64>(),
    );
    case.prop_map(
        |(architecture, samples, loss, rates, chunk, cache_bytes, seed)| Case {
            architecture,
            samples,
            loss,
            rates,
            options: ObjectiveOptions {
                chunk,
                cache_bytes,
                ..ObjectiveOptions::default()
            },
            seed,
        },
    )
}

/// The same sequence of cases on every run.
pub fn fixed_cases(
    strategy: impl Strategy<Value = Case>,
    count: usize,
) -> impl Iterator<Item = Case> {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    (0..count).map(move |_| strategy.new_tree(&mut runner).unwrap().current())
}

impl Case {
    pub fn network(&self) -> Mlp<Double> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let initial = InitialWeights::draw::<f64>(&self.architecture, &mut rng);
        let mut network = Mlp::upload(&initial, &Default::default());
        for layer in &mut network.layers {
            for vector in layer.bias.iter_mut().chain(&mut layer.gain) {
                *vector = random(vector.dims(), &mut rng);
            }
        }
        network
    }

    pub fn batch(&self) -> Batch<Double> {
        let mut rng = ChaCha8Rng::seed_from_u64(!self.seed);
        let classes = self.architecture.outputs;
        let labels: Vec<u32> = (0..self.samples)
            .map(|_| rng.random_range(0..classes as u32))
            .collect();
        let inputs = random([self.samples, self.architecture.inputs], &mut rng);
        batch(inputs, &labels, classes)
    }

    pub fn objective(&self) -> Objective<Double> {
        self.objective_of(&self.network())
    }

    pub fn objective_of(&self, network: &Mlp<Double>) -> Objective<Double> {
        Objective::new(network, &self.batch(), self.loss, &self.options).unwrap()
    }

    pub fn layer_rates(&self) -> LayerRates {
        LayerRates::new(self.rates.clone())
    }

    /// A random vector in parameter space.
    pub fn vector(&self, salt: u64) -> Vec<f64> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ salt);
        (0..self.architecture.parameters())
            .map(|_| rng.random_range(-1.0..1.0))
            .collect()
    }
}

pub fn batch(inputs: Tensor<Double, 2>, labels: &[u32], classes: usize) -> Batch<Double> {
    let [samples, features] = inputs.dims();
    let zeros = vec![0.0; samples * features];
    let batch = Batch::upload(&zeros, labels, features, classes, &Default::default());
    Batch { inputs, ..batch }
}

/// `lambda_1(G)` and `lambda_1(H)` under learning rates.
pub fn dense_tops(objective: &Objective<Double>, rates: &LayerRates) -> (f64, f64) {
    let gauss_newton = assemble(&objective.gauss_newton(rates).unwrap());
    let hessian = assemble(&objective.hessian(rates).unwrap());
    (top_eigenvalue(&gauss_newton), top_eigenvalue(&hessian))
}

pub fn random<B: Backend>(shape: [usize; 2], rng: &mut ChaCha8Rng) -> Tensor<B, 2> {
    let values: Vec<f64> = (0..shape[0] * shape[1])
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    Tensor::from_data(TensorData::new(values, shape), &Default::default())
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

pub fn norm(vector: &[f64]) -> f64 {
    square(vector).sqrt()
}

/// `|a - b| / max(|b|, floor)`
pub fn relative_error(a: &[f64], b: &[f64], floor: f64) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(b).max(floor)
}

pub struct Network {
    /// `W^1 .. W^{L+1}`, rows are units.
    pub weights: Vec<DMatrix<f64>>,
}

/// What one input leaves behind.
pub struct Pass {
    /// `a^0 .. a^L`.
    pub activations: Vec<Vec<f64>>,
    /// Whether each unit of layers `1 .. L` is active.
    pub masks: Vec<Vec<bool>>,
    pub outputs: Vec<f64>,
}

impl Network {
    pub fn draw(architecture: &Architecture, rng: &mut ChaCha8Rng) -> Self {
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
                let values = normals(rows * columns, rng).into_iter();
                DMatrix::from_row_iterator(rows, columns, values.map(|value| deviation * value))
            })
            .collect();
        Self { weights }
    }

    pub fn forward(&self, input: &[f64]) -> Pass {
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
    pub fn backward(&self, pass: &Pass, seed: &[f64]) -> Vec<Vec<f64>> {
        let mut vectors = vec![seed.to_vec()];
        for layer in (1..self.weights.len()).rev() {
            let mut next = self.weights[layer]
                .transpose()
                .apply(vectors.last().unwrap());
            mask(&mut next, &pass.masks[layer - 1]);
            vectors.push(next);
        }
        vectors.reverse();
        vectors
    }

    /// `B^1 .. B^{L+1}` of one output.
    pub fn backward_of_output(&self, pass: &Pass, output: usize) -> Vec<Vec<f64>> {
        self.backward(pass, &unit(pass.outputs.len(), output))
    }

    /// `P_{l->m}`, layers counted from 1.
    pub fn path(&self, pass: &Pass, from: usize, to: usize) -> DMatrix<f64> {
        let masked = |layer: usize| {
            let mask = pass.masks[layer - 1]
                .iter()
                .map(|&on| f64::from(u8::from(on)));
            DMatrix::from_diagonal(&DVector::from_vec(mask.collect()))
        };
        (from..to).fold(masked(from), |path, layer| {
            masked(layer + 1) * &self.weights[layer] * path
        })
    }

    /// The gradient of `seed . f` in all weights, row-major layer by layer,
    /// the input layer's scaled with `input_scale`.
    pub fn gradient(&self, pass: &Pass, seed: &[f64], input_scale: f64) -> Vec<f64> {
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

fn mask(vector: &mut [f64], mask: &[bool]) {
    for (value, &on) in vector.iter_mut().zip(mask) {
        if !on {
            *value = 0.0;
        }
    }
}

pub fn square(vector: &[f64]) -> f64 {
    dot(vector, vector)
}

pub fn normals(count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| StandardNormal.sample(rng)).collect()
}

/// A vector of exact squared norm `n_0 q`.
pub fn input(inputs: usize, mean_square: f64, rng: &mut ChaCha8Rng) -> Vec<f64> {
    let mut values = normals(inputs, rng);
    let scale = (inputs as f64 * mean_square / square(&values)).sqrt();
    values.iter_mut().for_each(|value| *value *= scale);
    values
}

pub fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Mean and its standard error.
pub fn mean_and_error(draws: &[f64]) -> (f64, f64) {
    let count = draws.len() as f64;
    let mean = draws.iter().sum::<f64>() / count;
    let variance = draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean, (variance / count).sqrt())
}

/// Asserts that the mean of draws is `expected` within four standard errors,
/// and that these are small enough for the comparison to mean something.
pub fn assert_mean(draws: &[f64], expected: f64, most_relative_error: f64, what: &str) {
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
