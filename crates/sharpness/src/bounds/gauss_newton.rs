//! `E lambda_1(G)` and its second moment.

use etastar_model::Loss;

use super::curvature::beta;
use super::tail::VariableMoments;
use crate::moments::Moments;

/// Moments of `Y = beta (1/N) sum_i |J_i|_F^2 >= lambda_1(G)`:
/// `E Y = beta K q [ (c/2) (mu_in n_0 + n_1 + .. + n_{L-1}) + n_L ]`.
///
/// `G <= beta (1/N) sum_i J_i^T J_i`, and `lambda_1` is convex and at most the
/// trace. `E |J_i|_F^2` is proportional to `q_i = |x_i|^2 / n_0`, so the mean
/// over samples depends on their mean alone. By Minkowski's inequality
/// `sqrt(E Y^2) <= beta (1/N) sum_i sqrt(E |J_i|_F^4)`, again proportional to
/// the mean of `q_i`; the fourth moment at one input is exact.
pub(super) fn by_trace(moments: &Moments, loss: Loss) -> VariableMoments {
    scaled(
        beta(loss),
        moments.ntk_trace_mean(),
        moments.ntk_trace_second_moment(),
    )
}

/// The same with `|J_i|_op^2` bounded by
/// `sum_{l<=L} |B^l|_F^2 |a^{l-1}|^2 + |a^L|^2`:
/// `E Y = beta q [ K (c/2) (mu_in n_0 + n_1 + .. + n_{L-1}) + n_L ]`.
pub(super) fn by_operator(moments: &Moments, loss: Loss) -> VariableMoments {
    scaled(
        beta(loss),
        moments.ntk_operator_mean(),
        moments.ntk_operator_second_moment(),
    )
}

fn scaled(beta: f64, mean: f64, second: f64) -> VariableMoments {
    VariableMoments {
        mean_lower: beta * mean,
        mean_upper: beta * mean,
        second_upper: beta * beta * second,
    }
}
