//! Finite-width factors of the kernel: expected norms of class Gram matrices,
//! the Gram matrices of the `K` backward vectors.
//!
//! # The layered factor
//! From a chain of Wishart matrices, one a layer: a hypothesis, to our knowledge
//! not in the literature.
//!
//! At one input the class Gram matrix of the backward vectors has *exactly* the
//! law of a chain (see the lemma of [`crate::moments`]):
//! `Gamma_{L+1} = I`, `Gamma_l = C W_l C^T` with `Gamma_{l+1} = C C^T` and `W_l` a
//! Wishart matrix of Binomial(`n_l`, 1/2) degrees of freedom divided by
//! `n_l / 2`. The blocks of the tangent kernel at many inputs are not multiples
//! of one such matrix: two inputs share part of their masks. Two
//! approximations make the chain usable:
//!
//! 1. The top eigenvector is `v (x) e`, `v` the one of the infinite-width
//!    kernel, and only `e` adapts to the draw. With `kappa_l` the share
//!    `v^T (n_{l-1} Sigma^{l-1} o g_l SigmaDot^l o .. o g_L SigmaDot^L) v` of the
//!    layer `l`, the eigenvalue is the top one of
//!    `kappa_{L+1} I + sum_l kappa_l Gamma_l`.
//! 2. Seen along `v`, layer `l` contributes `sum_u h_u w_u w_u^T` over its units,
//!    `h_u = sum_ij v_i v_j Q_ij 1[z_u(x_i) > 0] 1[z_u(x_j) > 0]`, with
//!    `Q = K^l o g_{l+1} SigmaDot^{l+1} o .. o g_L SigmaDot^L` whatever else is
//!    multiplied. A weighted sum of this kind has about
//!    `nu_l = n_l (E h)^2 / E h^2` degrees of freedom: `n_l / 2` if all
//!    inputs are parallel, usually more if they are spread, never more than
//!    `n_l`. Both means are
//!    taken over units drawn from `z_u ~ N(0, 2 Sigma^{l-1})`.
//!
//! The factor `w` is the one with which `kappa_{L+1} + w sum_l kappa_l` is the
//! mean of that top eigenvalue. The fluctuation of the forward kernels, whose
//! mean is exact, is neglected.

use etastar_model::Architecture;
use nalgebra::{DMatrix, DVector};
use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use super::eigenvalue::{dot, top_eigenpair};
use super::gaussian::cholesky_factor;
use super::kernel::{PredictionError, Recursion, Samples, half_distance, step};
use crate::lanczos::top_eigenvalue;

/// Units drawn to average `h^2`.
const UNITS: usize = 400;

/// A mean estimated from independent draws.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MeanEstimate {
    /// The mean.
    pub mean: f64,
    /// Its standard error; 0 if nothing was drawn.
    pub standard_error: f64,
}

impl MeanEstimate {
    /// A number that is not estimated.
    pub(super) fn exact(mean: f64) -> Self {
        Self {
            mean,
            standard_error: 0.0,
        }
    }

    /// Mean and standard error of independent draws.
    ///
    /// # Errors
    /// If there are fewer than two.
    pub(super) fn from_draws(draws: &[f64]) -> Result<Self, PredictionError> {
        if draws.len() < 2 {
            return Err(PredictionError::Draws(draws.len()));
        }
        let count = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / count;
        let squares: f64 = draws.iter().map(|draw| (draw - mean).powi(2)).sum();
        Ok(Self {
            mean,
            standard_error: (squares / (count - 1.0) / count).sqrt(),
        })
    }
}

/// `w = E lambda_max(G G^T / m)`, `G` a `classes x m` matrix of independent
/// standard normals with `m = width / 2` (rounded up): the expected norm of
/// the class Gram matrix of a layer of which half the units are active, by
/// `draws` draws. 1 for one class; tends to 1 as the width grows.
///
/// # Errors
/// If there are fewer than two draws.
pub(super) fn class_gram_factor(
    classes: usize,
    width: usize,
    draws: usize,
    rng: &mut impl Rng,
) -> Result<MeanEstimate, PredictionError> {
    let freedom = width.div_ceil(2).max(1) as f64;
    let values: Vec<f64> = (0..draws)
        .map(|_| {
            let root = wishart_root(classes, freedom, rng);
            top_eigenvalue(&(&root * root.transpose()))
        })
        .collect();
    MeanEstimate::from_draws(&values)
}

