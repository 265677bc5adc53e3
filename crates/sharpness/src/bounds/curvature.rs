//! The curvature of the loss in the outputs.

use etastar_model::Loss;

/// `beta >= |d2 loss / d f^2|_op`: 1 for `|f - y|^2 / 2`; 1/2 for
/// cross-entropy, whose second derivative `diag(p) - p p^T` is the covariance
/// of a one-hot vector: along a unit `u` it is the variance of a variable with
/// values `u_k`, at most `(max u - min u)^2 / 4 <= 1/2`.
pub(super) fn beta(loss: Loss) -> f64 {
    match loss {
        Loss::SquaredError => 1.0,
        Loss::CrossEntropy => 0.5,
    }
}
