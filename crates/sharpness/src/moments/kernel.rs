//! The moments of the tangent kernel and of the second derivative: sums over
//! pairs of layers, which share the weights between them.

use super::layers::{Growth, Moments};

/// Sums over the blocks `(l, m)`, `l < m`, of one output's second derivative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockSums {
    /// Over the blocks with `m <= L`, between two hidden layers.
    pub hidden: f64,
    /// Over the blocks with `m = L + 1`, between a hidden layer and the output
    /// layer.
    pub output: f64,
}

impl BlockSums {
    /// Over all blocks.
    pub fn total(self) -> f64 {
        self.hidden + self.output
    }
}

/// A pair of layers, `first <= second`, counted from 0 at the input side, and
/// the mean product of their squared gradient norms divided by the product of
/// their means.
#[derive(Debug, Clone, Copy)]
struct LayerPair {
    first: usize,
    second: usize,
    /// For the gradients of one output.
    same_output: f64,
    /// For the gradients of two different outputs.
    two_outputs: f64,
}

impl Moments {
    /// `E Theta_kk = q [ (c/2) (mu_in n_0 + n_1 + .. + n_{L-1}) + n_L ]`, the
    /// mean squared gradient norm of one output, layers weighted with their
    /// relative learning rates.
    ///
    /// The sum over layers of [`gradient_squared`](Self::gradient_squared).
    /// For `c = 2` and constant width it is `q (mu_in n_0 + L n)`: depth times
    /// width, plus the input layer, which counts `n_0` unless its rate is
    /// small. Exact. Hanin and Nica, arXiv:1909.05989.
    pub fn ntk_diagonal_mean(&self) -> f64 {
        self.scaled_gradient_squared().iter().sum()
    }

    /// `E Theta_kk^2`, exactly, for any widths:
    ///
    /// ```text
    /// sum_{l,l'=1..L+1} w_l w_l' prod_{k<l or k>=l'} (1+5/n_k)
    ///     x [ prod_{l<=k<l'} (1+5/n_k) + 2 prod_{l<=k<l'} (1-1/n_k) ] / 3      (l <= l')
    /// ```
    ///
    /// `w` the summands of [`ntk_diagonal_mean`](Self::ntk_diagonal_mean). The
    /// double sum over the layers of the mean product of two squared gradient
    /// norms: `a^{l'-1}` and `B^l` share the weights between the two layers,
    /// through `|P_{l->l'-1}|_F^4`, and all other weights contribute as in a
    /// fourth moment. Tends to the squared mean as the widths grow. Compare Hanin
    /// and Nica, arXiv:1909.05989.
    ///
    /// At most `(E Theta_kk)^2 prod_k (1 + 5/n_k)`, by Minkowski's inequality
    /// `sqrt(E (sum_l T_l)^2) <= sum_l sqrt(E T_l^2)` over the layers, with
    /// `sqrt(E T_l^2) = E T_l sqrt(prod_k (1 + 5/n_k))` for every one; hence at
    /// most `(E Theta_kk)^2 exp(5 sum_k 1/n_k)`: the fluctuation is small only if
    /// the width is large compared with the depth.
    pub fn ntk_diagonal_second_moment(&self) -> f64 {
        self.sum_over_pairs(|pair| pair.same_output)
    }

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

    /// `sum_{l<m} E b_lm^2`, where
    /// `b_lm = |B^m| |P_{l->m-1}|_F |a^{l-1}|` bounds the operator norm of block
    /// `(l, m)` of `d2 f_k`:
    ///
    /// ```text
    /// E b_lm^2 = E|B^m|^2 E|P_{l->m-1}|_F^2 E|a^{l-1}|^2
    ///          = (c/2) (n_{m-1}/2) q n_{l-1}     (m <= L),      (n_L/2) q n_{l-1}     (m = L + 1)
    /// ```
    ///
    /// A perturbation `(V_l, V_m)` changes `f_k` in second order by
    /// `B^m . V_m P_{l->m-1} V_l a^{l-1}`, whose maximum over unit `V_l`, `V_m`
    /// is `|B^m| |P_{l->m-1}|_op |a^{l-1}|`; the Frobenius norm bounds the
    /// operator norm of `P`. The three factors depend on different weights and
    /// coins, and vanish together on dead layers, so the means multiply.
    /// Blocks of the input layer (`l = 1`) are scaled with `mu_in` (their norm
    /// with its square root). Exact.
    pub fn block_squared(&self) -> BlockSums {
        let depth = self.depth();
        let q = self.mean_square_input;
        let mut fan_in = 0.0;
        let mut hidden = 0.0;
        // Before step m - 1, `fan_in` is the sum of n_{l-1} over l < m.
        for (index, scaled) in self.scaled_fan_in().enumerate() {
            hidden += self.widths[index] / 2.0 * fan_in;
            fan_in += scaled;
        }
        BlockSums {
            hidden: self.output_gain / 2.0 * q * hidden,
            output: q * self.widths[depth] / 2.0 * fan_in,
        }
    }

