//! The parameters of a network as one vector, and their learning rates.

use burn_tensor::{ElementConversion, Tensor, TensorData};
use etastar_backend::Backend;
use etastar_model::{Layer, LayerRates};
use thiserror::Error;

/// A learning rate that scales nothing sensibly.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("the relative learning rate of layer {layer} must be finite and not negative, not {rate}")]
pub struct InvalidRate {
    /// Index of the layer, from 0 at the input side.
    pub layer: usize,
    /// Its rate.
    pub rate: f64,
}

/// Order of a network's parameters in one vector: layer by layer from the
/// input side, each layer's weight `[in, out]` row by row, then its bias and its gain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParameterOrder {
    layers: Vec<LayerShape>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LayerShape {
    inputs: usize,
    outputs: usize,
    bias: bool,
    gain: bool,
}

impl LayerShape {
    fn parameters(self) -> usize {
        (self.inputs + usize::from(self.bias)) * self.outputs + usize::from(self.gain) * self.inputs
    }
}

impl ParameterOrder {
    /// The order of a network's parameters.
    pub fn new<B: Backend>(layers: &[Layer<B>]) -> Self {
        let shapes = layers.iter().map(|layer| {
            let [inputs, outputs] = layer.weight.dims();
            LayerShape {
                inputs,
                outputs,
                bias: layer.bias.is_some(),
                gain: layer.gain.is_some(),
            }
        });
        Self {
            layers: shapes.collect(),
        }
    }

    /// Number of parameters.
    pub fn dimension(&self) -> usize {
        self.layers.iter().map(|layer| layer.parameters()).sum()
    }

    /// Number of parameters of the layers whose rate is not 0.
    pub(crate) fn trained(&self, rates: &LayerRates) -> usize {
        let layers = self.layers.iter().enumerate();
        layers
            .filter(|&(index, _)| rates.of(index) != 0.0)
            .map(|(_, layer)| layer.parameters())
            .sum()
    }

    /// All parameters in one vector.
    pub fn flatten<B: Backend>(&self, layers: Vec<Layer<B>>) -> Vec<f64> {
        let mut flat = Vec::with_capacity(self.dimension());
        flat.extend(layers.into_iter().flatten().flat_map(to_host));
        flat
    }

    /// The layers of a vector of parameters, on a device.
    ///
    /// # Panics
    /// If `vector.len()` is not [`dimension`](Self::dimension).
    pub fn unflatten<B: Backend>(&self, vector: &[f64], device: &B::Device) -> Vec<Layer<B>> {
        assert_eq!(vector.len(), self.dimension(), "length of the vector");
        let mut rest = vector;
        let mut take = |shape: [usize; 2]| {
            let (head, tail) = rest.split_at(shape[0] * shape[1]);
            rest = tail;
            let values: Vec<B::FloatElem> = head.iter().map(|&value| value.elem()).collect();
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        self.layers
            .iter()
            .map(|layer| Layer {
                weight: take([layer.inputs, layer.outputs]),
                bias: layer.bias.then(|| take([1, layer.outputs])),
                gain: layer.gain.then(|| take([1, layer.inputs])),
            })
            .collect()
    }

    /// The square root of every parameter's rate: the diagonal of `M^{1/2}`.
    ///
    /// # Errors
    /// If a rate is negative or not finite.
    pub fn root_rates(&self, rates: &LayerRates) -> Result<Vec<f64>, InvalidRate> {
        let mut roots = Vec::with_capacity(self.dimension());
        for (layer, shape) in self.layers.iter().enumerate() {
            let rate = rates.of(layer);
            if !(rate.is_finite() && rate >= 0.0) {
                return Err(InvalidRate { layer, rate });
            }
            roots.extend(std::iter::repeat_n(rate.sqrt(), shape.parameters()));
        }
        Ok(roots)
    }
}

/// A tensor's values on the host, row-major.
pub(crate) fn to_host<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f64> {
    let data = tensor.into_data();
    match data.as_slice::<B::FloatElem>() {
        Ok(values) => values.iter().map(|&value| value.elem()).collect(),
        Err(_) => data.iter::<f64>().collect(),
    }
}
