//! What can go wrong with a measurement.

use etastar_backend::{DeviceFailure, Unavailable};
use etastar_data::{DataError, OwnFileError};
use etastar_model::{InvalidArchitecture, WeightsFileError};
use etastar_search::scale::TooLarge;
use etastar_search::{InvalidProtocol, StoreError, SweepError, TrainerError};
use etastar_sharpness::MeasureError;
use thiserror::Error;

/// A measurement that cannot be made, or was not finished. The message says what was wrong and what
/// to do.
#[derive(Debug, Error)]
pub enum Error {
    /// The backend or its device is not there.
    #[error(transparent)]
    Backend(#[from] Unavailable),
    /// There is no such network.
    #[error(transparent)]
    Architecture(#[from] InvalidArchitecture),
    /// A setting is out of its range.
    #[error(transparent)]
    Protocol(#[from] InvalidProtocol),
    /// More is asked for than any machine does.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// The networks do not fit into memory.
    #[error(
        "the largest network has {parameters:.1e} parameters and needs about {} in each of {threads} \
         threads, but this machine has {} to spare; use smaller networks or fewer threads (--jobs)",
        bytes(*.needed), bytes(*.spare)
    )]
    Memory {
        /// Parameters of the largest network.
        parameters: f64,
        /// Bytes that one thread needs.
        needed: u64,
        /// Threads.
        threads: usize,
        /// Bytes that are free.
        spare: u64,
    },
    /// Data are missing or bad.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Samples of one's own cannot be used.
    #[error(transparent)]
    Samples(#[from] OwnFileError),
    /// Two files of data have one name, by which results know them.
    #[error("two files of data are called `{0}`: rename one of them")]
    SameName(String),
    /// Weights of one's own cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsFileError),
    /// The store cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The network cannot be trained as asked on these data.
    #[error(transparent)]
    Training(TrainerError),
    /// The sharpness cannot be measured.
    #[error("the sharpness cannot be measured: {0}")]
    Sharpness(#[from] MeasureError),
    /// There is nothing to measure.
    #[error("there is nothing to measure")]
    Nothing,
    /// The measurement was interrupted before its end.
    #[error("interrupted")]
    Interrupted,
    /// A thread failed.
    #[error("a training thread failed: {0}")]
    Worker(String),
    /// The device failed.
    #[error("{failure} ({message}). {}", what_to_do(*.failure))]
    Device {
        /// In what way.
        failure: DeviceFailure,
        /// What the device said.
        message: String,
    },
}

impl From<TrainerError> for Error {
    fn from(error: TrainerError) -> Self {
        match error {
            TrainerError::Data(error) => error.into(),
            TrainerError::Architecture(error) => error.into(),
            TrainerError::Sharpness(error) => error.into(),
            TrainerError::TooFewSamples { .. }
            | TrainerError::CheckpointDiverged { .. }
            | TrainerError::Chance { .. }
            | TrainerError::LayerRates { .. }
            | TrainerError::RSquared { .. }
            | TrainerError::CrossEntropyOfReals(_)
            | TrainerError::Memory { .. }
            | TrainerError::Prediction(_) => Self::Training(error),
            TrainerError::Device(_)
            | TrainerError::NotLoaded(_)
            | TrainerError::NotPrepared(_)
            | TrainerError::OtherMeasurement => Self::worker(error.to_string()),
        }
    }
}

impl From<SweepError> for Error {
    fn from(error: SweepError) -> Self {
        match error {
            SweepError::Trainer(error) => error.into(),
            SweepError::Store(error) => error.into(),
            SweepError::Worker(message) => Self::worker(message),
        }
    }
}

impl Error {
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
            "Lower --memory or --networks-at-once, and run the command again; finished trials are \
             kept"
        }
        DeviceFailure::Lost => {
            "Finished trials are kept: run the same command again, or choose another device from \
             `etastar backends`"
        }
    }
}
