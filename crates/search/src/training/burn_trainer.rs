//! The trainer on one device, one network after the other.

use etastar_backend::Backend;
use etastar_data::{BatchOrder, Dataset, DatasetConfig, Samples};
use etastar_model::{Architecture, InitialWeights, Mlp};
use etastar_sharpness::prediction::KernelPrediction;

use super::batches::Batches;
use super::dataset::LoadedDataset;
use super::repeat::PreparedRuns;
use super::sequential::OneByOne;
use super::{Prepared, Run, Trainer, TrainerError};
use crate::{Cell, Interrupt, MasterSeed, SharpnessRecord};

/// Trains networks on one device of the backend `B`, one after the other.
pub struct BurnTrainer<B: Backend> {
    device: B::Device,
    seed: MasterSeed,
    datasets: Vec<LoadedDataset<B>>,
}

impl<B: Backend> BurnTrainer<B> {
    /// Splits and standardises the datasets and uploads the validation
    /// samples.
    ///
    /// # Errors
    /// If a dataset has fewer samples than its configuration asks for.
    pub fn new(
        device: B::Device,
        seed: MasterSeed,
        datasets: &[(DatasetConfig, Dataset)],
    ) -> Result<Self, TrainerError> {
        let datasets = datasets
            .iter()
            .map(|(config, dataset)| LoadedDataset::new(config, dataset, seed, &device))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            device,
            seed,
            datasets,
        })
    }

    /// The standardised training samples of a dataset.
    pub(crate) fn training_samples(
        &self,
        dataset: &DatasetConfig,
    ) -> Result<&Samples, TrainerError> {
        Ok(&self.dataset(dataset)?.train)
    }

    pub(crate) fn device(&self) -> &B::Device {
        &self.device
    }

    /// The initial weights of one repeat, on the host.
    pub(super) fn initial_weights(
        &self,
        architecture: &Architecture,
        repeat: usize,
    ) -> Result<InitialWeights, TrainerError> {
        architecture.validate()?;
        let mut rng = self.seed.initialisation(architecture, repeat);
        Ok(InitialWeights::draw::<B::FloatElem>(architecture, &mut rng))
    }

    /// The initial network of one repeat.
    pub(crate) fn network(
        &self,
        architecture: &Architecture,
        repeat: usize,
    ) -> Result<Mlp<B>, TrainerError> {
        let initial = self.initial_weights(architecture, repeat)?;
        Ok(Mlp::upload(&initial, &self.device))
    }

    /// The mini-batches of one repeat, from the first on.
    pub(crate) fn batches(
        &self,
        config: &DatasetConfig,
        architecture: &Architecture,
        batch_size: usize,
        repeat: usize,
    ) -> Result<Batches<'_, B>, TrainerError> {
        let train = &self.dataset(config)?.train;
        let rng = self.seed.batch_order(config, architecture, repeat);
        let order = BatchOrder::new(train.len(), batch_size, rng)?;
        Ok(Batches::new(train, order, &self.device))
    }

    pub(super) fn dataset(
        &self,
        config: &DatasetConfig,
    ) -> Result<&LoadedDataset<B>, TrainerError> {
        self.datasets
            .iter()
            .find(|loaded| loaded.config == *config)
            .ok_or_else(|| TrainerError::NotLoaded(config.title().into_owned()))
    }
}

impl<B: Backend> Trainer for BurnTrainer<B> {
    fn shape(&self, cell: &Cell) -> Result<(usize, usize), TrainerError> {
        let train = &self.dataset(&cell.dataset)?.train;
        let asked = cell.sharpness().map_or(0, |settings| settings.samples);
        if train.len() < asked {
            return Err(TrainerError::TooFewSamples {
                asked,
                available: train.len(),
            });
        }
        Ok((train.features, train.outputs))
    }

    fn prepare<'a>(&'a self, runs: &[Run<'a>]) -> Result<Box<dyn Prepared + 'a>, TrainerError> {
        Ok(Box::new(OneByOne(PreparedRuns::new(self, runs)?)))
    }

    fn measure_sharpness(
        &self,
        cell: &Cell,
        repeat: usize,
        interrupt: &Interrupt,
    ) -> Result<SharpnessRecord, TrainerError> {
        let settings = cell.sharpness().ok_or(TrainerError::OtherMeasurement)?;
        self.sharpness(cell, settings, repeat, interrupt)
    }

    fn predict_sharpness(&self, cell: &Cell) -> Result<KernelPrediction, TrainerError> {
        let settings = cell.sharpness().ok_or(TrainerError::OtherMeasurement)?;
        self.kernel_prediction(cell, settings)
    }
}
