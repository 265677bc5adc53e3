//! Variables that are at least the eigenvalues, and their moments.
//!
//! # The Gauss-Newton matrix
//! `G <= beta (1/N) sum_i J_i^T J_i` with `beta` of [`curvature_bound`], and
//! `lambda_1` is convex and at most the trace. `E |J_i|_F^2` is proportional to
//! `q_i = |x_i|^2 / n_0`, so the mean over samples depends on their mean alone.
//! By Minkowski's inequality `sqrt(E Y^2) <= beta (1/N) sum_i sqrt(E |J_i|_F^4)`,
//! again proportional to the mean of `q_i`; the fourth moment at one input is
//! exact.
//!
//! # The Hessian
//! `lambda_1(H) <= Y = U + V`, `U >= lambda_1(G)` as before and `V >= |S|_op`. In
//! each chain `E Y <= E U + E V`, `sqrt(E Y^2) <= sqrt(E U^2) + sqrt(E V^2)`
//! (Minkowski), and `E Y >= E U`, which is known exactly.
//!
//! *Over samples.* `V = (1/N) sum_i V_i`, and every bound on `E V_i` or on
//! `sqrt(E V_i^2)` below is a sum of functions of `q_i` of the forms `q^{1/2}`,
//! `q` and `sqrt(q (A q + B))` with `A, B >= 0`, which are concave: for
//! `h^2 = A q^2 + B q`, `h'^2 = A + B^2 / (4 h^2) >= A`, and
//! `h h'' = A - h'^2 <= 0`. So the mean over samples is at most the value at
//! the mean of `q_i`.
//!
//! # The residual
//! For cross-entropy `|r_k| = |p_k - y_k| <= 1` and
//! `|r|^2 = (1 - p_y)^2 + sum_{j != y} p_j^2 <= 2`. For the squared error with
//! one-hot targets, `r = f - e_y`: given the last activations `f` is normal,
//! centred, with independent components of variance `v = (c / n_L) |a^L|^2`;
//! `E v = c q`, `E v^2 = (c q)^2 g` with `g = prod_k (1 + 5/n_k)`. Odd moments
//! vanish.
//!
//! Of fourth moments the square root is needed, bounded by an affine function of
//! `q`: if `C^4 q^2` is the leading term, `B q` the middle one and 1 the last,
//! then `C^4 q^2 + B q + 1 <= (C^2 q + gamma)^2` with
//! `gamma = max(1, B / (2 C^2))`. This keeps what is made of it concave in `q`;
//! it is exact where `gamma = B / (2 C^2) = 1`.

use etastar_model::Loss;

use super::tail::VariableMoments;
use crate::moments::Moments;
use crate::operator::curvature_bound;

/// Moments of `Y = beta (1/N) sum_i |J_i|_F^2 >= lambda_1(G)`:
/// `E Y = beta K q [ (c/2) (mu_in n_0 + n_1 + .. + n_{L-1}) + n_L ]`.
pub(super) fn trace(moments: &Moments, loss: Loss) -> VariableMoments {
    let (mean, second) = (moments.ntk_trace_mean(), moments.ntk_trace_second_moment());
    scaled(curvature_bound(loss), mean, second)
}

/// The same with `|J_i|_op^2` bounded by
/// `sum_{l<=L} |B^l|_F^2 |a^{l-1}|^2 + |a^L|^2`:
/// `E Y = beta q [ K (c/2) (mu_in n_0 + n_1 + .. + n_{L-1}) + n_L ]`.
pub(super) fn operator_norm(moments: &Moments, loss: Loss) -> VariableMoments {
    let mean = moments.ntk_operator_mean();
    let second = moments.ntk_operator_second_moment();
    scaled(curvature_bound(loss), mean, second)
}

fn scaled(beta: f64, mean: f64, second: f64) -> VariableMoments {
    VariableMoments {
        mean_lower: beta * mean,
        mean_upper: beta * mean,
        second_upper: beta * beta * second,
    }
}

/// `sqrt( 2 sum_{l<m} E b_lm^2 ) >= E |d2 f_k|_op`.
///
/// `d2 f_k` has vanishing diagonal blocks, and block `(l, m)` has operator norm
/// at most `b_lm` ([`Moments::block_squared`]). The operator norm of a
/// symmetric block matrix is at most that of the matrix of its blocks' norms,
/// hence at most the latter's Frobenius norm, `sqrt(2 sum_{l<m} b_lm^2)`; the
/// mean of a square root is at most the root of the mean. For `c = 2`, constant
/// width and `mu_in = 1` it is `sqrt(q n (n_0 L + n L (L-1)/2))`, of the order
/// of depth times width.
pub(super) fn second_derivative_norm(moments: &Moments) -> f64 {
    (2.0 * moments.block_squared().total()).sqrt()
}

/// By the triangle inequality over outputs: `U` by [`trace`],
/// `V_i = sum_k |r_k| beta_k` with `beta_k = sqrt(2 sum_{l<m} b_lm^2)` for
/// output `k`.
pub(super) fn hessian_summed(moments: &Moments, loss: Loss) -> VariableMoments {
    add(trace(moments, loss), over_outputs(moments, loss))
}

