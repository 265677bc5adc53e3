//! Gradients of every output, sample by sample, without forming them.
//!
//! The gradient of a scalar `u_i . f(x_i)` in the weight of layer `l` is the
//! rank-one matrix `a^{l-1}_i B^l_i` with the backpropagated row
//! `B^l_i = u_i d f / d z^l`, and in the bias it is `B^l_i`. Inner products of
//! such gradients therefore split into `(|a^{l-1}_i|^2 + [bias]) B . B'`.

use burn_tensor::Tensor;
use burn_tensor::activation::softmax;
use etastar_backend::Backend;
use etastar_model::{LayerRates, Loss};

use super::objective::{Forward, Objective};
use super::parameters::to_host;

impl<B: Backend> Objective<B> {
    /// Samples whose rows for all `K` outputs are as many as a chunk's.
    pub(crate) fn samples_with_all_outputs(&self) -> usize {
        (self.chunk_samples() / self.outputs()).max(1)
    }

    /// `[samples, K, out]` for every layer: the derivatives in its
    /// preactivation of the `K` combinations of outputs in the rows of
    /// `combinations`, `[samples, K, outputs]`.
    pub(crate) fn backward_combinations(
        &self,
        activations: &[Tensor<B, 2>],
        combinations: Tensor<B, 3>,
    ) -> Vec<Tensor<B, 3>> {
        let [samples, rows, outputs] = combinations.dims();
        let repeated: Vec<Tensor<B, 2>> = activations
            .iter()
            .map(|activation| {
                let [_, width] = activation.dims();
                activation
                    .clone()
                    .unsqueeze_dim::<3>(1)
                    .repeat_dim(1, rows)
                    .reshape([samples * rows, width])
            })
            .collect();
        let derivative = combinations.reshape([samples * rows, outputs]);
        self.backward(&repeated, derivative)
            .into_iter()
            .map(|delta| {
                let [_, width] = delta.dims();
                delta.reshape([samples, rows, width])
            })
            .collect()
    }

    /// `rate (|a|^2 + [bias])` for every layer (rows) and sample (columns).
    pub(crate) fn input_weights(&self, forward: &Forward<B>, rates: &LayerRates) -> Vec<Vec<f64>> {
        let layers = self.network().layers.iter().zip(&forward.activations);
        layers
            .enumerate()
            .map(|(index, (layer, activation))| {
                let rate = rates.of(index);
                let constant = if layer.bias.is_some() { 1.0 } else { 0.0 };
                to_host(activation.clone().square().sum_dim(1))
                    .into_iter()
                    .map(|square| rate * (square + constant))
                    .collect()
            })
            .collect()
    }
}

/// Rows that factor the loss's second derivative, `[samples, K, outputs]`:
/// `d2 loss / d f2 = sum_k F_k F_k^T`.
///
/// Squared error: `F_k = e_k`. Cross-entropy: `F_k = sqrt(p_k) (e_k - p)`,
/// since `sum_k p_k (e_k - p)(e_k - p)^T = diag p - p p^T`.
pub(crate) fn curvature_factor<B: Backend>(loss: Loss, outputs: Tensor<B, 2>) -> Tensor<B, 3> {
    let units = unit_rows(&outputs);
    match loss {
        Loss::SquaredError => units,
        Loss::CrossEntropy => {
            let probabilities = softmax(outputs, 1);
            let roots = probabilities.clone().sqrt().unsqueeze_dim::<3>(2);
            (units - probabilities.unsqueeze_dim::<3>(1)) * roots
        }
    }
}

/// The unit vectors, `[samples, K, K]`, for outputs `[samples, K]`.
pub(crate) fn unit_rows<B: Backend>(outputs: &Tensor<B, 2>) -> Tensor<B, 3> {
    let [samples, classes] = outputs.dims();
    Tensor::<B, 2>::eye(classes, &outputs.device())
        .unsqueeze_dim::<3>(0)
        .repeat_dim(0, samples)
}
