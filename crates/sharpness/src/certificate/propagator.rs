//! Norms of the products of weights and activation patterns between layers.
//!
//! For one sample, `P_{l->m} = D^m W^m .. W^{l+1} D^l` maps a perturbation of
//! the preactivation of hidden layer `l` to the activation of hidden layer
//! `m`; `D` keeps the active units. Only the rows and columns of active units
//! differ from zero, so a network at initialisation needs matrices of about
//! half its width.
//!
//! The operator norm is computed in one of three ways, from exact to cheap:
//!
//! - [`Exact`](PropagatorNorm::Exact): the top eigenvalue of `P P^T`.
//! - [`Schatten`](PropagatorNorm::Schatten): `|P|_op <= (tr (P P^T)^p)^{1/(2p)}`
//!   with `p = 32`, by five squarings. With `r` active units it is too large
//!   by a factor of at most `r^{1/64}`: 9 % for 256.
//! - [`LayerProduct`](PropagatorNorm::LayerProduct): `|P|_op` is at most the
//!   product of the Schatten bounds of the whole weight matrices, since
//!   `|D|_op <= 1`. The same for all samples, and too large by a factor that
//!   grows geometrically with depth.

use nalgebra::DMatrix;
use serde::{Deserialize, Serialize};

use crate::lanczos::top_eigenvalue;

/// `log2 p` of the Schatten norm.
const SQUARINGS: i32 = 5;

/// How the operator norms of propagators were bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PropagatorNorm {
    /// By the eigenvalues of `P P^T`.
    Exact,
    /// By a Schatten norm of each product.
    Schatten,
    /// By the product of the layers' norms.
    LayerProduct,
}

/// Which networks get which kind of norm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PropagatorOptions {
    /// Widest hidden layer for which norms are exact.
    pub exact_width: usize,
    /// Widest hidden layer for which each product gets a Schatten norm;
    /// wider networks get the product of their layers' norms. The work is
    /// `samples * depth^2 * width^3`, roughly.
    pub schatten_width: usize,
}

impl Default for PropagatorOptions {
    fn default() -> Self {
        Self {
            exact_width: 64,
            schatten_width: 256,
        }
    }
}

impl PropagatorOptions {
    /// The kind of norm for a network whose widest hidden layer is `width`.
    pub(super) fn choose(&self, width: usize) -> PropagatorNorm {
        if width <= self.exact_width {
            PropagatorNorm::Exact
        } else if width <= self.schatten_width {
            PropagatorNorm::Schatten
        } else {
            PropagatorNorm::LayerProduct
        }
    }
}

/// The weights between hidden layers, and how to bound products of them.
pub(super) struct Propagators {
    /// `between[l]`, `[in, out]`, maps hidden layer `l` to `l + 1`.
    between: Vec<DMatrix<f64>>,
    /// Bound on the norm of each, for layer products only.
    norms: Vec<f64>,
    pub(super) method: PropagatorNorm,
}

impl Propagators {
    /// Bounds that are asked for after an interruption mean nothing.
    pub(super) fn new(
        between: Vec<DMatrix<f64>>,
        method: PropagatorNorm,
        is_interrupted: impl Fn() -> bool,
    ) -> Self {
        let norm = |matrix| match is_interrupted() {
            true => f64::NAN,
            false => schatten_norm(matrix),
        };
        let norms = match method {
            PropagatorNorm::LayerProduct => between.iter().map(norm).collect(),
            _ => Vec::new(),
        };
        Self {
            between,
            norms,
            method,
        }
    }

    /// Bounds `[l][m - l]` on `|P_{l->m}|_op` for hidden layers `l <= m`
    /// (counted from 0), given each layer's active units.
    pub(super) fn bounds(&self, active: &[Vec<usize>]) -> Vec<Vec<f64>> {
        let from = |first: usize| match self.method {
            PropagatorNorm::LayerProduct => self.layer_products(first, active),
            _ => self.products(first, active),
        };
        (0..active.len()).map(from).collect()
    }

    fn products(&self, first: usize, active: &[Vec<usize>]) -> Vec<f64> {
        let mut bounds = vec![identity_norm(&active[first])];
        let mut product: Option<DMatrix<f64>> = None;
        for layer in first..active.len() - 1 {
            let step = self.between[layer]
                .select_rows(&active[layer])
                .select_columns(&active[layer + 1]);
            let next = match product {
                Some(product) => product * step,
                None => step,
            };
            bounds.push(match self.method {
                PropagatorNorm::Exact => exact_norm(&next),
                _ => schatten_norm(&next),
            });
            product = Some(next);
        }
        bounds
    }

