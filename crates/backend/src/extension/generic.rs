//! The operations of the extension, made of Burn's own.

use burn_tensor::activation::log_softmax;
use burn_tensor::backend::Backend;
use burn_tensor::ops::FloatTensor;
use burn_tensor::{Tensor, TensorMetadata, TensorPrimitive};

use super::Rate;

pub(super) fn affine<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
) -> FloatTensor<B> {
    let product = B::float_matmul(input, weight);
    match bias {
        Some(bias) => B::float_add(product, bias),
        None => product,
    }
}

pub(super) fn affine_relu<B: Backend>(
    input: FloatTensor<B>,
    weight: FloatTensor<B>,
    bias: Option<FloatTensor<B>>,
) -> FloatTensor<B> {
    B::relu(affine::<B>(input, weight, bias))
}

pub(super) fn affine_relu_backward<B: Backend>(
    derivative: FloatTensor<B>,
    weight: FloatTensor<B>,
    input: FloatTensor<B>,
) -> FloatTensor<B> {
    let below = B::float_matmul(derivative, B::float_transpose(weight));
    B::relu_backward(input, below)
}

/// The rate scales the derivative instead of the `[in, out]` product: one
/// pass less over the weights.
pub(super) fn descend<B: Backend>(
    weight: FloatTensor<B>,
    input: FloatTensor<B>,
    derivative: FloatTensor<B>,
    rate: &Rate<B>,
) -> FloatTensor<B> {
    let scaled = match rate {
        Rate::Common(rate) => B::float_mul_scalar(derivative, (*rate).into()),
        Rate::Each(rates) => B::float_mul(derivative, rates.clone()),
    };
    B::float_sub(weight, B::float_matmul(B::float_transpose(input), scaled))
}

pub(super) fn softmax_cross_entropy<B: Backend>(
    outputs: FloatTensor<B>,
    targets: FloatTensor<B>,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let shape = outputs.shape();
    let rank = shape.num_dims();
    let (samples, classes) = (shape[rank - 2], shape[rank - 1]);
    let matrices = shape.num_elements() / (samples * classes);
    let of_rank_three = |tensor: FloatTensor<B>| {
        // The targets may be one matrix for all.
        let matrices = tensor.shape().num_elements() / (samples * classes);
        let reshaped = B::float_reshape(tensor, [matrices, samples, classes].into());
        Tensor::<B, 3>::from_primitive(TensorPrimitive::Float(reshaped))
    };
    let (outputs, targets) = (of_rank_three(outputs), of_rank_three(targets));
    let per_sample = 1.0 / samples as f64;
    let log_probabilities = log_softmax(outputs, 2);
    // Summed along an axis, because the sum of a whole tensor is one that some
    // backends collect with atomic additions, in an order that differs between
    // runs.
    let terms = log_probabilities.clone() * targets.clone();
    let sums = terms.reshape([matrices, samples * classes]).sum_dim(1);
    let loss = sums.reshape([matrices]) * -per_sample;
    let derivative = (log_probabilities.exp() - targets) * per_sample;
    let derivative = derivative.into_primitive().tensor();
    (
        loss.into_primitive().tensor(),
        B::float_reshape(derivative, shape),
    )
}
