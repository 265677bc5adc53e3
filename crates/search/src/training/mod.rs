//! Measurements on a Burn backend: trials of one network after the other or of
//! many at once, and the sharpness of networks.

mod batches;
mod burn_trainer;
mod dataset;
mod ensemble;
mod fingerprint;
mod memory;
mod repeat;
mod round;
mod sequential;
mod sharpness;
mod trainer;
mod trial;

use batches::{scalar, upload};
pub use burn_trainer::BurnTrainer;
pub use ensemble::{EnsembleLimits, EnsembleTrainer};
pub use fingerprint::arithmetic;
pub(crate) use trainer::protocol;
pub use trainer::{Asked, Prepared, Run, Trainer, TrainerError};
pub use trial::{Evaluation, Judge, Training, run_trial};
