//! A batch of samples on a device, the loss on it, and what outputs say of its labels.

use burn_tensor::activation::softmax;
use burn_tensor::{Element, Tensor, TensorData, backend};
use etastar_backend::Backend;
use serde::{Deserialize, Serialize};

use crate::layer::{primitive, tensor};

/// Samples on a device. For `D = 3` the tensors have a leading axis over the
/// networks of an [`Ensemble`](crate::Ensemble), of length 1 if all networks
/// share the samples.
#[derive(Debug, Clone)]
pub struct Batch<B: backend::Backend, const D: usize = 2> {
    /// `[samples, inputs]`.
    pub inputs: Tensor<B, D>,
    /// The outputs that a network should have, `[samples, outputs]`: one-hot, or real numbers.
    pub targets: Tensor<B, D>,
}

impl<B: Backend> Batch<B> {
    /// Uploads samples of real targets: `inputs` is row-major `[samples, features]`, `targets`
    /// `[samples, outputs]`.
    pub fn from_rows(
        inputs: Vec<f32>,
        targets: Vec<f32>,
        [features, outputs]: [usize; 2],
        device: &B::Device,
    ) -> Self {
        let samples = inputs.len() / features;
        let inputs = TensorData::new(inputs, [samples, features]);
        let targets = TensorData::new(targets, [samples, outputs]);
        Self {
            inputs: Tensor::from_data(inputs.convert::<B::FloatElem>(), device),
            targets: Tensor::from_data(targets.convert::<B::FloatElem>(), device),
        }
    }

    /// Uploads labelled samples: `inputs` is row-major `[labels.len(), features]`, each
    /// label is below `classes`.
    pub fn upload(
        inputs: &[f32],
        labels: &[u32],
        features: usize,
        classes: usize,
        device: &B::Device,
    ) -> Self {
        let mut one_hot = vec![0f32; labels.len() * classes];
        for (row, &label) in one_hot.chunks_exact_mut(classes).zip(labels) {
            row[label as usize] = 1.0;
        }
        Self::from_rows(inputs.to_vec(), one_hot, [features, classes], device)
    }
}

/// What a network's outputs say of samples that it was not trained on.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Predictions {
    /// Number of samples whose largest output is that of their label. Ties go to the lowest class;
    /// a row with a NaN is never correct.
    pub correct: usize,
    /// Weighted sum of the squared residuals of real targets; not finite where an output is not.
    pub squared_residuals: f64,
    /// The largest absolute output; NaN where one is.
    pub largest_output: f64,
}

impl Predictions {
    /// Of each network: `outputs` has shape `[samples, classes]`, or
    /// `[networks, samples, classes]`; `labels` has one entry per sample.
    pub fn of_networks<B: Backend, const D: usize>(
        outputs: Tensor<B, D>,
        labels: &[u32],
    ) -> Vec<Self> {
        let classes = outputs.dims()[D - 1];
        Self::of_each(outputs, classes * labels.len(), |values| {
            let rows = values.chunks_exact(classes).zip(labels);
            let correct =
                rows.filter(|(row, label)| predicted_class(row) == Some(**label as usize));
            Self {
                correct: correct.count(),
                ..Self::default()
            }
        })
    }

    /// Of each network, for real `targets` `[samples, outputs]` (row-major) and a weight for every
    /// output.
    pub fn of_regressions<B: Backend, const D: usize>(
        outputs: Tensor<B, D>,
        targets: &[f32],
        weights: &[f64],
    ) -> Vec<Self> {
        Self::of_each(outputs, targets.len(), |values| {
            let residuals = values.iter().zip(targets);
            let residuals = residuals.map(|(value, target)| host(value) - f64::from(*target));
            let weighted = residuals.zip(weights.iter().cycle());
            Self {
                squared_residuals: weighted
                    .map(|(residual, weight)| weight * residual * residual)
                    .sum(),
                ..Self::default()
            }
        })
    }

    /// Of each network, from its own part of the outputs; fills in the largest one.
    fn of_each<B: Backend, const D: usize>(
        outputs: Tensor<B, D>,
        size: usize,
        of_network: impl Fn(&[B::FloatElem]) -> Self,
    ) -> Vec<Self> {
        let data = outputs.into_data().convert::<B::FloatElem>();
        let Ok(values) = data.as_slice::<B::FloatElem>() else {
            // Unreachable: the data was just converted to this type.
            return Vec::new();
        };
        let networks = values.chunks_exact(size).map(|values| Self {
            largest_output: values
                .iter()
                .fold(0.0, |largest, value| larger(largest, host(value).abs())),
            ..of_network(values)
        });
        networks.collect()
    }

    /// Of the samples of both.
    #[must_use]
    pub fn together_with(self, other: Self) -> Self {
        Self {
            correct: self.correct + other.correct,
            squared_residuals: self.squared_residuals + other.squared_residuals,
            largest_output: larger(self.largest_output, other.largest_output),
        }
    }
}

fn host<E: Element>(value: &E) -> f64 {
    value.elem()
}

/// The larger number; NaN if one is.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

/// Index of the row's first maximum; none where the row has a NaN.
fn predicted_class<E: Element>(row: &[E]) -> Option<usize> {
    let mut best: Option<(usize, f64)> = None;
    for (class, value) in row.iter().enumerate() {
        let value: f64 = value.elem();
        if value.is_nan() {
            return None;
        }
        if best.is_none_or(|(_, largest)| value > largest) {
            best = Some((class, value));
        }
    }
    best.map(|(class, _)| class)
}

/// Training loss, averaged over the samples of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// `-log softmax(f)_y`.
    CrossEntropy,
    /// `|f - t|^2 / 2` with the target `t`, one-hot for classes.
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
    /// targets of that shape; all with a leading axis over networks
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
/// It is taken along an axis, because some backends sum a whole tensor with
/// atomic additions, in an order that differs between runs.
fn sum<B: Backend, const D: usize>(terms: Tensor<B, D>) -> Tensor<B, 1> {
    let shape = terms.dims();
    let networks = if D == 2 { 1 } else { shape[0] };
    let terms = terms.reshape([networks, shape[D - 2] * shape[D - 1]]);
    terms.sum_dim(1).reshape([networks])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ties_go_to_the_lowest_class_and_nan_is_never_right() {
        assert_eq!(predicted_class(&[0.0f32, 0.0, 0.0]), Some(0));
        assert_eq!(predicted_class(&[-1.0f32, 2.0, 2.0]), Some(1));
        assert_eq!(
            predicted_class(&[f32::NEG_INFINITY, f32::NEG_INFINITY]),
            Some(0)
        );
        assert_eq!(predicted_class(&[1.0f32, f32::NAN]), None);
        assert_eq!(predicted_class(&[f32::NAN, 1.0]), None);
    }
}
