//! The two halves of a training step: forward to the loss, and back.

use burn_tensor::Tensor;
use etastar_backend::{Backend, Rate};

use crate::{Batch, LayerRates, Loss, Mlp, backpropagate};

/// A network that has seen a batch and not yet learnt from it: its loss can be
/// looked at before the step is taken, or the step be left out.
#[derive(Debug, Clone)]
pub struct Pass<B: Backend, const D: usize = 2> {
    network: Mlp<B, D>,
    /// The input of every layer, from the input side.
    activations: Vec<Tensor<B, D>>,
    /// Of the loss, in the outputs.
    derivative: Tensor<B, D>,
    /// Mean loss of the batch, one element a network.
    pub loss: Tensor<B, 1>,
}

/// What the steps from one network on one batch have in common, whatever their
/// learning rates.
#[derive(Debug, Clone)]
pub struct Derivatives<B: Backend, const D: usize = 2> {
    /// Mean loss of the batch, one element a network.
    pub loss: Tensor<B, 1>,
    /// Of every layer, from the input side, its input `[samples, in]` and the
    /// derivative of the loss in its preactivation `[samples, out]`, whose
    /// product is the gradient.
    pub layers: Vec<(Tensor<B, D>, Tensor<B, D>)>,
}

impl<B: Backend, const D: usize> Mlp<B, D> {
    /// The forward half of a step.
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

    /// Both halves but for the step itself.
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
    /// The other half: the network after the step. A layer moves by the rate
    /// that `rate_of` gives for its index, times its gradient.
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
