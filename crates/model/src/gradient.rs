use burn_tensor::backend::Backend;

use crate::Layer;

/// Gradient of the mean loss in every parameter: the same shapes as the
/// network's layers.
#[derive(Debug, Clone)]
pub struct Gradient<B: Backend, const D: usize = 2> {
    /// One entry a layer, from the input side.
    pub layers: Vec<Layer<B, D>>,
}
