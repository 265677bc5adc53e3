//! `E Theta_kk(x, x)`.

use super::Moments;

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
}
