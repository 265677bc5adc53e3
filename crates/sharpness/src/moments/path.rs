//! `E |P_{l->m}|_F^2` and `E |P_{l->m}|_F^4`.

use super::Moments;
use super::growth::Growth;

impl Moments {
    /// `E |P_{l->m}|_F^2 = n_m / 2`, given that no layer before `l` is dead,
    /// for `1 <= l <= m <= L`; `None` for other layers.
    ///
    /// `P_{l->l} = D^l` has `n_l` fair coins, and a layer of width `n` after
    /// width `p` multiplies the mean of the squared norm by `n (1/2) (2/p)`.
    /// Exact. Hanin and Nica, arXiv:1812.05994.
    pub fn path_squared(&self, from: usize, to: usize) -> Option<f64> {
        (1 <= from && from <= to && to <= self.depth()).then(|| self.widths[to] / 2.0)
    }

    /// `E |P_{l->m}|_F^4 = (n_m/2)^2 [ prod_{k=l..m} (1+5/n_k) + 2 prod_{k=l..m} (1-1/n_k) ] / 3`,
    /// given that no layer before `l` is dead, for `1 <= l <= m <= L`; `None`
    /// for other layers.
    ///
    /// With `M = P P^T`, `t = (tr M)^2` and `s = tr M^2`, a further layer of
    /// width `n` after width `p` gives
    ///
    /// ```text
    /// E t' = (n/p^2) [ (n + 1) t + 4 s ],   E s' = (n/p^2) [ 2 t + (n + 3) s ]
    /// ```
    ///
    /// so `t + 2 s` and `t - s` are multiplied by `(n/p)^2 (1 + 5/n)` and
    /// `(n/p)^2 (1 - 1/n)`. At the start `P = D^l` with `n = n_l` coins:
    /// `E t = (n^2 + n)/4`, `E s = n/2`, that is
    /// `E (t + 2 s) = (n/2)^2 (1 + 5/n)` and `E (t - s) = (n/2)^2 (1 - 1/n)`.
    /// Exact. Compare Hanin and Nica, arXiv:1812.05994.
    pub fn path_fourth(&self, from: usize, to: usize) -> Option<f64> {
        let mean = self.path_squared(from, to)?;
        let growth = self.widths[from..=to]
            .iter()
            .fold(Growth::NONE, |growth, &width| growth.through(width));
        Some(mean * mean * growth.mixture())
    }
}
