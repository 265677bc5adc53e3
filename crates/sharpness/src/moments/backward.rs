//! `E |B^l|^2` and `E |B^l|^4`.

use super::{Moments, growth};

impl Moments {
    /// `E |B^l|^2 = (c/2) P(a^{l-1} != 0)` for `l = 1 .. L`, and 1 for
    /// `l = L + 1`.
    ///
    /// With coins `xi`, `B^L_i = xi_i w_i` over `n_L` weights of variance
    /// `c / n_L`, and `|B^l|^2 = |B^{l+1}|^2 (2 / n_l) sum_i xi_i g_i^2` over
    /// `n_l` terms of mean 1/2: every hidden layer keeps the mean. If
    /// `a^{l-1} = 0` the mask of layer `l` is 0 instead of coins, which is the
    /// last factor ([`alive`](Self::alive)). Exact. Hanin, arXiv:1801.03744.
    pub fn backward_squared(&self) -> Vec<f64> {
        let mean = self.output_gain / 2.0;
        let mut all: Vec<f64> = self.alive()[..self.depth()]
            .iter()
            .map(|alive| mean * alive)
            .collect();
        all.push(1.0);
        all
    }

    /// `E |B^l|^4 = (c/2)^2 prod_{k=l..L} (1 + 5/n_k) P(a^{l-1} != 0)` for
    /// `l = 1 .. L`, and 1 for `l = L + 1`.
    ///
    /// The same sums as in [`backward_squared`](Self::backward_squared),
    /// squared: each layer `k` from `l` to `L` contributes `1 + 5/n_k`. Exact.
    /// Hanin, arXiv:1801.03744.
    pub fn backward_fourth(&self) -> Vec<f64> {
        let mean = self.output_gain / 2.0;
        let growth = growth::from(self.hidden());
        let mut all: Vec<f64> = self.alive()[..self.depth()]
            .iter()
            .zip(growth)
            .map(|(alive, growth)| mean * mean * growth.single() * alive)
            .collect();
        all.push(1.0);
        all
    }
}
