//! Moments of the outputs.

use super::{Moments, growth};

impl Moments {
    /// `E f_k^2 = c q`. Given the last activations an output is normal with
    /// variance `(c / n_L) |a^L|^2`. Exact.
    pub fn output_squared(&self) -> f64 {
        self.output_gain * self.mean_square_input
    }

    /// `E f_k^4 = 3 (c q)^2 prod_k (1 + 5/n_k)`: three times the squared
    /// variance, averaged over [`activation_fourth`](Self::activation_fourth).
    /// Exact.
    pub fn output_fourth(&self) -> f64 {
        3.0 * self.conditional_variance_squared()
    }

    /// `E ((c / n_L) |a^L|^2)^2 = (c q)^2 prod_k (1 + 5/n_k)`. As `f` is
    /// normal with this variance in each of `K` independent components,
    /// `E |f|^4 = K (K + 2)` times it.
    pub fn conditional_variance_squared(&self) -> f64 {
        let variance = self.output_squared();
        variance * variance * growth::from(self.hidden())[0].single()
    }
}
