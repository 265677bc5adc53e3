//! The top eigenpair of a symmetric positive semi-definite operator.

use nalgebra::DMatrix;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use super::PredictionError;
use super::operator::dot;

/// Residual, relative to the eigenvalue, at which the iteration stops. The
/// eigenvalue's own relative error is of the order of its square.
const TOLERANCE: f64 = 1e-6;
/// Steps after which it gives up.
const MAX_STEPS: usize = 300;

/// A top eigenpair.
#[derive(Debug, Clone)]
pub(super) struct Top {
    pub(super) value: f64,
    pub(super) vector: Vec<f64>,
}

/// Lanczos iteration with full reorthogonalisation from a fixed random start.
/// `apply(input, output)` overwrites `output`.
pub(super) fn top(
    length: usize,
    mut apply: impl FnMut(&[f64], &mut [f64]),
) -> Result<Top, PredictionError> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let start = (0..length).map(|_| StandardNormal.sample(&mut rng));
    let mut basis = vec![start.collect::<Vec<f64>>()];
    normalise(&mut basis[0]);
    let (mut diagonal, mut off_diagonal) = (Vec::new(), Vec::new());
    let mut residual = f64::INFINITY;
    let steps = MAX_STEPS.min(length);
    for step in 0..steps {
        let mut next = vec![0.0; length];
        apply(&basis[step], &mut next);
        diagonal.push(dot(&basis[step], &next));
        for _ in 0..2 {
            for vector in &basis {
                let overlap = dot(vector, &next);
                for (next, vector) in next.iter_mut().zip(vector) {
                    *next -= overlap * vector;
                }
            }
        }
        let beta = normalise(&mut next);
        let complete = step + 1 == steps || beta <= f64::EPSILON * diagonal[0].abs();
        if complete || step % 4 == 3 {
            let (value, coordinates) = ritz(&diagonal, &off_diagonal);
            let last = coordinates.last().map_or(0.0, |last| last.abs());
            residual = if value > 0.0 {
                beta * last / value
            } else {
                0.0
            };
            let exhausted = complete && (step + 1 == length || step + 1 < steps);
            if residual <= TOLERANCE || exhausted {
                let mut vector = vec![0.0; length];
                for (coordinate, basis) in coordinates.iter().zip(&basis) {
                    for (vector, basis) in vector.iter_mut().zip(basis) {
                        *vector += coordinate * basis;
                    }
                }
                normalise(&mut vector);
                return Ok(Top { value, vector });
            }
        }
        off_diagonal.push(beta);
        basis.push(next);
    }
    Err(PredictionError::Convergence { steps, residual })
}

/// Top eigenpair of the tridiagonal matrix.
fn ritz(diagonal: &[f64], off_diagonal: &[f64]) -> (f64, Vec<f64>) {
    let size = diagonal.len();
    let matrix = DMatrix::from_fn(size, size, |row, column| match row.abs_diff(column) {
        0 => diagonal[row],
        1 => off_diagonal[row.min(column)],
        _ => 0.0,
    });
    let eigen = matrix.symmetric_eigen();
    let index = eigen.eigenvalues.imax();
    let vector = eigen.eigenvectors.column(index).iter().copied().collect();
    (eigen.eigenvalues[index], vector)
}

/// Scales to norm 1 (unless 0) and returns the norm.
fn normalise(vector: &mut [f64]) -> f64 {
    let norm = dot(vector, vector).sqrt();
    if norm > 0.0 {
        for value in vector {
            *value /= norm;
        }
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagonal_operators_give_their_largest_entry() {
        for length in [1, 2, 3, 17, 400] {
            let top = top(length, |input, output| {
                for (index, (output, input)) in output.iter_mut().zip(input).enumerate() {
                    *output = (index + 1) as f64 * input;
                }
            })
            .unwrap();
            let expected = length as f64;
            assert!((top.value / expected - 1.0).abs() < 1e-9, "{}", top.value);
            assert!(top.vector[length - 1].abs() > 0.999);
        }
    }

    #[test]
    fn the_zero_operator_has_eigenvalue_zero() {
        let top = top(5, |_, output| output.fill(0.0)).unwrap();
        assert_eq!(top.value, 0.0);
    }
}
