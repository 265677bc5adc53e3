//! Blocks of the second derivative of one output.

use super::Moments;
use super::growth::{self, Growth};

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

impl Moments {
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
    /// from the fourth moments of the three factors
    /// ([`activation_fourth`](Self::activation_fourth),
    /// [`path_fourth`](Self::path_fourth),
    /// [`backward_fourth`](Self::backward_fourth)). Exact. By Minkowski's
    /// inequality the sum bounds `sqrt(E (sum b_lm^2)^2)`.
    pub fn block_fourth_root_sum(&self) -> BlockSums {
        let depth = self.depth();
        let q = self.mean_square_input;
        let widths = self.hidden();
        let before = growth::before(widths);
        let from = growth::from(widths);
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
}
