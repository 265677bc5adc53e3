//! The infinite-width tangent kernel of a data set.
//!
//! With `Sigma^0 = X X^T / n_0`, `C^l = 2 Sigma^{l-1}`, `rho` its correlation,
//! `t = arccos rho`, `s = sqrt(C_ii C_jj)`:
//!
//! ```text
//! Sigma^l = s (sin t + (pi - t) cos t) / (2 pi),      SigmaDot^l = (pi - t) / (2 pi)
//! K^1 = mu_in n_0 Sigma^0,      K^{l+1} = n_l Sigma^l + g_l SigmaDot^l K^l,     g_l = 2 (l < L), c (l = L)
//! ```
//!
//! (Jacot, Gabriel and Hongler, arXiv:1806.07572, in the parametrisation without
//! scaling factors; the integrals are Cho and Saul's, NIPS 2009.) The diagonal
//! of `Sigma^l` does not depend on `l`, so the state is the correlation alone.
//! It is carried as `u = (1 - rho) / 2 = sin^2(t/2)`, which keeps all digits
//! of the angle of nearly parallel samples:
//!
//! ```text
//! rho' = cos t + (sin t - t cos t) / pi,      u' = u - (sin t - t cos t) / (2 pi)
//! ```

use std::cmp::Ordering;
use std::f64::consts::PI;
use std::sync::{Mutex, PoisonError};

use etastar_model::Architecture;
use nalgebra::DMatrixView;
use thiserror::Error;

use crate::lanczos::LanczosError;
use crate::moments::{MomentsError, check_network};

/// Rows and columns of a tile.
const TILE: usize = 64;

/// Why no prediction can be made.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PredictionError {
    /// The formulas are not for this network, or a rate is out of range.
    #[error(transparent)]
    Network(#[from] MomentsError),
    /// There is no sample.
    #[error("a prediction needs at least one sample")]
    NoSamples,
    /// The number of values is not a multiple of the number of inputs.
    #[error("{values} values are not a whole number of samples of {inputs} inputs")]
    Shape {
        /// Values given.
        values: usize,
        /// Inputs of the network.
        inputs: usize,
    },
    /// A value is NaN or infinite.
    #[error("value {index} of the samples is not finite")]
    NotFinite {
        /// Its position.
        index: usize,
    },
    /// The covariance of the outputs could not be factored.
    #[error("the covariance of the outputs is not positive semi-definite to working precision")]
    Covariance,
    /// Fewer than two draws, so no standard error.
    #[error("at least 2 random draws are needed for a standard error, not {0}")]
    Draws(usize),
    /// The kernel is beyond the range of double precision.
    #[error(transparent)]
    Lanczos(#[from] LanczosError),
    /// The eigenvalue iteration did not reach its tolerance.
    #[error(
        "the top eigenvalue did not converge in {steps} steps (relative residual {residual:e})"
    )]
    Convergence {
        /// Steps taken.
        steps: usize,
        /// Residual relative to the eigenvalue.
        residual: f64,
    },
}

/// Samples of equal length, in double precision, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    values: Vec<f64>,
    inputs: usize,
}

