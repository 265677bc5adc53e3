//! What the search needs of whatever trains networks.

use std::ops::ControlFlow;

use etastar_backend::DeviceError;
use etastar_data::DataError;
use etastar_model::InvalidArchitecture;
use etastar_sharpness::MeasureError;
use etastar_sharpness::prediction::{KernelPrediction, PredictionError};
use thiserror::Error;

use crate::{Cell, Interrupt, Protocol, SharpnessRecord, TrialRecord};

/// Trains networks, and measures their sharpness. The real ones are [`crate::BurnTrainer`] and
/// [`crate::EnsembleTrainer`]; [`crate::mock`] has ones whose eta\* is known.
pub trait Trainer: Sync {
    /// Numbers of input features and outputs (classes, or real targets) of the cell's data.
    ///
    /// # Errors
    /// If the trainer has no such data, or fewer samples than the cell asks for.
    fn shape(&self, cell: &Cell) -> Result<(usize, usize), TrainerError>;

    /// How many networks of the cell are trained at once; 1 where one is
    /// trained after the other.
    ///
    /// # Errors
    /// If not even one can be trained.
    fn networks_at_once(&self, _cell: &Cell) -> Result<usize, TrainerError> {
        Ok(1)
    }

    /// Prepares runs, of cells that train together (see [`Cell::trains_with`]): of each its initial
    /// weights and batch order, which all its trials share.
    ///
    /// # Errors
    /// If a cell cannot be trained.
    fn prepare<'a>(&'a self, runs: &[Run<'a>]) -> Result<Box<dyn Prepared + 'a>, TrainerError>;

    /// Measures the sharpness of the network of one repeat, and its cheap
    /// rates if the cell asks for them.
    ///
    /// # Errors
    /// If the cell cannot be measured, or it is interrupted.
    fn measure_sharpness(
        &self,
        _cell: &Cell,
        _repeat: usize,
        _interrupt: &Interrupt,
    ) -> Result<SharpnessRecord, TrainerError> {
        Err(TrainerError::OtherMeasurement)
    }

    /// Predicts `lambda_1(G)` from the data, without a network.
    ///
    /// # Errors
    /// If the kernel does not exist for the cell.
    fn predict_sharpness(&self, _cell: &Cell) -> Result<KernelPrediction, TrainerError> {
        Err(TrainerError::OtherMeasurement)
    }
}

/// How eta\* of a cell is measured.
///
/// # Errors
/// If something else is measured of it.
pub(crate) fn protocol(cell: &Cell) -> Result<&Protocol, TrainerError> {
    cell.protocol().ok_or(TrainerError::OtherMeasurement)
}

/// A repeat of a cell.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The cell.
    pub cell: &'a Cell,
    /// Which repeat.
    pub repeat: usize,
}

impl<'a> Run<'a> {
    /// Repeats of one cell.
    pub fn repeats(cell: &'a Cell, repeats: impl IntoIterator<Item = usize>) -> Vec<Self> {
        let repeats = repeats.into_iter();
        repeats.map(|repeat| Self { cell, repeat }).collect()
    }
}

/// A trial that is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// Index of the run among those prepared.
    pub run: usize,
    /// At which learning rate.
    pub learning_rate: f64,
}

/// Runs that are ready to be trained at any learning rate.
pub trait Prepared {
    /// Carries out trials, each from its run's initial weights. Each is
    /// given to `finished` with its run as soon as it has ended; those that an interrupt
    /// cuts short are not, nor are those after a `Break`.
    ///
    /// # Errors
    /// If a trial cannot be carried out (a failed training is no error).
    fn trials(
        &mut self,
        asked: &[Asked],
        interrupt: &Interrupt,
        finished: &mut dyn FnMut(usize, TrialRecord) -> ControlFlow<()>,
    ) -> Result<(), TrainerError>;

    /// Carries out one trial; `None` if it was interrupted.
    ///
    /// # Errors
    /// As [`trials`](Self::trials).
    fn trial(
        &mut self,
        run: usize,
        learning_rate: f64,
        interrupt: &Interrupt,
    ) -> Result<Option<TrialRecord>, TrainerError> {
        let asked = Asked { run, learning_rate };
        let mut record = None;
        self.trials(&[asked], interrupt, &mut |_, trial| {
            record = Some(trial);
            ControlFlow::Continue(())
        })?;
        Ok(record)
    }
}

/// A cell that cannot be trained.
#[derive(Debug, Error)]
pub enum TrainerError {
    /// The data do not allow it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The network does not exist.
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    /// A threshold that a network reaches without training.
    #[error(
        "the threshold {threshold} is not above chance: guessing among {classes} classes is right \
         for {chance:.3} of the samples; ask for a higher accuracy"
    )]
    Chance {
        /// The threshold asked for.
        threshold: f64,
        /// Classes of the data.
        classes: usize,
        /// Accuracy of guessing.
        chance: f64,
    },
    /// Relative rates that do not belong to the layers.
    #[error(
        "these {given} relative rates do not fit a network of {layers} layers: give one for each \
         hidden layer and one for the output layer, none of them negative and not all of them 0"
    )]
    LayerRates {
        /// Rates given.
        given: usize,
        /// Layers.
        layers: usize,
    },
    /// A threshold of R^2 that is reached without training, or by none.
    #[error(
        "the threshold {threshold} must be an R^2 strictly between 0 and 1: predicting the mean has 0, \
         predicting every target exactly has 1"
    )]
    RSquared {
        /// The threshold asked for.
        threshold: f64,
    },
    /// A loss of classes for real targets.
    #[error(
        "cross-entropy is a loss of classes, and `{0}` has real targets: use squared error (`--loss \
         squared-error`, `loss = \"squared-error\"`)"
    )]
    CrossEntropyOfReals(String),
    /// The data have fewer training samples than asked for.
    #[error(
        "{asked} samples were asked for, but there are only {available} training samples: ask for \
         fewer (`--samples`, or `sharpness.samples`)"
    )]
    TooFewSamples {
        /// Samples asked for.
        asked: usize,
        /// Training samples.
        available: usize,
    },
    /// A training that was to precede the measurement blew up.
    #[error(
        "the training to the checkpoint diverged at step {step}: lower `checkpoint.learning_rate` \
         ({learning_rate})"
    )]
    CheckpointDiverged {
        /// The checkpoint's learning rate.
        learning_rate: f64,
        /// The step whose loss was not finite.
        step: usize,
    },
    /// The sharpness cannot be measured.
    #[error(transparent)]
    Sharpness(#[from] MeasureError),
    /// The sharpness cannot be predicted.
    #[error(transparent)]
    Prediction(#[from] PredictionError),
    /// The device failed; what it gave since is worth nothing.
    #[error(transparent)]
    Device(#[from] DeviceError),
    /// The cell asks for something else than what is measured.
    #[error("the cell asks for another measurement than this one")]
    OtherMeasurement,
    /// A trial of a run that was not prepared.
    #[error("run {0} was not prepared")]
    NotPrepared(usize),
    /// A network is larger than the memory allowed for.
    #[error(
        "training one network of depth {depth} takes about {needed} MiB at once, more than the \
         {allowed} MiB allowed: raise --memory, or train one network after the other with \
         --strategy sequential"
    )]
    Memory {
        /// Hidden layers of the network.
        depth: usize,
        /// Estimated need.
        needed: u64,
        /// What is allowed.
        allowed: u64,
    },
    /// The trainer was not given this dataset.
    #[error("the dataset {0} was not loaded")]
    NotLoaded(String),
}
