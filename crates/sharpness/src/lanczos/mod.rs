//! The Lanczos process: extreme eigenvalues of a symmetric operator from its
//! products with vectors.
//!
//! The process builds an orthonormal basis of the Krylov space of a random
//! start vector, in which the operator is tridiagonal. The extreme
//! eigenvalues of that matrix, the *Ritz values*, lie inside the operator's
//! spectrum and converge to its ends. The start vector has a component along
//! every eigenspace with probability one, so when the Krylov space closes
//! early (an *invariant subspace*), its extreme Ritz values are the operator's.
//!
//! C. Lanczos, J. Res. Nat. Bur. Standards 45 (1950); Y. Saad, *Numerical
//! Methods for Large Eigenvalue Problems* (2011), chapter 6.

mod symmetric;

pub use symmetric::symmetric_eigenvalues;
pub(crate) use symmetric::top_eigenvalue;

use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use thiserror::Error;

use crate::operator::LinearOperator;
use symmetric::symmetric_eigenpairs;

/// Every iteration up to this one looks for convergence, later ones only
/// every [`CHECK_EVERY`]: the tridiagonal problem grows with the iterations.
const ALWAYS_CHECK: usize = 24;
const CHECK_EVERY: usize = 4;

/// No convergence is declared before this many iterations (or an invariant
/// subspace): the start vector may have little of the extreme eigenvector.
const FIRST_CHECK: usize = 8;

/// An off-diagonal entry below this part of the operator's size is rounding:
/// the Krylov space is invariant, and no residual is smaller.
const ROUNDING: f64 = 1e-13;

/// An operator or setting that the Lanczos process cannot work with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum LanczosError {
    /// The operator acts on nothing.
    #[error("the operator has dimension 0")]
    EmptyOperator,
    /// No iteration is allowed.
    #[error("at least one iteration is needed")]
    NoIterations,
    /// A product has an infinite or undefined entry.
    #[error("product {0} of the operator is not finite")]
    NotFinite(usize),
    /// Somebody has asked to stop.
    #[error("interrupted")]
    Interrupted,
}

/// When the Lanczos process ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LanczosOptions {
    /// Largest number of iterations, each of one operator product and one
    /// stored vector of the operator's dimension.
    pub maximum_iterations: usize,
    /// The largest residual `|A v - theta v|` that counts as converged,
    /// relative to the largest Ritz value in absolute terms. The eigenvalue's
    /// own error is at most the residual, usually its square over the gap.
    pub relative_tolerance: f64,
    /// Seed of the random start vector.
    pub seed: u64,
}

impl Default for LanczosOptions {
    fn default() -> Self {
        Self {
            maximum_iterations: 200,
            relative_tolerance: 1e-5,
            seed: 0,
        }
    }
}

/// An approximate eigenvalue and eigenvector.
#[derive(Debug, Clone, PartialEq)]
pub struct RitzPair {
    /// Rayleigh quotient of `vector`: between the operator's smallest and
    /// largest eigenvalues, up to the operator's rounding, and within
    /// `residual` of some eigenvalue.
    pub value: f64,
    /// Unit vector.
    pub vector: Vec<f64>,
    /// `|A vector - value * vector|`, from one more product of the operator.
    pub residual: f64,
    /// Whether `residual` is within the tolerance.
    pub converged: bool,
    /// Iterations of the Lanczos process.
    pub iterations: usize,
    /// Products taken, those of the residuals included.
    pub operator_calls: usize,
}

/// Both ends of a spectrum, from one Lanczos process.
#[derive(Debug, Clone, PartialEq)]
pub struct Extremes {
    /// The largest eigenvalue.
    pub largest: RitzPair,
    /// The smallest eigenvalue.
    pub smallest: RitzPair,
}

/// The largest eigenvalue.
///
/// # Errors
/// If the operator has dimension 0 or gives a product that is not finite, or
/// if no iteration is allowed. Not converging is no error: see
/// [`RitzPair::converged`].
pub fn largest_eigenvalue(
    operator: &impl LinearOperator,
    options: &LanczosOptions,
) -> Result<RitzPair, LanczosError> {
    let (krylov, ritz) = run(operator, options, false)?;
    krylov.pair(operator, options, &ritz, ritz.len() - 1)
}

