use burn_tensor::Tensor;
use burn_tensor::activation::{log_softmax, softmax};
use burn_tensor::backend::Backend;
use serde::{Deserialize, Serialize};

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

    /// Mean loss (one element) and its derivative in the outputs,
    /// `(1/N) d loss / d f` of shape `[samples, outputs]`, for outputs and
    /// one-hot targets of that shape.
    pub fn with_derivative<B: Backend>(
        self,
        outputs: Tensor<B, 2>,
        targets: Tensor<B, 2>,
    ) -> (Tensor<B, 1>, Tensor<B, 2>) {
        let [samples, _] = outputs.dims();
        let per_sample = 1.0 / samples as f64;
        match self {
            Self::CrossEntropy => {
                let log_probabilities = log_softmax(outputs, 1);
                let loss = (log_probabilities.clone() * targets.clone()).sum() * -per_sample;
                (loss, (log_probabilities.exp() - targets) * per_sample)
            }
            Self::SquaredError => {
                let residual = outputs - targets;
                let loss = residual.clone().square().sum() * (0.5 * per_sample);
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
