//! Burn's backends, extended by the training operations that are worth fusing.
//!
//! Each operation has a default made of Burn's own. A backend overrides those
//! that it can do in place or in fewer passes over memory.

use burn_tensor::backend;
use burn_tensor::ops::FloatTensor;

/// A learning rate as [`Backend::descend`] takes it.
#[derive(Debug, Clone)]
pub enum Rate<B: backend::Backend> {
    /// The same for all matrices.
    Common(f64),
    /// One for each matrix, `[matrices, 1, 1]`.
    Each(FloatTensor<B>),
}

/// A Burn backend with fused operations.
///
/// Matrices have shape `[rows, columns]` or `[matrices, rows, columns]`. The
/// operations treat the matrices of a stack separately. A stack of one matrix
/// is broadcast over the other operand's.
pub trait Backend: backend::Backend {
    /// `a W + b` for inputs `a` `[samples, in]`, weights `W` `[in, out]` and a
    /// bias `b` `[1, out]`.
    fn affine(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Option<FloatTensor<Self>>,
    ) -> FloatTensor<Self> {
        generic::affine::<Self>(input, weight, bias)
    }

    /// `relu(a W + b)`, see [`affine`](Self::affine). NaN stays NaN.
    fn affine_relu(
        input: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: Option<FloatTensor<Self>>,
    ) -> FloatTensor<Self> {
        generic::affine_relu::<Self>(input, weight, bias)
    }

    /// `(d W^T) * 1[a > 0]`: the derivative in the preactivation of `a`
    /// `[samples, in]`, which came out of a ReLU, from the derivative `d`
    /// `[samples, out]` in `a W`.
    fn affine_relu_backward(
        derivative: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        input: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        generic::affine_relu_backward::<Self>(derivative, weight, input)
    }

    /// `W - rate a^T d`, for inputs `a` `[samples, in]` and derivatives `d`
    /// `[samples, out]`: the step of gradient descent. In place where nobody
    /// else holds `W` and the backend can.
    ///
    /// Each rate is rounded once to the tensors' precision, whether it is given
    /// alone or together with those of other matrices.
    fn descend(
        weight: FloatTensor<Self>,
        input: FloatTensor<Self>,
        derivative: FloatTensor<Self>,
        rate: &Rate<Self>,
    ) -> FloatTensor<Self> {
        generic::descend::<Self>(weight, input, derivative, rate)
    }

    /// Mean softmax cross-entropy of outputs `[samples, classes]` for one-hot
    /// targets of that shape, one element for each matrix, and its derivative
    /// in the outputs.
    fn softmax_cross_entropy(
        outputs: FloatTensor<Self>,
        targets: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        generic::softmax_cross_entropy::<Self>(outputs, targets)
    }
}

#[cfg(feature = "ndarray")]
impl Backend for burn_ndarray::NdArray<f32> {}

#[cfg(feature = "ndarray")]
impl Backend for burn_ndarray::NdArray<f64> {}

#[cfg(feature = "tch")]
impl Backend for burn_tch::LibTorch<f32> {}

#[cfg(feature = "wgpu")]
impl Backend for burn_wgpu::Wgpu<f32> {}

/// The operations of the extension, made of Burn's own.
pub(crate) mod generic {
    use burn_tensor::activation::log_softmax;
    use burn_tensor::{Tensor, TensorMetadata, TensorPrimitive, backend};

    use super::{FloatTensor, Rate};

    pub(crate) fn affine<B: backend::Backend>(
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

    pub(crate) fn affine_relu<B: backend::Backend>(
        input: FloatTensor<B>,
        weight: FloatTensor<B>,
        bias: Option<FloatTensor<B>>,
    ) -> FloatTensor<B> {
        B::relu(affine::<B>(input, weight, bias))
    }

    pub(crate) fn affine_relu_backward<B: backend::Backend>(
        derivative: FloatTensor<B>,
        weight: FloatTensor<B>,
        input: FloatTensor<B>,
    ) -> FloatTensor<B> {
        let below = B::float_matmul(derivative, B::float_transpose(weight));
        B::relu_backward(input, below)
    }

    /// The rate scales the derivative instead of the `[in, out]` product: one
    /// pass less over the weights.
    pub(crate) fn descend<B: backend::Backend>(
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

    pub(crate) fn softmax_cross_entropy<B: backend::Backend>(
        outputs: FloatTensor<B>,
        targets: FloatTensor<B>,
    ) -> (FloatTensor<B>, FloatTensor<B>) {
        let shape = outputs.shape();
        let rank = shape.num_dims();
        let (samples, classes) = (shape[rank - 2], shape[rank - 1]);
        let matrices = shape.num_elements() / (samples * classes);
        let as_rank_three = |tensor: FloatTensor<B>| {
            // The targets may be one matrix for all.
            let matrices = tensor.shape().num_elements() / (samples * classes);
            let reshaped = B::float_reshape(tensor, [matrices, samples, classes].into());
            Tensor::<B, 3>::from_primitive(TensorPrimitive::Float(reshaped))
        };
        let (outputs, targets) = (as_rank_three(outputs), as_rank_three(targets));
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
}
