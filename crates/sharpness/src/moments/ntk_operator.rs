//! Moments of an upper bound on `|J|_op^2` that is below `|J|_F^2`.

use super::Moments;

impl Moments {
    /// Mean of `Y = sum_{l<=L} |B^l|_F^2 |a^{l-1}|^2 + |a^L|^2 >= |J|_op^2`,
    /// `B^l` for all outputs together (`K` rows):
    /// `q [ K (c/2) (mu_in n_0 + n_1 + .. + n_{L-1}) + n_L ]`.
    ///
    /// `J J^T = sum_{l<=L} |a^{l-1}|^2 B^l B^l^T + |a^L|^2 I`, the columns scaled
    /// with the square roots of the learning rates: the output layer
    /// contributes a multiple of the identity, whose norm is its trace divided
    /// by `K`; for the others the trace bounds the norm.
    pub fn ntk_operator_mean(&self) -> f64 {
        let means = self.scaled_gradient_squared();
        let depth = self.depth();
        self.outputs * means[..depth].iter().sum::<f64>() + means[depth]
    }

    /// Second moment of the same `Y`, exactly: the double sum over layers of
    /// the trace's second moment, with the output layer counted once instead
    /// of `K` times.
    pub fn ntk_operator_second_moment(&self) -> f64 {
        let outputs = self.outputs;
        let depth = self.depth();
        self.sum_over_pairs(|pair| {
            if pair.first == depth {
                pair.same_output
            } else if pair.second == depth {
                outputs * pair.same_output
            } else {
                outputs * (pair.same_output + (outputs - 1.0) * pair.two_outputs)
            }
        })
    }
}