/// A matrix `R` with `classes` rows such that `R R^T` is a Wishart matrix of
/// `freedom` degrees of freedom divided by `freedom`, so that its mean is the
/// identity.
///
/// By Bartlett's decomposition, which allows degrees of freedom that are not
/// whole, where they exceed `classes - 1`; else from as many normal columns as
/// the next whole number.
fn wishart_root(classes: usize, freedom: f64, rng: &mut impl Rng) -> DMatrix<f64> {
    let bartlett: Option<Vec<ChiSquared<f64>>> = (0..classes)
        .map(|index| ChiSquared::new(freedom - index as f64).ok())
        .collect();
    match bartlett {
        Some(diagonal) => {
            let scale = freedom.sqrt();
            DMatrix::from_fn(classes, classes, |row, column| {
                let value: f64 = match row.cmp(&column) {
                    std::cmp::Ordering::Less => 0.0,
                    std::cmp::Ordering::Equal => diagonal[row].sample(rng).sqrt(),
                    std::cmp::Ordering::Greater => StandardNormal.sample(rng),
                };
                value / scale
            })
        }
        None => {
            let columns = (freedom.ceil() as usize).max(1);
            let scale = (columns as f64).sqrt();
            DMatrix::from_fn(classes, columns, |_, _| {
                let value: f64 = StandardNormal.sample(rng);
                value / scale
            })
        }
    }
}

/// The factor of a chain of Wishart matrices for `samples` (a few hundred are enough).
pub(super) fn layered_factor(
    architecture: &Architecture,
    input_rate: f64,
    samples: &Samples,
    draws: usize,
    rng: &mut impl Rng,
) -> Result<MeanEstimate, PredictionError> {
    if architecture.outputs == 1 {
        return Ok(MeanEstimate::exact(1.0));
    }
    let layers = Layers::new(architecture, input_rate, samples)?;
    let shares = layers.shares(rng)?;
    let hidden: f64 = shares.hidden.iter().map(|layer| layer.kappa).sum();
    if hidden <= 0.0 {
        return Ok(MeanEstimate::exact(1.0));
    }
    let classes = architecture.outputs;
    let values: Vec<f64> = (0..draws)
        .map(|_| {
            let mut chain = DMatrix::<f64>::identity(classes, classes);
            let mut sum = &chain * shares.last;
            for layer in shares.hidden.iter().rev() {
                chain = &chain * wishart_root(chain.ncols(), layer.freedom, rng);
                sum += &chain * chain.transpose() * layer.kappa;
            }
            (top_eigenvalue(&sum) - shares.last) / hidden
        })
        .collect();
    MeanEstimate::from_draws(&values)
}

/// What one hidden layer contributes.
struct Share {
    kappa: f64,
    freedom: f64,
}

/// What all layers contribute.
struct Shares {
    hidden: Vec<Share>,
    last: f64,
}

/// Kernels of all layers on a few samples.
struct Layers {
    recursion: Recursion,
    /// `Sigma^0 .. Sigma^L`.
    covariances: Vec<DMatrix<f64>>,
    /// `g_l SigmaDot^l` for `l = 1 .. L`.
    derivatives: Vec<DMatrix<f64>>,
    inputs: f64,
}

impl Layers {
    fn new(
        architecture: &Architecture,
        input_rate: f64,
        samples: &Samples,
    ) -> Result<Self, PredictionError> {
        let recursion = Recursion::new(architecture, input_rate)?;
        let count = samples.count();
        let inputs = architecture.inputs as f64;
        let norms = samples.norms();
        let scale = DMatrix::from_fn(count, count, |i, j| norms[i] * norms[j] / inputs);
        let mut distance = DMatrix::from_fn(count, count, |i, j| {
            if i == j {
                0.0
            } else {
                let product = dot(samples.rows(i, 1), samples.rows(j, 1));
                half_distance(product, norms[i] * norms[j])
            }
        });
        let covariance =
            |distance: &DMatrix<f64>| scale.zip_map(distance, |scale, u| scale * (1.0 - 2.0 * u));
        let mut covariances = vec![covariance(&distance)];
        let mut derivatives = Vec::new();
        for layer in &recursion.layers {
            derivatives.push(distance.map(|u| layer.gain * step(u).0));
            distance.apply(|u| *u = step(*u).1);
            covariances.push(covariance(&distance));
        }
        Ok(Self {
            recursion,
            covariances,
            derivatives,
            inputs,
        })
    }

