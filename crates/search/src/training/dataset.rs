//! A dataset on the device.

use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_data::{Dataset, DatasetConfig, Samples, Split, Targets};
use etastar_model::{Batch, Loss, Mlp, Predictions};

use super::{Evaluation, TrainerError, upload};
use crate::MasterSeed;

/// Validation samples per forward pass: bounds the activations' memory.
pub(super) const EVALUATION_CHUNK: usize = 2048;

/// Standardised samples: for training on the host, for validation on the
/// device.
pub(crate) struct LoadedDataset<B: Backend> {
    pub(super) config: DatasetConfig,
    pub(super) train: Samples,
    validation: Vec<Batch<B>>,
    validation_samples: usize,
    truth: Truth,
}

/// What networks should say of the validation samples.
enum Truth {
    Classes(Vec<u32>),
    Reals {
        /// `[samples, outputs]` row-major.
        targets: Vec<f32>,
        /// Of every output: squared residuals weighted by them sum up to `1 - R^2`.
        weights: Vec<f64>,
    },
}

impl Truth {
    fn new(targets: Targets, outputs: usize) -> Self {
        match targets {
            Targets::Classes(labels) => Self::Classes(labels),
            Targets::Reals(targets) => Self::Reals {
                weights: residual_weights(&targets, outputs),
                targets,
            },
        }
    }

    /// What each network says of a chunk of the samples, from its outputs.
    fn judge<B: Backend, const D: usize>(
        &self,
        outputs: Tensor<B, D>,
        chunk: usize,
    ) -> Vec<Predictions> {
        match self {
            Self::Classes(labels) => {
                Predictions::of_networks(outputs, nth_chunk(labels, chunk, EVALUATION_CHUNK))
            }
            Self::Reals { targets, weights } => {
                let size = EVALUATION_CHUNK * weights.len();
                Predictions::of_regressions(outputs, nth_chunk(targets, chunk, size), weights)
            }
        }
    }
}

fn nth_chunk<T>(values: &[T], index: usize, size: usize) -> &[T] {
    values.chunks(size).nth(index).unwrap_or_default()
}

/// `1 / (K TSS_k)` for every one of `K` outputs, `TSS_k` the sum of squares of its targets about
/// their mean. `R^2`, one less the mean over outputs of residual over total sum of squares, is then
/// one less the weighted sum of the squared residuals.
fn residual_weights(targets: &[f32], outputs: usize) -> Vec<f64> {
    let each = (0..outputs).map(|output| {
        let own = targets.iter().skip(output).step_by(outputs);
        let own = own.map(|target| f64::from(*target));
        let mean = own.clone().sum::<f64>() / own.clone().count() as f64;
        let total: f64 = own.map(|target| (target - mean).powi(2)).sum();
        1.0 / (outputs as f64 * total)
    });
    each.collect()
}

impl<B: Backend> LoadedDataset<B> {
    pub(super) fn new(
        config: &DatasetConfig,
        dataset: &Dataset,
        seed: MasterSeed,
        device: &B::Device,
    ) -> Result<Self, TrainerError> {
        let mut rng = seed.split(config);
        let split = Split::new(dataset, config, &mut rng)?;
        let validation = split.validation;
        let parts = validation.parts(EVALUATION_CHUNK);
        Ok(Self {
            config: config.clone(),
            train: split.train,
            validation: parts.map(|part| upload(part, device)).collect(),
            validation_samples: validation.len(),
            truth: Truth::new(validation.targets, validation.outputs),
        })
    }

    /// What each network says of the validation samples.
    pub(super) fn evaluate<const D: usize>(&self, networks: &Mlp<B, D>) -> Vec<Evaluation> {
        let mut sums: Vec<Predictions> = Vec::new();
        for (chunk, batch) in self.validation.iter().enumerate() {
            let inputs = batch.inputs.clone().unsqueeze::<D>();
            let in_chunk = self.truth.judge(networks.forward(inputs), chunk);
            sums.resize(in_chunk.len(), Predictions::default());
            for (sum, chunk) in sums.iter_mut().zip(in_chunk) {
                *sum = sum.together_with(chunk);
            }
        }
        let samples = self.validation_samples as f64;
        let evaluations = sums.into_iter().map(|sum| Evaluation {
            accuracy: match &self.truth {
                Truth::Classes(_) => sum.correct as f64 / samples,
                // Stores keep finite numbers alone.
                Truth::Reals { .. } if !sum.squared_residuals.is_finite() => f64::MIN,
                Truth::Reals { .. } => 1.0 - sum.squared_residuals,
            },
            largest_output: sum.largest_output,
        });
        evaluations.collect()
    }

    /// Which networks no step on training samples can change, see [`Mlp::dead_on`]. The check ends
    /// when all of them have been reached.
    pub(super) fn dead<const D: usize>(&self, networks: &Mlp<B, D>, loss: Loss) -> Vec<bool> {
        let Some(layer) = networks.layers.first() else {
            return Vec::new();
        };
        let device = layer.weight.device();
        let mut dead = vec![true; networks.networks()];
        // Every layer's activations are kept: as many rows in all as a few evaluations have.
        let rows = (4 * EVALUATION_CHUNK / dead.len().max(1)).clamp(128, EVALUATION_CHUNK);
        for part in self.train.parts(rows) {
            let Batch { inputs, targets } = upload(part, &device);
            let batch = Batch {
                inputs: inputs.unsqueeze::<D>(),
                targets: targets.unsqueeze::<D>(),
            };
            let on_part = networks.dead_on(&batch, loss);
            for (dead, on_part) in dead.iter_mut().zip(on_part) {
                *dead &= on_part;
            }
            if !dead.contains(&true) {
                break;
            }
        }
        dead
    }

