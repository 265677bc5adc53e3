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
use etastar_model::Loss;
use serde::{Deserialize, Serialize};

use crate::checks::read;
use crate::random::{content_hash, hexadecimal};
use crate::{Cell, Protocol, Provenance, SharpnessCell, Vary};
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
    pub grid: GridSettings,
    /// How eta\* is measured, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// How sharpness at initialisation is measured, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharpness: Option<SharpnessSettings>,
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
pub struct GridSettings {
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

/// How sharpness at initialisation is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharpnessSettings {
    /// The losses; the whole grid is measured with each.
    pub losses: Vec<Loss>,
    /// Training samples over which the loss is averaged.
    #[serde(deserialize_with = "read::at_least_one")]
    pub samples: usize,
    /// Whether certified bounds are computed.
    pub bounds: bool,
    /// Whether the kernel's prediction is computed.
    pub prediction: bool,
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
        for dataset in &self.datasets {
            dataset.validate()?;
        }
        if self.protocol.is_none() && self.sharpness.is_none() {
            return Err(ExperimentError::NothingToMeasure);
        }
        if let Some(protocol) = &self.protocol {
            protocol.validate()?;
            let trains = self.datasets.iter().filter_map(|dataset| dataset.train);
            if let Some(train) = trains.min()
                && train < protocol.batch_size
            {
                return Err(ExperimentError::BatchLargerThanData {
                    batch_size: protocol.batch_size,
                    train,
                });
            }
        }
        if let Some(sharpness) = &self.sharpness {
            sharpness.validate(self.network.bias)?;
        }
        Ok(())
    }

    /// Every cell whose eta\* is measured: by dataset, input rate, depth, then
    /// width. Values given twice count once.
    pub fn cells(&self) -> Vec<Cell> {
        let Some(protocol) = &self.protocol else {
            return Vec::new();
        };
        let cells = self.points().map(|point| Cell {
            dataset: point.dataset.clone(),
            hidden: vec![point.width; point.depth],
            bias: self.network.bias,
            output_gain: self.network.output_gain,
            input_rate: point.input_rate,
            protocol: protocol.clone(),
            checkpoint: None,
            vary: Vary::default(),
        });
        distinct(cells)
    }

    /// Every cell whose sharpness is measured: by loss, then as
    /// [`cells`](Self::cells).
    pub fn sharpness_cells(&self) -> Vec<SharpnessCell> {
        let Some(settings) = &self.sharpness else {
            return Vec::new();
        };
        let cells = settings.losses.iter().flat_map(|&loss| {
            self.points().map(move |point| SharpnessCell {
                dataset: point.dataset.clone(),
                hidden: vec![point.width; point.depth],
                bias: self.network.bias,
                output_gain: self.network.output_gain,
                input_rate: point.input_rate,
                loss,
                samples: settings.samples,
                bounds: settings.bounds,
                prediction: settings.prediction,
                checkpoint: None,
                cheap_rates: None,
            })
        });
        distinct(cells)
    }

    fn points(&self) -> impl Iterator<Item = Point<'_>> {
        let grid = &self.grid;
        self.datasets.iter().flat_map(move |dataset| {
            grid.input_rates.iter().flat_map(move |&input_rate| {
                grid.depths.iter().flat_map(move |&depth| {
                    grid.widths.iter().map(move |&width| Point {
                        dataset,
                        input_rate,
                        depth,
                        width,
                    })
                })
            })
        })
    }

    /// Hash of everything the results depend on.
    pub fn configuration_hash(&self, provenance: &Provenance) -> String {
        hexadecimal(&content_hash(&(self, provenance)))
    }
}

impl SharpnessSettings {
    fn validate(&self, bias: bool) -> Result<(), ExperimentError> {
        if self.losses.is_empty() {
            return Err(ExperimentError::NoLoss);
        }
        if bias && self.prediction {
            return Err(ExperimentError::PredictionWithBias);
        }
        Ok(())
    }
}

/// One point of a grid.
struct Point<'a> {
    dataset: &'a DatasetConfig,
    input_rate: f64,
    depth: usize,
    width: usize,
}

fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
    }
    kept
}

#[cfg(test)]
mod tests;
