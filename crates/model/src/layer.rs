//! The parameters of a layer, their gradient, and the rates at which layers learn.

use burn_tensor::ops::FloatTensor;
use burn_tensor::{Tensor, TensorPrimitive, backend};
use etastar_backend::{Backend, Rate};

use crate::value::Value;

/// What every parameter of one layer has: its value, its gradient, its direction.
#[derive(Debug, Clone)]
pub struct Parameters<V> {
    /// `[in, out]`.
    pub weight: V,
    /// `[1, out]`, or none.
    pub bias: Option<V>,
    /// `[1, in]`, what multiplies the layer's normalised input; or none.
    pub gain: Option<V>,
}

/// The parameters of one layer. For `D = 3` they have a leading axis over the
/// networks of an [`Ensemble`](crate::Ensemble).
pub type Layer<B, const D: usize = 2> = Parameters<Tensor<B, D>>;

impl<V> Parameters<V> {
    /// Every parameter by a function.
    pub fn map<U>(self, f: impl Fn(V) -> U) -> Parameters<U> {
        Parameters {
            weight: f(self.weight),
            bias: self.bias.map(&f),
            gain: self.gain.map(&f),
        }
    }

    /// Every parameter with that of another layer; those that only one of both has are left out.
    pub fn zip<U, W>(self, other: Parameters<U>, f: impl Fn(V, U) -> W) -> Parameters<W> {
        Parameters {
            weight: f(self.weight, other.weight),
            bias: self.bias.zip(other.bias).map(|(a, b)| f(a, b)),
            gain: self.gain.zip(other.gain).map(|(a, b)| f(a, b)),
        }
    }

    /// References to every parameter.
    pub fn as_ref(&self) -> Parameters<&V> {
        Parameters {
            weight: &self.weight,
            bias: self.bias.as_ref(),
            gain: self.gain.as_ref(),
        }
    }
}

impl<V> IntoIterator for Parameters<V> {
    type Item = V;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<V>, 3>>;

    /// The weight, then the bias and the gain, if there are any.
    fn into_iter(self) -> Self::IntoIter {
        [Some(self.weight), self.bias, self.gain]
            .into_iter()
            .flatten()
    }
}

impl<B: Backend, const D: usize> Layer<B, D> {
    /// `a W + b` for rows `a` of shape `[samples, in]`; followed by the ReLU for
    /// a hidden layer.
    pub(crate) fn apply(&self, activation: Tensor<B, D>, hidden: bool) -> Tensor<B, D> {
        let apply = if hidden { B::affine_relu } else { B::affine };
        tensor(apply(
            primitive(activation),
            primitive(self.weight.clone()),
            self.bias.clone().map(primitive),
        ))
    }

    /// The layer after a step of gradient descent.
    pub(crate) fn descend(self, derivative: LayerDerivative<Tensor<B, D>>, rate: &Rate<B>) -> Self {
        let LayerDerivative { input, delta, gain } = derivative;
        let moved = |parameter: Tensor<B, D>, samples: Tensor<B, D>| {
            parameter - times_rate(samples.sum_dim(D - 2), rate)
        };
        Self {
            bias: self.bias.map(|bias| moved(bias, delta.clone())),
            gain: self
                .gain
                .zip(gain)
                .map(|(gain, samples)| moved(gain, samples)),
            weight: tensor(B::descend(
                primitive(self.weight),
                primitive(input),
                primitive(delta),
                rate,
            )),
        }
    }
}

/// A step of every network at its own rate, or of all at one.
pub(crate) fn times_rate<B: Backend, const D: usize>(
    direction: Tensor<B, D>,
    rate: &Rate<B>,
) -> Tensor<B, D> {
    match rate {
        Rate::Common(rate) => direction * *rate,
        Rate::Each(rates) => direction * tensor(rates.clone()),
    }
}

/// What a layer's gradient is made of.
#[derive(Debug, Clone)]
pub struct LayerDerivative<V> {
    /// What is multiplied by the weight matrix, `z`: `[samples, in]`.
    pub input: V,
    /// The derivative of the loss in the preactivation: `[samples, out]`.
    pub delta: V,
    /// Every sample's derivative in the gain, `[samples, in]`, of a layer that has one.
    pub gain: Option<V>,
}

impl<V> LayerDerivative<V> {
    /// Every matrix by a function.
    pub fn map<U>(self, f: impl Fn(V) -> U) -> LayerDerivative<U> {
        LayerDerivative {
            input: f(self.input),
            delta: f(self.delta),
            gain: self.gain.map(f),
        }
    }
}

impl<V: Value> LayerDerivative<V> {
    /// The gradient: `z^T delta`, and sums over samples for the bias, if the layer has one, and the
    /// gain.
    pub fn gradient(self, has_bias: bool) -> Parameters<V> {
        Parameters {
            bias: has_bias.then(|| self.delta.clone().sample_sum()),
            gain: self.gain.map(Value::sample_sum),
            weight: self.input.transposed().product(self.delta),
        }
    }
}

/// Gradient of the mean loss in every parameter, with the shapes of the
/// network's layers.
#[derive(Debug, Clone)]
pub struct Gradient<B: backend::Backend, const D: usize = 2> {
    /// One entry per layer, from the input side.
    pub layers: Vec<Layer<B, D>>,
}

/// Learning rate of every layer relative to the common one.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerRates {
    multipliers: Vec<f64>,
}

impl LayerRates {
    /// One multiplier per layer (hidden layers and the output layer), from the
    /// input side.
    pub fn new(multipliers: Vec<f64>) -> Self {
        Self { multipliers }
    }

    /// The same rate everywhere, for a network of `depth` hidden layers.
    pub fn uniform(depth: usize) -> Self {
        Self::new(vec![1.0; depth + 1])
    }

    /// `input_rate` for the input layer (`mu_in` of the theory), 1 for every
    /// other; 0 freezes the input layer.
    pub fn with_input_rate(depth: usize, input_rate: f64) -> Self {
        let mut rates = Self::uniform(depth);
        rates.multipliers[0] = input_rate;
        rates
    }

    /// The multiplier of a layer, counted from 0 at the input side; 1 beyond
    /// the last one given.
    pub fn of(&self, layer: usize) -> f64 {
        self.multipliers.get(layer).copied().unwrap_or(1.0)
    }
}

/// Unwraps a tensor for the operations of a backend.
pub(crate) fn primitive<B: backend::Backend, const D: usize>(
    tensor: Tensor<B, D>,
) -> FloatTensor<B> {
    tensor.into_primitive().tensor()
}

/// Wraps the result of an operation of a backend.
pub(crate) fn tensor<B: backend::Backend, const D: usize>(
    primitive: FloatTensor<B>,
) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(primitive))
}
