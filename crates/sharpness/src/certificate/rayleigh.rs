//! `lambda_1(A) >= v^T A v / |v|^2` for every vector `v` (Rayleigh).
//!
//! The gradient is a good direction at initialisation: of the loss's change
//! in a step of gradient descent, `-eta |g|^2 + eta^2 g^T H g / 2`, it decides
//! the second term. Under learning rates `M`, gradient descent in the
//! parameters `M^{-1/2} w` moves along `M^{1/2} g`.

use crate::operator::LinearOperator;

/// The Rayleigh quotient of a direction; 0 if the direction vanishes.
///
/// 0 is then a lower bound too for both matrices bounded here: `G` is positive
/// semidefinite, and the trace of `H` is that of `G`, so `lambda_1(H) >= 0`.
pub fn rayleigh_quotient(operator: &impl LinearOperator, direction: &[f64]) -> f64 {
    // Scaled first: the square of a tiny gradient may vanish.
    let largest = direction
        .iter()
        .fold(0.0, |largest: f64, value| largest.max(value.abs()));
    if largest == 0.0 || !largest.is_finite() {
        return if largest == 0.0 { 0.0 } else { f64::NAN };
    }
    let scaled: Vec<f64> = direction.iter().map(|value| value / largest).collect();
    let norm = scaled.iter().map(|value| value * value).sum::<f64>().sqrt();
    let unit: Vec<f64> = scaled.iter().map(|value| value / norm).collect();
    let image = operator.apply(&unit);
    unit.iter().zip(image).map(|(u, image)| u * image).sum()
}
