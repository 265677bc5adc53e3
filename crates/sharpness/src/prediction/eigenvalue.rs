//! The top eigenvalue of `K_last + w K_hidden`, alone and in the Gauss-Newton
//! operator of cross-entropy, by products with vectors.

use nalgebra::{DMatrixView, DMatrixViewMut};

use super::kernel::{PredictionError, TangentKernel, for_each};
use crate::lanczos::{LanczosOptions, RitzPair, largest_eigenvalue};
use crate::operator::LinearOperator;

/// Of the eigenvalues, whose relative error is of the order of the square of
/// the tolerance of the residual.
const LANCZOS: LanczosOptions = LanczosOptions {
    maximum_iterations: 300,
    relative_tolerance: 1e-6,
    seed: 0,
};

/// Rows of the kernel that one thread multiplies at a time.
const STRIP: usize = 32;

/// The top eigenpair of a positive semi-definite operator.
pub(super) fn top_eigenpair(operator: &impl LinearOperator) -> Result<RitzPair, PredictionError> {
    let top = largest_eigenvalue(operator, &LANCZOS)?;
    if top.converged {
        return Ok(top);
    }
    Err(PredictionError::Convergence {
        steps: top.iterations,
        residual: top.residual / top.value,
    })
}

/// `K_last + w K_hidden`, by its two coefficients.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScaledKernel<'a> {
    kernel: &'a TangentKernel,
    last: f64,
    hidden: f64,
    threads: usize,
}

impl<'a> ScaledKernel<'a> {
    /// `K_last + factor K_hidden`.
    pub(super) fn new(kernel: &'a TangentKernel, factor: f64, threads: usize) -> Self {
        Self {
            kernel,
            last: kernel.last_width(),
            hidden: factor,
            threads,
        }
    }

    /// `K_hidden`, the derivative in the factor.
    fn slope(&self) -> Self {
        Self {
            last: 0.0,
            hidden: 1.0,
            ..*self
        }
    }

    /// `(kernel (x) I) vectors`, `columns` numbers a sample in both.
    fn multiply(&self, vectors: &[f64], columns: usize) -> Vec<f64> {
        let count = self.kernel.samples();
        let mut result = vec![0.0; vectors.len()];
        let strips = self
            .kernel
            .covariance()
            .chunks(STRIP * count)
            .zip(self.kernel.hidden().chunks(STRIP * count))
            .zip(result.chunks_mut(STRIP * columns));
        for_each(strips, self.threads, |((covariance, hidden), result)| {
            let strip: Vec<f64> = covariance
                .iter()
                .zip(hidden)
                .map(|(covariance, hidden)| self.last * covariance + self.hidden * hidden)
                .collect();
            if columns == 1 {
                for (result, row) in result.iter_mut().zip(strip.chunks_exact(count)) {
                    *result = dot(row, vectors);
                }
            } else {
                let rows = strip.len() / count;
                let vectors = DMatrixView::from_slice(vectors, columns, count);
                let strip = DMatrixView::from_slice(&strip, count, rows);
                DMatrixViewMut::from_slice(result, columns, rows).gemm(1.0, &vectors, &strip, 0.0);
            }
        });
        result
    }

    /// `lambda_max / N` and its derivative in the factor.
    pub(super) fn squared_error_top(self) -> Result<(f64, f64), PredictionError> {
        self.top(|kernel| kernel)
    }

    /// The top eigenvalue of `(1/N) A^{1/2} (kernel (x) I) A^{1/2}`, with
    /// `A = blockdiag(diag p_i - p_i p_i^T)`, and its derivative in the factor.
    pub(super) fn cross_entropy_top(
        self,
        probabilities: &[f64],
        outputs: usize,
    ) -> Result<(f64, f64), PredictionError> {
        self.top(|kernel| Sandwich {
            kernel,
            probabilities,
            outputs,
        })
    }

    /// `lambda_max / N` of an operator that is linear in the kernel, and its
    /// derivative in the factor.
    fn top<A: LinearOperator>(
        self,
        operator: impl Fn(Self) -> A,
    ) -> Result<(f64, f64), PredictionError> {
        let top = top_eigenpair(&operator(self))?;
        let image = operator(self.slope()).apply(&top.vector);
        let samples = self.kernel.samples() as f64;
        Ok((top.value / samples, dot(&top.vector, &image) / samples))
    }
}

impl LinearOperator for ScaledKernel<'_> {
    fn dimension(&self) -> usize {
        self.kernel.samples()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        self.multiply(vector, 1)
    }
}

/// `A^{1/2} (kernel (x) I) A^{1/2}`, or another operator of its spectrum:
/// `A_i = R_i R_i^T` with `R_i = diag(sqrt p_i) - p_i sqrt(p_i)^T`, so
/// `R^T (kernel (x) I) R`.
struct Sandwich<'a> {
    kernel: ScaledKernel<'a>,
    probabilities: &'a [f64],
    outputs: usize,
}

