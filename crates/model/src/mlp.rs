//! The multilayer perceptron: forward pass, backpropagation and the step of gradient descent.

use std::borrow::Borrow;

use burn_tensor::{Tensor, TensorData, backend};
use etastar_backend::{Backend, Rate};

use crate::batch::{Batch, Loss};
use crate::form::{Form, LayerState};
use crate::layer::{LayerDerivative, primitive, tensor};
use crate::optimiser::OptimiserState;
use crate::{EnsembleRates, Gradient, InitialWeights, Layer, LayerRates};

/// A multilayer perceptron on the device its tensors live on: with ReLU activations, unless its form
/// says otherwise.
///
/// `D` is 2 for one network, and 3 for an [`Ensemble`](crate::Ensemble) of
/// networks of one shape, whose every tensor has a leading axis over them.
/// Forward and backward passes are written once for both.
#[derive(Debug, Clone)]
pub struct Mlp<B: backend::Backend, const D: usize = 2> {
    /// Hidden layers and the output layer, from the input side.
    pub layers: Vec<Layer<B, D>>,
    /// What kind of network it is.
    pub form: Form,
}

impl<B: backend::Backend, const D: usize> Mlp<B, D> {
    /// A network of ReLUs with these layers, from the input side.
    pub fn new(layers: Vec<Layer<B, D>>) -> Self {
        let form = Form::default();
        Self { layers, form }
    }
}

impl<B: Backend, const D: usize> Mlp<B, D> {
    /// Number of hidden layers.
    pub fn depth(&self) -> usize {
        self.layers.len().saturating_sub(1)
    }

    /// Number of networks: 1, or those of an ensemble.
    pub fn networks(&self) -> usize {
        match (D, self.layers.first()) {
            (3, Some(layer)) => layer.weight.dims()[0],
            (3, None) => 0,
            _ => 1,
        }
    }

    /// Outputs `[samples, outputs]` for inputs `[samples, inputs]`.
    pub fn forward(&self, inputs: Tensor<B, D>) -> Tensor<B, D> {
        if !self.form.is_plain() {
            return self.form.forward(&self.layers, inputs).1;
        }
        let depth = self.depth();
        self.layers
            .iter()
            .enumerate()
            .fold(inputs, |activation, (index, layer)| {
                layer.apply(activation, index < depth)
            })
    }

    /// The state of every layer, from the input side, as backpropagation needs it, and the outputs.
    pub fn forward_with_states(
        &self,
        inputs: Tensor<B, D>,
    ) -> (Vec<LayerState<Tensor<B, D>>>, Tensor<B, D>) {
        if !self.form.is_plain() {
            return self.form.forward(&self.layers, inputs);
        }
        let mut states = Vec::with_capacity(self.layers.len());
        let mut current = inputs;
        for (index, layer) in self.layers.iter().enumerate() {
            states.push(LayerState {
                input: current.clone(),
                normalised: None,
                preactivation: None,
            });
            current = layer.apply(current, index < self.depth());
        }
        (states, current)
    }

    /// Mean loss of a batch (one element a network).
    pub fn loss(&self, batch: &Batch<B, D>, loss: Loss) -> Tensor<B, 1> {
        loss.with_derivative(self.forward(batch.inputs.clone()), batch.targets.clone())
            .0
    }

    /// Mean loss of a batch (one element a network) and its gradient.
    pub fn gradient(&self, batch: &Batch<B, D>, loss: Loss) -> (Tensor<B, 1>, Gradient<B, D>) {
        let derivatives = self.derivatives(batch, loss);
        let gradient = self.gradient_of(&derivatives);
        (derivatives.loss, gradient)
    }

    /// The gradient that derivatives of this network make.
    fn gradient_of(&self, derivatives: &Derivatives<B, D>) -> Gradient<B, D> {
        let layers = self.layers.iter().zip(derivatives.layers.iter().cloned());
        let layers = layers.map(|(layer, one)| one.gradient(layer.bias.is_some()));
        Gradient {
            layers: layers.collect(),
        }
    }
}

