//! What the search needs of whatever trains networks.

use etastar_data::DataError;
use etastar_model::InvalidArchitecture;
use etastar_sharpness::MeasureError;
use etastar_sharpness::prediction::PredictionError;
use thiserror::Error;

use crate::{Cell, Interrupt, TrialRecord};

/// Trains networks. The real one is [`crate::BurnTrainer`]; [`crate::mock`]
/// has ones whose eta\* is known.
pub trait Trainer: Sync {
    /// Numbers of input features and classes of the cell's data.
    ///
    /// # Errors
    /// If the trainer has no such data.
    fn shape(&self, cell: &Cell) -> Result<(usize, usize), TrainerError>;

    /// Prepares one repeat: its initial weights and batch order, which all
    /// its trials share.
    ///
    /// # Errors
    /// If the cell cannot be trained.
    fn prepare<'a>(
        &'a self,
        cell: &'a Cell,
        repeat: usize,
    ) -> Result<Box<dyn PreparedRepeat + 'a>, TrainerError>;
}

/// One repeat, ready to be trained at any learning rate.
pub trait PreparedRepeat {
    /// One trial from the repeat's initial weights; `None` if it was
    /// interrupted.
    ///
    /// # Errors
    /// If the trial cannot be carried out (a failed training is no error).
    fn trial(
        &mut self,
        learning_rate: f64,
        interrupt: &Interrupt,
    ) -> Result<Option<TrialRecord>, TrainerError>;
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
    /// The data have fewer training samples than asked for.
    #[error("{asked} samples were asked for, but there are only {available} training samples")]
    TooFewSamples {
        /// Samples asked for.
        asked: usize,
        /// Training samples.
        available: usize,
    },
    /// A training that was to precede the measurement blew up.
    #[error(
        "the training to the checkpoint blew up at step {step}: lower `checkpoint.learning_rate` \
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
    /// The trainer was not given this dataset.
    #[error("the dataset {0} was not loaded")]
    NotLoaded(String),
}
