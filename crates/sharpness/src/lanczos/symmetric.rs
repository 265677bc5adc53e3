//! Dense symmetric eigenproblems whose answers are checked.
//!
//! nalgebra's decomposition is fast, but fails on some matrices with zero or
//! nearly zero rows, as dead units give: it can return wrong or undefined
//! values, or never end. Its answer is taken only if it is finite, orthogonal
//! and solves the problem; otherwise the cyclic Jacobi method, slower and
//! unconditionally stable, decides (G. H. Golub and C. F. Van Loan, *Matrix
//! Computations* (2013), section 8.5).

use nalgebra::{DMatrix, SymmetricEigen};

/// Largest relative error of a decomposition that is accepted.
const TOLERANCE: f64 = 1e-11;

/// Sweeps of the Jacobi method. It converges quadratically, usually in less
/// than ten.
const MAXIMUM_SWEEPS: usize = 60;

/// Eigenvalues of a symmetric matrix, from the smallest to the largest; all
/// NaN if an entry is not finite. The mean of the two triangles is used.
pub fn symmetric_eigenvalues(matrix: &DMatrix<f64>) -> Vec<f64> {
    symmetric_eigenpairs(matrix)
        .into_iter()
        .map(|(value, _)| value)
        .collect()
}

/// Largest eigenvalue of a symmetric matrix; NaN if an entry is not finite, 0
/// for an empty matrix.
pub(crate) fn top_eigenvalue(matrix: &DMatrix<f64>) -> f64 {
    symmetric_eigenvalues(matrix).last().copied().unwrap_or(0.0)
}

/// The same as [`symmetric_eigenvalues`], with unit eigenvectors.
pub(super) fn symmetric_eigenpairs(matrix: &DMatrix<f64>) -> Vec<(f64, Vec<f64>)> {
    let scale = matrix.amax();
    if matrix.iter().any(|entry| !entry.is_finite()) {
        return vec![(f64::NAN, vec![f64::NAN; matrix.nrows()]); matrix.nrows()];
    }
    if scale == 0.0 {
        let identity = DMatrix::<f64>::identity(matrix.nrows(), matrix.nrows());
        return sorted(&vec![0.0; matrix.nrows()], &identity, 0.0);
    }
    let unit = matrix.map(|entry| entry / scale);
    let unit = (&unit + unit.transpose()) * 0.5;
    match SymmetricEigen::try_new(unit.clone(), f64::EPSILON, 100 * unit.nrows() + 100) {
        Some(found) if solves(&unit, &found) => {
            sorted(found.eigenvalues.as_slice(), &found.eigenvectors, scale)
        }
        _ => {
            let (values, vectors) = jacobi(unit);
            sorted(&values, &vectors, scale)
        }
    }
}

/// `A V = V Lambda` and `V^T V = 1`, up to rounding. False for NaN.
fn solves(matrix: &DMatrix<f64>, found: &SymmetricEigen<f64, nalgebra::Dyn>) -> bool {
    let vectors = &found.eigenvectors;
    let size = matrix.nrows();
    let mut scaled = vectors.clone();
    for (mut column, value) in scaled.column_iter_mut().zip(&found.eigenvalues) {
        column *= *value;
    }
    let residual = (matrix * vectors - scaled).norm();
    let overlap = (vectors.transpose() * vectors - DMatrix::identity(size, size)).norm();
    residual <= TOLERANCE * matrix.norm() && overlap <= TOLERANCE * size as f64
}

fn sorted(values: &[f64], vectors: &DMatrix<f64>, scale: f64) -> Vec<(f64, Vec<f64>)> {
    let mut pairs: Vec<(f64, Vec<f64>)> = values
        .iter()
        .zip(vectors.column_iter())
        .map(|(value, vector)| (value * scale, vector.iter().copied().collect()))
        .collect();
    pairs.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    pairs
}

