//! What kind of network: activation, residual blocks, normalisation, parametrisation; and its forward
//! and backward pass.
//!
//! With layers `l = 0 .. L` and the stream `a^0 = x`, hidden layer `l` computes
//!
//! ```text
//! z^l = N(a^l),   h^l = z^l W^l + b^l,   a^{l+1} = phi(h^l)
//! ```
//!
//! `N` is the identity or, for `l >= 1`, layer normalisation (J. L. Ba, J. R. Kiros and G. E. Hinton,
//! *Layer normalization*, 2016), without bias, and with a trained gain, which starts at 1, or without.
//! Of a residual network the layers `1 .. L-1`
//! form blocks of one or two, and a block adds what it computes to what it was given,
//! `a + s f(a)`; normalisation then stands at the start of every block and before the output layer
//! (pre-norm; R. Xiong et al., *On layer normalization in the transformer architecture*, 2020).
//!
//! Both passes are written once, over [`Value`]: over tensors they give the gradient, over tensors
//! with a tangent the Hessian's product with it.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::activation::Activation;
use crate::architecture::InvalidArchitecture;
use crate::layer::{LayerDerivative, Parameters};
use crate::names::names;
use crate::parametrisation::Parametrisation;
use crate::value::{Order, Value};

/// Added to the variance by layer normalisation.
const EPSILON: f64 = 1e-5;

/// What kind of network. The default is the paper's: ReLU, without anything else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Form {
    /// The activation of the hidden layers.
    #[serde(skip_serializing_if = "is_default")]
    pub activation: Activation,
    /// Whether hidden layers form residual blocks, and what they are scaled by.
    #[serde(skip_serializing_if = "is_default")]
    pub residual: Residual,
    /// Layers of a residual block.
    #[serde(skip_serializing_if = "is_default")]
    pub block: Block,
    /// What normalises the inputs of layers.
    #[serde(skip_serializing_if = "is_default")]
    pub norm: Norm,
    /// How initial variances and learning rates depend on the widths.
    #[serde(skip_serializing_if = "is_default")]
    pub parametrisation: Parametrisation,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Whether a network has residual blocks `a + s f(a)`, and their scale `s`. `L` is the depth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Residual {
    /// It has none.
    #[default]
    None,
    /// `s = 1`.
    One,
    /// `s = 1 / sqrt(L)`.
    InverseRootDepth,
    /// `s = 1 / L`.
    InverseDepth,
}

/// Layers of a residual block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "usize", into = "usize")]
pub enum Block {
    /// One.
    #[default]
    One,
    /// Two, both with the activation.
    Two,
}

/// What normalises the inputs of hidden layers and of the output layer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Norm {
    /// Nothing.
    #[default]
    None,
    /// Layer normalisation, without trained gain and bias.
    Layer,
    /// Layer normalisation with a trained gain.
    LayerWithGain,
}

names!(Residual, "scale of residual blocks":
    None = "none", One = "one", InverseRootDepth = "inverse-root-depth", InverseDepth = "inverse-depth");
names!(Norm, "normalisation": None = "none", Layer = "layer", LayerWithGain = "layer-with-gain");

/// Residual blocks are of another length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("residual blocks have 1 or 2 layers")]
pub struct BlockLength;

impl TryFrom<usize> for Block {
    type Error = BlockLength;

    fn try_from(length: usize) -> Result<Self, Self::Error> {
        match length {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            _ => Err(BlockLength),
        }
    }
}

impl From<Block> for usize {
    fn from(block: Block) -> Self {
        match block {
            Block::One => 1,
            Block::Two => 2,
        }
    }
}

impl FromStr for Block {
    type Err = BlockLength;

    fn from_str(length: &str) -> Result<Self, Self::Err> {
        let length: usize = length.parse().map_err(|_| BlockLength)?;
        length.try_into()
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        usize::from(*self).fmt(f)
    }
}

