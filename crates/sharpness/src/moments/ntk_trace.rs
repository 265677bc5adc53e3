//! `E |J|_F^2` and `E |J|_F^4`: the trace of the tangent kernel at one input.

use super::Moments;

impl Moments {
    /// `E sum_k Theta_kk = K E Theta_kk`, the mean of `|J|_F^2`, `J` the
    /// Jacobian of all outputs (columns scaled with the square roots of the
    /// learning rates).
    pub fn ntk_trace_mean(&self) -> f64 {
        self.outputs * self.ntk_diagonal_mean()
    }

    /// `E (sum_k Theta_kk)^2 = K E Theta_11^2 + K (K - 1) E Theta_11 Theta_22`,
    /// the mean of `|J|_F^4`, exactly.
    ///
    /// `E Theta_11 Theta_22` is the double sum of
    /// [`ntk_diagonal_second_moment`](Self::ntk_diagonal_second_moment) with
    /// `prod_{k>=l'} (1+5/n_k)` replaced by
    /// `[ prod_{k>=l'} (1+5/n_k) + 2 prod_{k>=l'} (1-1/n_k) ] / 3`, because the
    /// backward vectors of two outputs start orthogonal.
    pub fn ntk_trace_second_moment(&self) -> f64 {
        let outputs = self.outputs;
        self.sum_over_pairs(|pair| {
            outputs * (pair.same_output + (outputs - 1.0) * pair.two_outputs)
        })
    }
}