impl<B: Backend, const D: usize> Mlp<B, D> {
    /// Which networks no step of gradient descent on any of these samples can change: those of ReLUs
    /// alone that have no biases, whose last hidden layer no sample
    /// reaches, and whose gradient is exactly zero. Waits for the device once.
    ///
    /// Where the last hidden activations `a^L` are zero, so are its ReLUs' derivatives, and every
    /// sample's gradient is a sum of products with a zero. Such a product could still be NaN, if
    /// the other factor is infinite; then so would the summed gradient be.
    pub fn dead_on(&self, batch: &Batch<B, D>, loss: Loss) -> Vec<bool> {
        let networks = self.networks();
        let has_bias = self.layers.iter().any(|layer| layer.bias.is_some());
        if has_bias || self.depth() == 0 || !self.form.is_plain() {
            return vec![false; networks];
        }
        // One number a network, zero where all values are.
        let size = |tensor: Tensor<B, D>| tensor.abs().sum_dim(D - 1).sum_dim(D - 2);
        let layers = self.derivatives(batch, loss).layers;
        let reached = layers.last().map(|layer| size(layer.input.clone()));
        let gradients = layers
            .into_iter()
            .map(|layer| size(layer.gradient(false).weight));
        let Some(sum) = reached.into_iter().chain(gradients).reduce(|a, b| a + b) else {
            return vec![false; networks];
        };
        sum.into_data()
            .iter::<f64>()
            .map(|sum| sum == 0.0)
            .collect()
    }
}

impl<B: Backend> Mlp<B> {
    /// Uploads initial weights.
    pub fn upload(initial: &InitialWeights, device: &B::Device) -> Self {
        let form = initial.form();
        let depth = initial.weights().len().saturating_sub(1);
        let layers = initial
            .weights()
            .iter()
            .enumerate()
            .map(|(layer, weight)| {
                let [inputs, outputs] = weight.shape.dims();
                let has_gain = form.has_gain(layer, depth);
                let upload =
                    |data: TensorData| Tensor::from_data(data.convert::<B::FloatElem>(), device);
                Layer {
                    weight: upload(weight.clone()),
                    bias: initial.bias().then(|| Tensor::zeros([1, outputs], device)),
                    gain: has_gain.then(|| Tensor::ones([1, inputs], device)),
                }
            })
            .collect();
        Self { layers, form }
    }

