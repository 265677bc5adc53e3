//! The shape of a network and its initial weights, which are drawn on the host.

use burn_tensor::{Element, ElementConversion, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::form::{Form, Residual};
use crate::parametrisation::{LayerScale, StepScale};

/// Shape and initialisation of a network.
///
/// The network is `f = W^{L+1} relu(W^L .. relu(W^1 x))`, with biases or
/// without, unless its [`Form`] says otherwise. `L`, the number of hidden layers, is its depth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// Number of input features, `n_0`.
    pub inputs: usize,
    /// Widths of the hidden layers, `n_1 .. n_L`, from the input side.
    pub hidden: Vec<usize>,
    /// Number of outputs, `K`.
    pub outputs: usize,
    /// Whether the layers have biases (initialised to zero).
    pub bias: bool,
    /// `c` in `Var W^{L+1} = c / n_L`: 2 (He) or 1 (LeCun) for the output
    /// layer. Hidden layers have the gain of their activation: `Var W^l = 2 / n_{l-1}` (He) for ReLU.
    pub output_gain: f64,
    /// Activation, residual blocks, normalisation, parametrisation.
    #[serde(default, skip_serializing_if = "Form::is_default")]
    pub form: Form,
}

/// The architecture describes no network.
#[derive(Debug, Clone, Copy, Error, PartialEq)]
pub enum InvalidArchitecture {
    /// No hidden layer.
    #[error("depth must be at least 1 (it counts hidden layers)")]
    NoHiddenLayer,
    /// A layer of width 0.
    #[error("the width of {0} must be at least 1")]
    ZeroWidth(&'static str),
    /// The output gain is not a positive number.
    #[error("the output gain must be a positive number, not {0}")]
    OutputGain(f64),
    /// Residual blocks in a network whose hidden layers differ in width.
    #[error("residual blocks need hidden layers of one width")]
    ResidualWidths,
    /// The layers between input and output layer are no whole number of blocks.
    #[error(
        "a depth of {depth} leaves {between} hidden layers after the first, which is not a whole \
         number of residual blocks of 2 layers: use an odd depth"
    )]
    ResidualDepth {
        /// Number of hidden layers.
        depth: usize,
        /// One less.
        between: usize,
    },
}

impl Architecture {
    /// A network of constant width.
    pub fn constant_width(inputs: usize, width: usize, depth: usize, outputs: usize) -> Self {
        Self {
            inputs,
            hidden: vec![width; depth],
            outputs,
            bias: false,
            output_gain: 2.0,
            form: Form::default(),
        }
    }

    /// Number of hidden layers, `L`.
    pub fn depth(&self) -> usize {
        self.hidden.len()
    }

    /// `(in, out)` of every layer, from the input side: `depth + 1` of them.
    pub fn layer_shapes(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let fan_in = std::iter::once(self.inputs).chain(self.hidden.iter().copied());
        let fan_out = self
            .hidden
            .iter()
            .copied()
            .chain(std::iter::once(self.outputs));
        fan_in.zip(fan_out)
    }

    /// `g` in the standard `Var W = g / fan_in` of every layer, from the input side: that of the
    /// activation, and `output_gain` for the output layer. Inputs have unit second moment and have
    /// passed no activation: where the scale of preactivations matters, the first gain is 1, which
    /// makes theirs 1.
    pub fn gains(&self) -> impl Iterator<Item = f64> + '_ {
        let activation = self.form.activation;
        let gain = activation.gain();
        let first = if activation.is_homogeneous() {
            gain
        } else {
            1.0
        };
        let hidden = (0..self.depth()).map(move |layer| if layer == 0 { first } else { gain });
        hidden.chain(std::iter::once(self.output_gain))
    }

    /// Initial variance, multiplier and relative rate of every layer, from the input side.
    pub fn layer_scales(&self, steps: StepScale) -> Vec<LayerScale> {
        self.form.parametrisation.layers(self, steps)
    }

    /// Number of trained parameters.
    pub fn parameters(&self) -> usize {
        let depth = self.depth();
        let layers = self.layer_shapes().enumerate();
        let numbers = layers.map(|(layer, (fan_in, fan_out))| {
            let biases = if self.bias { fan_out } else { 0 };
            let has_gain = self.form.has_gain(layer, depth);
            let gains = if has_gain { fan_in } else { 0 };
            let weights = fan_in.saturating_mul(fan_out);
            weights.saturating_add(biases).saturating_add(gains)
        });
        numbers.fold(0, usize::saturating_add)
    }

    /// Checks that the architecture describes a network.
    ///
    /// # Errors
    /// If it has no hidden layer, a layer of width 0, a gain that is not
    /// positive and finite, or residual blocks that do not fit its hidden layers.
    pub fn validate(&self) -> Result<(), InvalidArchitecture> {
        if self.hidden.is_empty() {
            return Err(InvalidArchitecture::NoHiddenLayer);
        }
        let widths = [
            ("the input", self.inputs),
            (
                "a hidden layer",
                self.hidden.iter().copied().min().unwrap_or(0),
            ),
            ("the output", self.outputs),
        ];
        if let Some((layer, _)) = widths.into_iter().find(|&(_, width)| width == 0) {
            return Err(InvalidArchitecture::ZeroWidth(layer));
        }
        if !(self.output_gain.is_finite() && self.output_gain > 0.0) {
            return Err(InvalidArchitecture::OutputGain(self.output_gain));
        }
        let mut widths = self.hidden.windows(2);
        if self.form.residual != Residual::None && widths.any(|pair| pair[0] != pair[1]) {
            return Err(InvalidArchitecture::ResidualWidths);
        }
        self.form.check_depth(self.depth())
    }
}

