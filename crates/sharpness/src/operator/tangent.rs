use burn_tensor::Tensor;
use etastar_backend::Backend;
use etastar_model::{Layer, relu_backward};

use super::objective::Forward;

/// Directional derivative of a forward pass.
pub(super) struct Tangent<B: Backend> {
    /// Of the input of every layer but the first, which is fixed.
    pub(super) activations: Vec<Tensor<B, 2>>,
    /// Of the outputs.
    pub(super) outputs: Tensor<B, 2>,
}

/// Derivative of the forward pass as the parameters move along `direction`
/// (`V`, `v`), by
///
/// ```text
/// R{a^0} = 0,   R{z^l} = R{a^{l-1}} W^l + a^{l-1} V^l + v^l,   R{a^l} = 1[a^l > 0] * R{z^l}.
/// ```
pub(super) fn tangent_forward<B: Backend>(
    layers: &[Layer<B>],
    forward: &Forward<B>,
    direction: &[Layer<B>],
) -> Tangent<B> {
    // `a^{l-1} V^l + v^l`
    let own = |index: usize| {
        let moved: &Layer<B> = &direction[index];
        let product = forward.activations[index]
            .clone()
            .matmul(moved.weight.clone());
        match &moved.bias {
            Some(bias) => product + bias.clone(),
            None => product,
        }
    };
    let mut activations = Vec::with_capacity(layers.len());
    let mut current = own(0);
    for (index, layer) in layers.iter().enumerate().skip(1) {
        let tangent = relu_backward(forward.activations[index].clone(), current);
        activations.push(tangent.clone());
        current = own(index) + tangent.matmul(layer.weight.clone());
    }
    Tangent {
        activations,
        outputs: current,
    }
}
