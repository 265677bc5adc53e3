//! An upper bound on `E Theta_kk(x, x)^2`.

use super::{Moments, growth};

impl Moments {
    /// `(E Theta_kk)^2 prod_k (1 + 5/n_k) >= E Theta_kk^2`.
    ///
    /// Minkowski's inequality over the layers: `sqrt(E (sum_l T_l)^2) <=
    /// sum_l sqrt(E T_l^2)`, and `sqrt(E T_l^2) = E T_l sqrt(prod_k (1 + 5/n_k))`
    /// for every layer ([`gradient_fourth`](Self::gradient_fourth)). At most
    /// `(E Theta_kk)^2 exp(5 sum_k 1/n_k)`: the fluctuation is small only if
    /// the width is large compared with the depth.
    pub fn ntk_diagonal_second_moment_upper(&self) -> f64 {
        let mean = self.ntk_diagonal_mean();
        mean * mean * growth::from(self.hidden())[0].single()
    }
}
