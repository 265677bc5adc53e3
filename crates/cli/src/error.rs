//! The errors that end the program, and the exit code of each.

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use etastar_analysis::{FitError, PredictError, SpecificationError};
use etastar_backend::{DeviceFailure, Unavailable};
use etastar_data::{DataError, OwnFileError};
use etastar_model::{InvalidArchitecture, WeightsFileError};
use etastar_report::compare::CompareError;
use etastar_report::export::ExportError;
use etastar_report::page::ReportError;
use etastar_search::scale::TooLarge;
use etastar_search::{ExperimentError, InvalidProtocol, StoreError, SweepError, TrainerError};
use etastar_sharpness::MeasureError;
use etastar_sharpness::bounds::BoundsError;
use thiserror::Error;

/// An error that ends the program.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Backend(#[from] Unavailable),
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    #[error(transparent)]
    Protocol(#[from] InvalidProtocol),
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error("in {path}: {error}", path = .path.display())]
    Analysis {
        path: std::path::PathBuf,
        error: SpecificationError,
    },
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(
        "the largest network has {parameters:.1e} parameters and needs about {} in each of {threads} \
         threads, but this machine has {} to spare; use smaller networks or fewer --jobs",
        bytes(*.needed), bytes(*.spare)
    )]
    Memory {
        parameters: f64,
        needed: u64,
        threads: usize,
        spare: u64,
    },
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("{0} of {1} files are missing or bad")]
    FilesNotVerified(usize, usize),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error(transparent)]
    Predict(#[from] PredictError),
    #[error(transparent)]
    Report(#[from] ReportError),
    #[error("{store}: {source}", store = .store.display())]
    StoreAnalysis {
        store: std::path::PathBuf,
        source: SpecificationError,
    },
    #[error(transparent)]
    Compare(#[from] CompareError),
    #[error(transparent)]
    Export(#[from] ExportError),
    #[error(transparent)]
    Bounds(#[from] BoundsError),
    #[error("the sharpness cannot be measured: {0}")]
    Sharpness(#[from] MeasureError),
    #[error(transparent)]
    Weights(#[from] WeightsFileError),
    #[error(transparent)]
    Samples(#[from] OwnFileError),
    #[error("no eta* in range: {0}")]
    NoEtaStar(String),
    #[error(
        "{repeats} of {expected} repeats are there; run the parts that are not complete again, \
         they go on where they stopped"
    )]
    Incomplete { repeats: usize, expected: usize },
    #[error("interrupted; {0}")]
    Interrupted(String),
    #[error("the time limit is reached; {0}")]
    OutOfTime(String),
    #[error("a training thread failed: {0}")]
    Worker(String),
    #[error("{failure} ({message}). {}", what_to_do(*.failure))]
    Device {
        failure: DeviceFailure,
        message: String,
    },
    #[error("cannot write {path}: {source}", path = .path.display())]
    Write {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("cannot write the result: {0}")]
    Output(#[from] std::io::Error),
    #[error("cannot write the result as JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("cannot listen for Ctrl-C: {0}")]
    Signal(#[from] ctrlc::Error),
}

impl From<TrainerError> for CliError {
    fn from(error: TrainerError) -> Self {
        match error {
            TrainerError::Data(error) => error.into(),
            TrainerError::Architecture(error) => error.into(),
            TrainerError::TooFewSamples { .. }
            | TrainerError::CheckpointDiverged { .. }
            | TrainerError::Chance { .. }
            | TrainerError::RSquared { .. }
            | TrainerError::CrossEntropyOfReals(_)
            | TrainerError::Memory { .. }
            | TrainerError::Prediction(_) => Self::Usage(error.to_string()),
            TrainerError::Sharpness(error) => error.into(),
            TrainerError::Device(_)
            | TrainerError::NotLoaded(_)
            | TrainerError::NotPrepared(_)
            | TrainerError::OtherMeasurement => Self::worker(error.to_string()),
        }
    }
}

impl From<SweepError> for CliError {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Trainer(error) => error.into(),
            SweepError::Store(error) => error.into(),
            SweepError::Worker(message) => Self::worker(message),
        }
    }
}

impl CliError {
    /// For `map_err`: the failure to write a file or folder.
    pub(crate) fn write(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }

    /// The error that ended a training, recognised by its message.
    pub(crate) fn worker(message: String) -> Self {
        // libtorch appends its stack, with quoted line breaks.
        let message = message.split("\\n").next().unwrap_or_default().to_owned();
        match DeviceFailure::recognise(&message) {
            Some(failure) => Self::Device { failure, message },
            None => Self::Worker(message),
        }
    }
}

/// An amount of memory for people.
fn bytes(count: u64) -> String {
    let units = [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    let unit = units.into_iter().find(|(_, bits)| count >> bits > 0);
    match unit {
        Some((unit, bits)) => format!("{:.1} {unit}", count as f64 / (1_u64 << bits) as f64),
        None => format!("{count} bytes"),
    }
}

fn what_to_do(failure: DeviceFailure) -> &'static str {
    match failure {
        DeviceFailure::OutOfMemory => {
            "Lower --memory or --networks-at-once; finished trials are kept, and the same command \
             goes on"
        }
        DeviceFailure::Lost => {
            "Finished trials are kept: run the same command again, or choose another device, see \
             `etastar backends`"
        }
    }
}

const UNEXPECTED: u8 = 1;
const USAGE: u8 = 2;
const DATA: u8 = 3;
const NO_ETA_STAR: u8 = 4;
const OUT_OF_TIME: u8 = 5;
const INTERRUPTED: u8 = 130;

impl CliError {
    /// The documented exit code.
    fn code(&self) -> u8 {
        match self {
            Self::Usage(_)
            | Self::Backend(_)
            | Self::Architecture(_)
            | Self::Protocol(_)
            | Self::Experiment(_)
            | Self::Analysis { .. }
            | Self::TooLarge(_)
            | Self::Memory { .. }
            | Self::Bounds(_)
            | Self::Compare(_)
            | Self::Fit(FitError::Options(_)) => USAGE,
            Self::Predict(error) => predict_code(error),
            Self::Data(error) => data_code(error),
            Self::Store(error) => store_code(error),
            Self::FilesNotVerified(..) | Self::Incomplete { .. } | Self::Fit(_) => DATA,
            Self::StoreAnalysis { .. } => DATA,
            Self::Weights(_) | Self::Samples(_) | Self::Sharpness(_) => DATA,
            Self::NoEtaStar(_) => NO_ETA_STAR,
            Self::OutOfTime(_) => OUT_OF_TIME,
            Self::Interrupted(_) => INTERRUPTED,
            _ => UNEXPECTED,
        }
    }

    /// Prints the error and gives its exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe) {
            // The reader has read enough, as in `etastar export .. | head`.
            return ExitCode::SUCCESS;
        }
        // If the error stream itself is closed, nothing can be done.
        let _ = writeln!(std::io::stderr(), "error: {self}");
        ExitCode::from(self.code())
    }
}

/// A request that the data cannot meet is wrong usage. Files that are missing
/// or damaged are bad data.
fn data_code(error: &DataError) -> u8 {
    match error {
        DataError::Config { .. }
        | DataError::TooManySamples { .. }
        | DataError::NoSamples { .. }
        | DataError::BatchSize { .. } => USAGE,
        _ => DATA,
    }
}

/// A store without results to predict from is missing data. All other
/// refusals are wrong usage.
fn predict_code(error: &PredictError) -> u8 {
    match error {
        PredictError::NothingMeasured | PredictError::TooFewCells { .. } => DATA,
        _ => USAGE,
    }
}

fn store_code(error: &StoreError) -> u8 {
    match error {
        StoreError::Busy(_) | StoreError::OtherConfiguration { .. } => USAGE,
        StoreError::Unwritable { .. } | StoreError::Sqlite { .. } => UNEXPECTED,
        _ => DATA,
    }
}
