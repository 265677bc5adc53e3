//! Outputs of infinitely wide networks.

use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::{PredictionError, TangentKernel, cholesky};

/// Draws `draws` times `outputs` independent columns from
/// `N(0, gain Sigma^L)` and returns their softmax, `outputs` numbers a sample.
pub(super) fn probabilities(
    kernel: &TangentKernel,
    gain: f64,
    outputs: usize,
    draws: usize,
    rng: &mut impl Rng,
) -> Result<Vec<Vec<f64>>, PredictionError> {
    let count = kernel.samples();
    let factor = cholesky::factor(kernel.covariance(), count)?;
    let deviation = gain.sqrt();
    Ok((0..draws)
        .map(|_| {
            let normal =
                DMatrix::from_fn(count, outputs, |_, _| -> f64 { StandardNormal.sample(rng) });
            let logits = &factor * normal * deviation;
            logits
                .row_iter()
                .flat_map(|row| {
                    let row: Vec<f64> = row.iter().copied().collect();
                    softmax(&row)
                })
                .collect()
        })
        .collect())
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - top).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|value| value / sum).collect()
}
