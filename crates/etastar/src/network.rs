//! The network that is measured.

use etastar_data::DatasetConfig;
use etastar_model::{Form, StepScale};
use etastar_search::settings::{InputRate, OutputGain};
use etastar_search::{Cell, Measurement, SharpnessSettings, Vary};

/// A fully connected network at its random initialisation: with ReLUs, unless its form says otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct Network {
    /// Widths of the hidden layers, from the input side; its length is the depth.
    pub hidden: Vec<usize>,
    /// Whether the layers have biases.
    pub bias: bool,
    /// Output-layer variance times fan-in: 2 (He) or 1 (LeCun).
    pub output_gain: f64,
    /// Learning rate of the input layer relative to the others; 0 freezes it.
    pub input_rate: f64,
    /// The rates of all layers relative to the learning rate, from the input side, instead of
    /// `input_rate`; empty where only the input layer has its own.
    pub layer_rates: Vec<f64>,
    /// Activation, residual blocks, normalisation, parametrisation.
    pub form: Form,
}

impl Network {
    /// Hidden layers of these widths, without biases, all layers with one learning rate.
    pub fn new(hidden: impl Into<Vec<usize>>) -> Self {
        Self {
            hidden: hidden.into(),
            bias: false,
            output_gain: OutputGain::DEFAULT,
            input_rate: InputRate::DEFAULT,
            layer_rates: Vec::new(),
            form: Form::default(),
        }
    }

    /// `depth` hidden layers of one width.
    pub fn constant_width(width: usize, depth: usize) -> Self {
        Self::new(vec![width; depth])
    }

    /// The same with another learning rate of the input layer, relative to that of the others.
    #[must_use]
    pub fn input_rate(self, input_rate: f64) -> Self {
        Self { input_rate, ..self }
    }

    /// The same with a relative rate for every layer: one for each hidden layer, one for the output
    /// layer.
    #[must_use]
    pub fn layer_rates(self, rates: impl Into<Vec<f64>>) -> Self {
        Self {
            layer_rates: rates.into(),
            ..self
        }
    }

    /// The same of another form.
    #[must_use]
    pub fn form(self, form: Form) -> Self {
        Self { form, ..self }
    }

    /// The same with biases.
    #[must_use]
    pub fn with_bias(self) -> Self {
        Self { bias: true, ..self }
    }

    /// Settings of a sharpness without what is not defined for the network and the optimiser: certified
    /// bounds are for ReLU networks without residual blocks and normalisation, the kernel's
    /// prediction for those without biases whose layers but the first learn at one rate; neither is for
    /// Adam's preconditioner.
    #[must_use]
    pub fn defined(&self, settings: SharpnessSettings) -> SharpnessSettings {
        let one_rate_a_layer = settings.optimiser.step_scale() == StepScale::Gradient;
        let has_kernel = !self.bias && self.layer_rates.is_empty() && self.form.is_default();
        SharpnessSettings {
            bounds: settings.bounds && one_rate_a_layer && self.form.is_plain(),
            prediction: settings.prediction && one_rate_a_layer && has_kernel,
            ..settings
        }
    }

    /// What is measured of it, on some data.
    pub fn cell(&self, dataset: &DatasetConfig, measurement: Measurement) -> Cell {
        let mut cell = Cell {
            dataset: dataset.clone(),
            hidden: self.hidden.clone(),
            bias: self.bias,
            output_gain: self.output_gain,
            input_rate: self.input_rate + 0.0,
            layer_rates: Vec::new(),
            form: self.form,
            checkpoint: None,
            vary: Vary::default(),
            measurement,
        };
        cell.set_layer_rates(&self.layer_rates);
        cell
    }
}
