use nalgebra::DMatrix;

use super::symmetric::symmetric_eigenpairs;

/// Eigenvalues of a symmetric tridiagonal matrix, from the smallest to the
/// largest, with their unit eigenvectors.
pub(super) fn eigenpairs(diagonal: &[f64], off_diagonal: &[f64]) -> Vec<(f64, Vec<f64>)> {
    let size = diagonal.len();
    let matrix = DMatrix::from_fn(size, size, |row, column| match row.abs_diff(column) {
        0 => diagonal[row],
        1 => off_diagonal[row.min(column)],
        _ => 0.0,
    });
    symmetric_eigenpairs(&matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second-difference matrix of size n has the eigenvalues
    /// `2 - 2 cos(pi k / (n + 1))`.
    #[test]
    fn second_differences() {
        let pairs = eigenpairs(&[2.0; 6], &[-1.0; 5]);
        for (index, (value, vector)) in pairs.iter().enumerate() {
            let angle = std::f64::consts::PI * (index + 1) as f64 / 7.0;
            assert!((value - (2.0 - 2.0 * angle.cos())).abs() < 1e-14);
            let first = vector[0];
            assert!((2.0 * first - vector[1] - value * first).abs() < 1e-14);
        }
    }
}
