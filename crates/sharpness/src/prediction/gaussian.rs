//! Normal draws with the covariance of infinitely wide networks: a blocked
//! Cholesky factorisation of matrices that may be singular, and the softmax of
//! drawn outputs.

use etastar_model::Architecture;
use nalgebra::DMatrix;
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

use super::kernel::{PredictionError, TangentKernel};

const BLOCK: usize = 96;
/// First and largest multiple of the mean diagonal added to it.
const JITTER: (f64, f64) = (1e-10, 1e-5);

/// The lower triangular Cholesky factor (row-major, zeros above) of a symmetric
/// positive semi-definite matrix, plus the least multiple of the identity
/// (powers of ten from 1e-10 of the mean diagonal) with which it succeeds.
pub(super) fn cholesky_factor(
    matrix: &[f64],
    size: usize,
) -> Result<DMatrix<f64>, PredictionError> {
    let mean: f64 = (0..size).map(|i| matrix[i * size + i]).sum::<f64>() / size as f64;
    if mean == 0.0 {
        return Ok(DMatrix::zeros(size, size));
    }
    let mut jitter = JITTER.0;
    while jitter <= JITTER.1 {
        let mut factor = DMatrix::from_column_slice(size, size, matrix);
        for index in 0..size {
            factor[(index, index)] += jitter * mean;
        }
        if decompose(&mut factor) {
            factor.fill_upper_triangle(0.0, 1);
            return Ok(factor);
        }
        jitter *= 10.0;
    }
    Err(PredictionError::Covariance)
}

/// Right-looking, block column by block column; false if a pivot is not
/// positive.
fn decompose(matrix: &mut DMatrix<f64>) -> bool {
    let size = matrix.nrows();
    for first in (0..size).step_by(BLOCK) {
        let width = BLOCK.min(size - first);
        let after = first + width;
        let diagonal = matrix.view((first, first), (width, width)).into_owned();
        let Some(decomposed) = diagonal.cholesky() else {
            return false;
        };
        let lower = decomposed.l();
        matrix
            .view_mut((first, first), (width, width))
            .copy_from(&lower);
        if after == size {
            break;
        }
        // Panel <- panel lower^{-T}: solve lower Y = panel^T.
        let mut panel = matrix
            .view((after, first), (size - after, width))
            .transpose();
        if !lower.solve_lower_triangular_mut(&mut panel) {
            return false;
        }
        let rows = panel.transpose();
        matrix
            .view_mut((after, first), (size - after, width))
            .copy_from(&rows);
        for column in (after..size).step_by(BLOCK) {
            let columns = BLOCK.min(size - column);
            let offset = column - after;
            let left = rows.rows(offset, size - column);
            let right = panel.columns(offset, columns);
            matrix
                .view_mut((column, column), (size - column, columns))
                .gemm(-1.0, &left, &right, 1.0);
        }
    }
    true
}

/// Draws `draws` times `K` independent columns from `N(0, c Sigma^L)` and returns
/// their softmax, `K` numbers a sample. At least two draws, for a standard error.
pub(super) fn draw_probabilities(
    kernel: &TangentKernel,
    architecture: &Architecture,
    draws: usize,
    rng: &mut impl Rng,
) -> Result<Vec<Vec<f64>>, PredictionError> {
    if draws < 2 {
        return Err(PredictionError::Draws(draws));
    }
    let (count, outputs) = (kernel.samples(), architecture.outputs);
    let factor = cholesky_factor(kernel.covariance(), count)?;
    let deviation = architecture.output_gain.sqrt();
    Ok((0..draws)
        .map(|_| {
            let normal =
                DMatrix::from_fn(count, outputs, |_, _| -> f64 { StandardNormal.sample(rng) });
            let logits = &factor * normal * deviation;
            logits
                .row_iter()
                .flat_map(|row| {
                    let row: Vec<f64> = row.iter().copied().collect();
                    softmax(&row)
                })
                .collect()
        })
        .collect())
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let top = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponentials: Vec<f64> = logits.iter().map(|logit| (logit - top).exp()).collect();
    let sum: f64 = exponentials.iter().sum();
    exponentials.iter().map(|value| value / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn factor_times_its_transpose_is_the_matrix() {
        let size = 230;
        // Of rank 150: needs the jitter.
        let root = DMatrix::from_fn(size, 150, |i, j| {
            ((i * 31 + j * 17) % 101) as f64 / 50.0 - 1.0
        });
        let matrix = &root * root.transpose();
        let factor = cholesky_factor(matrix.as_slice(), size).unwrap();
        let error = (&factor * factor.transpose() - &matrix).amax();
        assert!(error < 1e-4 * matrix.amax(), "{error}");
        assert_eq!(factor[(3, 7)], 0.0);
    }

    #[test]
    fn indefinite_matrices_are_refused() {
        assert_eq!(
            cholesky_factor(&[1.0, 2.0, 2.0, 1.0], 2),
            Err(PredictionError::Covariance)
        );
    }
}