    /// `n_{l-1} Sigma^{l-1}` of the layer with this index (from 0), with the
    /// input layer's rate.
    fn own_kernel(&self, index: usize) -> DMatrix<f64> {
        let width = match index.checked_sub(1) {
            None => self.recursion.input_rate * self.inputs,
            Some(before) => self.recursion.layers[before].width,
        };
        &self.covariances[index] * width
    }

    fn shares(&self, rng: &mut impl Rng) -> Result<Shares, PredictionError> {
        let depth = self.derivatives.len();
        let count = self.covariances[0].nrows();
        // tangents[l - 1] is K^l.
        let mut tangents = vec![self.own_kernel(0)];
        for (index, derivative) in self.derivatives.iter().enumerate() {
            let next = tangents[index].component_mul(derivative) + self.own_kernel(index + 1);
            tangents.push(next);
        }
        let vector = DVector::from_vec(top_eigenpair(&tangents[depth])?.vector);
        let along = |matrix: &DMatrix<f64>| vector.dot(&(matrix * &vector));
        let last = along(&self.own_kernel(depth));
        let mut backward = DMatrix::from_element(count, count, 1.0);
        let mut hidden = Vec::with_capacity(depth);
        for index in (0..depth).rev() {
            let seen = tangents[index].component_mul(&backward);
            let ratio = self.mask_ratio(index, &seen, &vector, rng)?;
            backward.component_mul_assign(&self.derivatives[index]);
            hidden.push(Share {
                kappa: along(&self.own_kernel(index).component_mul(&backward)),
                freedom: self.recursion.layers[index].width * ratio,
            });
        }
        hidden.reverse();
        Ok(Shares { hidden, last })
    }

    /// `(E h)^2 / E h^2` of the masks of a layer, at most 1.
    fn mask_ratio(
        &self,
        index: usize,
        seen: &DMatrix<f64>,
        vector: &DVector<f64>,
        rng: &mut impl Rng,
    ) -> Result<f64, PredictionError> {
        let count = vector.len();
        let root = cholesky_factor(self.covariances[index].as_slice(), count)?;
        let normal = DMatrix::from_fn(count, UNITS, |_, _| -> f64 { StandardNormal.sample(rng) });
        let mut masked = root * normal;
        for mut column in masked.column_iter_mut() {
            for (value, weight) in column.iter_mut().zip(vector) {
                *value = if *value > 0.0 { *weight } else { 0.0 };
            }
        }
        let images = seen * &masked;
        let squares: Vec<f64> = masked
            .column_iter()
            .zip(images.column_iter())
            .map(|(masked, image)| masked.dot(&image))
            .collect();
        let mean = squares.iter().sum::<f64>() / squares.len() as f64;
        let square = squares.iter().map(|h| h * h).sum::<f64>() / squares.len() as f64;
        Ok(if square > 0.0 {
            mean * mean / square
        } else {
            0.5
        })
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn the_mean_of_a_gram_matrix_is_the_identity() {
        let mut rng = ChaCha8Rng::seed_from_u64(5);
        for freedom in [2.0, 4.0, 7.5] {
            let draws = 4_000;
            let mut mean = DMatrix::zeros(4, 4);
            for _ in 0..draws {
                let root = wishart_root(4, freedom, &mut rng);
                mean += &root * root.transpose() / f64::from(draws);
            }
            // A diagonal element has variance 2 / freedom.
            let error = (mean - DMatrix::identity(4, 4)).amax();
            assert!(
                error < 5.0 * (2.0 / freedom / f64::from(draws)).sqrt(),
                "{error}"
            );
        }
    }

    #[test]
    fn one_class_needs_no_factor_and_wide_layers_little() {
        let mut rng = ChaCha8Rng::seed_from_u64(6);
        let one = class_gram_factor(1, 64, 2_000, &mut rng).unwrap();
        assert!((one.mean - 1.0).abs() < 4.0 * one.standard_error);
        let factors: Vec<f64> = [32, 128, 512, 8192]
            .map(|width| class_gram_factor(10, width, 300, &mut rng).unwrap().mean)
            .to_vec();
        assert!(
            factors.is_sorted_by(|wider, narrower| wider > narrower),
            "{factors:?}"
        );
        assert!(factors[3] < 1.15);
        assert!(class_gram_factor(10, 8, 1, &mut rng).is_err());
    }
}