/// Weights drawn on the host, before any backend sees them, so that every
/// backend starts from the same bits.
#[derive(Debug, Clone)]
pub struct InitialWeights {
    /// One row-major `[in, out]` matrix a layer, from the input side.
    weights: Vec<TensorData>,
    bias: bool,
    form: Form,
}

impl InitialWeights {
    /// Draws weights: `W^l ~ N(0, g / n_{l-1})` with the gain `g` of every layer, or with the variance
    /// of another parametrisation, in double precision,
    /// rounded to `E`. Biases start at zero and draw nothing.
    pub fn draw<E: Element>(architecture: &Architecture, rng: &mut impl Rng) -> Self {
        // Variances are the same for either kind of step.
        let scales = architecture.layer_scales(StepScale::Gradient);
        let weights = architecture
            .layer_shapes()
            .zip(scales)
            .map(|((fan_in, fan_out), scale)| {
                let deviation = scale.variance_of_product().sqrt();
                let values: Vec<E> = (0..fan_in * fan_out)
                    .map(|_| {
                        let normal: f64 = StandardNormal.sample(rng);
                        (deviation * normal).elem()
                    })
                    .collect();
                TensorData::new(values, [fan_in, fan_out])
            })
            .collect();
        Self {
            weights,
            bias: architecture.bias,
            form: architecture.form,
        }
    }

    /// One row-major `[in, out]` matrix a layer, from the input side.
    pub fn weights(&self) -> &[TensorData] {
        &self.weights
    }

    /// Whether the layers have biases.
    pub fn bias(&self) -> bool {
        self.bias
    }

    /// What kind of network they are for.
    pub fn form(&self) -> Form {
        self.form
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::form::Block;

    #[test]
    fn parameters_count_every_layer() {
        let mut architecture = Architecture::constant_width(784, 64, 4, 10);
        assert_eq!(architecture.parameters(), 784 * 64 + 3 * 64 * 64 + 64 * 10);
        architecture.bias = true;
        assert_eq!(architecture.parameters(), 785 * 64 + 3 * 65 * 64 + 65 * 10);
    }

    #[test]
    fn impossible_networks_are_refused() {
        let sound = Architecture::constant_width(8, 4, 2, 3);
        assert_eq!(sound.validate(), Ok(()));
        let refused = |change: fn(&mut Architecture)| {
            let mut architecture = sound.clone();
            change(&mut architecture);
            architecture.validate().unwrap_err().to_string()
        };
        assert!(refused(|a| a.hidden.clear()).contains("depth"));
        assert!(refused(|a| a.hidden[1] = 0).contains("hidden"));
        assert!(refused(|a| a.inputs = 0).contains("input"));
        assert!(refused(|a| a.output_gain = f64::NAN).contains("NaN"));
        let residual = |architecture: &mut Architecture| {
            architecture.form.residual = Residual::One;
            architecture.hidden[1] = 5;
        };
        assert!(refused(residual).contains("one width"));
        let blocks = |architecture: &mut Architecture| {
            architecture.form.residual = Residual::One;
            architecture.form.block = Block::Two;
        };
        assert!(refused(blocks).contains("odd depth"));
    }

    #[test]
    fn variances_are_he_and_the_output_gain_s() {
        let mut architecture = Architecture::constant_width(400, 300, 2, 200);
        architecture.output_gain = 1.0;
        let drawn = InitialWeights::draw::<f64>(&architecture, &mut ChaCha8Rng::seed_from_u64(1));
        let expected = [2.0 / 400.0, 2.0 / 300.0, 1.0 / 300.0];
        for (data, expected) in drawn.weights().iter().zip(expected) {
            let values = data.to_vec::<f64>().unwrap();
            let count = values.len() as f64;
            let variance = values.iter().map(|value| value * value).sum::<f64>() / count;
            // The estimate's relative standard error is sqrt(2 / count).
            let error = (variance / expected - 1.0).abs();
            assert!(
                error < 5.0 * (2.0 / count).sqrt(),
                "{variance} for {expected}"
            );
        }
    }

    /// The draws are part of the protocol: a change of these values would
    /// change every published number.
    #[test]
    fn draws_never_change() {
        let architecture = Architecture::constant_width(3, 2, 1, 2);
        let drawn = InitialWeights::draw::<f32>(&architecture, &mut ChaCha8Rng::seed_from_u64(7));
        let first = drawn.weights()[0].to_vec::<f32>().unwrap();
        let bits: Vec<u32> = first.iter().map(|value| value.to_bits()).collect();
        assert_eq!(bits, FIRST_BITS);
    }

    const FIRST_BITS: [u32; 6] = [
        3_206_681_111,
        3_213_923_685,
        1_060_763_769,
        1_050_044_287,
        1_048_237_525,
        3_204_963_513,
    ];

    #[test]
    fn single_precision_is_rounded_double_precision() {
        let architecture = Architecture::constant_width(5, 4, 2, 3);
        let double = InitialWeights::draw::<f64>(&architecture, &mut ChaCha8Rng::seed_from_u64(3));
        let single = InitialWeights::draw::<f32>(&architecture, &mut ChaCha8Rng::seed_from_u64(3));
        for (double, single) in double.weights().iter().zip(single.weights()) {
            let rounded: Vec<f32> = double
                .to_vec::<f64>()
                .unwrap()
                .iter()
                .map(|&value| value as f32)
                .collect();
            assert_eq!(rounded, single.to_vec::<f32>().unwrap());
        }
    }
}
