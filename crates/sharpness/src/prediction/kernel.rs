//! The infinite-width tangent kernel of a data set.

use etastar_model::Architecture;
use nalgebra::{DMatrix, DMatrixView};

use super::recursion::{Recursion, half_distance};
use super::{PredictionError, Samples, parallel};

/// Rows and columns of a tile.
const TILE: usize = 64;

/// The infinite-width tangent kernel `K^{L+1}` of one output on `N` samples, as
/// `n_L Sigma^L + K_hidden`.
#[derive(Debug, Clone, PartialEq)]
pub struct TangentKernel {
    samples: usize,
    last_width: f64,
    covariance: Vec<f64>,
    hidden: Vec<f64>,
}

impl TangentKernel {
    /// Evaluates the recursion on all pairs of samples.
    ///
    /// # Errors
    /// If the architecture is invalid, has biases or another number of inputs,
    /// or the rate is not a number `>= 0`.
    pub fn new(
        architecture: &Architecture,
        input_rate: f64,
        samples: &Samples,
        threads: usize,
    ) -> Result<Self, PredictionError> {
        let recursion = Recursion::new(architecture, input_rate)?;
        let inputs = architecture.inputs;
        if samples.inputs() != inputs {
            return Err(PredictionError::Shape {
                values: samples.count() * samples.inputs(),
                inputs,
            });
        }
        let count = samples.count();
        let norms: Vec<f64> = (0..count)
            .map(|index| {
                let row = samples.rows(index, 1);
                row.iter().map(|value| value * value).sum::<f64>().sqrt()
            })
            .collect();
        let mut covariance = vec![0.0; count * count];
        let mut hidden = vec![0.0; count * count];
        let strips = covariance
            .chunks_mut(TILE * count)
            .zip(hidden.chunks_mut(TILE * count))
            .enumerate();
        parallel::for_each(strips, threads, |(strip, (covariance, hidden))| {
            let first_row = strip * TILE;
            let rows = covariance.len() / count;
            let mut dots = DMatrix::zeros(TILE, rows);
            for first_column in (0..first_row + rows).step_by(TILE) {
                let columns = TILE.min(count - first_column);
                products(samples, first_row, rows, first_column, columns, &mut dots);
                for row in 0..rows {
                    for column in 0..columns {
                        let (i, j) = (first_row + row, first_column + column);
                        if j > i {
                            break;
                        }
                        let scale = norms[i] * norms[j];
                        let (dot, u) = if i == j {
                            (scale, 0.0)
                        } else {
                            let dot = dots[(column, row)];
                            (dot, half_distance(dot, scale))
                        };
                        let pair = recursion.pair(dot, scale / inputs as f64, u);
                        covariance[row * count + j] = pair.covariance;
                        hidden[row * count + j] = pair.hidden;
                    }
                }
            }
        });
        mirror(&mut covariance, count);
        mirror(&mut hidden, count);
        Ok(Self {
            samples: count,
            last_width: recursion.layers.last().map_or(0.0, |layer| layer.width),
            covariance,
            hidden,
        })
    }

    /// Number of samples, `N`.
    pub fn samples(&self) -> usize {
        self.samples
    }

    /// `Sigma^L`, row-major: outputs of a network drawn with gain `c` have
    /// covariance `c Sigma^L`.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// The part of the kernel from gradients in hidden layers, row-major.
    pub fn hidden(&self) -> &[f64] {
        &self.hidden
    }

    /// `n_L`: the kernel is `n_L` times the covariance plus the hidden part.
    pub fn last_width(&self) -> f64 {
        self.last_width
    }

    /// `K^{L+1}` of samples `row` and `column`; `None` if there are no such.
    pub fn value(&self, row: usize, column: usize) -> Option<f64> {
        (row < self.samples && column < self.samples).then(|| {
            let index = row * self.samples + column;
            self.last_width * self.covariance[index] + self.hidden[index]
        })
    }
}

/// Inner products: element `(j, i)` of `dots` for row `i` and column `j` of the
/// tile.
fn products(
    samples: &Samples,
    first_row: usize,
    rows: usize,
    first_column: usize,
    columns: usize,
    dots: &mut DMatrix<f64>,
) {
    let inputs = samples.inputs();
    let right = DMatrixView::from_slice(samples.rows(first_row, rows), inputs, rows);
    let left =
        DMatrixView::from_slice(samples.rows(first_column, columns), inputs, columns).transpose();
    dots.rows_mut(0, columns).gemm(1.0, &left, &right, 0.0);
}

/// Copies the lower triangle to the upper one.
fn mirror(matrix: &mut [f64], count: usize) {
    for first_row in (0..count).step_by(TILE) {
        for first_column in (0..=first_row).step_by(TILE) {
            for row in first_row..(first_row + TILE).min(count) {
                for column in first_column..(first_column + TILE).min(row) {
                    matrix[column * count + row] = matrix[row * count + column];
                }
            }
        }
    }
}
