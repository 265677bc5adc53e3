//! One point of the grid.

use std::collections::BTreeMap;

use etastar_data::DatasetConfig;
use etastar_model::{
    Activation, Architecture, Block, Form, LayerRates, Loss, Method, Norm, Parametrisation,
    Residual, StepScale,
};
use serde::{Deserialize, Serialize};

use crate::cheap_rates::CheapRateSettings;
use crate::protocol::Protocol;
use crate::random::{content_hash, hexadecimal};
use crate::setting::{Bounded, Limits, is_default, read, settings};

settings! {
    /// The settings of networks, of checkpoints, of repeats, and of sharpness.
    cell_settings:
    /// Whether the layers have biases
    Bias: bool, "network.bias", "bias", "", Limits::NONE, default false;
    /// Output-layer variance times fan-in: 2 (He) or 1 (LeCun)
    OutputGain: f64, "network.output_gain", "output-gain C", "", Limits::POSITIVE, default 2.0;
    /// Learning rate of the input layer relative to the others; 0 freezes it
    InputRate: f64, "input_rate", "input-rate M", "", Limits::NOT_NEGATIVE, default 1.0;
    /// Relative learning rates of all layers, from the input side; the output layer's is the last
    RelativeRates: Vec<f64>, "network.layer_rates", "layer-rates M,..", "", Limits::NOT_NEGATIVE,
        default Vec::new() => OPTIONAL;
    /// Activation of the hidden layers: relu, leaky-relu:SLOPE, gelu, silu, tanh, softplus, identity
    ActivationFunction: Activation, "network.activation", "activation NAME", "", Limits::NONE,
        default Activation::Relu => OPTIONAL;
    /// Residual blocks and their scale: none, one, inverse-root-depth, inverse-depth
    ResidualScale: Residual, "network.residual", "residual SCALE", "", Limits::NONE,
        default Residual::None => OPTIONAL;
    /// Hidden layers of a residual block, 1 or 2
    ResidualBlock: Block, "network.residual_block", "residual-block N", "hidden layers", Limits::NONE,
        default Block::One => OPTIONAL;
    /// Layer normalisation of the inputs of all layers but the first: none, layer, layer-with-gain
    Normalisation: Norm, "network.norm", "norm NAME", "", Limits::NONE,
        default Norm::None => OPTIONAL;
    /// How initial variances and layer rates depend on the widths: standard, ntk, maximal-update
    WidthRule: Parametrisation, "network.parametrisation", "parametrisation NAME", "", Limits::NONE,
        default Parametrisation::Standard => OPTIONAL;
    /// SGD steps of the training before the measurement; 0 measures at initialisation
    CheckpointSteps: usize, "checkpoint.steps", "checkpoint-steps", "SGD steps", Limits::NONE;
    /// Learning rate of the training before the measurement
    CheckpointRate: f64, "checkpoint.learning_rate", "checkpoint-rate", "learning rate",
        Limits::POSITIVE;
    /// Samples per mini-batch of the training before the measurement
    CheckpointBatch: usize, "checkpoint.batch_size", "checkpoint-batch", "samples",
        Limits::AT_LEAST_ONE;
    /// What differs between repeats: initial weights, batch order, or both
    Varies: Vary, "vary", "vary", "", Limits::NONE, default Vary::Both => OPTIONAL;
    /// Training samples over which the loss is averaged
    SharpnessSamples: usize, "sharpness.samples", "samples N", "samples", Limits::AT_LEAST_ONE,
        default 512;
    /// Whether certified bounds are computed
    Bounds: bool, "sharpness.bounds", "bounds", "", Limits::NONE, default true;
    /// Whether lambda_1 is predicted from the tangent kernel
    Prediction: bool, "sharpness.prediction", "prediction", "", Limits::NONE, default true;
    /// Optimiser: sgd, momentum, nesterov, adam, adamw
    SharpnessOptimiser: Method, "sharpness.optimiser", "optimiser NAME", "", Limits::NONE,
        default Method::Sgd => OPTIONAL;
    /// Momentum, or beta_1 of Adam; has no effect on sgd
    SharpnessMomentum: f64, "sharpness.momentum", "momentum BETA", "", Limits::BELOW_ONE,
        default 0.9 => OPTIONAL;
    /// Samples per mini-batch
    SharpnessBatch: usize, "sharpness.batch_size", "batch N", "samples", Limits::AT_LEAST_ONE,
        default 128 => OPTIONAL;
    /// The cheap rates that are measured along with the sharpness
    Cheap: Option<CheapRateSettings>, "sharpness.cheap_rates", "cheap-rates", "", Limits::NONE,
        default None => OPTIONAL;
}

impl Bounded for Vary {}
impl Bounded for Option<CheapRateSettings> {}

