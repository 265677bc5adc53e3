//! Experiments: TOML files that spell out a grid, a protocol and profiles.
//!
//! Reading is strict: an unknown key or a value out of range is an error that
//! points to its line and column.

mod error;
mod profile;

pub use error::ExperimentError;

use std::collections::BTreeMap;
use std::path::Path;

use etastar_data::DatasetConfig;
use serde::{Deserialize, Serialize};

use crate::checks::read;
use crate::random::{content_hash, hexadecimal};
use crate::{Cell, Protocol, Provenance};
use profile::Profile;

/// An experiment, as its file spells it out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// Short name; stores are called after it.
    pub name: String,
    /// The question it answers, in a sentence.
    pub question: String,
    /// Master seed of all random numbers.
    pub seed: u64,
    /// Searches in every cell, each with its own initialisation and batch
    /// order.
    #[serde(deserialize_with = "read::at_least_one")]
    pub repeats: usize,
    /// The data; the whole grid is measured on each.
    pub datasets: Vec<DatasetConfig>,
    /// What all networks of the grid have in common.
    pub network: Network,
    /// The grid.
    pub grid: Grid,
    /// How eta\* is measured.
    pub protocol: Protocol,
    /// Changes of scale, by name.
    #[serde(default, skip_serializing)]
    profiles: BTreeMap<String, Profile>,
}

/// What all networks of a grid have in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// Whether the layers have biases.
    pub bias: bool,
    /// Output-layer variance times fan-in: 2 (He) or 1 (LeCun).
    #[serde(deserialize_with = "read::positive")]
    pub output_gain: f64,
}

/// A full grid of constant-width networks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// Widths of the hidden layers.
    #[serde(deserialize_with = "read::counts")]
    pub widths: Vec<usize>,
    /// Numbers of hidden layers.
    #[serde(deserialize_with = "read::counts")]
    pub depths: Vec<usize>,
    /// Learning rates of the input layer relative to the other layers.
    #[serde(deserialize_with = "read::rates")]
    pub input_rates: Vec<f64>,
}

impl Experiment {
    /// Reads an experiment file and applies a profile.
    ///
    /// # Errors
    /// If the file cannot be read, is not a valid experiment, or has no such
    /// profile.
    pub fn read(path: &Path, profile: Option<&str>) -> Result<Self, ExperimentError> {
        let text = std::fs::read_to_string(path).map_err(|source| ExperimentError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text, profile).map_err(|error| error.in_file(path))
    }

    /// Parses an experiment and applies a profile.
    ///
    /// # Errors
    /// If the text is not a valid experiment, or has no such profile.
    pub fn parse(text: &str, profile: Option<&str>) -> Result<Self, ExperimentError> {
        let mut experiment: Self = toml::from_str(text)?;
        let mut profiles = std::mem::take(&mut experiment.profiles);
        if let Some(name) = profile {
            let Some(profile) = profiles.remove(name) else {
                return Err(ExperimentError::NoSuchProfile {
                    name: name.to_owned(),
                    known: profiles.into_keys().collect(),
                });
            };
            profile.apply(&mut experiment);
        }
        experiment.validate()?;
        Ok(experiment)
    }

    fn validate(&self) -> Result<(), ExperimentError> {
        let plain = |character: char| character.is_ascii_alphanumeric() || character == '-';
        if self.name.is_empty() || !self.name.chars().all(plain) {
            return Err(ExperimentError::Name(self.name.clone()));
        }
        if self.datasets.is_empty() {
            return Err(ExperimentError::NoDataset);
        }
        self.protocol.validate()?;
        for dataset in &self.datasets {
            dataset.validate()?;
            if let Some(train) = dataset.train
                && train < self.protocol.batch_size
            {
                return Err(ExperimentError::BatchLargerThanData {
                    batch_size: self.protocol.batch_size,
                    train,
                });
            }
        }
        Ok(())
    }

    /// Every cell of the grid: by dataset, input rate, depth, then width.
    /// Values given twice count once.
    pub fn cells(&self) -> Vec<Cell> {
        let mut cells: Vec<Cell> = Vec::new();
        for dataset in &self.datasets {
            for &input_rate in &self.grid.input_rates {
                for &depth in &self.grid.depths {
                    for &width in &self.grid.widths {
                        let cell = Cell {
                            dataset: dataset.clone(),
                            hidden: vec![width; depth],
                            bias: self.network.bias,
                            output_gain: self.network.output_gain,
                            input_rate,
                            protocol: self.protocol.clone(),
                        };
                        if !cells.contains(&cell) {
                            cells.push(cell);
                        }
                    }
                }
            }
        }
        cells
    }

    /// Hash of everything the results depend on.
    pub fn configuration_hash(&self, provenance: &Provenance) -> String {
        hexadecimal(&content_hash(&(self, provenance)))
    }
}

#[cfg(test)]
mod tests;
