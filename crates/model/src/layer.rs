//! The parameters of a layer, their gradient, and the rates at which layers learn.

use burn_tensor::ops::FloatTensor;
use burn_tensor::{Tensor, TensorPrimitive, backend};
use etastar_backend::{Backend, Rate};

/// The parameters of one layer. For `D = 3` they have a leading axis over the
/// networks of an [`Ensemble`](crate::Ensemble).
#[derive(Debug, Clone)]
pub struct Layer<B: backend::Backend, const D: usize = 2> {
    /// `[in, out]`.
    pub weight: Tensor<B, D>,
    /// `[1, out]`, or none.
    pub bias: Option<Tensor<B, D>>,
}

impl<B: backend::Backend, const D: usize> Layer<B, D> {
    /// Both tensors by a function.
    pub(crate) fn map(self, f: impl Fn(Tensor<B, D>) -> Tensor<B, D>) -> Self {
        Self {
            weight: f(self.weight),
            bias: self.bias.map(f),
        }
    }

    /// Both tensors with those of another layer.
    pub(crate) fn zip(
        self,
        other: Self,
        f: impl Fn(Tensor<B, D>, Tensor<B, D>) -> Tensor<B, D>,
    ) -> Self {
        Self {
            weight: f(self.weight, other.weight),
            bias: self.bias.zip(other.bias).map(|(a, b)| f(a, b)),
        }
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

    /// The layer after a step of gradient descent, for its input
    /// `[samples, in]` and the derivative `[samples, out]` in its
    /// preactivation.
    pub(crate) fn descend(
        self,
        activation: Tensor<B, D>,
        derivative: Tensor<B, D>,
        rate: &Rate<B>,
    ) -> Self {
        let bias = self.bias.map(|bias| {
            let gradient = derivative.clone().sum_dim(D - 2);
            bias - match rate {
                Rate::Common(rate) => gradient * *rate,
                Rate::Each(rates) => gradient * tensor(rates.clone()),
            }
        });
        Self {
            weight: tensor(B::descend(
                primitive(self.weight),
                primitive(activation),
                primitive(derivative),
                rate,
            )),
            bias,
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
