//! Lower bounds on `lambda_1(G)` from mean output gradients.
//!
//! With rows `F_ik` such that the loss's second derivative for sample `i` is
//! `sum_k F_ik^T F_ik`, `G = (1/N) V V^T` for the matrix `V` with the columns
//! `J_i^T F_ik^T`. It has the same top eigenvalue as `(1/N) V^T V`, whose
//! quadratic form in the unit vector with entries `c_k / sqrt N`, `|c| = 1`,
//! is
//!
//! ```text
//! lambda_1(G) >= | sum_k c_k g_k |^2,   g_k = (1/N) sum_i J_i^T F_ik^T.
//! ```
//!
//! `c = e_k` gives `max_k |g_k|^2`; the best `c` gives the top eigenvalue of
//! the `K` by `K` Gram matrix `g_k . g_k'`. For squared error `F_ik = e_k`, and
//! `g_k` is the gradient of the mean of output `k`: the bound is a mean of the
//! tangent kernel, `max_k (1/N^2) sum_ij Theta_kk(x_i, x_j)`. For
//! cross-entropy, `F_ik = sqrt(p_ik) (e_k - p_i)`. Under learning rates `M`,
//! the inner product is `g . M g'`.

use etastar_backend::Backend;
use etastar_model::LayerRates;
use nalgebra::DMatrix;

use super::top_eigenvalue;
use crate::operator::{InvalidRate, Objective, curvature_factor};

/// Lower bounds on `lambda_1(G)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeanGradient {
    /// `max_k |g_k|^2`.
    pub longest: f64,
    /// Top eigenvalue of the Gram matrix of the `g_k`: at least as large.
    pub combined: f64,
}

/// The bounds, for relative learning rates `M`: `K` backward passes and `K`
/// vectors of all parameters.
///
/// # Errors
/// If a rate is negative or not finite.
pub fn mean_gradient<B: Backend>(
    objective: &Objective<B>,
    rates: &LayerRates,
) -> Result<MeanGradient, InvalidRate> {
    let roots = objective.parameters().root_rates(rates)?;
    let per_sample = 1.0 / objective.samples() as f64;
    let outputs = objective.outputs();
    let gradients: Vec<Vec<f64>> = (0..outputs)
        .map(|output| {
            let sum = objective.pullback(|values| {
                let [samples, _] = values.dims();
                curvature_factor(objective.loss(), values)
                    .slice_dim(1, output..output + 1)
                    .reshape([samples, outputs])
            });
            let scaled = sum.iter().zip(&roots);
            scaled.map(|(sum, root)| sum * root * per_sample).collect()
        })
        .collect();
    let gram = DMatrix::from_fn(outputs, outputs, |row, column| {
        let pairs = gradients[row].iter().zip(&gradients[column]);
        pairs.map(|(a, b)| a * b).sum::<f64>()
    });
    Ok(MeanGradient {
        longest: gram.diagonal().iter().copied().fold(0.0, f64::max),
        combined: top_eigenvalue(gram),
    })
}
