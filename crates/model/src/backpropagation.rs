use burn_tensor::backend::Backend;
use burn_tensor::{Tensor, TensorPrimitive};

use crate::Layer;

/// Walks from the output layer to the input layer and shows each layer's
/// index, its input `a` (`[samples, in]`) and the derivative `delta` of the
/// loss in its preactivation (`[samples, out]`), from which its gradient is
/// `a^T delta` (weight) and the column sums of `delta` (bias).
///
/// `delta^l = (delta^{l+1} W^{l+1,T}) * 1[a^l > 0]`, starting from the
/// derivative in the outputs.
pub fn backpropagate<B: Backend, const D: usize>(
    layers: &[Layer<B, D>],
    activations: Vec<Tensor<B, D>>,
    output_derivative: Tensor<B, D>,
    mut visit: impl FnMut(usize, Tensor<B, D>, Tensor<B, D>),
) {
    let mut delta = output_derivative;
    for (index, activation) in activations.into_iter().enumerate().rev() {
        if index == 0 {
            visit(0, activation, delta);
            return;
        }
        let below = delta
            .clone()
            .matmul(layers[index].weight.clone().transpose());
        let masked = relu_backward(activation.clone(), below);
        visit(index, activation, std::mem::replace(&mut delta, masked));
    }
}

/// `derivative` where the ReLU's `output` is positive, 0 elsewhere: one pass
/// of the backend instead of a comparison and a mask.
pub fn relu_backward<B: Backend, const D: usize>(
    output: Tensor<B, D>,
    derivative: Tensor<B, D>,
) -> Tensor<B, D> {
    let masked = B::relu_backward(
        output.into_primitive().tensor(),
        derivative.into_primitive().tensor(),
    );
    Tensor::from_primitive(TensorPrimitive::Float(masked))
}
