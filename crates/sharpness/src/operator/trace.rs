//! The exact trace of the Gauss-Newton matrix, hence of the Hessian.
//!
//! With a factor `d2 loss / d f2 = sum_k F_k F_k^T` for each sample,
//!
//! ```text
//! tr M^{1/2} G M^{1/2} = (1/N) sum_i sum_k |M^{1/2} J_i^T F_ik|^2
//!                      = (1/N) sum_i sum_l rate_l (|a^{l-1}_i|^2 + [bias]) sum_k |B^l_ik|^2
//! ```
//!
//! with `B^l_ik` backpropagated from `F_ik`: `K` backward passes.
//!
//! `H - G = (1/N) sum_i sum_k r_ik d2 f_k(x_i)` has vanishing diagonal blocks,
//! because a ReLU network is linear in each layer almost everywhere, so the
//! Hessian has the same trace.

use etastar_backend::Backend;
use etastar_model::LayerRates;

use super::objective::Objective;
use super::output_gradients::curvature_factor;
use super::parameters::to_host;

impl<B: Backend> Objective<B> {
    /// Trace of `M^{1/2} G M^{1/2}`, and of `M^{1/2} H M^{1/2}`, exactly.
    pub fn trace(&self, rates: &LayerRates) -> f64 {
        let mut sum = 0.0;
        self.for_each_piece(self.samples_with_all_outputs(), |forward, _| {
            let factor = curvature_factor(self.loss(), forward.outputs.clone());
            let rows = self.backward_combinations(&forward.activations, factor);
            let weights = self.input_weights(&forward, rates);
            for (rows, weights) in rows.into_iter().zip(weights) {
                let squares = to_host(rows.square().sum_dim(2).sum_dim(1));
                let products = squares.iter().zip(weights);
                sum += products
                    .map(|(square, weight)| square * weight)
                    .sum::<f64>();
            }
        });
        sum / self.samples() as f64
    }
}
