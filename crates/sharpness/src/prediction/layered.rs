//! A finite-width factor from a chain of Wishart matrices, one a layer: a
//! hypothesis, to our knowledge not in the literature.
//!
//! # Reasoning
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
use rand_distr::{Distribution, StandardNormal};

use super::operator::dot;
use super::recursion::{Recursion, half_distance, step};
use super::{MeanEstimate, PredictionError, Samples, cholesky, lanczos, wishart};

/// Units drawn to average `h^2`.
const UNITS: usize = 400;

/// The layered factor for `samples` (a few hundred are enough).
pub(super) fn factor(
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
                chain = &chain * wishart::root(chain.ncols(), layer.freedom, rng);
                sum += &chain * chain.transpose() * layer.kappa;
            }
            (wishart::top(sum) - shares.last) / hidden
        })
        .collect();
    MeanEstimate::of(&values)
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
        let norms: Vec<f64> = (0..count)
            .map(|index| {
                let row = samples.rows(index, 1);
                dot(row, row).sqrt()
            })
            .collect();
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
        let total = &tangents[depth];
        let top = lanczos::top(count, |input, output| {
            let product = total * DVector::from_column_slice(input);
            output.copy_from_slice(product.as_slice());
        })?;
        let vector = DVector::from_vec(top.vector);
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
        let root = cholesky::factor(self.covariances[index].as_slice(), count)?;
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
