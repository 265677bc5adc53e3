use burn_tensor::Tensor;
use burn_tensor::activation::softmax;
use etastar_backend::Backend;
use serde::{Deserialize, Serialize};

use crate::mlp::{primitive, tensor};

/// Training loss, averaged over the samples of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// `-log softmax(f)_y`.
    CrossEntropy,
    /// `|f - e_y|^2 / 2` with the one-hot target `e_y`.
    SquaredError,
}

impl Loss {
    /// The name as users write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CrossEntropy => "cross-entropy",
            Self::SquaredError => "squared-error",
        }
    }

    /// Mean loss (one element a network) and its derivative in the outputs,
    /// `(1/N) d loss / d f` of shape `[samples, outputs]`, for outputs and
    /// one-hot targets of that shape; all with a leading axis over networks
    /// where `D` is 3.
    pub fn with_derivative<B: Backend, const D: usize>(
        self,
        outputs: Tensor<B, D>,
        targets: Tensor<B, D>,
    ) -> (Tensor<B, 1>, Tensor<B, D>) {
        let per_sample = 1.0 / outputs.dims()[D - 2] as f64;
        match self {
            Self::CrossEntropy => {
                let (loss, derivative) =
                    B::softmax_cross_entropy(primitive(outputs), primitive(targets));
                (tensor(loss), tensor(derivative))
            }
            Self::SquaredError => {
                let residual = outputs - targets;
                let loss = sum(residual.clone().square()) * (0.5 * per_sample);
                (loss, residual * per_sample)
            }
        }
    }

    /// The loss's second derivative in the outputs times a direction, per
    /// sample and not averaged: `(d2 loss / d f2) t` for outputs `f` and
    /// directions `t` of shape `[samples, outputs]`.
    ///
    /// Cross-entropy: `(diag p - p p^T) t = p * (t - p . t)` with
    /// `p = softmax(f)`. Squared error: `t`.
    pub fn curvature_product<B: Backend>(
        self,
        outputs: Tensor<B, 2>,
        direction: Tensor<B, 2>,
    ) -> Tensor<B, 2> {
        match self {
            Self::CrossEntropy => {
                let probabilities = softmax(outputs, 1);
                let mean = (probabilities.clone() * direction.clone()).sum_dim(1);
                probabilities * (direction - mean)
            }
            Self::SquaredError => direction,
        }
    }
}

/// The sum over everything but the axis over networks: one element a network.
///
/// Along an axis, because the sum of a whole tensor is one that some backends
/// collect with atomic additions, in an order that differs between runs.
fn sum<B: Backend, const D: usize>(terms: Tensor<B, D>) -> Tensor<B, 1> {
    let shape = terms.dims();
    let networks = if D == 2 { 1 } else { shape[0] };
    let terms = terms.reshape([networks, shape[D - 2] * shape[D - 1]]);
    terms.sum_dim(1).reshape([networks])
}