impl fmt::Display for Form {
    /// The activation, and what else the network has: `gelu, layer normalisation`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.activation)?;
        if self.residual != Residual::None {
            let Self {
                residual, block, ..
            } = self;
            write!(f, ", residual blocks of {block} with scale {residual}")?;
        }
        match self.norm {
            Norm::None => {}
            Norm::Layer => write!(f, ", layer normalisation")?,
            Norm::LayerWithGain => write!(f, ", layer normalisation with gain")?,
        }
        if self.parametrisation != Parametrisation::Standard {
            write!(f, ", {} parametrisation", self.parametrisation)?;
        }
        Ok(())
    }
}

/// Where a layer stands in its network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    normalises: bool,
    /// Whether a residual block begins with it.
    opens: bool,
    /// Whether a residual block ends with it.
    closes: bool,
}

impl Form {
    /// Checks that residual blocks fit a number of hidden layers, of which the first is in none.
    ///
    /// # Errors
    /// If they do not.
    pub fn check_depth(&self, depth: usize) -> Result<(), InvalidArchitecture> {
        let between = depth.saturating_sub(1);
        let fits = between.is_multiple_of(usize::from(self.block));
        match self.residual == Residual::None || fits {
            true => Ok(()),
            false => Err(InvalidArchitecture::ResidualDepth { depth, between }),
        }
    }

    /// Whether the function is that of the paper: ReLU, no residual blocks, no normalisation.
    pub fn is_plain(&self) -> bool {
        let Self {
            activation,
            residual,
            block: _,
            norm,
            parametrisation: _,
        } = self;
        is_default(activation) && is_default(residual) && is_default(norm)
    }

    /// Whether outputs are linear in the weights of every single layer almost everywhere: then the
    /// Hessian has the trace of the Gauss-Newton matrix.
    pub fn is_linear_in_each_layer(&self) -> bool {
        self.activation.is_homogeneous() && self.norm == Norm::None
    }

    /// Whether it is the default in everything.
    pub fn is_default(&self) -> bool {
        is_default(self)
    }

    /// `s` of a network with this number of hidden layers; 1 without residual blocks.
    pub fn residual_scale(&self, depth: usize) -> f64 {
        let depth = depth.max(1) as f64;
        match self.residual {
            Residual::None | Residual::One => 1.0,
            Residual::InverseRootDepth => 1.0 / depth.sqrt(),
            Residual::InverseDepth => 1.0 / depth,
        }
    }

    /// Whether a layer of a network with this number of hidden layers has a trained gain.
    pub(crate) fn has_gain(&self, layer: usize, depth: usize) -> bool {
        self.norm == Norm::LayerWithGain && self.place(layer, depth).normalises
    }

    fn place(&self, layer: usize, depth: usize) -> Place {
        let in_block = self.residual != Residual::None && 0 < layer && layer < depth;
        let length = usize::from(self.block);
        let opens = in_block && (layer - 1).is_multiple_of(length);
        let closes = in_block && layer.is_multiple_of(length);
        Place {
            normalises: self.norm != Norm::None && layer > 0 && (opens || !in_block),
            opens,
            closes,
        }
    }

    /// The state of every layer, from the input side, and the outputs.
    pub(crate) fn forward<V: Value>(
        &self,
        layers: &[Parameters<V>],
        inputs: V,
    ) -> (Vec<LayerState<V>>, V) {
        let depth = layers.len().saturating_sub(1);
        let scale = self.residual_scale(depth);
        let mut states = Vec::with_capacity(layers.len());
        let mut stream = inputs;
        let mut skip = None;
        for (index, layer) in layers.iter().enumerate() {
            let place = self.place(index, depth);
            if place.opens {
                skip = Some(stream.clone());
            }
            let normalised = place.normalises.then(|| Normalised::new(stream.clone()));
            let mut input = match &normalised {
                Some(normalised) => normalised.value.clone(),
                None => stream,
            };
            if let Some(gain) = &layer.gain {
                input = input.times(gain.clone());
            }
            let product = input.clone().product(layer.weight.clone());
            let preactivation = match &layer.bias {
                Some(bias) => product.plus(bias.clone()),
                None => product,
            };
            let is_hidden = index < depth;
            states.push(LayerState {
                input,
                normalised,
                preactivation: is_hidden.then(|| preactivation.clone()),
            });
            stream = preactivation;
            if is_hidden {
                stream = stream.activated(self.activation, Order::Value);
            }
            if place.closes
                && let Some(skip) = skip.take()
            {
                stream = skip.plus(stream.scaled(scale));
            }
        }
        (states, stream)
    }

