//! The multilayer perceptron: forward pass, backpropagation and the step of gradient descent.

use std::borrow::Borrow;

use burn_tensor::{ElementConversion, Tensor, TensorData, backend};
use etastar_backend::{Backend, Rate};

use crate::batch::{Batch, Loss};
use crate::layer::{primitive, tensor};
use crate::{Gradient, InitialWeights, Layer, LayerRates};

/// A multilayer perceptron with ReLU activations on the device its tensors
/// live on.
///
/// `D` is 2 for one network, and 3 for an [`Ensemble`](crate::Ensemble) of
/// networks of one shape, whose every tensor has a leading axis over them.
/// Forward and backward passes are written once for both.
#[derive(Debug, Clone)]
pub struct Mlp<B: backend::Backend, const D: usize = 2> {
    /// Hidden layers and the output layer, from the input side.
    pub layers: Vec<Layer<B, D>>,
}

impl<B: Backend, const D: usize> Mlp<B, D> {
    /// Number of hidden layers.
    pub fn depth(&self) -> usize {
        self.layers.len().saturating_sub(1)
    }

    /// Outputs `[samples, outputs]` for inputs `[samples, inputs]`.
    pub fn forward(&self, inputs: Tensor<B, D>) -> Tensor<B, D> {
        let depth = self.depth();
        self.layers
            .iter()
            .enumerate()
            .fold(inputs, |activation, (index, layer)| {
                layer.apply(activation, index < depth)
            })
    }

    /// The input of every layer, from the input side, and the outputs, as
    /// backpropagation needs them.
    pub fn forward_with_activations(
        &self,
        inputs: Tensor<B, D>,
    ) -> (Vec<Tensor<B, D>>, Tensor<B, D>) {
        let mut activations = Vec::with_capacity(self.layers.len());
        let mut current = inputs;
        for (index, layer) in self.layers.iter().enumerate() {
            activations.push(current.clone());
            current = layer.apply(current, index < self.depth());
        }
        (activations, current)
    }

    /// Mean loss of a batch (one element a network).
    pub fn loss(&self, batch: &Batch<B, D>, loss: Loss) -> Tensor<B, 1> {
        loss.with_derivative(self.forward(batch.inputs.clone()), batch.targets.clone())
            .0
    }

    /// Mean loss of a batch (one element a network) and its gradient.
    pub fn gradient(&self, batch: &Batch<B, D>, loss: Loss) -> (Tensor<B, 1>, Gradient<B, D>) {
        let Derivatives { loss, layers } = self.derivatives(batch, loss);
        let layers = self.layers.iter().zip(layers);
        let layers = layers.map(|(layer, (activation, delta))| Layer {
            weight: activation.transpose().matmul(delta.clone()),
            bias: layer.bias.is_some().then(|| delta.sum_dim(D - 2)),
        });
        let gradient = Gradient {
            layers: layers.collect(),
        };
        (loss, gradient)
    }
}

impl<B: Backend> Mlp<B> {
    /// Whether no step on any of these samples can change the network: it has no biases, no sample
    /// reaches its last hidden layer, and its gradient is exactly zero.
    ///
    /// Where the last hidden activations `a^L` are zero, so are its ReLUs' derivatives, and every
    /// sample's gradient is a sum of products with a zero. Such a product could still be NaN, if
    /// the other factor is infinite; then so would the summed gradient be.
    pub fn is_dead_on(&self, batch: &Batch<B>, loss: Loss) -> bool {
        let has_bias = self.layers.iter().any(|layer| layer.bias.is_some());
        if has_bias || self.depth() == 0 {
            return false;
        }
        let is_zero = |tensor: Tensor<B, 2>| tensor.abs().sum().into_scalar().elem::<f64>() == 0.0;
        let layers = self.derivatives(batch, loss).layers;
        let reached = layers.last().map(|(activation, _)| activation.clone());
        reached.is_some_and(is_zero)
            && layers
                .into_iter()
                .all(|(activation, delta)| is_zero(activation.transpose().matmul(delta)))
    }

