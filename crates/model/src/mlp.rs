use burn_tensor::ops::FloatTensor;
use burn_tensor::{Tensor, TensorData, TensorPrimitive, backend};
use etastar_backend::{Backend, Rate};

use crate::{Batch, Derivatives, Gradient, InitialWeights, LayerRates, Loss};

/// The parameters of one layer; of an [`Ensemble`](crate::Ensemble), where `D`
/// is 3, with a leading axis over its networks.
#[derive(Debug, Clone)]
pub struct Layer<B: backend::Backend, const D: usize = 2> {
    /// `[in, out]`.
    pub weight: Tensor<B, D>,
    /// `[1, out]`, or none.
    pub bias: Option<Tensor<B, D>>,
}

impl<B: Backend, const D: usize> Layer<B, D> {
    /// `a W + b` for rows `a` of shape `[samples, in]`, through the ReLU where
    /// the layer is a hidden one.
    fn apply(&self, activation: Tensor<B, D>, hidden: bool) -> Tensor<B, D> {
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

    /// What backpropagation needs: the input of every layer, from the input
    /// side, and the outputs.
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

    /// The network moved against a gradient: every layer by
    /// `-learning_rate * rates.of(layer)` times its part. What
    /// [`sgd_step`](Self::sgd_step) does, for a gradient that is already
    /// known.
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

/// What the operations of a backend take.
pub(crate) fn primitive<B: backend::Backend, const D: usize>(
    tensor: Tensor<B, D>,
) -> FloatTensor<B> {
    tensor.into_primitive().tensor()
}

/// What the operations of a backend give.
pub(crate) fn tensor<B: backend::Backend, const D: usize>(
    primitive: FloatTensor<B>,
) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(primitive))
}
