use etastar_data::DatasetConfig;
use etastar_model::{Architecture, Loss};
use etastar_sharpness::NetworkSharpness;
use etastar_sharpness::prediction::KernelPrediction;
use serde::{Deserialize, Serialize};

use crate::cheap_rates::{CheapRateSettings, CheapRates};
use crate::random::{content_hash, hexadecimal};
use crate::{Checkpoint, Provenance};

/// A network and data whose sharpness at initialisation is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharpnessCell {
    /// The data; its first `samples` training samples are used.
    pub dataset: DatasetConfig,
    /// Widths of the hidden layers, from the input side.
    pub hidden: Vec<usize>,
    /// Whether the layers have biases.
    pub bias: bool,
    /// Output-layer variance times fan-in: 2 (He) or 1 (LeCun).
    pub output_gain: f64,
    /// Relative learning rate `mu` of the input layer: eigenvalues are of
    /// `M^{1/2} H M^{1/2}`, `M = diag(mu, 1, .., 1)`. 1 is the Hessian itself,
    /// 0 the Hessian without the input layer.
    pub input_rate: f64,
    /// The loss.
    pub loss: Loss,
    /// Samples over which the loss is averaged.
    pub samples: usize,
    /// Whether certified bounds are computed.
    pub bounds: bool,
    /// Whether the kernel's prediction is computed.
    pub prediction: bool,
    /// The training before the measurement; none measures at initialisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// Which cheap rates are measured beside the sharpness, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cheap_rates: Option<CheapRateSettings>,
}

impl SharpnessCell {
    /// Number of hidden layers.
    pub fn depth(&self) -> usize {
        self.hidden.len()
    }

    /// The network, for data with these numbers of features and classes. The
    /// same one has the same initial weights in a search for eta\*.
    pub fn architecture(&self, inputs: usize, outputs: usize) -> Architecture {
        Architecture {
            inputs,
            hidden: self.hidden.clone(),
            outputs,
            bias: self.bias,
            output_gain: self.output_gain,
        }
    }

    /// Content hash of the cell and everything its numbers depend on.
    pub fn identity(&self, provenance: &Provenance) -> String {
        let relevant = provenance.of_dataset(self.dataset.name);
        hexadecimal(&content_hash(&("sharpness", self, relevant))[..8])
    }
}

/// The sharpness of one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharpnessRecord {
    /// Index of the repeat: which initial weights.
    pub repeat: usize,
    /// What was measured.
    pub sharpness: NetworkSharpness,
    /// Learning rates that are cheap to find, where the cell asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cheap_rates: Option<CheapRates>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// A cell with its finished repeats, by ascending index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharpnessCellRecord {
    /// Content hash of the cell (hexadecimal).
    pub id: String,
    /// The cell.
    pub cell: SharpnessCell,
    /// Number of input features, `n_0`.
    pub inputs: usize,
    /// Number of classes, `K`.
    pub outputs: usize,
    /// Prediction from the data's infinite-width kernel, once computed.
    pub prediction: Option<KernelPrediction>,
    /// Finished repeats.
    pub repeats: Vec<SharpnessRecord>,
}