impl LinearOperator for Sandwich<'_> {
    fn dimension(&self) -> usize {
        self.probabilities.len()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        let outer = times_root(self.probabilities, vector, self.outputs);
        let inner = self.kernel.multiply(&outer, self.outputs);
        times_root_transposed(self.probabilities, &inner, self.outputs)
    }
}

/// `R_i x_i = sqrt(p_i) x_i - p_i (sqrt(p_i) . x_i)` for every sample.
fn times_root(probabilities: &[f64], vector: &[f64], outputs: usize) -> Vec<f64> {
    let samples = probabilities.chunks_exact(outputs);
    samples
        .zip(vector.chunks_exact(outputs))
        .flat_map(|(p, x)| {
            let weighted: Vec<f64> = p.iter().zip(x).map(|(p, x)| p.sqrt() * x).collect();
            let sum: f64 = weighted.iter().sum();
            let pairs = weighted.into_iter().zip(p);
            pairs.map(move |(weighted, p)| weighted - p * sum)
        })
        .collect()
}

/// `R_i^T y_i = sqrt(p_i) (y_i - p_i . y_i)` for every sample.
fn times_root_transposed(probabilities: &[f64], vector: &[f64], outputs: usize) -> Vec<f64> {
    let samples = probabilities.chunks_exact(outputs);
    samples
        .zip(vector.chunks_exact(outputs))
        .flat_map(|(p, y)| {
            let mean: f64 = p.iter().zip(y).map(|(p, y)| p * y).sum();
            p.iter().zip(y).map(move |(p, y)| p.sqrt() * (y - mean))
        })
        .collect()
}

/// Inner product, in eight interleaved sums.
pub(super) fn dot(left: &[f64], right: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (left_chunks, right_chunks) = (left.chunks_exact(8), right.chunks_exact(8));
    let rest: f64 = left_chunks
        .remainder()
        .iter()
        .zip(right_chunks.remainder())
        .map(|(x, y)| x * y)
        .sum();
    for (x, y) in left_chunks.zip(right_chunks) {
        for (sum, (x, y)) in sums.iter_mut().zip(x.iter().zip(y)) {
            *sum += x * y;
        }
    }
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use etastar_model::Architecture;
    use nalgebra::{DMatrix, DVector};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::super::gaussian::draw_probabilities;
    use super::super::kernel::Samples;
    use super::*;
    use crate::lanczos::top_eigenvalue;

    /// `(1/N) L^T A L` assembled densely, with `K (x) I = L L^T`: it has the same
    /// spectrum.
    #[test]
    fn the_implicit_cross_entropy_operator_is_the_dense_one() {
        let mut rng = ChaCha8Rng::seed_from_u64(71);
        let (count, outputs) = (35, 3);
        let normals = (0..count * 4).map(|_| StandardNormal.sample(&mut rng));
        let samples = Samples::new(&normals.collect::<Vec<f64>>(), 4).unwrap();
        let architecture = Architecture::constant_width(4, 24, 2, outputs);
        let kernel = TangentKernel::new(&architecture, 0.7, &samples, 1).unwrap();
        let drawn = draw_probabilities(&kernel, &architecture, 2, &mut rng).unwrap();
        let factor = 1.3;
        let scaled = ScaledKernel::new(&kernel, factor, 2);
        let (value, slope) = scaled.cross_entropy_top(&drawn[0], outputs).unwrap();
        let curvature = DMatrix::from_fn(count * outputs, count * outputs, |i, j| {
            let (p, q) = (drawn[0][i], drawn[0][j]);
            let same = if i == j { p } else { 0.0 };
            if i / outputs == j / outputs {
                same - p * q
            } else {
                0.0
            }
        });
        let top = |factor: f64| {
            let dense = DMatrix::from_fn(count, count, |i, j| {
                let index = i * count + j;
                24.0 * kernel.covariance()[index] + factor * kernel.hidden()[index]
            });
            let root = dense.cholesky().unwrap().l();
            let root = root.kronecker(&DMatrix::identity(outputs, outputs));
            top_eigenvalue(&(root.transpose() * &curvature * root / count as f64))
        };
        assert!((value / top(factor) - 1.0).abs() < 1e-9);
        let difference = (top(factor + 1e-4) - top(factor - 1e-4)) / 2e-4;
        assert!(
            (slope / difference - 1.0).abs() < 1e-4,
            "{slope} {difference}"
        );
    }

    #[test]
    fn diagonal_operators_give_their_largest_entry() {
        for length in [1, 2, 3, 17, 400] {
            let entries = DVector::from_fn(length, |index, _| (index + 1) as f64);
            let top = top_eigenpair(&DMatrix::from_diagonal(&entries)).unwrap();
            let expected = length as f64;
            assert!((top.value / expected - 1.0).abs() < 1e-9, "{}", top.value);
            assert!(top.vector[length - 1].abs() > 0.999);
        }
        let zero = top_eigenpair(&DMatrix::zeros(5, 5)).unwrap();
        assert_eq!(zero.value, 0.0);
    }
}
