//! The kernel recursion for one pair of samples.
//!
//! With `Sigma^0 = X X^T / n_0`, `C^l = 2 Sigma^{l-1}`, `rho` its correlation,
//! `t = arccos rho`, `s = sqrt(C_ii C_jj)`:
//!
//! ```text
//! Sigma^l = s (sin t + (pi - t) cos t) / (2 pi),      SigmaDot^l = (pi - t) / (2 pi)
//! K^1 = mu_in n_0 Sigma^0,      K^{l+1} = n_l Sigma^l + g_l SigmaDot^l K^l,     g_l = 2 (l < L), c (l = L)
//! ```
//!
//! (Jacot, Gabriel and Hongler, arXiv:1806.07572, in the parametrisation without
//! scaling factors; the integrals are Cho and Saul's, NIPS 2009.) The diagonal
//! of `Sigma^l` does not depend on `l`, so the state is the correlation alone.
//! It is carried as `u = (1 - rho) / 2 = sin^2(t/2)`, which keeps all digits
//! of the angle of nearly parallel samples:
//!
//! ```text
//! rho' = cos t + (sin t - t cos t) / pi,      u' = u - (sin t - t cos t) / (2 pi)
//! ```

use std::f64::consts::PI;

use etastar_model::Architecture;

use super::PredictionError;

/// One hidden layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    /// `n_l`.
    pub(super) width: f64,
    /// `g_l`: 2, or the output gain in the last hidden layer.
    pub(super) gain: f64,
}

/// The layers of a bias-free network, as the recursion needs them.
#[derive(Debug, Clone)]
pub(super) struct Recursion {
    pub(super) layers: Vec<Layer>,
    pub(super) input_rate: f64,
}

/// The kernels of one pair of samples at the outputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// `Sigma^L`.
    pub(super) covariance: f64,
    /// `g_L SigmaDot^L K^L`, the part of `K^{L+1}` that is not `n_L Sigma^L`.
    pub(super) hidden: f64,
}

impl Recursion {
    pub(super) fn new(
        architecture: &Architecture,
        input_rate: f64,
    ) -> Result<Self, PredictionError> {
        architecture.validate()?;
        if architecture.bias {
            return Err(PredictionError::Bias);
        }
        if !(input_rate.is_finite() && input_rate >= 0.0) {
            return Err(PredictionError::InputRate(input_rate));
        }
        let depth = architecture.depth();
        let layers = architecture
            .hidden
            .iter()
            .enumerate()
            .map(|(index, &width)| Layer {
                width: width as f64,
                gain: if index + 1 == depth {
                    architecture.output_gain
                } else {
                    2.0
                },
            })
            .collect();
        Ok(Self { layers, input_rate })
    }

    /// Kernels of a pair with inner product `dot`, `scale` the geometric mean
    /// of both `|x|^2 / n_0`.
    pub(super) fn pair(&self, dot: f64, scale: f64, mut u: f64) -> Pair {
        let mut tangent = self.input_rate * dot;
        let mut pair = Pair {
            covariance: 0.0,
            hidden: 0.0,
        };
        for layer in &self.layers {
            let (derivative, next) = step(u);
            u = next;
            pair.covariance = scale * (1.0 - 2.0 * u);
            pair.hidden = layer.gain * derivative * tangent;
            tangent = layer.width * pair.covariance + pair.hidden;
        }
        pair
    }
}

/// `u = (1 - rho) / 2` of a pair with inner product `dot` of vectors whose
/// norms multiply to `norms`; 0 if one of them is 0.
pub(super) fn half_distance(dot: f64, norms: f64) -> f64 {
    if norms > 0.0 {
        (0.5 * (1.0 - dot / norms)).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// `(SigmaDot, u')` of one layer.
pub(super) fn step(u: f64) -> (f64, f64) {
    let angle = if u < 0.5 {
        2.0 * u.sqrt().asin()
    } else {
        PI - 2.0 * (1.0 - u).max(0.0).sqrt().asin()
    };
    let lifted = if angle < 0.1 {
        // sin t - t cos t without cancellation; the next term is below 1e-14
        // of the sum.
        let square = angle * angle;
        let series = 1.0 / 3.0 - square * (1.0 / 30.0 - square * (1.0 / 840.0 - square / 45_360.0));
        angle * square * series
    } else {
        2.0 * (u * (1.0 - u)).sqrt() - angle * (1.0 - 2.0 * u)
    };
    let next = (u - lifted / (2.0 * PI)).clamp(0.0, 1.0);
    ((PI - angle) / (2.0 * PI), next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_opposite_and_orthogonal_samples() {
        assert_eq!(step(0.0), (0.5, 0.0));
        let (derivative, next) = step(1.0);
        assert!(derivative.abs() < 1e-15);
        assert!(
            (next - 0.5).abs() < 1e-15,
            "opposite samples become orthogonal"
        );
        let (derivative, next) = step(0.5);
        assert!((derivative - 0.25).abs() < 1e-15);
        assert!((1.0 - 2.0 * next - 1.0 / PI).abs() < 1e-15);
    }

    #[test]
    fn series_and_closed_form_meet() {
        let at = |angle: f64| step((angle / 2.0).sin().powi(2)).1;
        let (below, above) = (at(0.1 - 1e-9), at(0.1 + 1e-9));
        // The derivative of u' in t there is about 0.048.
        assert!(((above - below) / 2e-9 - 0.048).abs() < 1e-3);
    }

    #[test]
    fn nearly_parallel_samples_keep_their_angle() {
        let tiny = 1e-20;
        let (derivative, next) = step(tiny);
        assert!((next / tiny - 1.0).abs() < 1e-9);
        assert!(next < tiny);
        assert!(derivative <= 0.5);
    }
}
