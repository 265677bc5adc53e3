//! The trainer that trains: networks of `etastar-model` on a Burn backend.

use burn_tensor::backend::Backend;
use etastar_data::{BatchOrder, Dataset, DatasetConfig, Samples, Split};
use etastar_model::{
    Architecture, Batch, InitialWeights, LayerRates, Loss, Mlp, correct_predictions,
};

use crate::batches::{Batches, scalar};
use crate::random::MasterSeed;
use crate::trial::{Training, run_trial};
use crate::{Cell, Interrupt, PreparedRepeat, SuccessRule, Trainer, TrainerError, TrialRecord};

/// Validation samples per forward pass: bounds the activations' memory.
const EVALUATION_CHUNK: usize = 2048;

/// Bytes of mini-batches that a repeat keeps on the device, so that its trials
/// after the first need not gather them again. Later steps gather anew.
const KEPT_BATCHES: usize = 64 << 20;

/// Trains networks on one device of the backend `B`.
pub struct BurnTrainer<B: Backend> {
    device: B::Device,
    seed: MasterSeed,
    datasets: Vec<LoadedDataset<B>>,
}

struct LoadedDataset<B: Backend> {
    config: DatasetConfig,
    train: Samples,
    validation: Vec<Batch<B>>,
    validation_labels: Vec<u32>,
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

    /// The initial network of one repeat.
    pub(crate) fn network(
        &self,
        architecture: &Architecture,
        repeat: usize,
    ) -> Result<Mlp<B>, TrainerError> {
        architecture.validate()?;
        let mut rng = self.seed.initialisation(architecture, repeat);
        let initial = InitialWeights::draw::<B::FloatElem>(architecture, &mut rng);
        Ok(Mlp::new(&initial, &self.device))
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

    fn dataset(&self, config: &DatasetConfig) -> Result<&LoadedDataset<B>, TrainerError> {
        self.datasets
            .iter()
            .find(|loaded| loaded.config == *config)
            .ok_or_else(|| TrainerError::NotLoaded(config.name.as_str().to_owned()))
    }
}

impl<B: Backend> LoadedDataset<B> {
    fn new(
        config: &DatasetConfig,
        dataset: &Dataset,
        seed: MasterSeed,
        device: &B::Device,
    ) -> Result<Self, TrainerError> {
        let mut rng = seed.split(config);
        let split = Split::new(dataset, config.train, config.validation, &mut rng)?;
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

    /// Validation accuracy, 0 to 1.
    fn accuracy(&self, network: &Mlp<B>) -> f64 {
        let labels = self.validation_labels.chunks(EVALUATION_CHUNK);
        let correct: usize = self
            .validation
            .iter()
            .zip(labels)
            .map(|(batch, labels)| {
                correct_predictions(network.forward(batch.inputs.clone()), labels)
            })
            .sum();
        correct as f64 / self.validation_labels.len() as f64
    }
}

impl<B: Backend> Trainer for BurnTrainer<B> {
    fn shape(&self, cell: &Cell) -> Result<(usize, usize), TrainerError> {
        let train = &self.dataset(&cell.dataset)?.train;
        Ok((train.features, train.classes))
    }

    fn prepare<'a>(
        &'a self,
        cell: &'a Cell,
        repeat: usize,
    ) -> Result<Box<dyn PreparedRepeat + 'a>, TrainerError> {
        let dataset = self.dataset(&cell.dataset)?;
        let architecture = cell.architecture(dataset.train.features, dataset.train.classes);
        let protocol = &cell.protocol;
        let mut batches = self.batches(
            &cell.dataset,
            &architecture,
            protocol.batch_size,
            cell.vary.batch_order_of(repeat),
        )?;
        let rates = LayerRates::with_input_rate(cell.depth(), cell.input_rate);
        let initial = self.network(&architecture, cell.vary.initialisation_of(repeat))?;
        let initial = match &cell.checkpoint {
            None => initial,
            Some(checkpoint) => batches.train(initial, checkpoint, protocol.loss, &rates)?,
        };
        let mut repeat = BurnRepeat {
            cell,
            dataset,
            initial,
            initial_accuracy: None,
            rates,
            kept: Vec::new(),
            batches,
        };
        if protocol.success == SuccessRule::KeepAccuracy {
            repeat.initial_accuracy = Some(dataset.accuracy(&repeat.initial));
        }
        Ok(Box::new(repeat))
    }
}

