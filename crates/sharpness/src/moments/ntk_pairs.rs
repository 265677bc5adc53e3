//! `E |df_k/dW^l|^2 |df_k'/dW^l'|^2` for every pair of layers.

use super::Moments;
use super::growth::{self, Growth};

/// A pair of layers, `first <= second`, counted from 0 at the input side, and
/// the mean product of their squared gradient norms divided by the product of
/// their means.
#[derive(Debug, Clone, Copy)]
pub(super) struct LayerPair {
    pub(super) first: usize,
    pub(super) second: usize,
    /// For the gradients of one output.
    pub(super) same_output: f64,
    /// For the gradients of two different outputs.
    pub(super) two_outputs: f64,
}

impl Moments {
    /// The mean products of squared gradient norms, for all `l <= l'`.
    ///
    /// Let `T_l = |a^{l-1}|^2 |B^l|^2`. For `l < l'` write `P = P_{l->l'-1}`.
    /// With coins, `a^{l'-1} = P g` with `g = W^l a^{l-1}`, and `B^l = P^T v`
    /// with `v = W^{l'}^T B^{l'}`. `W^l` enters only `g` and `W^{l'}` only
    /// `v`, so given the rest these are independent Gaussian vectors, whence
    ///
    /// ```text
    /// E [ |P g|^2 |P^T v|^2 | rest ] = (2/n_{l-1}) |a^{l-1}|^2 (2/n_{l'-1}) |B^{l'}|^2 |P|_F^4
    /// E T_l T_l' = E |a^{l-1}|^4 (2/n_{l-1}) (2/n_{l'-1}) E |P|_F^4 E |B^{l'}|^4
    /// ```
    ///
    /// (`c / n_L` in place of `2 / n_{l'-1}` if `l' = L + 1`). With `E |P|_F^4`
    /// of [`path_fourth`](Self::path_fourth), divided by the means:
    ///
    /// ```text
    /// E T_l T_l' / (E T_l E T_l') = prod_{k<l} (1+5/n_k)
    ///     x [ prod_{l<=k<l'} (1+5/n_k) + 2 prod_{l<=k<l'} (1-1/n_k) ] / 3
    ///     x prod_{k>=l'} (1+5/n_k)
    /// ```
    ///
    /// For two outputs `k != k'` the last factor comes from
    /// `E |B_k|^2 |B_k'|^2` in place of `E |B_k|^4`. Backwards through a layer,
    /// `|B_k|^2 |B_k'|^2` and `(B_k . B_k')^2` obey the recursion of `t` and
    /// `s` (module `growth`), and at the outputs they are 1 and 0, so the factor
    /// is `[ prod_{k>=l'} (1+5/n_k) + 2 prod_{k>=l'} (1-1/n_k) ] / 3`.
    /// Exact; for constant width and one output known from Hanin and Nica,
    /// arXiv:1909.05989, up to terms of higher order.
    pub(super) fn layer_pairs(&self) -> Vec<LayerPair> {
        let hidden = self.hidden();
        let before = growth::before(hidden);
        let from = growth::from(hidden);
        let layers = hidden.len() + 1;
        let mut pairs = Vec::with_capacity(layers * (layers + 1) / 2);
        for (first, before) in before.iter().enumerate() {
            let mut between = Growth::NONE;
            for (second, from) in from.iter().enumerate().skip(first) {
                let front = before.single() * between.mixture();
                pairs.push(LayerPair {
                    first,
                    second,
                    same_output: front * from.single(),
                    two_outputs: front * from.mixture(),
                });
                if let Some(&width) = hidden.get(second) {
                    between = between.through(width);
                }
            }
        }
        pairs
    }

    /// `sum_{l,l'} w_l w_l' ratio(l, l')`, `w` the scaled mean squared gradient
    /// norms.
    pub(super) fn sum_over_pairs(&self, ratio: impl Fn(LayerPair) -> f64) -> f64 {
        let means = self.scaled_gradient_squared();
        self.layer_pairs()
            .into_iter()
            .map(|pair| {
                let twice = if pair.first == pair.second { 1.0 } else { 2.0 };
                twice * means[pair.first] * means[pair.second] * ratio(pair)
            })
            .sum()
    }
}
