//! Random networks and data in double precision.
#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "shared by several test crates, each of which uses a part"
)]

use burn_ndarray::NdArray;
use burn_tensor::{Tensor, TensorData};
use etastar_backend::Backend;
use etastar_model::{Architecture, Batch, InitialWeights, LayerRates, Loss, Mlp};
use etastar_sharpness::operator::{Objective, ObjectiveOptions};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub type Double = NdArray<f64>;

#[derive(Debug, Clone)]
pub struct Case {
    pub architecture: Architecture,
    pub samples: usize,
    pub loss: Loss,
    pub rates: Vec<f64>,
    pub chunk: usize,
    pub cache_bytes: usize,
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
    )
        .prop_map(
            |(inputs, hidden, outputs, bias, output_gain)| Architecture {
                inputs,
                hidden,
                outputs,
                bias,
                output_gain,
            },
        );
    (
        architecture,
        1..=samples,
        prop_oneof![Just(Loss::CrossEntropy), Just(Loss::SquaredError)],
        prop::collection::vec(rate, 5),
        1..=samples + 1,
        prop_oneof![Just(0), Just(1_000), Just(usize::MAX)],
        any::<u64>(),
    )
        .prop_map(
            |(architecture, samples, loss, rates, chunk, cache_bytes, seed)| Case {
                architecture,
                samples,
                loss,
                rates,
                chunk,
                cache_bytes,
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
        let mut network = Mlp::new(&initial, &Default::default());
        for layer in &mut network.layers {
            layer.bias = layer
                .bias
                .as_ref()
                .map(|bias| random(bias.dims(), &mut rng));
        }
        network
    }

    pub fn batch(&self) -> Batch<Double> {
        let mut rng = ChaCha8Rng::seed_from_u64(!self.seed);
        let Architecture {
            inputs, outputs, ..
        } = self.architecture;
        let labels: Vec<u32> = (0..self.samples)
            .map(|_| rng.random_range(0..outputs as u32))
            .collect();
        let zeros = vec![0.0; self.samples * inputs];
        let mut batch = Batch::upload(&zeros, &labels, inputs, outputs, &Default::default());
        batch.inputs = random([self.samples, inputs], &mut rng);
        batch
    }

    pub fn options(&self) -> ObjectiveOptions {
        ObjectiveOptions {
            chunk: self.chunk,
            cache_bytes: self.cache_bytes,
        }
    }

    pub fn objective(&self) -> Objective<Double> {
        self.objective_of(&self.network())
    }

    pub fn objective_of(&self, network: &Mlp<Double>) -> Objective<Double> {
        Objective::new(network, &self.batch(), self.loss, &self.options()).unwrap()
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
    dot(vector, vector).sqrt()
}

/// `|a - b| / max(|b|, floor)`
pub fn relative_error(a: &[f64], b: &[f64], floor: f64) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(b).max(floor)
}
