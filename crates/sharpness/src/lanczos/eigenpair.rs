use super::LanczosError;
use super::krylov::{Krylov, dot};
use crate::operator::LinearOperator;

/// Every iteration up to this one looks for convergence, later ones only
/// every [`CHECK_EVERY`]: the tridiagonal problem grows with the iterations.
const ALWAYS_CHECK: usize = 24;
const CHECK_EVERY: usize = 4;

/// No convergence is declared before this many iterations (or an invariant
/// subspace): the start vector may have little of the extreme eigenvector.
const FIRST_CHECK: usize = 8;

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
    let process = Process::run(operator, options, true, false)?;
    process.pair(operator, options, process.ritz.len() - 1)
}

/// The smallest (most negative) eigenvalue.
///
/// # Errors
/// As [`largest_eigenvalue`].
pub fn smallest_eigenvalue(
    operator: &impl LinearOperator,
    options: &LanczosOptions,
) -> Result<RitzPair, LanczosError> {
    let process = Process::run(operator, options, false, true)?;
    process.pair(operator, options, 0)
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
    let process = Process::run(operator, options, true, true)?;
    let mut largest = process.pair(operator, options, process.ritz.len() - 1)?;
    let mut smallest = process.pair(operator, options, 0)?;
    largest.operator_calls += 1;
    smallest.operator_calls += 1;
    Ok(Extremes { largest, smallest })
}

/// A finished Lanczos process and its Ritz pairs, smallest first, at least one.
struct Process {
    krylov: Krylov,
    ritz: Vec<(f64, Vec<f64>)>,
}

impl Process {
    fn run(
        operator: &impl LinearOperator,
        options: &LanczosOptions,
        largest: bool,
        smallest: bool,
    ) -> Result<Self, LanczosError> {
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
            let steps = krylov.steps();
            let last = krylov.is_invariant() || steps >= options.maximum_iterations;
            let scheduled = steps >= FIRST_CHECK
                && (steps <= ALWAYS_CHECK || steps.is_multiple_of(CHECK_EVERY));
            if !last && !scheduled {
                continue;
            }
            let ritz = krylov.ritz();
            let settled = |index: usize| {
                let tolerance = options.relative_tolerance * size(&ritz);
                krylov.residual_estimate(&ritz[index].1) <= 0.5 * tolerance
            };
            if last || ((!largest || settled(ritz.len() - 1)) && (!smallest || settled(0))) {
                return Ok(Self { krylov, ritz });
            }
        }
    }

    fn pair(
        &self,
        operator: &impl LinearOperator,
        options: &LanczosOptions,
        index: usize,
    ) -> Result<RitzPair, LanczosError> {
        let vector = self.krylov.vector(&self.ritz[index].1);
        let image = operator.apply(&vector);
        let value = dot(&vector, &image);
        let residuals = image.iter().zip(&vector);
        let residual = residuals
            .map(|(image, vector)| (image - value * vector).powi(2))
            .sum::<f64>()
            .sqrt();
        let iterations = self.krylov.steps();
        if !residual.is_finite() {
            return Err(LanczosError::NotFinite(iterations + 1));
        }
        // Where rounding is all there is, no residual is below it.
        let rounding = 1e-13 * size(&self.ritz);
        let tolerance = options.relative_tolerance * size(&self.ritz);
        Ok(RitzPair {
            value,
            vector,
            residual,
            converged: residual <= tolerance.max(rounding),
            iterations,
            operator_calls: iterations + 1,
        })
    }
}

/// Largest Ritz value in absolute terms.
fn size(ritz: &[(f64, Vec<f64>)]) -> f64 {
    ritz.iter()
        .fold(0.0, |size: f64, (value, _)| size.max(value.abs()))
}
