//! Spectral density by stochastic Lanczos quadrature.
//!
//! For a random unit vector `v`, `E v^T f(A) v = tr f(A) / n`. The Lanczos
//! process started at `v` gives the Gauss quadrature of `v^T f(A) v`: nodes
//! are the Ritz values, weights the squares of the first coordinates of the
//! tridiagonal matrix's eigenvectors; exact for polynomials of degree below
//! twice the number of steps. The average over probes estimates the density.
//!
//! G. H. Golub and G. Meurant, *Matrices, Moments and Quadrature* (2010);
//! B. Ghorbani, S. Krishnan, Y. Xiao, *An investigation into neural net
//! optimization via Hessian eigenvalue density*, arXiv:1901.10159.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::LanczosError;
use super::krylov::Krylov;
use crate::operator::LinearOperator;

/// Size of a stochastic Lanczos quadrature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DensityOptions {
    /// Random start vectors averaged over.
    pub probes: usize,
    /// Lanczos iterations, one operator product each, per probe.
    pub iterations: usize,
    /// Seed of the start vectors.
    pub seed: u64,
}

impl Default for DensityOptions {
    fn default() -> Self {
        Self {
            probes: 4,
            iterations: 64,
            seed: 0,
        }
    }
}

/// One point mass of an estimated spectral density.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectralNode {
    /// Where it lies.
    pub eigenvalue: f64,
    /// The part of the spectrum it stands for.
    pub weight: f64,
}

/// An estimated spectral density: point masses of total weight 1.
#[derive(Debug, Clone, PartialEq)]
pub struct SpectralDensity {
    /// Nodes of all probes, from the smallest eigenvalue to the largest.
    pub nodes: Vec<SpectralNode>,
    /// The operator's dimension.
    pub dimension: usize,
}

impl SpectralDensity {
    /// Estimate of `tr f(A)`.
    pub fn trace_of(&self, function: impl Fn(f64) -> f64) -> f64 {
        let terms = self.nodes.iter();
        let mean: f64 = terms
            .map(|node| node.weight * function(node.eigenvalue))
            .sum();
        mean * self.dimension as f64
    }
}

/// Estimates the spectral density of an operator.
///
/// # Errors
/// If the operator has dimension 0 or gives a product that is not finite, or
/// if there are no probes or iterations.
pub fn spectral_density(
    operator: &impl LinearOperator,
    options: &DensityOptions,
) -> Result<SpectralDensity, LanczosError> {
    let dimension = operator.dimension();
    if dimension == 0 {
        return Err(LanczosError::EmptyOperator);
    }
    if options.probes == 0 {
        return Err(LanczosError::NoProbes);
    }
    if options.iterations == 0 {
        return Err(LanczosError::NoIterations);
    }
    let mut rng = ChaCha8Rng::seed_from_u64(options.seed);
    let mut nodes = Vec::new();
    for _ in 0..options.probes {
        let mut krylov = Krylov::start(dimension, &mut rng);
        while !krylov.is_invariant() && krylov.steps() < options.iterations {
            krylov.extend(operator)?;
        }
        nodes.extend(krylov.ritz().into_iter().map(|(eigenvalue, vector)| {
            let first = vector.first().copied().unwrap_or(0.0);
            SpectralNode {
                eigenvalue,
                weight: first * first / options.probes as f64,
            }
        }));
    }
    nodes.sort_by(|a, b| a.eigenvalue.total_cmp(&b.eigenvalue));
    Ok(SpectralDensity { nodes, dimension })
}