    /// Number of validation samples.
    pub(super) fn validation_samples(&self) -> usize {
        self.validation_samples
    }
}

#[cfg(test)]
mod tests {
    use burn_flex::Flex;
    use burn_tensor::TensorData;
    use etastar_data::{DatasetName, Inputs, OwnFile};
    use etastar_model::Layer;
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    use super::*;

    const FEATURES: usize = 3;

    /// More validation samples than a chunk, of real targets.
    fn loaded(outputs: usize, seed: u64) -> (LoadedDataset<Flex>, Samples) {
        let samples = EVALUATION_CHUNK + 300;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut values = |count: usize, offset: f32| -> Vec<f32> {
            (0..count)
                .map(|_| offset + rng.random_range(-2.0..2.0))
                .collect()
        };
        let dataset = Dataset {
            name: DatasetName::File,
            inputs: Inputs::Reals(values(samples * FEATURES, 0.5)),
            targets: Targets::Reals(values(samples * outputs, 7.0)),
            features: FEATURES,
            classes: outputs,
            class_names: Vec::new(),
            default_validation: samples - 100,
            fingerprints: Default::default(),
        };
        let config = DatasetConfig::of_file(OwnFile {
            regression: true,
            ..OwnFile::new("own.npz")
        });
        let master = MasterSeed(1);
        let split = Split::new(&dataset, &config, &mut master.split(&config)).unwrap();
        let loaded = LoadedDataset::new(&config, &dataset, master, &Default::default());
        (loaded.unwrap(), split.validation)
    }

    /// Networks without hidden layers: `W x + b`, row-major by network.
    fn linear(weights: &[f32], biases: &[f32], outputs: usize) -> Mlp<Flex, 3> {
        let networks = biases.len() / outputs;
        let tensor = |values: &[f32], rows: usize| {
            let data = TensorData::new(values.to_vec(), [networks, rows, outputs]);
            Tensor::from_data(data, &Default::default())
        };
        Mlp::new(vec![Layer {
            weight: tensor(weights, FEATURES),
            bias: Some(tensor(biases, 1)),
            gain: None,
        }])
    }

    /// By its definition: the mean over outputs of `1 - RSS / TSS`.
    fn r_squared(samples: &Samples, weights: &[f32], biases: &[f32]) -> f64 {
        let outputs = samples.outputs;
        let rows = samples.target_rows();
        let of_output = |output: usize| {
            let targets: Vec<f64> = rows
                .iter()
                .skip(output)
                .step_by(outputs)
                .map(|t| f64::from(*t))
                .collect();
            let mean = targets.iter().sum::<f64>() / targets.len() as f64;
            let total: f64 = targets.iter().map(|target| (target - mean).powi(2)).sum();
            let residual = samples
                .inputs
                .chunks(FEATURES)
                .zip(&targets)
                .map(|(x, target)| {
                    let products = x
                        .iter()
                        .enumerate()
                        .map(|(row, x)| f64::from(*x) * f64::from(weights[row * outputs + output]));
                    (products.sum::<f64>() + f64::from(biases[output]) - target).powi(2)
                });
            1.0 - residual.sum::<f64>() / total
        };
        (0..outputs).map(of_output).sum::<f64>() / outputs as f64
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]

        #[test]
        fn r_squared_is_what_its_definition_says(
            outputs in 1usize..4,
            seed in any::<u64>(),
            values in prop::collection::vec(-1.0f32..1.0, 2 * (FEATURES + 1) * 3),
        ) {
            let (dataset, validation) = loaded(outputs, seed);
            let (weights, biases) = values.split_at(2 * FEATURES * 3);
            let (weights, biases) = (&weights[..2 * FEATURES * outputs], &biases[..2 * outputs]);
            let evaluations = dataset.evaluate(&linear(weights, biases, outputs));
            prop_assert_eq!(evaluations.len(), 2);
            let weights = weights.chunks(FEATURES * outputs);
            let networks = weights.zip(biases.chunks(outputs));
            for (evaluation, (weights, biases)) in evaluations.iter().zip(networks) {
                let expected = r_squared(&validation, weights, biases);
                let error = (evaluation.accuracy - expected).abs();
                prop_assert!(error < 1e-5 * (1.0 + expected.abs()), "{} for {expected}", evaluation.accuracy);
            }
        }

        /// Predicting the mean of the validation samples has 0, whatever that mean is.
        #[test]
        fn the_mean_explains_nothing(outputs in 1usize..4, seed in any::<u64>()) {
            let (dataset, validation) = loaded(outputs, seed);
            let rows = validation.target_rows();
            let means: Vec<f32> = (0..outputs).map(|output| {
                let own = rows.iter().skip(output).step_by(outputs);
                let sum: f64 = own.map(|target| f64::from(*target)).sum();
                (sum / validation.len() as f64) as f32
            }).collect();
            let zeros = vec![0.0; FEATURES * outputs];
            let mean = dataset.evaluate(&linear(&zeros, &means, outputs))[0].accuracy;
            prop_assert!(mean.abs() < 1e-6, "{mean}");
        }
    }

    #[test]
    fn outputs_that_are_not_finite_have_the_lowest_r_squared() {
        let (dataset, _) = loaded(2, 1);
        for bad in [f32::NAN, f32::INFINITY] {
            let biases = [0.0, bad, 0.0, 0.0];
            let evaluations = dataset.evaluate(&linear(&[0.0; 4 * FEATURES], &biases, 2));
            assert_eq!(evaluations[0].accuracy, f64::MIN);
            assert!(evaluations[1].accuracy.abs() < 0.1);
        }
    }
}