    /// Uploads initial weights.
    pub fn new(initial: &InitialWeights, device: &B::Device) -> Self {
        let layers = initial
            .weights()
            .iter()
            .map(|weight| {
                let [_, outputs] = weight.shape.dims();
                let upload =
                    |data: TensorData| Tensor::from_data(data.convert::<B::FloatElem>(), device);
                Layer {
                    weight: upload(weight.clone()),
                    bias: initial.bias().then(|| Tensor::zeros([1, outputs], device)),
                }
            })
            .collect();
        Self { layers }
    }

    /// Moves every layer by `-learning_rate * rates.of(layer)` times its
    /// gradient, like [`sgd_step`](Self::sgd_step), for a gradient that is
    /// already known.
    #[must_use]
    pub fn descend(&self, gradient: &Gradient<B>, learning_rate: f64, rates: &LayerRates) -> Self {
        let layers = self.layers.iter().zip(&gradient.layers).enumerate();
        let moved = layers.map(|(index, (layer, gradient))| {
            let rate = learning_rate * rates.of(index);
            let biases = layer.bias.clone().zip(gradient.bias.clone());
            Layer {
                weight: layer.weight.clone() - gradient.weight.clone() * rate,
                bias: biases.map(|(bias, gradient)| bias - gradient * rate),
            }
        });
        Self {
            layers: moved.collect(),
        }
    }

    /// One step of stochastic gradient descent on a batch: every layer moves
    /// by `-learning_rate * rates.of(layer)` times its gradient. Gives the
    /// network after the step and the mean loss **before** it (one element).
    #[must_use]
    pub fn sgd_step(
        self,
        batch: &Batch<B>,
        loss: Loss,
        learning_rate: f64,
        rates: &LayerRates,
    ) -> (Self, Tensor<B, 1>) {
        let pass = self.pass(batch, loss);
        let loss = pass.loss.clone();
        (pass.sgd_step(learning_rate, rates), loss)
    }
}

/// A network after the forward half of a training step, so that the caller can
/// look at its loss before taking the step.
#[derive(Debug, Clone)]
pub struct Pass<B: Backend, const D: usize = 2> {
    network: Mlp<B, D>,
    /// The input of every layer, from the input side.
    activations: Vec<Tensor<B, D>>,
    /// The derivative of the loss in the outputs.
    derivative: Tensor<B, D>,
    /// Mean loss of the batch, one element a network.
    pub loss: Tensor<B, 1>,
}

/// The derivatives of one network on one batch, from which steps at any
/// learning rate follow.
#[derive(Debug, Clone)]
pub struct Derivatives<B: Backend, const D: usize = 2> {
    /// Mean loss of the batch, one element a network.
    pub loss: Tensor<B, 1>,
    /// For every layer, from the input side: its input `[samples, in]` and the
    /// derivative of the loss in its preactivation `[samples, out]`. Their
    /// product is the gradient.
    pub layers: Vec<(Tensor<B, D>, Tensor<B, D>)>,
}

impl<B: Backend, const D: usize> Mlp<B, D> {
    /// Takes the forward half of a step.
    pub fn pass(self, batch: &Batch<B, D>, loss: Loss) -> Pass<B, D> {
        let (activations, outputs) = self.forward_with_activations(batch.inputs.clone());
        let (loss, derivative) = loss.with_derivative(outputs, batch.targets.clone());
        Pass {
            network: self,
            activations,
            derivative,
            loss,
        }
    }

    /// Runs forward and backward without taking the step.
    pub fn derivatives(&self, batch: &Batch<B, D>, loss: Loss) -> Derivatives<B, D> {
        let pass = self.clone().pass(batch, loss);
        let mut layers = Vec::with_capacity(self.layers.len());
        backpropagate(
            &self.layers,
            pass.activations,
            pass.derivative,
            |_, _, activation, delta| layers.push((activation, delta)),
        );
        layers.reverse();
        Derivatives {
            loss: pass.loss,
            layers,
        }
    }