    fn layer_products(&self, first: usize, active: &[Vec<usize>]) -> Vec<f64> {
        let mut bound = identity_norm(&active[first]);
        let mut bounds = vec![bound];
        for layer in first..active.len() - 1 {
            bound *= self.norms[layer] * identity_norm(&active[layer + 1]);
            bounds.push(bound);
        }
        bounds
    }
}

/// Norm of the projection onto the active units.
fn identity_norm(active: &[usize]) -> f64 {
    if active.is_empty() { 0.0 } else { 1.0 }
}

/// `P P^T` or `P^T P`, whichever is smaller.
fn smaller_gram(matrix: &DMatrix<f64>) -> DMatrix<f64> {
    if matrix.nrows() <= matrix.ncols() {
        matrix * matrix.transpose()
    } else {
        matrix.transpose() * matrix
    }
}

fn exact_norm(matrix: &DMatrix<f64>) -> f64 {
    // Not `max(0.0)`, which would turn NaN into 0.
    let top = top_eigenvalue(&smaller_gram(matrix));
    if top < 0.0 { 0.0 } else { top.sqrt() }
}

/// `(tr X^p)^{1/(2p)}` with `X = P P^T`, squaring `Y = X / tr X` and keeping
/// its trace at 1.
fn schatten_norm(matrix: &DMatrix<f64>) -> f64 {
    let mut gram = smaller_gram(matrix);
    let trace = gram.trace();
    if trace == 0.0 {
        return 0.0;
    }
    gram *= 1.0 / trace;
    // X^(2^s) = (trace e^log)^(2^s) Y_s, up to rounding.
    let mut log = 0.0;
    for squaring in 1..=SQUARINGS {
        gram = &gram * &gram;
        let power = gram.trace();
        log += power.ln() / f64::from(1 << squaring);
        gram *= 1.0 / power;
    }
    (trace * log.exp()).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matrix(rows: usize, columns: usize) -> DMatrix<f64> {
        DMatrix::from_fn(rows, columns, |i, j| ((7 * i + 3 * j) as f64).sin())
    }

    #[test]
    fn schatten_norms_are_slightly_above_exact_ones() {
        for (rows, columns) in [(1, 1), (3, 8), (8, 3), (20, 20)] {
            let (exact, schatten) = (
                exact_norm(&matrix(rows, columns)),
                schatten_norm(&matrix(rows, columns)),
            );
            let rank = rows.min(columns) as f64;
            assert!(schatten >= exact * (1.0 - 1e-13), "{schatten} < {exact}");
            assert!(schatten <= exact * rank.powf(1.0 / 64.0) * (1.0 + 1e-13));
        }
        let identity = DMatrix::<f64>::identity(16, 16);
        assert!((schatten_norm(&identity) - 16f64.powf(1.0 / 64.0)).abs() < 1e-12);
    }

    #[test]
    fn every_method_bounds_the_exact_norm() {
        let weights = vec![matrix(6, 5), matrix(5, 7)];
        let active = [vec![0, 2, 5], vec![1, 3, 4], vec![0, 6]];
        let bounds = |method| Propagators::new(weights.clone(), method, || false).bounds(&active);
        let exact = bounds(PropagatorNorm::Exact);
        assert_eq!(exact.iter().map(Vec::len).collect::<Vec<_>>(), [3, 2, 1]);
        for method in [PropagatorNorm::Schatten, PropagatorNorm::LayerProduct] {
            for (bound, exact) in bounds(method).iter().flatten().zip(exact.iter().flatten()) {
                assert!(*bound >= exact * (1.0 - 1e-13), "{method:?}");
            }
        }
    }

    #[test]
    fn nothing_passes_a_dead_layer() {
        let weights = vec![matrix(3, 3), matrix(3, 3)];
        let active = [vec![0, 1], vec![], vec![2]];
        for method in [
            PropagatorNorm::Exact,
            PropagatorNorm::Schatten,
            PropagatorNorm::LayerProduct,
        ] {
            let bounds = Propagators::new(weights.clone(), method, || false).bounds(&active);
            assert_eq!(bounds, [vec![1.0, 0.0, 0.0], vec![0.0, 0.0], vec![1.0]]);
        }
    }
}
