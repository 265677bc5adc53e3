use std::io;
use std::path::{Path, PathBuf};

use etastar_data::DataError;
use thiserror::Error;

use crate::InvalidProtocol;

/// An experiment that cannot be run as written.
#[derive(Debug, Error)]
pub enum ExperimentError {
    /// The file cannot be read.
    #[error("cannot read the experiment {path}: {source}", path = .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The text is not a valid experiment. The message has line and column.
    #[error("{0}")]
    Parse(#[from] toml::de::Error),
    /// The error is in this file.
    #[error("in {path}: {error}", path = .path.display())]
    InFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// The file has no profile of this name.
    #[error("there is no profile `{name}`; choose one of: {}", .known.join(", "))]
    NoSuchProfile {
        /// The name asked for.
        name: String,
        /// The file's profiles.
        known: Vec<String>,
    },
    /// The name cannot be part of a file name.
    #[error("the experiment's name must consist of letters, digits and `-`, not be `{0}`")]
    Name(String),
    /// There is nothing to train on.
    #[error("`datasets` must have at least one entry")]
    NoDataset,
    /// The file asks for nothing.
    #[error("nothing to measure: give [protocol] for eta*, [sharpness] for sharpness, or both")]
    NothingToMeasure,
    /// There is no loss.
    #[error("`sharpness.losses` must have at least one entry")]
    NoLoss,
    /// The kernel's recursion has no biases.
    #[error("`sharpness.prediction` is for networks without biases: set `network.bias` to false")]
    PredictionWithBias,
    /// A mini-batch cannot be filled.
    #[error("`protocol.batch_size` is {batch_size}, but `train` has only {train} samples")]
    BatchLargerThanData {
        /// Samples per mini-batch.
        batch_size: usize,
        /// Training samples.
        train: usize,
    },
    /// The protocol cannot be carried out.
    #[error(transparent)]
    Protocol(#[from] InvalidProtocol),
    /// A dataset's configuration is wrong.
    #[error(transparent)]
    Dataset(#[from] DataError),
}

impl ExperimentError {
    pub(super) fn in_file(self, path: &Path) -> Self {
        Self::InFile {
            path: path.to_owned(),
            error: Box::new(self),
        }
    }
}
