//! A Burn backend, extended by the operations of training that are worth
//! fusing.
//!
//! Each has a default made of Burn's own operations, so that every backend has
//! them; a backend overrides those that it can do in fewer passes over memory
//! or in place.

#[cfg(feature = "flex")]
mod flex;
mod generic;

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
/// Matrices have shapes `[rows, columns]`, or have one leading axis more, over
/// which every operation goes separately; there, where it is of length 1, the
/// matrix serves for all of the other operand.
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
    /// Each rate is rounded to the tensors' precision once, whether it comes
    /// alone or beside those of other matrices.
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
