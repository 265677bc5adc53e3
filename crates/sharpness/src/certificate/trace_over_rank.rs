//! Lower bounds from the trace.
//!
//! A symmetric matrix of rank at most `r` whose trace is not negative has an
//! eigenvalue of at least `trace / r`: its `r` eigenvalues that may differ
//! from 0 average that.
//!
//! `G = (1/N) sum_i J_i^T A_i J_i` has rank at most `N rank(A_i)`: `N K` for
//! squared error, `N (K - 1)` for cross-entropy, where `A_i` annihilates the
//! vector of ones. Neither `G` nor `H` (of equal trace) has more than one
//! eigenvalue for each parameter that is trained.

use etastar_backend::Backend;
use etastar_model::{LayerRates, Loss};

use crate::operator::Objective;

/// Largest possible rank of `M^{1/2} G M^{1/2}`.
pub fn gauss_newton_rank<B: Backend>(objective: &Objective<B>, rates: &LayerRates) -> usize {
    let directions = match objective.loss() {
        Loss::SquaredError => objective.outputs(),
        Loss::CrossEntropy => objective.outputs().saturating_sub(1),
    };
    let outputs = objective.samples().saturating_mul(directions);
    outputs.min(objective.parameters().trained(rates))
}

/// `trace / rank`; 0 for rank 0, where the matrix vanishes.
pub fn trace_over(trace: f64, rank: usize) -> f64 {
    if rank == 0 { 0.0 } else { trace / rank as f64 }
}
