//! Carrying out trials on a Burn backend: one network after the other, or many
//! at once.

mod arithmetic;
mod batches;
mod burn_trainer;
mod dataset;
mod ensemble;
mod memory;
mod repeat;
mod round;
mod sequential;
mod trainer;
mod trial;

pub use arithmetic::arithmetic;
pub(crate) use batches::scalar;
pub use burn_trainer::BurnTrainer;
pub use ensemble::{EnsembleLimits, EnsembleTrainer};
pub use trainer::{Asked, Prepared, Trainer, TrainerError};
pub use trial::{Judge, Training, run_trial};