    /// `sum_{l<m} sqrt(E b_lm^4)` of the same `b_lm`, with
    ///
    /// ```text
    /// E b_lm^4 = (E b_lm^2)^2 prod_{k<l} (1+5/n_k)
    ///     x [ prod_{l<=k<m} (1+5/n_k) + 2 prod_{l<=k<m} (1-1/n_k) ] / 3
    ///     x prod_{k>=m} (1+5/n_k)
    /// ```
    ///
    /// from the fourth moments of the three factors. Exact. By Minkowski's
    /// inequality the sum bounds `sqrt(E (sum b_lm^2)^2)`.
    pub fn block_fourth_root_sum(&self) -> BlockSums {
        let depth = self.depth();
        let q = self.mean_square_input;
        let widths = self.hidden();
        let before = Growth::before(widths);
        let from = Growth::from(widths);
        let mut sums = BlockSums {
            hidden: 0.0,
            output: 0.0,
        };
        for (first, scaled) in self.scaled_fan_in().enumerate() {
            let mut between = Growth::NONE;
            // `second` is the index of layer m, `first` that of layer l.
            for second in first + 1..=depth {
                between = between.through(widths[second - 1]);
                let mean = q * scaled * widths[second - 1] / 2.0;
                let ratio = before[first].single() * between.mixture() * from[second].single();
                if second < depth {
                    sums.hidden += self.output_gain / 2.0 * mean * ratio.sqrt();
                } else {
                    sums.output += mean * ratio.sqrt();
                }
            }
        }
        sums
    }

    /// `sum_{l,l'} w_l w_l' ratio(l, l')`, `w` the scaled mean squared gradient
    /// norms, over all pairs of layers.
    ///
    /// With `T_l = |a^{l-1}|^2 |B^l|^2` and `l <= l'`, because `a^{l'-1}` and `B^l` share the path
    /// between the two layers,
    ///
    /// ```text
    /// E T_l T_l' / (E T_l E T_l') = prod_{k<l} (1+5/n_k)
    ///     x [ prod_{l<=k<l'} (1+5/n_k) + 2 prod_{l<=k<l'} (1-1/n_k) ] / 3
    ///     x prod_{k>=l'} (1+5/n_k)
    /// ```
    ///
    /// For two outputs the last factor is `[ prod_{k>=l'} (1+5/n_k) + 2 prod_{k>=l'} (1-1/n_k) ] / 3`
    /// ([`Growth`]). Exact; for constant width and one output known from Hanin and Nica,
    /// arXiv:1909.05989, up to terms of higher order. Derived in the book, chapter *Moments and bounds,
    /// with proofs*.
    fn sum_over_pairs(&self, ratio: impl Fn(LayerPair) -> f64) -> f64 {
        let means = self.scaled_gradient_squared();
        let hidden = self.hidden();
        let from = Growth::from(hidden);
        let mut sum = 0.0;
        for (first, before) in Growth::before(hidden).into_iter().enumerate() {
            let mut between = Growth::NONE;
            for (second, from) in from.iter().enumerate().skip(first) {
                let front = before.single() * between.mixture();
                let pair = LayerPair {
                    first,
                    second,
                    same_output: front * from.single(),
                    two_outputs: front * from.mixture(),
                };
                let twice = if first == second { 1.0 } else { 2.0 };
                sum += twice * means[first] * means[second] * ratio(pair);
                if let Some(&width) = hidden.get(second) {
                    between = between.through(width);
                }
            }
        }
        sum
    }
}
