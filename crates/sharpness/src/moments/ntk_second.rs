//! `E Theta_kk(x, x)^2`.

use super::Moments;

impl Moments {
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
    /// through `|P_{l->l'-1}|_F^4` ([`path_fourth`](Self::path_fourth)), and all
    /// other weights contribute as in a fourth moment. Tends to the squared mean
    /// as the widths grow. Compare Hanin and Nica, arXiv:1909.05989.
    pub fn ntk_diagonal_second_moment(&self) -> f64 {
        self.sum_over_pairs(|pair| pair.same_output)
    }
}
