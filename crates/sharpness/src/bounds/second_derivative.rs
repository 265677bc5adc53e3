//! `E |d2 f_k(x)|_op`.

use crate::moments::Moments;

/// `sqrt( 2 sum_{l<m} E b_lm^2 ) >= E |d2 f_k|_op`.
///
/// `d2 f_k` has vanishing diagonal blocks, and block `(l, m)` has operator norm
/// at most `b_lm` ([`Moments::block_squared`]). The operator norm of a
/// symmetric block matrix is at most that of the matrix of its blocks' norms,
/// hence at most the latter's Frobenius norm, `sqrt(2 sum_{l<m} b_lm^2)`; the
/// mean of a square root is at most the root of the mean. For `c = 2`, constant
/// width and `mu_in = 1` it is `sqrt(q n (n_0 L + n L (L-1)/2))`, of the order
/// of depth times width.
pub(super) fn norm(moments: &Moments) -> f64 {
    (2.0 * moments.block_squared().total()).sqrt()
}
