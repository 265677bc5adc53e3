//! One point of the grid.

use std::collections::BTreeMap;

use etastar_data::{DatasetConfig, DatasetName};
use etastar_model::Architecture;
use serde::{Deserialize, Serialize};

use crate::Protocol;
use crate::random::{content_hash, hexadecimal};

/// One point of the grid: a dataset, a network and a protocol. Its eta\* is
/// one number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cell {
    /// The data the network is trained and validated on.
    pub dataset: DatasetConfig,
    /// Widths of the hidden layers, from the input side; its length is the
    /// depth.
    pub hidden: Vec<usize>,
    /// Whether the layers have biases.
    pub bias: bool,
    /// Output-layer variance times fan-in: 2 (He) or 1 (LeCun).
    pub output_gain: f64,
    /// Learning rate of the input layer relative to the other layers.
    pub input_rate: f64,
    /// How eta\* is measured.
    pub protocol: Protocol,
}

/// What a cell's numbers depend on besides the cell itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// Master seed.
    pub seed: u64,
    /// Backend.
    pub backend: String,
    /// Float type of the backend's tensors.
    pub float: String,
    /// SHA-256 of every data file, by `dataset/file`.
    pub datasets: BTreeMap<String, String>,
}

impl Provenance {
    /// The part that a cell on one dataset depends on.
    pub(crate) fn of_dataset(&self, dataset: DatasetName) -> Self {
        let of_this_dataset = format!("{}/", dataset.as_str());
        let mut relevant = self.clone();
        relevant
            .datasets
            .retain(|file, _| file.starts_with(&of_this_dataset));
        relevant
    }
}

impl Cell {
    /// Number of hidden layers.
    pub fn depth(&self) -> usize {
        self.hidden.len()
    }

    /// The common width of the hidden layers, if they have one.
    pub fn constant_width(&self) -> Option<usize> {
        let first = *self.hidden.first()?;
        self.hidden
            .iter()
            .all(|&width| width == first)
            .then_some(first)
    }

    /// The network, for data with these numbers of features and classes.
    pub fn architecture(&self, inputs: usize, outputs: usize) -> Architecture {
        Architecture {
            inputs,
            hidden: self.hidden.clone(),
            outputs,
            bias: self.bias,
            output_gain: self.output_gain,
        }
    }

    /// Content hash of the cell and everything its numbers depend on: two
    /// cells with one identity have the same eta\*, bit for bit.
    pub fn identity(&self, provenance: &Provenance) -> String {
        let relevant = provenance.of_dataset(self.dataset.name);
        hexadecimal(&content_hash(&(self, relevant))[..8])
    }
}
