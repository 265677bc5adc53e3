//! `E lambda_1(H)` and its second moment.
//!
//! `lambda_1(H) <= Y = U + V`, `U >= lambda_1(G)` of module `gauss_newton` and
//! `V >= |S|_op`. In each chain `E Y <= E U + E V`,
//! `sqrt(E Y^2) <= sqrt(E U^2) + sqrt(E V^2)` (Minkowski), and `E Y >= E U`,
//! which is known exactly.
//!
//! *Over samples.* `V = (1/N) sum_i V_i`, and every bound on `E V_i` or on
//! `sqrt(E V_i^2)` below is a sum of functions of `q_i = |x_i|^2 / n_0` of the
//! forms `q^{1/2}`, `q` and `sqrt(q (A q + B))` with `A, B >= 0`, which are
//! concave: for `h^2 = A q^2 + B q`, `h'^2 = A + B^2 / (4 h^2) >= A`, and
//! `h h'' = A - h'^2 <= 0`. So the mean over samples is at most the value at
//! the mean of `q_i`.

use etastar_model::Loss;

use super::tail::VariableMoments;
use super::{gauss_newton, residual, second_derivative};
use crate::moments::Moments;

/// By the triangle inequality over outputs, `V_i = sum_k |r_k| beta_k` with
/// `beta_k = sqrt(2 sum_{l<m} b_lm^2)` for output `k`.
///
/// - Cross-entropy: `|r_k| = |p_k - y_k| <= 1`, so `E V_i` and
///   `sqrt(E V_i^2)` are at most `K sqrt(2 sum E b_lm^2)`.
/// - Squared error: `E |r_k| beta_k <= sqrt(E r_k^2) sqrt(2 sum E b_lm^2)` and
///   `sqrt(E (r_k beta_k)^2) <= (E r_k^4)^{1/4} (2 sum sqrt(E b_lm^4))^{1/2}`
///   (Cauchy-Schwarz, then Minkowski), summed over one output with target 1
///   and `K - 1` with target 0. The residual and the backward vectors share the
///   output weights, so the means do not simply multiply.
pub(super) fn by_outputs(moments: &Moments, loss: Loss) -> VariableMoments {
    add(
        gauss_newton::by_trace(moments, loss),
        over_outputs(moments, loss),
    )
}

/// At least `E V` and at least `sqrt(E V^2)`.
#[derive(Clone, Copy)]
struct Residual {
    mean: f64,
    root_second: f64,
}

fn over_outputs(moments: &Moments, loss: Loss) -> Residual {
    let outputs = moments.outputs();
    let norm = second_derivative::norm(moments);
    match loss {
        Loss::CrossEntropy => Residual {
            mean: outputs * norm,
            root_second: outputs * norm,
        },
        Loss::SquaredError => {
            let sum = |residual: residual::SquaredResidual| {
                residual.target.sqrt() + (outputs - 1.0) * residual.other.sqrt()
            };
            let root_fourth = (2.0 * moments.block_fourth_root_sum().total()).sqrt();
            Residual {
                mean: sum(residual::squared(moments)) * norm,
                root_second: sum(residual::fourth_root(moments)) * root_fourth,
            }
        }
    }
}

/// With the residual as one vector, `sum_k r_k d2 f_k` has blocks of norm
/// `|sum_k r_k B_k^m| |P_{l->m-1}|_op |a^{l-1}| <= |r| |B^m|_F |P|_F |a^{l-1}|`
/// (`m <= L`) and `|r| |P_{l->L}|_op |a^{l-1}|` (`m = L + 1`), so
/// `V_i = |r| Q^{1/2}`, `Q = 2 ( sum_k sum_{l<m<=L} b_lm^2 + sum_{l<=L} b_{l,L+1}^2 )`,
/// with `E Q = 2 (K sum_{l<m<=L} E b_lm^2 + sum_{l<=L} E b_{l,L+1}^2)`.
///
/// - Cross-entropy: `|r|^2 = (1 - p_y)^2 + sum_{j != y} p_j^2 <= 2`, so `E V_i`
///   and `sqrt(E V_i^2)` are at most `sqrt(2 E Q)`.
/// - Squared error: `E V_i <= sqrt(E |r|^2 E Q)` and
///   `sqrt(E V_i^2) <= (E |r|^4 E Q^2)^{1/4}`, `sqrt(E Q^2)` by Minkowski's
///   inequality over blocks and outputs.
///
/// For the squared error of small outputs the triangle inequality can be the
/// better one; the smaller of both variables is a bound as well, and its
/// moments are at most the smaller of both.
pub(super) fn by_vector(moments: &Moments, loss: Loss) -> VariableMoments {
    let vector = over_vector(moments, loss);
    let outputs = over_outputs(moments, loss);
    add(
        gauss_newton::by_operator(moments, loss),
        Residual {
            mean: vector.mean.min(outputs.mean),
            root_second: vector.root_second.min(outputs.root_second),
        },
    )
}

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
            let roots = moments.block_fourth_root_sum();
            let root_q = 2.0 * (outputs * roots.hidden + roots.output);
            Residual {
                mean: (residual::vector_squared(moments) * mean_q).sqrt(),
                root_second: (residual::vector_fourth_root(moments) * root_q).sqrt(),
            }
        }
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
