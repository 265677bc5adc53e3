//! Lanczos against dense eigen-decompositions, and on operators whose spectrum
//! is known.
#![allow(
    clippy::unwrap_used,
    reason = "a failed assumption should fail the test"
)]

mod operator_support;

use etastar_sharpness::lanczos::{
    DensityOptions, LanczosError, LanczosOptions, extreme_eigenvalues, largest_eigenvalue,
    smallest_eigenvalue, spectral_density, symmetric_eigenvalues,
};
use etastar_sharpness::operator::{LinearOperator, assemble};
use nalgebra::{DMatrix, DVector};
use operator_support::{cases, fixed_cases, norm};

struct Dense(DMatrix<f64>);

impl LinearOperator for Dense {
    fn dimension(&self) -> usize {
        self.0.nrows()
    }

    fn apply(&self, vector: &[f64]) -> Vec<f64> {
        (&self.0 * DVector::from_column_slice(vector))
            .as_slice()
            .to_vec()
    }
}

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
        let hessian = objective
            .preconditioned_hessian(&case.layer_rates())
            .unwrap();
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
        let smallest = smallest_eigenvalue(&hessian, &TIGHT).unwrap();
        assert!((largest.value - found.largest.value).abs() < 1e-9 * size);
        assert!((smallest.value - found.smallest.value).abs() < 1e-9 * size);
    }
    println!("largest relative error over both ends of 60 Hessians: {largest_error:.1e}");
    assert!(largest_error < 1e-9);
}

fn both_ends(matrix: DMatrix<f64>) -> (f64, f64, usize) {
    let found = extreme_eigenvalues(&Dense(matrix), &LanczosOptions::default()).unwrap();
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

/// Full reorthogonalisation: a spectrum with a far outlier and a cluster gives
/// no spurious copies, and every Ritz value of a full run is an eigenvalue.
#[test]
fn no_spurious_copies() {
    let mut eigenvalues: Vec<f64> = (0..60).map(|i| 1e-3 * f64::from(i)).collect();
    eigenvalues.push(1e4);
    let operator = Dense(DMatrix::from_diagonal(&DVector::from_vec(
        eigenvalues.clone(),
    )));
    let options = DensityOptions {
        probes: 1,
        iterations: 1_000,
        seed: 3,
    };
    let density = spectral_density(&operator, &options).unwrap();
    assert!(density.nodes.len() <= 61);
    let outliers = density.nodes.iter().filter(|node| node.eigenvalue > 1.0);
    assert_eq!(outliers.count(), 1);
}

#[test]
fn the_iteration_limit_is_reported() {
    let spread = DVector::from_fn(200, |i, _| (i as f64).sqrt());
    let options = LanczosOptions {
        maximum_iterations: 4,
        relative_tolerance: 1e-8,
        seed: 0,
    };
    let operator = Dense(DMatrix::from_diagonal(&spread));
    let found = largest_eigenvalue(&operator, &options).unwrap();
    assert!(!found.converged && found.iterations == 4 && found.operator_calls == 5);
    assert!(found.value <= spread.max() && found.residual > 1e-3);
    assert_eq!(found, largest_eigenvalue(&operator, &options).unwrap());
}

#[test]
fn bad_operators_and_options_are_refused() {
    let options = LanczosOptions::default();
    let empty = Dense(DMatrix::zeros(0, 0));
    assert_eq!(
        largest_eigenvalue(&empty, &options),
        Err(LanczosError::EmptyOperator)
    );
    let undefined = Dense(DMatrix::from_element(3, 3, f64::NAN));
    assert_eq!(
        largest_eigenvalue(&undefined, &options),
        Err(LanczosError::NotFinite(1))
    );
    let none = LanczosOptions {
        maximum_iterations: 0,
        ..options
    };
    let identity = Dense(DMatrix::identity(2, 2));
    assert_eq!(
        largest_eigenvalue(&identity, &none),
        Err(LanczosError::NoIterations)
    );
    let none = DensityOptions {
        probes: 0,
        ..DensityOptions::default()
    };
    assert_eq!(
        spectral_density(&identity, &none),
        Err(LanczosError::NoProbes)
    );
}

/// Gauss quadrature with all nodes is exact for each probe, so that the
/// estimates of traces err by the probes alone.
#[test]
fn the_density_gives_traces() {
    let eigenvalues = DVector::from_fn(300, |i, _| (i as f64 / 300.0).powi(2) - 0.2);
    let operator = Dense(DMatrix::from_diagonal(&eigenvalues));
    let options = DensityOptions {
        probes: 50,
        iterations: 20,
        seed: 5,
    };
    let density = spectral_density(&operator, &options).unwrap();
    let weight: f64 = density.nodes.iter().map(|node| node.weight).sum();
    assert!((weight - 1.0).abs() < 1e-12);
    assert!(
        density
            .nodes
            .is_sorted_by(|a, b| a.eigenvalue <= b.eigenvalue)
    );
    for power in [1, 2, 5] {
        let exact: f64 = eigenvalues.iter().map(|value| value.powi(power)).sum();
        let estimate = density.trace_of(|value| value.powi(power));
        let squares: f64 = eigenvalues.iter().map(|value| value.powi(2 * power)).sum();
        // Variance of v^T D v over the sphere: at most 2 |D|_F^2 / n^2, times n^2.
        let deviation = (2.0 * squares / 50.0).sqrt();
        assert!(
            (estimate - exact).abs() < 4.0 * deviation,
            "{estimate} {exact}"
        );
    }
}
