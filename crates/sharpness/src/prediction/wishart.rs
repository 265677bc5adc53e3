//! Class Gram matrices: the Gram matrices of the `K` backward vectors.

use nalgebra::{DMatrix, SymmetricEigen};
use rand::Rng;
use rand_distr::{ChiSquared, Distribution, StandardNormal};

use super::{MeanEstimate, PredictionError};

/// `w = E lambda_max(G G^T / m)`, `G` a `classes x m` matrix of independent
/// standard normals with `m = width / 2` (rounded up): the expected norm of
/// the class Gram matrix of a layer of which half the units are active, by
/// `draws` draws. 1 for one class; tends to 1 as the width grows.
///
/// # Errors
/// If there are fewer than two draws.
pub fn class_gram_factor(
    classes: usize,
    width: usize,
    draws: usize,
    rng: &mut impl Rng,
) -> Result<MeanEstimate, PredictionError> {
    let freedom = width.div_ceil(2).max(1) as f64;
    let values: Vec<f64> = (0..draws)
        .map(|_| {
            let root = root(classes, freedom, rng);
            top(&root * root.transpose())
        })
        .collect();
    MeanEstimate::of(&values)
}

/// A matrix `R` with `classes` rows such that `R R^T` is a Wishart matrix of
/// `freedom` degrees of freedom divided by `freedom`, so that its mean is the
/// identity.
///
/// By Bartlett's decomposition, which allows degrees of freedom that are not
/// whole, where they exceed `classes - 1`; else from as many normal columns as
/// the next whole number.
pub(super) fn root(classes: usize, freedom: f64, rng: &mut impl Rng) -> DMatrix<f64> {
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

/// The top eigenvalue.
pub(super) fn top(matrix: DMatrix<f64>) -> f64 {
    SymmetricEigen::new(matrix).eigenvalues.max()
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
                let root = root(4, freedom, &mut rng);
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
