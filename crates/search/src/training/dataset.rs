//! A dataset on the device.

use etastar_backend::Backend;
use etastar_data::{Dataset, DatasetConfig, Samples, Split};
use etastar_model::{Batch, Loss, Mlp, Predictions};

use super::{Evaluation, TrainerError};
use crate::MasterSeed;

/// Validation samples per forward pass: bounds the activations' memory.
pub(super) const EVALUATION_CHUNK: usize = 2048;

/// Standardised samples: for training on the host, for validation on the
/// device.
pub(crate) struct LoadedDataset<B: Backend> {
    pub(super) config: DatasetConfig,
    pub(super) train: Samples,
    validation: Vec<Batch<B>>,
    validation_labels: Vec<u32>,
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
        let Samples {
            inputs,
            labels,
            features,
            classes,
        } = split.validation;
        let validation = inputs
            .chunks(EVALUATION_CHUNK * features)
            .zip(labels.chunks(EVALUATION_CHUNK))
            .map(|(inputs, labels)| Batch::upload(inputs, labels, features, classes, device))
            .collect();
        Ok(Self {
            config: config.clone(),
            train: split.train,
            validation,
            validation_labels: labels,
        })
    }

    /// What each network says of the validation samples.
    pub(super) fn evaluate<const D: usize>(&self, networks: &Mlp<B, D>) -> Vec<Evaluation> {
        let mut sums: Vec<Predictions> = Vec::new();
        let labels = self.validation_labels.chunks(EVALUATION_CHUNK);
        for (batch, labels) in self.validation.iter().zip(labels) {
            let inputs = batch.inputs.clone().unsqueeze::<D>();
            let in_chunk = Predictions::of_networks(networks.forward(inputs), labels);
            sums.resize(in_chunk.len(), Predictions::default());
            for (sum, chunk) in sums.iter_mut().zip(in_chunk) {
                *sum = sum.together_with(chunk);
            }
        }
        let samples = self.validation_labels.len() as f64;
        let evaluations = sums.into_iter().map(|sum| Evaluation {
            accuracy: sum.correct as f64 / samples,
            largest_output: sum.largest_output,
        });
        evaluations.collect()
    }

    /// Whether no step on training samples can change the network, see [`Mlp::is_dead_on`]. The
    /// first samples that reach its outputs end the check.
    pub(super) fn is_dead(&self, network: &Mlp<B>, loss: Loss) -> bool {
        let Samples {
            inputs,
            labels,
            features,
            classes,
        } = &self.train;
        let Some(device) = self.validation.first().map(|batch| batch.inputs.device()) else {
            return false;
        };
        inputs
            .chunks(EVALUATION_CHUNK * features)
            .zip(labels.chunks(EVALUATION_CHUNK))
            .all(|(inputs, labels)| {
                let batch = Batch::upload(inputs, labels, *features, *classes, &device);
                network.is_dead_on(&batch, loss)
            })
    }

    /// Number of validation samples.
    pub(super) fn validation_samples(&self) -> usize {
        self.validation_labels.len()
    }
}