    /// The network after a step whose derivatives are known; a layer moves by
    /// the rate that `rate_of` gives for its index, times its gradient.
    pub(crate) fn descend_by(
        self,
        derivatives: &Derivatives<B, D>,
        rate_of: impl Fn(usize) -> Rate<B>,
    ) -> Self {
        let layers = self.layers.into_iter().zip(&derivatives.layers).enumerate();
        let layers = layers.map(|(index, (layer, (activation, delta)))| {
            layer.descend(activation.clone(), delta.clone(), &rate_of(index))
        });
        Self {
            layers: layers.collect(),
        }
    }
}

impl<B: Backend, const D: usize> Pass<B, D> {
    /// Takes the backward half and the step. A layer moves by the rate that
    /// `rate_of` gives for its index, times its gradient.
    pub(crate) fn descend(self, rate_of: impl Fn(usize) -> Rate<B>) -> Mlp<B, D> {
        let mut layers = Vec::with_capacity(self.activations.len());
        backpropagate(
            self.network.layers,
            self.activations,
            self.derivative,
            |index, layer, activation, delta| {
                layers.push(layer.descend(activation, delta, &rate_of(index)));
            },
        );
        layers.reverse();
        Mlp { layers }
    }
}

impl<B: Backend> Pass<B> {
    /// The network after the step, see [`Mlp::sgd_step`].
    #[must_use]
    pub fn sgd_step(self, learning_rate: f64, rates: &LayerRates) -> Mlp<B> {
        self.descend(|layer| Rate::Common(learning_rate * rates.of(layer)))
    }
}

impl<B: Backend> Mlp<B> {
    /// The network after the step [`sgd_step`](Self::sgd_step) on the batch
    /// of the derivatives, bit for bit.
    #[must_use]
    pub fn sgd_step_by(
        self,
        derivatives: &Derivatives<B>,
        learning_rate: f64,
        rates: &LayerRates,
    ) -> Self {
        self.descend_by(derivatives, |layer| {
            Rate::Common(learning_rate * rates.of(layer))
        })
    }
}

/// Walks from the output layer to the input layer and shows each layer's
/// index, the layer, its input `a` (`[samples, in]`) and the derivative
/// `delta` of the loss in its preactivation (`[samples, out]`), from which its
/// gradient is `a^T delta` (weight) and the column sums of `delta` (bias).
///
/// `delta^l = (delta^{l+1} W^{l+1,T}) * 1[a^l > 0]`, starting from the
/// derivative in the outputs. The walk no longer needs a layer when it shows
/// it, so that a layer given by value may be changed in place.
pub fn backpropagate<B: Backend, const D: usize, L: Borrow<Layer<B, D>>>(
    layers: impl IntoIterator<Item = L, IntoIter: DoubleEndedIterator + ExactSizeIterator>,
    activations: Vec<Tensor<B, D>>,
    output_derivative: Tensor<B, D>,
    mut visit: impl FnMut(usize, L, Tensor<B, D>, Tensor<B, D>),
) {
    let mut delta = output_derivative;
    for (index, (layer, activation)) in layers.into_iter().zip(activations).enumerate().rev() {
        if index == 0 {
            visit(0, layer, activation, delta);
            return;
        }
        let below = tensor(B::affine_relu_backward(
            primitive(delta.clone()),
            primitive(layer.borrow().weight.clone()),
            primitive(activation.clone()),
        ));
        visit(
            index,
            layer,
            activation,
            std::mem::replace(&mut delta, below),
        );
    }
}

/// `derivative` where the ReLU's `output` is positive, 0 elsewhere. The backend
/// computes it in one pass instead of a comparison and a mask.
pub fn relu_backward<B: backend::Backend, const D: usize>(
    output: Tensor<B, D>,
    derivative: Tensor<B, D>,
) -> Tensor<B, D> {
    tensor(B::relu_backward(primitive(output), primitive(derivative)))
}