/// With the residual as one vector: `U` by [`operator_norm`].
/// `sum_k r_k d2 f_k` has blocks of norm
/// `|sum_k r_k B_k^m| |P_{l->m-1}|_op |a^{l-1}| <= |r| |B^m|_F |P|_F |a^{l-1}|`
/// (`m <= L`) and `|r| |P_{l->L}|_op |a^{l-1}|` (`m = L + 1`), so
/// `V_i = |r| Q^{1/2}`, `Q = 2 ( sum_k sum_{l<m<=L} b_lm^2 + sum_{l<=L} b_{l,L+1}^2 )`.
///
/// For the squared error of small outputs the triangle inequality can be the
/// better one; the smaller of both variables is a bound as well, and its
/// moments are at most the smaller of both.
pub(super) fn hessian_sharper(moments: &Moments, loss: Loss) -> VariableMoments {
    let vector = over_vector(moments, loss);
    let outputs = over_outputs(moments, loss);
    let smaller = Residual {
        mean: vector.mean.min(outputs.mean),
        root_second: vector.root_second.min(outputs.root_second),
    };
    add(operator_norm(moments, loss), smaller)
}

/// At least `E V` and at least `sqrt(E V^2)`.
#[derive(Clone, Copy)]
struct Residual {
    mean: f64,
    root_second: f64,
}

/// - Cross-entropy: `E V_i` and `sqrt(E V_i^2)` are at most `K sqrt(2 sum E b_lm^2)`.
/// - Squared error: `E |r_k| beta_k <= sqrt(E r_k^2) sqrt(2 sum E b_lm^2)` and
///   `sqrt(E (r_k beta_k)^2) <= (E r_k^4)^{1/4} (2 sum sqrt(E b_lm^4))^{1/2}`
///   (Cauchy-Schwarz, then Minkowski), summed over one output with target 1
///   and `K - 1` with target 0, where `E r_k^2 = c q + y_k^2` and
///   `E r_k^4 = 3 (c q)^2 g + 6 c q y_k^2 + y_k^4`. The residual and the
///   backward vectors share the output weights, so the means do not simply
///   multiply.
fn over_outputs(moments: &Moments, loss: Loss) -> Residual {
    let outputs = moments.outputs();
    let norm = second_derivative_norm(moments);
    match loss {
        Loss::CrossEntropy => Residual {
            mean: outputs * norm,
            root_second: outputs * norm,
        },
        Loss::SquaredError => {
            let variance = moments.output_squared();
            let fourth = moments.output_fourth().sqrt();
            let root_fourth = (2.0 * moments.block_fourth_root_sum().total()).sqrt();
            let sum = |target: f64, other: f64| target.sqrt() + (outputs - 1.0) * other.sqrt();
            Residual {
                mean: sum(variance + 1.0, variance) * norm,
                root_second: sum(fourth + offset(6.0 * variance, fourth), fourth) * root_fourth,
            }
        }
    }
}

/// `E Q = 2 (K sum_{l<m<=L} E b_lm^2 + sum_{l<=L} E b_{l,L+1}^2)`.
///
/// - Cross-entropy: `E V_i` and `sqrt(E V_i^2)` are at most `sqrt(2 E Q)`.
/// - Squared error: `E V_i <= sqrt(E |r|^2 E Q)` and
///   `sqrt(E V_i^2) <= (E |r|^4 E Q^2)^{1/4}`, `sqrt(E Q^2)` by Minkowski's
///   inequality over blocks and outputs; `E |r|^2 = K c q + 1` and, as
///   `|r|^2 = |f|^2 - 2 f_y + 1`,
///   `E |r|^4 = K (K + 2) (c q)^2 g + (2 K + 4) c q + 1`.
fn over_vector(moments: &Moments, loss: Loss) -> Residual {
    let outputs = moments.outputs();
    let blocks = moments.block_squared();
    let mean_q = 2.0 * (outputs * blocks.hidden + blocks.output);
    match loss {
        Loss::CrossEntropy => {
            let bound = (2.0 * mean_q).sqrt();
            Residual {
                mean: bound,
                root_second: bound,
            }
        }
        Loss::SquaredError => {
            let variance = moments.output_squared();
            let squared = outputs * variance + 1.0;
            let leading =
                (outputs * (outputs + 2.0) * moments.conditional_variance_squared()).sqrt();
            let fourth_root = leading + offset((2.0 * outputs + 4.0) * variance, leading);
            let roots = moments.block_fourth_root_sum();
            let root_q = 2.0 * (outputs * roots.hidden + roots.output);
            Residual {
                mean: (squared * mean_q).sqrt(),
                root_second: (fourth_root * root_q).sqrt(),
            }
        }
    }
}

/// `gamma = max(1, B / (2 C^2))` from `B q` and `C^2 q`.
fn offset(middle: f64, leading: f64) -> f64 {
    if leading > 0.0 {
        (middle / (2.0 * leading)).max(1.0)
    } else {
        1.0
    }
}

fn add(gauss_newton: VariableMoments, residual: Residual) -> VariableMoments {
    let root = gauss_newton.second_upper.sqrt() + residual.root_second;
    VariableMoments {
        mean_lower: gauss_newton.mean_lower,
        mean_upper: gauss_newton.mean_upper + residual.mean,
        second_upper: root * root,
    }
}
