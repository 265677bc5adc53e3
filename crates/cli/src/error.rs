//! The errors that end the program, and the exit code of each.

use std::io::ErrorKind;
use std::process::ExitCode;

use etastar_analysis::{FitError, PredictError, SpecificationError};
use etastar_data::{DataError, DatasetName};
use etastar_report::compare::CompareError;
use etastar_report::export::ExportError;
use etastar_report::page::ReportError;
use etastar_search::{ExperimentError, StoreError};
use etastar_sharpness::bounds::BoundsError;
use thiserror::Error;

use crate::output::tell;

/// An error that ends the program.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Measurement(#[from] etastar::Error),
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    #[error("in {path}: {error}", path = .path.display())]
    Analysis {
        path: std::path::PathBuf,
        error: SpecificationError,
    },
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(
        "{files} of {total} files are missing or bad{}",
        missing.map_or(String::new(), |dataset| {
            format!("; `etastar data fetch {dataset}` brings those that are missing")
        })
    )]
    FilesNotVerified {
        files: usize,
        total: usize,
        /// The first dataset with missing files.
        missing: Option<DatasetName>,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Fit(#[from] FitError),
    #[error("no law can be fitted: measure more widths and depths with `etastar sweep`\n{}", .0.trim_end())]
    NothingFitted(String),
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
    #[error("no eta* in range: {0}")]
    NoEtaStar(String),
    #[error(
        "only {repeats} of {expected} repeats are there; run the incomplete parts again: they \
         resume where they stopped"
    )]
    Incomplete { repeats: usize, expected: usize },
    #[error("interrupted; {0}")]
    Interrupted(String),
    #[error("the time limit is reached; {0}")]
    OutOfTime(String),
    #[error("cannot write {path}: {source}", path = .path.display())]
    Write {
        path: std::path::PathBuf,
        source: std::io::Error,
    },
    #[error("cannot read the folder {path}: {source}", path = .path.display())]
    ReadFolder {
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

impl CliError {
    /// For `map_err`: the failure to write a file or folder.
    pub(crate) fn write(path: &std::path::Path) -> impl Fn(std::io::Error) -> Self {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
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
            | Self::Experiment(_)
            | Self::Analysis { .. }
            | Self::Bounds(_)
            | Self::Compare(_)
            | Self::Fit(FitError::Options(_)) => USAGE,
            Self::Measurement(error) => measurement_code(error),
            Self::Predict(error) => predict_code(error),
            Self::Data(error) => data_code(error),
            Self::Store(error) => store_code(error),
            Self::FilesNotVerified { .. } | Self::Incomplete { .. } => DATA,
            Self::Fit(_) | Self::NothingFitted(_) => DATA,
            Self::StoreAnalysis { .. } | Self::ReadFolder { .. } => DATA,
            Self::NoEtaStar(_) => NO_ETA_STAR,
            Self::OutOfTime(_) => OUT_OF_TIME,
            Self::Interrupted(_) => INTERRUPTED,
            _ => UNEXPECTED,
        }
    }

    /// The failure of a command that measures one network; tells the user what an interrupt leaves.
    pub(crate) fn measurement(command: &str, keeps: bool, error: etastar::Error) -> Self {
        match error {
            etastar::Error::Interrupted => Self::Interrupted(match keeps {
                true => "run the same command again to resume".to_owned(),
                false => format!(
                    "`{command}` has kept nothing; use `find --store` or `sweep` for measurements \
                     that can be resumed"
                ),
            }),
            error => error.into(),
        }
    }

    /// Prints the error and gives its exit code.
    pub(crate) fn report(&self) -> ExitCode {
        if matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe) {
            // The reader has read enough, as in `etastar export .. | head`.
            return ExitCode::SUCCESS;
        }
        tell(&format!("error: {self}"));
        ExitCode::from(self.code())
    }
}

fn measurement_code(error: &etastar::Error) -> u8 {
    use etastar::Error;
    match error {
        Error::Backend(_)
        | Error::Architecture(_)
        | Error::Protocol(_)
        | Error::TooLarge(_)
        | Error::Memory { .. }
        | Error::SameName(_)
        | Error::Training(_)
        | Error::Nothing => USAGE,
        Error::Data(error) => data_code(error),
        Error::Store(error) => store_code(error),
        Error::Samples(_) | Error::Weights(_) | Error::Sharpness(_) => DATA,
        Error::Interrupted => INTERRUPTED,
        Error::Worker(_) | Error::Device { .. } => UNEXPECTED,
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
        StoreError::Busy(_)
        | StoreError::SeveralNames { .. }
        | StoreError::OtherConfiguration { .. } => USAGE,
        StoreError::Unwritable { .. } | StoreError::Moved(_) | StoreError::Sqlite { .. } => {
            UNEXPECTED
        }
        _ => DATA,
    }
}