impl Samples {
    /// Takes row-major `values`: one sample of `inputs` numbers after the
    /// other.
    ///
    /// # Errors
    /// If there is no sample, the last one is incomplete or a value is not
    /// finite.
    pub fn new<T: Copy + Into<f64>>(values: &[T], inputs: usize) -> Result<Self, PredictionError> {
        if inputs == 0 || !values.len().is_multiple_of(inputs) {
            return Err(PredictionError::Shape {
                values: values.len(),
                inputs,
            });
        }
        if values.is_empty() {
            return Err(PredictionError::NoSamples);
        }
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(PredictionError::NotFinite { index }),
            None => Ok(Self { values, inputs }),
        }
    }

    /// Number of samples, `N`.
    pub(super) fn count(&self) -> usize {
        self.values.len() / self.inputs
    }

    /// Numbers in a sample, `n_0`.
    pub(super) fn inputs(&self) -> usize {
        self.inputs
    }

    /// `count` samples from sample `from` on.
    pub(super) fn rows(&self, from: usize, count: usize) -> &[f64] {
        &self.values[from * self.inputs..(from + count) * self.inputs]
    }

    /// The norm of each sample.
    pub(super) fn norms(&self) -> Vec<f64> {
        let rows = self.values.chunks_exact(self.inputs);
        rows.map(|row| row.iter().map(|value| value * value).sum::<f64>().sqrt())
            .collect()
    }

    /// At most `most` (and at least one) of the samples, evenly spaced.
    pub(super) fn spread(&self, most: usize) -> Self {
        let count = self.count();
        let kept = most.clamp(1, count);
        let values = (0..kept)
            .flat_map(|index| self.rows(index * count / kept, 1))
            .copied()
            .collect();
        Self {
            values,
            inputs: self.inputs,
        }
    }
}

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
        let norms = samples.norms();
        let mut covariance = vec![0.0; count * count];
        let mut hidden = vec![0.0; count * count];
        let strips = covariance
            .chunks_mut(TILE * count)
            .zip(hidden.chunks_mut(TILE * count))
            .enumerate();
        for_each(strips, threads, |(strip, (covariance, hidden))| {
            let first = strip * TILE;
            let rows = covariance.len() / count;
            let matrix =
                |first, rows| DMatrixView::from_slice(samples.rows(first, rows), inputs, rows);
            let right = matrix(first, rows);
            for left in (0..first + rows).step_by(TILE) {
                let columns = TILE.min(count - left);
                let dots = matrix(left, columns).transpose() * right;
                for (row, column) in pairs(rows, columns) {
                    let (i, j) = (first + row, left + column);
                    let scale = norms[i] * norms[j];
                    let (dot, u) = match i.cmp(&j) {
                        Ordering::Less => continue,
                        Ordering::Equal => (scale, 0.0),
                        Ordering::Greater => {
                            let dot = dots[(column, row)];
                            (dot, half_distance(dot, scale))
                        }
                    };
                    let pair = recursion.pair(dot, scale / inputs as f64, u);
                    covariance[row * count + j] = pair.covariance;
                    hidden[row * count + j] = pair.hidden;
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

/// Copies the lower triangle to the upper one.
fn mirror(matrix: &mut [f64], count: usize) {
    for first in (0..count).step_by(TILE) {
        let rows = TILE.min(count - first);
        for left in (0..=first).step_by(TILE) {
            for (row, column) in pairs(rows, TILE) {
                let (i, j) = (first + row, left + column);
                if j < i {
                    matrix[j * count + i] = matrix[i * count + j];
                }
            }
        }
    }
}

/// Indices of a tile, row by row.
fn pairs(rows: usize, columns: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..rows).flat_map(move |row| (0..columns).map(move |column| (row, column)))
}

/// One hidden layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    /// `n_l`.
    pub(super) width: f64,
    /// `g_l`: 2, or the output gain in the last hidden layer.
    pub(super) gain: f64,
}

/// The layers of a bias-free network, as the recursion needs them.
#[derive(Debug, Clone)]
pub(super) struct Recursion {
    pub(super) layers: Vec<Layer>,
    pub(super) input_rate: f64,
}

/// The kernels of one pair of samples at the outputs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pair {
    /// `Sigma^L`.
    pub(super) covariance: f64,
    /// `g_L SigmaDot^L K^L`, the part of `K^{L+1}` that is not `n_L Sigma^L`.
    pub(super) hidden: f64,
}

impl Recursion {
    pub(super) fn new(
        architecture: &Architecture,
        input_rate: f64,
    ) -> Result<Self, PredictionError> {
        check_network(architecture, input_rate)?;
        let depth = architecture.depth();
        let layers = architecture
            .hidden
            .iter()
            .enumerate()
            .map(|(index, &width)| Layer {
                width: width as f64,
                gain: if index + 1 == depth {
                    architecture.output_gain
                } else {
                    2.0
                },
            })
            .collect();
        Ok(Self { layers, input_rate })
    }

    /// Kernels of a pair with inner product `dot`, `scale` the geometric mean
    /// of both `|x|^2 / n_0`.
    pub(super) fn pair(&self, dot: f64, scale: f64, mut u: f64) -> Pair {
        let mut tangent = self.input_rate * dot;
        let mut pair = Pair {
            covariance: 0.0,
            hidden: 0.0,
        };
        for layer in &self.layers {
            let (derivative, next) = step(u);
            u = next;
            pair.covariance = scale * (1.0 - 2.0 * u);
            pair.hidden = layer.gain * derivative * tangent;
            tangent = layer.width * pair.covariance + pair.hidden;
        }
        pair
    }
}

/// `u = (1 - rho) / 2` of a pair with inner product `dot` of vectors whose
/// norms multiply to `norms`; 0 if one of them is 0.
pub(super) fn half_distance(dot: f64, norms: f64) -> f64 {
    if norms > 0.0 {
        (0.5 * (1.0 - dot / norms)).clamp(0.0, 1.0)
    } else {
        0.0
    }
}

/// `(SigmaDot, u')` of one layer.
pub(super) fn step(u: f64) -> (f64, f64) {
    let angle = if u < 0.5 {
        2.0 * u.sqrt().asin()
    } else {
        PI - 2.0 * (1.0 - u).max(0.0).sqrt().asin()
    };
    let lifted = if angle < 0.1 {
        // sin t - t cos t without cancellation; the next term is below 1e-14
        // of the sum.
        let square = angle * angle;
        let series = 1.0 / 3.0 - square * (1.0 / 30.0 - square * (1.0 / 840.0 - square / 45_360.0));
        angle * square * series
    } else {
        2.0 * (u * (1.0 - u)).sqrt() - angle * (1.0 - 2.0 * u)
    };
    let next = (u - lifted / (2.0 * PI)).clamp(0.0, 1.0);
    ((PI - angle) / (2.0 * PI), next)
}

/// Calls `work(item)` for every item; threads take the next item when they are
/// free. Every item is worked on whole by one thread, in the same way, so that
/// results do not depend on the number of threads.
pub(super) fn for_each<T: Send>(
    items: impl Iterator<Item = T> + Send,
    threads: usize,
    work: impl Fn(T) + Sync,
) {
    let items = Mutex::new(items);
    let worker = || {
        loop {
            let next = items.lock().unwrap_or_else(PoisonError::into_inner).next();
            match next {
                Some(item) => work(item),
                None => break,
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(worker);
        }
        worker();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_opposite_and_orthogonal_samples() {
        assert_eq!(step(0.0), (0.5, 0.0));
        let (derivative, next) = step(1.0);
        assert!(derivative.abs() < 1e-15);
        assert!(
            (next - 0.5).abs() < 1e-15,
            "opposite samples become orthogonal"
        );
        let (derivative, next) = step(0.5);
        assert!((derivative - 0.25).abs() < 1e-15);
        assert!((1.0 - 2.0 * next - 1.0 / PI).abs() < 1e-15);
    }

    #[test]
    fn series_and_closed_form_meet() {
        let at = |angle: f64| step((angle / 2.0).sin().powi(2)).1;
        let (below, above) = (at(0.1 - 1e-9), at(0.1 + 1e-9));
        // The derivative of u' in t there is about 0.048.
        assert!(((above - below) / 2e-9 - 0.048).abs() < 1e-3);
    }

    #[test]
    fn nearly_parallel_samples_keep_their_angle() {
        let tiny = 1e-20;
        let (derivative, next) = step(tiny);
        assert!((next / tiny - 1.0).abs() < 1e-9);
        assert!(next < tiny);
        assert!(derivative <= 0.5);
    }
}
