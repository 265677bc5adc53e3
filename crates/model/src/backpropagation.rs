use std::borrow::Borrow;

use burn_tensor::{Tensor, backend};
use etastar_backend::Backend;

use crate::Layer;
use crate::mlp::{primitive, tensor};

/// Walks from the output layer to the input layer and shows each layer's
/// index, the layer, its input `a` (`[samples, in]`) and the derivative
/// `delta` of the loss in its preactivation (`[samples, out]`), from which its
/// gradient is `a^T delta` (weight) and the column sums of `delta` (bias).
///
/// `delta^l = (delta^{l+1} W^{l+1,T}) * 1[a^l > 0]`, starting from the
/// derivative in the outputs. A layer is shown when the walk has no more use
/// for it: one that is given by value may be changed in place.
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

/// `derivative` where the ReLU's `output` is positive, 0 elsewhere: one pass
/// of the backend instead of a comparison and a mask.
pub fn relu_backward<B: backend::Backend, const D: usize>(
    output: Tensor<B, D>,
    derivative: Tensor<B, D>,
) -> Tensor<B, D> {
    tensor(B::relu_backward(primitive(output), primitive(derivative)))
}
