//! Gradients of every output, sample by sample, without forming them, and the
//! exact trace of the curvature.
//!
//! The gradient of a scalar `u_i . f(x_i)` in the weight of layer `l` is the
//! rank-one matrix `a^{l-1}_i B^l_i` with the backpropagated row
//! `B^l_i = u_i d f / d z^l`, and in the bias it is `B^l_i`. Inner products of
//! such gradients therefore split into `(|a^{l-1}_i|^2 + [bias]) B . B'`.

use burn_tensor::Tensor;
use burn_tensor::activation::softmax;
use etastar_backend::Backend;
use etastar_model::{LayerDerivative, LayerRates, LayerState, Loss};

use super::objective::{Forward, Objective};
use super::parameters::to_host;

impl<B: Backend> Objective<B> {
    /// Trace of `M^{1/2} G M^{1/2}`, exactly; and of `M^{1/2} H M^{1/2}`, for networks that are linear
    /// in each layer (see [`Form::is_linear_in_each_layer`](etastar_model::Form)).
    ///
    /// With a factor `d2 loss / d f2 = sum_k F_k F_k^T` for each sample,
    ///
    /// ```text
    /// tr M^{1/2} G M^{1/2} = (1/N) sum_i sum_k |M^{1/2} J_i^T F_ik|^2
    ///                      = (1/N) sum_i sum_l rate_l (|a^{l-1}_i|^2 + [bias]) sum_k |B^l_ik|^2
    /// ```
    ///
    /// and, where layers have gains, the squares of the derivatives in those,
    ///
    /// with `B^l_ik` backpropagated from `F_ik`: `K` backward passes.
    /// `H - G = (1/N) sum_i sum_k r_ik d2 f_k(x_i)` has vanishing diagonal
    /// blocks where outputs, as those of a ReLU network, are linear in each layer almost
    /// everywhere, so the Hessian has the same trace.
    pub fn trace(&self, rates: &LayerRates) -> f64 {
        let mut sum = 0.0;
        self.for_each_piece(|forward, _| {
            let factor = curvature_factor(self.loss(), forward.outputs.clone());
            let rows = self.backward_combinations(&forward.states, factor);
            let weights = self.input_weights(&forward, rates);
            for (layer, (rows, weights)) in rows.into_iter().zip(weights).enumerate() {
                let squares = to_host(rows.delta.square().sum_dim(2).sum_dim(1));
                let products = squares.iter().zip(weights);
                sum += products
                    .map(|(square, weight)| square * weight)
                    .sum::<f64>();
                let gains = rows.gain.map(|gain| to_host(gain.square().sum()));
                sum += rates.of(layer) * gains.into_iter().flatten().sum::<f64>();
            }
        });
        sum / self.samples() as f64
    }

    /// For every layer what the gradients are made of of the `K` combinations of outputs in the rows
    /// of `combinations`, `[samples, K, outputs]`: `[samples, K, ..]`.
    pub(crate) fn backward_combinations(
        &self,
        states: &[LayerState<Tensor<B, 2>>],
        combinations: Tensor<B, 3>,
    ) -> Vec<LayerDerivative<Tensor<B, 3>>> {
        let [samples, rows, outputs] = combinations.dims();
        let repeat = |tensor: &Tensor<B, 2>| {
            let [_, width] = tensor.dims();
            tensor
                .clone()
                .unsqueeze_dim::<3>(1)
                .repeat_dim(1, rows)
                .reshape([samples * rows, width])
        };
        let repeated: Vec<_> = states.iter().map(|state| state.map(repeat)).collect();
        let derivative = combinations.reshape([samples * rows, outputs]);
        let apart = |tensor: Tensor<B, 2>| {
            let [_, width] = tensor.dims();
            tensor.reshape([samples, rows, width])
        };
        let derivatives = self.backward(&repeated, derivative).into_iter();
        derivatives.map(|layer| layer.map(apart)).collect()
    }

    /// `rate (|a|^2 + [bias])` for every layer (rows) and sample (columns).
    pub(crate) fn input_weights(&self, forward: &Forward<B>, rates: &LayerRates) -> Vec<Vec<f64>> {
        let layers = self.network().layers.iter().zip(&forward.states);
        layers
            .enumerate()
            .map(|(index, (layer, state))| {
                let rate = rates.of(index);
                let constant = if layer.bias.is_some() { 1.0 } else { 0.0 };
                to_host(state.input.clone().square().sum_dim(1))
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

/// `beta >= |d2 loss / d f2|_op`: 1 for `|f - y|^2 / 2`; 1/2 for
/// cross-entropy, whose second derivative `diag p - p p^T` is the covariance
/// of a one-hot vector: along a unit `u` it is the variance of a variable with
/// values `u_k`, at most `(max u - min u)^2 / 4 <= 1/2` (Popoviciu).
pub(crate) fn curvature_bound(loss: Loss) -> f64 {
    match loss {
        Loss::SquaredError => 1.0,
        Loss::CrossEntropy => 0.5,
    }
}

/// The unit vectors, `[samples, K, K]`, for outputs `[samples, K]`.
pub(crate) fn unit_rows<B: Backend>(outputs: &Tensor<B, 2>) -> Tensor<B, 3> {
    let [samples, classes] = outputs.dims();
    Tensor::<B, 2>::eye(classes, &outputs.device())
        .unsqueeze_dim::<3>(0)
        .repeat_dim(0, samples)
}