struct BurnRepeat<'a, B: Backend> {
    cell: &'a Cell,
    dataset: &'a LoadedDataset<B>,
    /// The network every trial starts from.
    initial: Mlp<B>,
    /// Its validation accuracy, where the success rule asks for it.
    initial_accuracy: Option<f64>,
    rates: LayerRates,
    /// The first mini-batches, in order.
    kept: Vec<Batch<B>>,
    /// The batches from the first one that is not kept.
    batches: Batches<'a, B>,
}

impl<B: Backend> BurnRepeat<'_, B> {
    fn may_keep_more(&self) -> bool {
        let train = &self.dataset.train;
        let elements = self.cell.protocol.batch_size * (train.features + train.classes);
        (self.kept.len() + 1) * elements * size_of::<B::FloatElem>() <= KEPT_BATCHES
    }
}

impl<B: Backend> PreparedRepeat for BurnRepeat<'_, B> {
    fn trial(
        &mut self,
        learning_rate: f64,
        interrupt: &Interrupt,
    ) -> Result<Option<TrialRecord>, TrainerError> {
        let cell = self.cell;
        let initial_accuracy = self.initial_accuracy;
        let mut training = BurnTraining {
            network: Some(self.initial.clone()),
            learning_rate,
            steps: 0,
            beyond_kept: None,
            error: None,
            repeat: self,
        };
        let record = run_trial(
            &mut training,
            learning_rate,
            &cell.protocol,
            initial_accuracy,
            interrupt,
        );
        match training.error {
            Some(error) => Err(error),
            None => Ok(record),
        }
    }
}

struct BurnTraining<'r, 'a, B: Backend> {
    repeat: &'r mut BurnRepeat<'a, B>,
    /// Present between steps; a step consumes it and puts its successor here.
    network: Option<Mlp<B>>,
    learning_rate: f64,
    steps: usize,
    /// This trial's own batches, from the first that the repeat does not keep.
    beyond_kept: Option<Batches<'a, B>>,
    /// Why no batch could be gathered; ends the trial.
    error: Option<TrainerError>,
}

impl<B: Backend> BurnTraining<'_, '_, B> {
    fn next_batch(&mut self) -> Result<Batch<B>, TrainerError> {
        let repeat = &mut *self.repeat;
        if let Some(batch) = repeat.kept.get(self.steps) {
            return Ok(batch.clone());
        }
        if repeat.may_keep_more() {
            let batch = repeat.batches.next_batch()?;
            repeat.kept.push(batch.clone());
            return Ok(batch);
        }
        let batches = self
            .beyond_kept
            .get_or_insert_with(|| repeat.batches.clone());
        batches.next_batch()
    }

    fn loss(&self) -> Loss {
        self.repeat.cell.protocol.loss
    }
}

impl<B: Backend> Training for BurnTraining<'_, '_, B> {
    fn step(&mut self) -> f64 {
        let batch = match self.next_batch() {
            Ok(batch) => batch,
            Err(error) => {
                self.error = Some(error);
                return f64::NAN;
            }
        };
        let Some(network) = self.network.take() else {
            return f64::NAN;
        };
        let (network, loss) =
            network.sgd_step(&batch, self.loss(), self.learning_rate, &self.repeat.rates);
        self.network = Some(network);
        self.steps += 1;
        scalar(&loss)
    }

    fn validation_accuracy(&mut self) -> f64 {
        let Some(network) = &self.network else {
            return 0.0;
        };
        self.repeat.dataset.accuracy(network)
    }
}
