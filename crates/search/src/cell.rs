//! One point of the grid.

use etastar_data::DatasetConfig;
use serde::{Deserialize, Serialize};

use crate::Protocol;

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
}