/// The largest and the smallest eigenvalue, from one process that ends when
/// both have converged.
///
/// # Errors
/// As [`largest_eigenvalue`].
pub fn extreme_eigenvalues(
    operator: &impl LinearOperator,
    options: &LanczosOptions,
) -> Result<Extremes, LanczosError> {
    let (krylov, ritz) = run(operator, options, true)?;
    let mut largest = krylov.pair(operator, options, &ritz, ritz.len() - 1)?;
    let mut smallest = krylov.pair(operator, options, &ritz, 0)?;
    largest.operator_calls += 1;
    smallest.operator_calls += 1;
    Ok(Extremes { largest, smallest })
}

/// Ritz values with the Ritz vectors' coordinates in the Krylov basis, smallest
/// value first.
type Ritz = Vec<(f64, Vec<f64>)>;

/// Runs until the largest Ritz value has converged, and with `both_ends` the
/// smallest too. There is at least one Ritz value.
fn run(
    operator: &impl LinearOperator,
    options: &LanczosOptions,
    both_ends: bool,
) -> Result<(Krylov, Ritz), LanczosError> {
    let dimension = operator.dimension();
    if dimension == 0 {
        return Err(LanczosError::EmptyOperator);
    }
    if options.maximum_iterations == 0 {
        return Err(LanczosError::NoIterations);
    }
    let mut krylov = Krylov::seeded(dimension, options.seed);
    loop {
        krylov.extend(operator)?;
        let steps = krylov.basis.len();
        let last = krylov.next.is_none() || steps >= options.maximum_iterations;
        let scheduled =
            steps >= FIRST_CHECK && (steps <= ALWAYS_CHECK || steps.is_multiple_of(CHECK_EVERY));
        if !last && !scheduled {
            continue;
        }
        let ritz = krylov.ritz();
        let settled = |index: usize| {
            let tolerance = options.relative_tolerance * size(&ritz);
            krylov.residual_estimate(&ritz[index].1) <= 0.5 * tolerance
        };
        if last || (settled(ritz.len() - 1) && (!both_ends || settled(0))) {
            return Ok((krylov, ritz));
        }
    }
}

/// Largest Ritz value in absolute terms.
fn size(ritz: &Ritz) -> f64 {
    ritz.iter()
        .fold(0.0, |size: f64, (value, _)| size.max(value.abs()))
}

/// An orthonormal basis of the Krylov space and the operator's tridiagonal
/// matrix in it.
///
/// ```text
/// w = A q_j - beta_{j-1} q_{j-1},   alpha_j = q_j . w,   w <- w - alpha_j q_j,
/// w orthogonalised twice against all q,   beta_j = |w|,   q_{j+1} = w / beta_j
/// ```
///
/// Full reorthogonalisation keeps the basis orthonormal to rounding, so no
/// spurious copies of eigenvalues appear.
struct Krylov {
    /// One vector for every product taken.
    basis: Vec<Vec<f64>>,
    diagonal: Vec<f64>,
    off_diagonal: Vec<f64>,
    /// The next basis vector; none once the operator maps the space into
    /// itself.
    next: Option<Vec<f64>>,
}

impl Krylov {
    /// Starts from a uniformly random direction.
    fn seeded(dimension: usize, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut start: Vec<f64> = (0..dimension)
            .map(|_| StandardNormal.sample(&mut rng))
            .collect();
        normalise(&mut start);
        Self {
            basis: Vec::new(),
            diagonal: Vec::new(),
            off_diagonal: Vec::new(),
            next: Some(start),
        }
    }

    /// Adds one basis vector and takes one product. Does nothing in an
    /// invariant space.
    fn extend(&mut self, operator: &impl LinearOperator) -> Result<(), LanczosError> {
        let Some(current) = self.next.take() else {
            return Ok(());
        };
        let mut image = operator.apply(&current);
        if operator.is_interrupted() {
            return Err(LanczosError::Interrupted);
        }
        if image.iter().any(|value| !value.is_finite()) {
            return Err(LanczosError::NotFinite(self.basis.len() + 1));
        }
        if let (Some(previous), Some(&beta)) = (self.basis.last(), self.off_diagonal.last()) {
            subtract(&mut image, beta, previous);
        }
        let alpha = dot(&current, &image);
        subtract(&mut image, alpha, &current);
        self.basis.push(current);
        self.diagonal.push(alpha);
        for _ in 0..2 {
            for vector in &self.basis {
                let overlap = dot(vector, &image);
                subtract(&mut image, overlap, vector);
            }
        }
        let beta = normalise(&mut image);
        // The largest entry of the tridiagonal matrix is the operator's size,
        // up to a small factor.
        let entries = self.diagonal.iter().chain(&self.off_diagonal);
        let size = entries.fold(beta, |size, entry| size.max(entry.abs()));
        let exhausted = self.basis.len() == image.len();
        if exhausted || beta <= ROUNDING * size {
            return Ok(());
        }
        self.off_diagonal.push(beta);
        self.next = Some(image);
        Ok(())
    }