/// One point of the grid: a dataset, a network, and what is measured of it.
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
    /// Learning rate `mu` of the input layer relative to the other layers. Eigenvalues are of
    /// `M^{1/2} H M^{1/2}`, `M = diag(mu, 1, .., 1)`: 1 is the Hessian itself, 0 the Hessian
    /// without the input layer.
    pub input_rate: f64,
    /// The rates of all layers relative to the learning rate, from the input side, where more than
    /// the input layer has its own: `M = diag` of them. `input_rate` is then the first one. Empty
    /// where the input layer's rate says it all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layer_rates: Vec<f64>,
    /// Activation, residual blocks, normalisation, parametrisation.
    #[serde(default, skip_serializing_if = "Form::is_default")]
    pub form: Form,
    /// The training before the measurement; none measures at initialisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<Checkpoint>,
    /// What differs between repeats.
    #[serde(default, skip_serializing_if = "Vary::is_both")]
    pub vary: Vary,
    /// What is measured, and how.
    pub measurement: Measurement,
}

/// What is measured of a network, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measurement {
    /// Its maximal initial learning rate.
    EtaStar(Protocol),
    /// Its sharpness.
    Sharpness(SharpnessSettings),
}

/// How the sharpness of a network is measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SharpnessSettings {
    /// The loss.
    pub loss: Loss,
    /// Training samples over which the loss is averaged, the first ones.
    pub samples: usize,
    /// Whether certified bounds are computed.
    pub bounds: bool,
    /// Whether the kernel's prediction is computed.
    pub prediction: bool,
    /// The optimiser whose stability the sharpness governs: under Adam it is that of the Hessian
    /// preconditioned by the second moment of the gradients.
    #[serde(skip_serializing_if = "is_default::<SharpnessOptimiser>")]
    pub optimiser: Method,
    /// Its momentum, on which [`stability_bound`](Self::stability_bound) depends.
    #[serde(skip_serializing_if = "is_default::<SharpnessMomentum>")]
    pub momentum: f64,
    /// Samples per mini-batch of Adam's second moment.
    #[serde(skip_serializing_if = "is_default::<SharpnessBatch>")]
    pub batch_size: usize,
    /// Which cheap rates are measured beside the sharpness, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cheap_rates: Option<CheapRateSettings>,
}

impl Default for SharpnessSettings {
    /// Those of `etastar sharpness`, with bounds and prediction.
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy,
            samples: SharpnessSamples::DEFAULT,
            bounds: Bounds::DEFAULT,
            prediction: Prediction::DEFAULT,
            optimiser: SharpnessOptimiser::DEFAULT,
            momentum: SharpnessMomentum::DEFAULT,
            batch_size: SharpnessBatch::DEFAULT,
            cheap_rates: Cheap::DEFAULT,
        }
    }
}

impl SharpnessSettings {
    /// The largest stable product of learning rate and sharpness.
    pub fn stability_bound(&self) -> f64 {
        self.optimiser.stability_bound(self.momentum)
    }

    /// Samples per mini-batch of the second moment, if steps are Adam's.
    pub fn adam_batch(&self) -> Option<usize> {
        (self.optimiser.step_scale() == StepScale::Unit).then_some(self.batch_size)
    }
}

/// A training that precedes a measurement: plain SGD at a constant rate, on
/// the batches that the measurement's own training then goes on with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// SGD steps.
    #[serde(deserialize_with = "read::<CheckpointSteps, _>")]
    pub steps: usize,
    /// Learning rate of all layers but the input layer.
    #[serde(deserialize_with = "read::<CheckpointRate, _>")]
    pub learning_rate: f64,
    /// Samples per mini-batch.
    #[serde(deserialize_with = "read::<CheckpointBatch, _>")]
    pub batch_size: usize,
}

/// What differs between the repeats of a cell: to tell the noise of the
/// initial weights from that of the batch order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vary {
    /// Initial weights and batch order.
    #[default]
    Both,
    /// The initial weights; all repeats have the batch order of repeat 0.
    Initialisation,
    /// The batch order; all repeats have the initial weights of repeat 0.
    BatchOrder,
}

impl Vary {
    pub(crate) fn is_both(&self) -> bool {
        *self == Self::Both
    }

    /// The repeat whose initial weights a repeat has.
    pub fn initialisation_of(self, repeat: usize) -> usize {
        match self {
            Self::Both | Self::Initialisation => repeat,
            Self::BatchOrder => 0,
        }
    }

    /// The repeat whose batch order a repeat has.
    pub fn batch_order_of(self, repeat: usize) -> usize {
        match self {
            Self::Both | Self::BatchOrder => repeat,
            Self::Initialisation => 0,
        }
    }
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
    /// How trials are carried out: a batched product may be rounded otherwise.
    #[serde(skip_serializing_if = "Strategy::is_sequential")]
    pub strategy: Strategy,
}

