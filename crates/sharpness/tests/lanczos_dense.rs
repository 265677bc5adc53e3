//! Lanczos against dense eigen-decompositions, and on operators whose spectrum
//! is known.
use crate::support;

use etastar_sharpness::lanczos::{
    LanczosError, LanczosOptions, extreme_eigenvalues, largest_eigenvalue, symmetric_eigenvalues,
};
use nalgebra::{DMatrix, DVector};
use support::{assemble, cases, fixed_cases, norm};

const TIGHT: LanczosOptions = LanczosOptions {
    maximum_iterations: 1_000,
    relative_tolerance: 1e-10,
    seed: 1,
};

/// Prints the largest error over random networks; asserts it too.
#[test]
fn ends_of_the_hessian_s_spectrum() {
    let mut largest_error = 0f64;
    for case in fixed_cases(cases(6, 8), 60) {
        let objective = case.objective();
        let hessian = objective.hessian(&case.layer_rates()).unwrap();
        let dense = assemble(&hessian);
        let eigenvalues = DVector::from_vec(symmetric_eigenvalues(&dense));
        let size = eigenvalues.amax().max(1e-12);
        let found = extreme_eigenvalues(&hessian, &TIGHT).unwrap();
        for (pair, exact) in [
            (&found.largest, eigenvalues.max()),
            (&found.smallest, eigenvalues.min()),
        ] {
            assert!(pair.converged, "{pair:?}");
            assert!((norm(&pair.vector) - 1.0).abs() < 1e-12);
            assert!(pair.iterations <= dense.nrows());
            let image = &dense * DVector::from_column_slice(&pair.vector);
            let residual = (image - DVector::from_column_slice(&pair.vector) * pair.value).norm();
            assert!((residual - pair.residual).abs() < 1e-12 * size);
            largest_error = largest_error.max((pair.value - exact).abs() / size);
        }
        let largest = largest_eigenvalue(&hessian, &TIGHT).unwrap();
        assert!((largest.value - found.largest.value).abs() < 1e-9 * size);
    }
    println!("largest relative error over both ends of 60 Hessians: {largest_error:.1e}");
    assert!(largest_error < 1e-9);
}

fn both_ends(matrix: DMatrix<f64>) -> (f64, f64, usize) {
    let found = extreme_eigenvalues(&matrix, &LanczosOptions::default()).unwrap();
    assert!(
        found.largest.converged && found.smallest.converged,
        "{found:?}"
    );
    (
        found.largest.value,
        found.smallest.value,
        found.largest.iterations,
    )
}

#[test]
fn invariant_subspaces_end_the_process() {
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
    let (largest, smallest, steps) = both_ends(DMatrix::from_element(1, 1, -3.0));
    assert!(close(largest, -3.0) && close(smallest, -3.0) && steps == 1);

    let (largest, smallest, steps) = both_ends(DMatrix::zeros(5, 5));
    assert_eq!((largest, smallest, steps), (0.0, 0.0, 1));

    let (largest, smallest, steps) = both_ends(DMatrix::identity(50, 50) * 1e-8);
    assert!((largest - 1e-8).abs() < 1e-20 && (smallest - 1e-8).abs() < 1e-20 && steps == 1);

    let vector = DVector::from_fn(40, |i, _| (i as f64).cos());
    let (largest, smallest, steps) = both_ends(&vector * vector.transpose());
    assert!((largest - vector.norm_squared()).abs() < 1e-12 * largest);
    assert!(smallest.abs() < 1e-12 * largest && steps <= 3);
}

#[test]
fn the_iteration_limit_is_reported() {
    let spread = DVector::from_fn(200, |i, _| (i as f64).sqrt());
    let options = LanczosOptions {
        maximum_iterations: 4,
        relative_tolerance: 1e-8,
        seed: 0,
    };
    let operator = DMatrix::from_diagonal(&spread);
    let found = largest_eigenvalue(&operator, &options).unwrap();
    assert!(!found.converged && found.iterations == 4 && found.operator_calls == 5);
    assert!(found.value <= spread.max() && found.residual > 1e-3);
    assert_eq!(found, largest_eigenvalue(&operator, &options).unwrap());
}

#[test]
fn bad_operators_and_options_are_refused() {
    let options = LanczosOptions::default();
    let empty = DMatrix::zeros(0, 0);
    assert_eq!(
        largest_eigenvalue(&empty, &options),
        Err(LanczosError::EmptyOperator)
    );
    let undefined = DMatrix::from_element(3, 3, f64::NAN);
    assert_eq!(
        largest_eigenvalue(&undefined, &options),
        Err(LanczosError::NotFinite(1))
    );
    let none = LanczosOptions {
        maximum_iterations: 0,
        ..options
    };
    let identity = DMatrix::identity(2, 2);
    assert_eq!(
        largest_eigenvalue(&identity, &none),
        Err(LanczosError::NoIterations)
    );
}
