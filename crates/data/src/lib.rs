//! Datasets for measuring the maximal initial learning rate: loading with
//! verified integrity, standardisation, splits, mini-batches, synthetic tasks.
//! Knows nothing of networks.

mod config;

pub use config::{DatasetConfig, DatasetName, GaussiansConfig};