    fn ritz(&self) -> Ritz {
        let size = self.diagonal.len();
        let matrix = DMatrix::from_fn(size, size, |row, column| match row.abs_diff(column) {
            0 => self.diagonal[row],
            1 => self.off_diagonal[row.min(column)],
            _ => 0.0,
        });
        symmetric_eigenpairs(&matrix)
    }

    /// `|A v - theta v|` of a Ritz pair in exact arithmetic.
    fn residual_estimate(&self, coordinates: &[f64]) -> f64 {
        let beta = match (&self.next, self.off_diagonal.last()) {
            (Some(_), Some(beta)) => *beta,
            _ => return 0.0,
        };
        beta * coordinates.last().copied().unwrap_or(0.0).abs()
    }

    /// The Ritz pair of this index, with its residual.
    fn pair(
        &self,
        operator: &impl LinearOperator,
        options: &LanczosOptions,
        ritz: &Ritz,
        index: usize,
    ) -> Result<RitzPair, LanczosError> {
        let vector = self.vector(&ritz[index].1);
        let image = operator.apply(&vector);
        let value = dot(&vector, &image);
        let residuals = image.iter().zip(&vector);
        let residual = residuals
            .map(|(image, vector)| (image - value * vector).powi(2))
            .sum::<f64>()
            .sqrt();
        let iterations = self.basis.len();
        if !residual.is_finite() {
            return Err(LanczosError::NotFinite(iterations + 1));
        }
        // Where rounding is all there is, no residual is below it.
        let rounding = ROUNDING * size(ritz);
        let tolerance = options.relative_tolerance * size(ritz);
        Ok(RitzPair {
            value,
            vector,
            residual,
            converged: residual <= tolerance.max(rounding),
            iterations,
            operator_calls: iterations + 1,
        })
    }

    /// The vector with these coordinates in the basis.
    fn vector(&self, coordinates: &[f64]) -> Vec<f64> {
        let mut sum = vec![0.0; self.basis.first().map_or(0, Vec::len)];
        for (vector, &coordinate) in self.basis.iter().zip(coordinates) {
            subtract(&mut sum, -coordinate, vector);
        }
        normalise(&mut sum);
        sum
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `vector -= factor * other`
fn subtract(vector: &mut [f64], factor: f64, other: &[f64]) {
    for (value, other) in vector.iter_mut().zip(other) {
        *value -= factor * other;
    }
}

/// Scales a vector to norm 1, unless it is zero; its norm before.
fn normalise(vector: &mut [f64]) -> f64 {
    let norm = dot(vector, vector).sqrt();
    if norm > 0.0 {
        let inverse = 1.0 / norm;
        vector.iter_mut().for_each(|value| *value *= inverse);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second-difference matrix of size n has the eigenvalues
    /// `2 - 2 cos(pi k / (n + 1))`.
    #[test]
    fn ritz_pairs_of_second_differences() {
        let krylov = Krylov {
            diagonal: vec![2.0; 6],
            off_diagonal: vec![-1.0; 5],
            ..Krylov::seeded(6, 0)
        };
        for (index, (value, vector)) in krylov.ritz().iter().enumerate() {
            let angle = std::f64::consts::PI * (index + 1) as f64 / 7.0;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-14);
            let first = vector[0];
            assert!((2.0 * first - vector[1] - value * first).abs() < 1e-14);
        }
    }

    /// Full reorthogonalisation: a spectrum with a far outlier and a cluster
    /// gives no spurious copies, and every Ritz value of a full run is an
    /// eigenvalue.
    #[test]
    fn no_spurious_copies() {
        let eigenvalues = nalgebra::DVector::from_fn(61, |index, _| match index {
            60 => 1e4,
            _ => 1e-3 * index as f64,
        });
        let operator = DMatrix::from_diagonal(&eigenvalues);
        let mut krylov = Krylov::seeded(61, 3);
        while krylov.next.is_some() {
            krylov.extend(&operator).unwrap();
        }
        let ritz = krylov.ritz();
        assert!(ritz.len() <= 61);
        assert_eq!(ritz.iter().filter(|(value, _)| *value > 1.0).count(), 1);
    }
}
