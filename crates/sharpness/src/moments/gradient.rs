//! `E |df_k/dW^l|_F^2` and `E |df_k/dW^l|_F^4`.

use super::{Moments, growth};

impl Moments {
    /// `E |df_k/dW^l|_F^2 = (c/2) q n_{l-1}` for `l = 1 .. L`, and `q n_L` for
    /// `l = L + 1`; not scaled with learning rates.
    ///
    /// The gradient is `B^l (a^{l-1})^T`, so its squared norm is
    /// `|B^l|^2 |a^{l-1}|^2`. `B^l` depends on weights and coins from layer
    /// `l` on, `a^{l-1}` on those before, and where `a^{l-1} = 0` the product
    /// vanishes: the means multiply. Exact. Hanin, arXiv:1801.03744.
    pub fn gradient_squared(&self) -> Vec<f64> {
        let activations = self.activation_squared();
        let mean = self.output_gain / 2.0;
        let depth = self.depth();
        activations
            .into_iter()
            .enumerate()
            .map(|(index, activation)| {
                if index < depth {
                    mean * activation
                } else {
                    activation
                }
            })
            .collect()
    }

    /// `E |df_k/dW^l|_F^4 = (E |df_k/dW^l|_F^2)^2 prod_{k=1..L} (1 + 5/n_k)`
    /// for `l = 1 .. L + 1`; not scaled with learning rates.
    ///
    /// The fourth moments of `a^{l-1}` and `B^l` multiply for the same reason;
    /// the first has the factors of layers `1 .. l - 1`, the second those of
    /// `l .. L`, so that the product is the same for all layers. Exact.
    /// Hanin, arXiv:1801.03744.
    pub fn gradient_fourth(&self) -> Vec<f64> {
        let growth = growth::from(self.hidden())[0].single();
        self.gradient_squared()
            .into_iter()
            .map(|mean| mean * mean * growth)
            .collect()
    }

    /// [`gradient_squared`](Self::gradient_squared), the input layer's scaled
    /// with its relative learning rate.
    pub(super) fn scaled_gradient_squared(&self) -> Vec<f64> {
        let mut means = self.gradient_squared();
        means[0] *= self.input_rate;
        means
    }
}
