//! `E |a^l|^2` and `E |a^l|^4`.

use super::{Moments, growth};

impl Moments {
    /// `E |a^l|^2 = q n_l` for `l = 0 .. L`.
    ///
    /// Given layer `l - 1`, `|a^l|^2 = |a^{l-1}|^2 (2 / n_{l-1}) sum_i xi_i g_i^2`
    /// over `n_l` independent fair coins `xi` and standard normal `g`; each
    /// term has mean 1/2. Exact. Hanin, arXiv:1801.03744.
    pub fn activation_squared(&self) -> Vec<f64> {
        let scale = self.mean_square_input;
        self.widths.iter().map(|width| scale * width).collect()
    }

    /// `E |a^l|^4 = (q n_l)^2 prod_{k=1..l} (1 + 5/n_k)` for `l = 0 .. L`.
    ///
    /// With the same sum, `E (sum_i xi_i g_i^2)^2 = 3 n/2 + n (n - 1)/4
    /// = (n/2)^2 (1 + 5/n)`. Exact. Hanin, arXiv:1801.03744.
    pub fn activation_fourth(&self) -> Vec<f64> {
        let growth = growth::before(self.hidden());
        let squared = self.activation_squared();
        squared
            .iter()
            .zip(growth)
            .map(|(mean, growth)| mean * mean * growth.single())
            .collect()
    }
}
