//! The tangent kernel of one sample: `J_i M J_i^T`, `K` by `K`.
//!
//! The gradient of output `k` in the weight of layer `l` is the rank-one
//! matrix of `a^{l-1}_i` and `B^l_ik = d f_k / d z^l`, and in the bias it is
//! `B^l_ik`, so
//!
//! ```text
//! (J_i M J_i^T)_kk' = sum_l rate_l (|a^{l-1}_i|^2 + [bias]) B^l_ik . B^l_ik'
//! ```

use etastar_backend::Backend;
use etastar_model::LayerRates;
use nalgebra::DMatrix;

use crate::operator::{Objective, curvature_factor, to_host, unit_rows};

/// Shows, sample by sample, `J_i M J_i^T` and the rows `F_i` that factor the
/// loss's second derivative as `F_i^T F_i`.
pub(super) fn for_each_gram<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
    mut visit: impl FnMut(DMatrix<f64>, DMatrix<f64>),
) {
    let classes = objective.outputs();
    objective.for_each_piece(objective.samples_with_all_outputs(), |forward, _| {
        let units = unit_rows(&forward.outputs);
        let rows = objective.backward_combinations(&forward.activations, units);
        let weights = objective.input_weights(&forward, rates);
        let products: Vec<Vec<f64>> = rows
            .into_iter()
            .map(|rows| to_host(rows.clone().matmul(rows.swap_dims(1, 2))))
            .collect();
        let factors = to_host(curvature_factor(objective.loss(), forward.outputs));
        for (sample, factor) in factors.chunks_exact(classes * classes).enumerate() {
            let mut gram = DMatrix::zeros(classes, classes);
            for (products, weights) in products.iter().zip(&weights) {
                let start = sample * classes * classes;
                let product = &products[start..start + classes * classes];
                gram += DMatrix::from_row_slice(classes, classes, product) * weights[sample];
            }
            visit(gram, DMatrix::from_row_slice(classes, classes, factor));
        }
    });
}
