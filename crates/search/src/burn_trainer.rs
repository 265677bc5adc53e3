//! The trainer that trains: networks of `etastar-model` on a Burn backend.

use burn_tensor::backend::Backend;
use etastar_data::{BatchOrder, Dataset, DatasetConfig, Samples, Split, gather};
use etastar_model::{Batch, InitialWeights, LayerRates, Loss, Mlp, correct_predictions};
use rand_chacha::ChaCha8Rng;

use crate::random::MasterSeed;
use crate::trial::{Training, run_trial};
use crate::{Cell, Interrupt, PreparedRepeat, Trainer, TrainerError, TrialRecord};

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

    pub(crate) fn seed(&self) -> MasterSeed {
        self.seed
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
        architecture.validate()?;
        let order = BatchOrder::new(
            dataset.train.len(),
            cell.protocol.batch_size,
            self.seed.batch_order(&cell.dataset, &architecture, repeat),
        )?;
        let mut rng = self.seed.initialisation(&architecture, repeat);
        let initial = InitialWeights::draw::<B::FloatElem>(&architecture, &mut rng);
        Ok(Box::new(BurnRepeat {
            cell,
            dataset,
            device: &self.device,
            initial: Mlp::new(&initial, &self.device),
            rates: LayerRates::with_input_rate(cell.depth(), cell.input_rate),
            kept: Vec::new(),
            order,
        }))
    }
}

struct BurnRepeat<'a, B: Backend> {
    cell: &'a Cell,
    dataset: &'a LoadedDataset<B>,
    device: &'a B::Device,
    initial: Mlp<B>,
    rates: LayerRates,
    /// The first mini-batches, in order.
    kept: Vec<Batch<B>>,
    /// The order of the samples, at the first batch that is not kept.
    order: BatchOrder<ChaCha8Rng>,
}

impl<B: Backend> BurnRepeat<'_, B> {
    fn may_keep_more(&self) -> bool {
        let train = &self.dataset.train;
        let elements = self.cell.protocol.batch_size * (train.features + train.classes);
        (self.kept.len() + 1) * elements * size_of::<B::FloatElem>() <= KEPT_BATCHES
    }

    fn upload(&self, indices: &[u32]) -> Result<Batch<B>, TrainerError> {
        let train = &self.dataset.train;
        let (mut inputs, mut labels) = (Vec::new(), Vec::new());
        gather(train, indices, &mut inputs, &mut labels)?;
        Ok(Batch::upload(
            &inputs,
            &labels,
            train.features,
            train.classes,
            self.device,
        ))
    }
}

impl<B: Backend> PreparedRepeat for BurnRepeat<'_, B> {
    fn trial(
        &mut self,
        learning_rate: f64,
        interrupt: &Interrupt,
    ) -> Result<Option<TrialRecord>, TrainerError> {
        let cell = self.cell;
        let mut training = BurnTraining {
            network: Some(self.initial.clone()),
            learning_rate,
            steps: 0,
            beyond_kept: None,
            error: None,
            repeat: self,
        };
        let record = run_trial(&mut training, learning_rate, &cell.protocol, interrupt);
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
    /// This trial's own order of the batches that the repeat does not keep.
    beyond_kept: Option<BatchOrder<ChaCha8Rng>>,
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
            let indices = repeat.order.next_batch().to_vec();
            let batch = repeat.upload(&indices)?;
            repeat.kept.push(batch.clone());
            return Ok(batch);
        }
        let order = self.beyond_kept.get_or_insert_with(|| repeat.order.clone());
        repeat.upload(order.next_batch())
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
        let dataset = self.repeat.dataset;
        let correct: usize = dataset
            .validation
            .iter()
            .zip(dataset.validation_labels.chunks(EVALUATION_CHUNK))
            .map(|(batch, labels)| {
                correct_predictions(network.forward(batch.inputs.clone()), labels)
            })
            .sum();
        correct as f64 / dataset.validation_labels.len() as f64
    }
}

/// The value of a one-element tensor.
fn scalar<B: Backend>(tensor: &burn_tensor::Tensor<B, 1>) -> f64 {
    use burn_tensor::ElementConversion;
    tensor.clone().into_scalar().elem()
}