    /// Walks from the output layer to the input layer and shows each layer's index, the layer, and what
    /// its gradient is made of.
    pub(crate) fn backward<V: Value, L: Borrow<Parameters<V>>>(
        &self,
        mut layers: Vec<L>,
        states: Vec<LayerState<V>>,
        output_derivative: V,
        mut visit: impl FnMut(usize, L, LayerDerivative<V>),
    ) {
        let depth = layers.len().saturating_sub(1);
        let scale = self.residual_scale(depth);
        let mut delta = output_derivative;
        let mut skipped: Option<V> = None;
        let mut states = states;
        while let Some((layer, state)) = layers.pop().zip(states.pop()) {
            let index = states.len();
            let mut derivative = LayerDerivative {
                input: state.input,
                delta,
                gain: None,
            };
            let Some(below) = states.last() else {
                visit(0, layer, derivative);
                return;
            };
            let Parameters { weight, gain, .. } = layer.borrow();
            let mut stream = (derivative.delta.clone()).product(weight.clone().transposed());
            if let Some(normalised) = state.normalised {
                if let Some(gain) = gain {
                    derivative.gain = Some(stream.clone().times(normalised.value.clone()));
                    stream = stream.times(gain.clone());
                }
                stream = normalised.backward(stream);
            }
            if self.place(index, depth).opens
                && let Some(skipped) = skipped.take()
            {
                stream = stream.plus(skipped);
            }
            visit(index, layer, derivative);
            if self.place(index - 1, depth).closes {
                skipped = Some(stream.clone());
                stream = stream.scaled(scale);
            }
            delta = match &below.preactivation {
                Some(h) => stream.times(h.clone().activated(self.activation, Order::Derivative)),
                None => stream,
            };
        }
    }
}

/// What the backward pass needs of a layer's forward pass.
#[derive(Debug, Clone)]
pub struct LayerState<V> {
    /// What is multiplied by its weight matrix, `[samples, in]`.
    pub input: V,
    /// The normalised input before its gain, where the layer normalises.
    pub(crate) normalised: Option<Normalised<V>>,
    /// `[samples, out]`, of a hidden layer whose activation's output does not tell it.
    pub(crate) preactivation: Option<V>,
}

impl<V> LayerState<V> {
    /// Every tensor by a function.
    pub fn map<U>(&self, f: impl Fn(&V) -> U) -> LayerState<U> {
        LayerState {
            input: f(&self.input),
            normalised: self.normalised.as_ref().map(|normalised| Normalised {
                value: f(&normalised.value),
                inverse_deviation: f(&normalised.inverse_deviation),
            }),
            preactivation: self.preactivation.as_ref().map(&f),
        }
    }
}

/// A normalised matrix `y = (a - mean a) r`, over the features of every sample.
#[derive(Debug, Clone)]
pub(crate) struct Normalised<V> {
    /// `y`, `[samples, features]`.
    value: V,
    /// `r = (Var a + epsilon)^(-1/2)`, `[samples, 1]`.
    inverse_deviation: V,
}

impl<V: Value> Normalised<V> {
    fn new(stream: V) -> Self {
        let mean = stream.clone().feature_mean();
        let centred = stream.plus(mean.scaled(-1.0));
        let variance = centred.clone().times(centred.clone()).feature_mean();
        let inverse_deviation = variance.inverse_root(EPSILON);
        Self {
            value: centred.times(inverse_deviation.clone()),
            inverse_deviation,
        }
    }

    /// `r (g - mean g - y mean(g y))`, for the derivative `g` in `y`.
    fn backward(self, derivative: V) -> V {
        let along = derivative.clone().times(self.value.clone()).feature_mean();
        let mean = derivative.clone().feature_mean();
        derivative
            .plus(mean.scaled(-1.0))
            .plus(self.value.times(along).scaled(-1.0))
            .times(self.inverse_deviation)
    }
}
