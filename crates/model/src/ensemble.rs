//! Many networks of one shape, trained together on one device.

use std::sync::Arc;

use burn_tensor::{Int, Tensor, TensorData};
use etastar_backend::{Backend, Rate};

use crate::layer::primitive;
use crate::{Batch, Layer, LayerRates, Loss, Mlp};

/// Networks of one shape that go through every operation together: weights
/// are `[networks, in, out]`, biases `[networks, 1, out]`.
///
/// The networks do not influence each other: a NaN in one stays in it.
pub type Ensemble<B> = Mlp<B, 3>;

/// The learning rate of every layer of every network of an ensemble.
#[derive(Debug, Clone)]
pub struct EnsembleRates<B: Backend> {
    /// Of the networks: the learning rate, and those of the layers relative to it.
    /// Shared, since every step has a copy.
    networks: Arc<[(f64, LayerRates)]>,
    /// `[networks, 1, 1]`, one tensor per layer.
    layers: Vec<Tensor<B, 3>>,
}

impl<B: Backend> EnsembleRates<B> {
    /// Network `i` moves its layers by `learning_rates[i] * rates.of(layer)`,
    /// rounded once, as [`Mlp::sgd_step`] rounds it. `depth` counts hidden
    /// layers.
    pub fn new(
        learning_rates: &[f64],
        rates: &LayerRates,
        depth: usize,
        device: &B::Device,
    ) -> Self {
        let networks = learning_rates.iter().map(|rate| (*rate, rates.clone()));
        Self::of_networks(networks.collect(), depth, device)
    }

    /// The same for networks of which each has relative rates of its own.
    pub fn of_networks(networks: Vec<(f64, LayerRates)>, depth: usize, device: &B::Device) -> Self {
        let layers = (0..=depth)
            .map(|layer| {
                let products = networks.iter().map(|(rate, rates)| rate * rates.of(layer));
                let data = TensorData::new(products.collect::<Vec<f64>>(), [networks.len(), 1, 1]);
                Tensor::from_data(data.convert::<B::FloatElem>(), device)
            })
            .collect();
        Self {
            networks: networks.into(),
            layers,
        }
    }

    /// All rates times a factor, and rounded once.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        if factor == 1.0 {
            return self.clone();
        }
        let networks = self.networks.iter();
        self.with(networks.map(|(rate, rates)| (rate * factor, rates.clone())))
    }

    fn with(&self, networks: impl Iterator<Item = (f64, LayerRates)>) -> Self {
        let depth = self.layers.len().saturating_sub(1);
        let device = self.layers.first().map(Tensor::device);
        Self::of_networks(networks.collect(), depth, &device.unwrap_or_default())
    }

    pub(crate) fn layer_rate(&self, layer: usize) -> Rate<B> {
        Rate::Each(primitive(self.layers[layer].clone()))
    }

    /// The rates of the networks of these indices, see [`Mlp::select`].
    #[must_use]
    pub fn select(&self, networks: &[usize]) -> Self {
        self.with(
            networks
                .iter()
                .map(|&network| self.networks[network].clone()),
        )
    }
}

impl<B: Backend> Mlp<B, 3> {
    /// An ensemble of copies of networks of one shape.
    ///
    /// `networks` must not be empty.
    pub fn stack(networks: &[&Mlp<B>]) -> Self {
        let depth = networks.first().map_or(0, |network| network.depth());
        let layers = (0..=depth)
            .map(|index| {
                let layers = || networks.iter().map(|network| &network.layers[index]);
                let stack = |tensors: Vec<Tensor<B, 2>>| Tensor::stack(tensors, 0);
                let all = |one: fn(&Layer<B>) -> Option<Tensor<B, 2>>| {
                    layers().map(one).collect::<Option<Vec<_>>>().map(stack)
                };
                Layer {
                    weight: stack(layers().map(|layer| layer.weight.clone()).collect()),
                    bias: all(|layer| layer.bias.clone()),
                    gain: all(|layer| layer.gain.clone()),
                }
            })
            .collect();
        let form = networks.first().map(|network| network.form);
        Self {
            layers,
            form: form.unwrap_or_default(),
        }
    }

    /// The networks of these indices, in this order.
    #[must_use]
    pub fn select(&self, networks: &Tensor<B, 1, Int>) -> Self {
        let layers = self.layers.iter().cloned();
        let layers = layers.map(|layer| layer.map(|t| t.select(0, networks.clone())));
        Self {
            layers: layers.collect(),
            form: self.form,
        }
    }

    /// The network of this index.
    #[must_use]
    pub fn network(&self, index: usize) -> Mlp<B> {
        let only = |tensor: Tensor<B, 3>| tensor.narrow(0, index, 1).squeeze_dim::<2>(0);
        let layers = self.layers.iter().cloned();
        let layers = layers.map(|layer| layer.map(only));
        Mlp {
            layers: layers.collect(),
            form: self.form,
        }
    }

    /// One step of stochastic gradient descent of every network, each at its
    /// own rate; see [`Mlp::sgd_step`]. Gives the mean losses **before** the
    /// step, `[networks]`.
    #[must_use]
    pub fn sgd_step(
        self,
        batch: &Batch<B, 3>,
        loss: Loss,
        rates: &EnsembleRates<B>,
    ) -> (Self, Tensor<B, 1>) {
        let pass = self.pass(batch, loss);
        let loss = pass.loss.clone();
        (pass.descend(|layer| rates.layer_rate(layer)), loss)
    }
}
