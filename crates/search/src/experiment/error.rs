//! What can be wrong with an experiment.

use std::io;
use std::path::{Path, PathBuf};

use etastar_data::DataError;
use etastar_model::InvalidArchitecture;
use thiserror::Error;

use crate::InvalidProtocol;
use crate::scale::TooLarge;
use crate::setting::Missing;

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
    /// The file is too large to be one.
    #[error("{path} is larger than 1 MiB, so it is not an experiment file", path = .0.display())]
    TooLong(PathBuf),
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
    #[error(
        "there is no profile `{name}`; {}",
        match .known.is_empty() {
            true => "the experiment has none: leave out --profile".to_owned(),
            false => format!("choose one of: {}", .known.join(", ")),
        }
    )]
    NoSuchProfile {
        /// The name asked for.
        name: String,
        /// The file's profiles.
        known: Vec<String>,
    },
    /// The name cannot be part of a file name.
    #[error("the experiment's name must consist of letters, digits and `-`, which `{0}` does not")]
    Name(String),
    /// A profile's name cannot be part of a file name either.
    #[error("a profile's name must consist of letters, digits and `-`, which `{0}` does not")]
    ProfileName(String),
    /// No layer gives this setting.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// A setting of the file itself stands in one of its layers.
    #[error(
        "`{key}` cannot be part of a {what}: move it to the top level of the file, or remove it"
    )]
    Misplaced {
        /// The setting.
        key: &'static str,
        /// What it stands in.
        what: &'static str,
    },
    /// What the file names as its base cannot be read.
    #[error("the `base` of {path}: {error}", path = .path.display())]
    Base {
        /// The file.
        path: PathBuf,
        /// What is wrong with its base.
        error: Box<Self>,
    },
    /// A base has a base.
    #[error("a base cannot have a `base` of its own")]
    BaseOfBase,
    /// A text that is no file has no neighbours.
    #[error("`base` names a file beside this one, but this text is not a file")]
    BaseOfText,
    /// An empty list of variants.
    #[error("`variants` must have at least one entry")]
    NoVariant,
    /// More variants than an experiment can have.
    #[error("`variants` has {0} entries, more than 1000: split it into several experiments")]
    TooManyVariants(usize),
    /// Two variants of one name.
    #[error("two variants are called `{0}`")]
    SameVariant(String),
    /// The error is in this variant.
    #[error("variant `{name}`: {error}")]
    InVariant {
        /// The variant.
        name: String,
        /// What is wrong with it.
        error: Box<Self>,
    },
    /// There is nothing to train on.
    #[error("`datasets` must have at least one entry")]
    NoDataset,
    /// The file asks for nothing.
    #[error("nothing to measure: give [protocol] for eta*, [sharpness] for sharpness, or both")]
    NothingToMeasure,
    /// A network of another depth than the rates are for.
    #[error(
        "`network.layer_rates` has {rates} rates, but a network of depth {depth} has {} layers: \
         give one for each hidden layer and one for the output layer, and a variant for each depth",
        depth + 1
    )]
    LayerRates {
        /// Rates given.
        rates: usize,
        /// Hidden layers of a network of the grid.
        depth: usize,
    },
    /// Two statements on the input layer.
    #[error(
        "`network.layer_rates` already gives the rate of the input layer: set `grid.input_rates` to [1.0]"
    )]
    LayerAndInputRates,
    /// The kernel's formula has one rate for all layers but the first.
    #[error(
        "`sharpness.prediction` is for networks in which only the input layer has a rate of its own: \
         set it to false, or leave out `network.layer_rates`"
    )]
    PredictionWithLayerRates,
    /// The kernel's recursion has no biases.
    #[error("`sharpness.prediction` is for networks without biases: set `network.bias` to false")]
    PredictionWithBias,
    /// No such network exists.
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    /// A formula is for ReLU networks alone.
    #[error(
        "{0} are for ReLU networks without residual blocks and normalisation: set `sharpness.{1}` to \
         false"
    )]
    FormulasOfForm(&'static str, &'static str),
    /// Bounds and predictions know one rate a layer.
    #[error(
        "certified bounds and predictions of the kernel are not for the preconditioned sharpness of \
         Adam: set `sharpness.bounds` and `sharpness.prediction` to false"
    )]
    FormulasUnderAdam,
    /// The kernel is that of the initialisation.
    #[error(
        "`sharpness.prediction` is for networks at initialisation: set it to false, or leave \
         `checkpoint` out"
    )]
    PredictionAfterTraining,
    /// A mini-batch cannot be filled.
    #[error("`protocol.batch_size` is {batch_size}, but `train` has only {train} samples")]
    BatchLargerThanData {
        /// Samples per mini-batch.
        batch_size: usize,
        /// Training samples.
        train: usize,
    },
    /// It is more than one measurement can be.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The protocol cannot be carried out.
    #[error(transparent)]
    Protocol(#[from] InvalidProtocol),
    /// A dataset's configuration is wrong.
    #[error(transparent)]
    Dataset(#[from] DataError),
}

impl ExperimentError {
    pub(super) fn in_variant(self, name: &str) -> Self {
        Self::InVariant {
            name: name.to_owned(),
            error: Box::new(self),
        }
    }

    pub(super) fn in_file(self, path: &Path) -> Self {
        Self::InFile {
            path: path.to_owned(),
            error: Box::new(self),
        }
    }
}