/// How the trials of a cell are carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// One network after the other.
    #[default]
    Sequential,
    /// Many networks in one program.
    Batched,
}

impl Strategy {
    /// The name as users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sequential => "sequential",
            Self::Batched => "batched",
        }
    }

    pub(crate) fn is_sequential(&self) -> bool {
        *self == Self::Sequential
    }
}

impl Provenance {
    /// The part that a cell on one dataset depends on.
    pub(crate) fn of_dataset(&self, dataset: &DatasetConfig) -> Self {
        let of_this_dataset = format!("{}/", dataset.title());
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

    /// Sets the rates of all layers; one for each, or none.
    pub fn set_layer_rates(&mut self, rates: &[f64]) {
        let Some(&input_rate) = rates.first() else {
            return;
        };
        self.input_rate = input_rate;
        let others_are_one = rates.iter().skip(1).all(|&rate| rate == 1.0);
        if !others_are_one || rates.len() != self.depth() + 1 {
            self.layer_rates = rates.to_vec();
        }
    }

    /// The relative rates of the layers, for data with these numbers of features and outputs: those
    /// given, times those of the parametrisation.
    pub fn rates(&self, inputs: usize, outputs: usize) -> LayerRates {
        let given = match self.layer_rates.is_empty() {
            true => LayerRates::with_input_rate(self.depth(), self.input_rate),
            false => LayerRates::new(self.layer_rates.clone()),
        };
        let steps = self.step_scale();
        let scales = self.architecture(inputs, outputs).layer_scales(steps);
        let scales = scales.iter().enumerate();
        let rates = scales.map(|(layer, scale)| given.of(layer) * scale.rate_of_product(steps));
        LayerRates::new(rates.collect())
    }

    /// Whether steps of its optimiser keep their size where gradients are scaled.
    pub fn step_scale(&self) -> StepScale {
        match &self.measurement {
            Measurement::EtaStar(protocol) => protocol.optimiser.step_scale(),
            Measurement::Sharpness(settings) => settings.optimiser.step_scale(),
        }
    }

    /// Whether networks of both can be trained together: everything is the same but how fast their layers
    /// learn relative to one another, and the same layers are frozen.
    pub fn trains_with(&self, other: &Self) -> bool {
        let frozen = |cell: &Self| {
            let rates = std::iter::once(&cell.input_rate).chain(cell.layer_rates.iter().skip(1));
            let mut frozen: Vec<bool> = rates.map(|rate| *rate == 0.0).collect();
            frozen.resize(self.depth() + 1, false);
            frozen
        };
        let at_the_same_rates = Self {
            input_rate: self.input_rate,
            layer_rates: self.layer_rates.clone(),
            ..other.clone()
        };
        *self == at_the_same_rates && frozen(self) == frozen(other)
    }

    /// Whether its searches try rates around eta\* in the end. Without these no rate below one that
    /// succeeded is tried, and nothing tells whether success is monotone in the rate.
    pub fn has_ladder(&self) -> bool {
        (self.protocol()).is_some_and(|protocol| !protocol.ladder.is_empty())
    }

    /// Whether it is of ReLU networks under plain SGD, for which laws and advice are published.
    pub fn is_relu_under_sgd(&self) -> bool {
        let optimiser = self.protocol().map(Protocol::optimiser);
        self.form.is_default() && optimiser.is_none_or(|optimiser| optimiser.is_plain())
    }

    /// How eta\* is measured, if it is.
    pub fn protocol(&self) -> Option<&Protocol> {
        match &self.measurement {
            Measurement::EtaStar(protocol) => Some(protocol),
            Measurement::Sharpness(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn protocol_mut(&mut self) -> Option<&mut Protocol> {
        match &mut self.measurement {
            Measurement::EtaStar(protocol) => Some(protocol),
            Measurement::Sharpness(_) => None,
        }
    }

    /// How sharpness is measured, if it is.
    pub fn sharpness(&self) -> Option<&SharpnessSettings> {
        match &self.measurement {
            Measurement::EtaStar(_) => None,
            Measurement::Sharpness(settings) => Some(settings),
        }
    }

    /// The loss.
    pub fn loss(&self) -> Loss {
        match &self.measurement {
            Measurement::EtaStar(protocol) => protocol.loss,
            Measurement::Sharpness(settings) => settings.loss,
        }
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
            form: self.form,
        }
    }

    /// Content hash of the cell and everything its numbers depend on: two
    /// cells with one identity have the same results, bit for bit.
    pub fn identity(&self, provenance: &Provenance) -> String {
        let relevant = provenance.of_dataset(&self.dataset);
        let mut cell = self.clone();
        // The content of a file is in the provenance; where it lies does not matter.
        if let Some(file) = &mut cell.dataset.file {
            *file = file.without_folder();
        }
        hexadecimal(&content_hash(&(cell, relevant))[..8])
    }
}