    /// Moves every layer by `-learning_rate * rates.of(layer)` times its
    /// gradient, like [`sgd_step`](Self::sgd_step), for a gradient that is
    /// already known.
    #[must_use]
    pub fn descend(&self, gradient: &Gradient<B>, learning_rate: f64, rates: &LayerRates) -> Self {
        let layers = self.layers.iter().zip(&gradient.layers).enumerate();
        let moved = layers.map(|(index, (layer, gradient))| {
            let rate = learning_rate * rates.of(index);
            layer.clone().zip(gradient.clone(), |parameter, gradient| {
                parameter - gradient * rate
            })
        });
        Self {
            layers: moved.collect(),
            form: self.form,
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
    /// Of every layer, from the input side.
    states: Vec<LayerState<Tensor<B, D>>>,
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
    /// One entry per layer, from the input side.
    pub layers: Vec<LayerDerivative<Tensor<B, D>>>,
}

impl<B: Backend, const D: usize> Mlp<B, D> {
    /// Takes the forward half of a step.
    pub fn pass(self, batch: &Batch<B, D>, loss: Loss) -> Pass<B, D> {
        let (states, outputs) = self.forward_with_states(batch.inputs.clone());
        let (loss, derivative) = loss.with_derivative(outputs, batch.targets.clone());
        Pass {
            network: self,
            states,
            derivative,
            loss,
        }
    }

    /// Runs forward and backward without taking the step.
    pub fn derivatives(&self, batch: &Batch<B, D>, loss: Loss) -> Derivatives<B, D> {
        self.clone().pass(batch, loss).derivatives().1
    }

    /// The network after a step whose derivatives are known; a layer moves by
    /// the rate that `rate_of` gives for its index, times its gradient.
    pub(crate) fn descend_by(
        self,
        derivatives: &Derivatives<B, D>,
        rate_of: impl Fn(usize) -> Rate<B>,
    ) -> Self {
        let layers = self.layers.into_iter().zip(&derivatives.layers).enumerate();
        let layers = layers
            .map(|(index, (layer, derivative))| layer.descend(derivative.clone(), &rate_of(index)));
        Self {
            layers: layers.collect(),
            form: self.form,
        }
    }

    /// The same, for any optimiser.
    fn step_by_rates(
        self,
        derivatives: &Derivatives<B, D>,
        state: &mut OptimiserState<B, D>,
        rate_of: impl Fn(usize) -> Rate<B>,
    ) -> Self {
        if state.is_plain() {
            return self.descend_by(derivatives, rate_of);
        }
        let gradient = self.gradient_of(derivatives);
        state.step(self, gradient, rate_of)
    }
}

impl<B: Backend, const D: usize> Pass<B, D> {
    /// Takes the backward half without the step.
    fn derivatives(self) -> (Mlp<B, D>, Derivatives<B, D>) {
        let mut layers = Vec::with_capacity(self.states.len());
        backpropagate(
            self.network.form,
            &self.network.layers,
            self.states,
            self.derivative,
            |_, _, derivative| layers.push(derivative),
        );
        layers.reverse();
        let loss = self.loss;
        (self.network, Derivatives { loss, layers })
    }

    /// Takes the backward half and the step of any optimiser.
    fn step_at_rates(
        self,
        state: &mut OptimiserState<B, D>,
        rate_of: impl Fn(usize) -> Rate<B>,
    ) -> Mlp<B, D> {
        if state.is_plain() {
            return self.descend(rate_of);
        }
        let (network, derivatives) = self.derivatives();
        network.step_by_rates(&derivatives, state, rate_of)
    }

    /// Takes the backward half and the step. A layer moves by the rate that
    /// `rate_of` gives for its index, times its gradient.
    pub(crate) fn descend(self, rate_of: impl Fn(usize) -> Rate<B>) -> Mlp<B, D> {
        let form = self.network.form;
        let mut layers = Vec::with_capacity(self.states.len());
        backpropagate(
            form,
            self.network.layers,
            self.states,
            self.derivative,
            |index, layer, derivative| layers.push(layer.descend(derivative, &rate_of(index))),
        );
        layers.reverse();
        Mlp { layers, form }
    }
}

impl<B: Backend> Pass<B> {
    /// The network after the step, see [`Mlp::sgd_step`].
    #[must_use]
    pub fn sgd_step(self, learning_rate: f64, rates: &LayerRates) -> Mlp<B> {
        self.descend(|layer| Rate::Common(learning_rate * rates.of(layer)))
    }

    /// The network after a step of any optimiser; a layer's rate is `learning_rate * rates.of(layer)`.
    #[must_use]
    pub fn step(
        self,
        state: &mut OptimiserState<B>,
        learning_rate: f64,
        rates: &LayerRates,
    ) -> Mlp<B> {
        self.step_at_rates(state, |layer| Rate::Common(learning_rate * rates.of(layer)))
    }
}

impl<B: Backend> Pass<B, 3> {
    /// The networks after a step of any optimiser, each at its own rate.
    #[must_use]
    pub fn step(self, state: &mut OptimiserState<B, 3>, rates: &EnsembleRates<B>) -> Mlp<B, 3> {
        self.step_at_rates(state, |layer| rates.layer_rate(layer))
    }
}

impl<B: Backend> Mlp<B, 3> {
    /// The networks after the step [`Pass::step`] on the batch of the derivatives, which may be
    /// those of one network for all of them.
    #[must_use]
    pub fn step_by(
        self,
        derivatives: &Derivatives<B, 3>,
        state: &mut OptimiserState<B, 3>,
        rates: &EnsembleRates<B>,
    ) -> Self {
        self.step_by_rates(derivatives, state, |layer| rates.layer_rate(layer))
    }
}

impl<B: Backend> Mlp<B> {
    /// The network after the step [`Pass::step`] on the batch of the derivatives.
    #[must_use]
    pub fn step_by(
        self,
        derivatives: &Derivatives<B>,
        state: &mut OptimiserState<B>,
        learning_rate: f64,
        rates: &LayerRates,
    ) -> Self {
        self.step_by_rates(derivatives, state, |layer| {
            Rate::Common(learning_rate * rates.of(layer))
        })
    }
}

/// Walks from the output layer to the input layer and shows each layer's
/// index, the layer, and what its gradient is made of.
///
/// For networks of ReLUs alone, `delta^l = (delta^{l+1} W^{l+1,T}) * 1[a^l > 0]`, starting from the
/// derivative in the outputs. That walk no longer needs a layer when it shows
/// it, so that a layer given by value may be changed in place.
pub fn backpropagate<B: Backend, const D: usize, L: Borrow<Layer<B, D>>>(
    form: Form,
    layers: impl IntoIterator<Item = L, IntoIter: DoubleEndedIterator + ExactSizeIterator>,
    states: Vec<LayerState<Tensor<B, D>>>,
    output_derivative: Tensor<B, D>,
    mut visit: impl FnMut(usize, L, LayerDerivative<Tensor<B, D>>),
) {
    let layers = layers.into_iter();
    if !form.is_plain() {
        form.backward(layers.collect(), states, output_derivative, visit);
        return;
    }
    let plain = |input, delta| LayerDerivative {
        input,
        delta,
        gain: None,
    };
    let mut delta = output_derivative;
    for (index, (layer, state)) in layers.zip(states).enumerate().rev() {
        let input = state.input;
        if index == 0 {
            visit(0, layer, plain(input, delta));
            return;
        }
        let below = tensor(B::affine_relu_backward(
            primitive(delta.clone()),
            primitive(layer.borrow().weight.clone()),
            primitive(input.clone()),
        ));
        visit(
            index,
            layer,
            plain(input, std::mem::replace(&mut delta, below)),
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
