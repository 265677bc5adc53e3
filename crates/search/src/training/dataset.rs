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

    /// Whether no step on training samples can change the network, see [`Mlp::is_dead_on`]. The
    /// first samples that reach its outputs end the check.
    pub(super) fn is_dead(&self, network: &Mlp<B>, loss: Loss) -> bool {
        let Some(device) = self.validation.first().map(|batch| batch.inputs.device()) else {
            return false;
        };
        let mut parts = self.train.parts(EVALUATION_CHUNK);
        parts.all(|part| network.is_dead_on(&upload(part, &device), loss))
    }

    /// Number of validation samples.
    pub(super) fn validation_samples(&self) -> usize {
        self.validation_samples
    }
}