/// Rotates every off-diagonal entry to zero in turn until all are negligible.
fn jacobi(mut matrix: DMatrix<f64>) -> (Vec<f64>, DMatrix<f64>) {
    let size = matrix.nrows();
    let mut vectors = DMatrix::identity(size, size);
    let negligible = f64::EPSILON * matrix.norm() / size as f64;
    for _ in 0..MAXIMUM_SWEEPS {
        let mut rotated = false;
        for p in 0..size {
            for q in p + 1..size {
                let entry = matrix[(p, q)];
                if entry.abs() <= negligible {
                    continue;
                }
                rotated = true;
                // The smaller rotation that annihilates the entry.
                let theta = (matrix[(q, q)] - matrix[(p, p)]) / (2.0 * entry);
                let tangent = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let cosine = 1.0 / tangent.hypot(1.0);
                let sine = tangent * cosine;
                for k in 0..size {
                    rotate(&mut matrix, (k, p), (k, q), cosine, sine);
                    rotate(&mut vectors, (k, p), (k, q), cosine, sine);
                }
                for k in 0..size {
                    rotate(&mut matrix, (p, k), (q, k), cosine, sine);
                }
            }
        }
        if !rotated {
            break;
        }
    }
    (matrix.diagonal().as_slice().to_vec(), vectors)
}

fn rotate(matrix: &mut DMatrix<f64>, a: (usize, usize), b: (usize, usize), cosine: f64, sine: f64) {
    let (x, y) = (matrix[a], matrix[b]);
    matrix[a] = cosine * x - sine * y;
    matrix[b] = sine * x + cosine * y;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symmetric(size: usize) -> DMatrix<f64> {
        let matrix = DMatrix::from_fn(size, size, |i, j| ((7 * i + 3 * j + i * j) as f64).sin());
        &matrix + matrix.transpose()
    }

    #[test]
    fn jacobi_agrees_with_nalgebra() {
        for size in [1, 2, 3, 10, 40] {
            let (values, vectors) = jacobi(symmetric(size));
            let pairs = sorted(&values, &vectors, 1.0);
            let mut expected = symmetric(size).symmetric_eigenvalues().as_slice().to_vec();
            expected.sort_by(f64::total_cmp);
            for ((value, vector), expected) in pairs.iter().zip(expected) {
                assert!((value - expected).abs() < 1e-12, "{value} {expected}");
                let vector = nalgebra::DVector::from_column_slice(vector);
                assert!((symmetric(size) * &vector - vector * *value).norm() < 1e-12);
            }
        }
    }

    /// Zero and nearly zero rows, at any place and scale.
    #[test]
    fn dead_rows_are_solved() {
        let block = symmetric(6);
        let mut expected = symmetric_eigenvalues(&block);
        expected.push(0.0);
        expected.push(0.0);
        expected.sort_by(f64::total_cmp);
        for (tiny, scale) in [(0.0, 1.0), (1e-170, 1.0), (1e-160, 1.0), (1e-16, 1e-200)] {
            for dead in 0..7 {
                let matrix = DMatrix::from_fn(8, 8, |i, j| {
                    let live = |k: usize| (k != dead && k != 7).then(|| k - usize::from(k > dead));
                    scale
                        * match (live(i), live(j)) {
                            (Some(i), Some(j)) => block[(i, j)],
                            _ => tiny,
                        }
                });
                for (value, expected) in symmetric_eigenvalues(&matrix).iter().zip(&expected) {
                    assert!(
                        (value / scale - expected).abs() < 1e-10,
                        "{value} {expected}"
                    );
                }
            }
        }
    }

    #[test]
    fn undefined_and_empty_matrices_do_not_hang() {
        let undefined = DMatrix::from_element(4, 4, f64::NAN);
        assert!(symmetric_eigenvalues(&undefined).iter().all(|v| v.is_nan()));
        assert!(symmetric_eigenvalues(&DMatrix::zeros(0, 0)).is_empty());
        assert_eq!(symmetric_eigenvalues(&DMatrix::zeros(2, 2)), [0.0, 0.0]);
    }
}
