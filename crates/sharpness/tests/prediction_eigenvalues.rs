//! Predicted eigenvalues against dense matrices and sampled networks.

use crate::support;

use etastar_model::{Architecture, Loss};
use etastar_sharpness::prediction::{
    KernelPrediction, PredictionError, PredictionSettings, Samples, TangentKernel,
};
use nalgebra::DMatrix;
use proptest::prelude::*;
use support::{Network, generator, mean_and_error, normals, top_eigenvalue, unit};

fn settings() -> PredictionSettings {
    PredictionSettings {
        factor_draws: 300,
        output_draws: 3,
        layered_samples: 40,
        ..PredictionSettings::default()
    }
}

fn predict(architecture: &Architecture, loss: Loss, values: &[f64]) -> KernelPrediction {
    let samples = Samples::new(values, architecture.inputs).unwrap();
    KernelPrediction::new(architecture, loss, 1.0, &samples, settings()).unwrap()
}

/// `K_last + w K_hidden`, dense.
fn dense(architecture: &Architecture, values: &[f64], factor: f64) -> DMatrix<f64> {
    let samples = Samples::new(values, architecture.inputs).unwrap();
    let kernel = TangentKernel::new(architecture, 1.0, &samples, 1).unwrap();
    let count = kernel.samples();
    DMatrix::from_fn(count, count, |i, j| {
        let index = i * count + j;
        kernel.last_width() * kernel.covariance()[index] + factor * kernel.hidden()[index]
    })
}

#[test]
fn squared_error_is_the_kernel_s_top_eigenvalue() {
    let mut rng = generator(61);
    let values = normals(70 * 5, &mut rng);
    let architecture = Architecture::constant_width(5, 48, 3, 4);
    let prediction = predict(&architecture, Loss::SquaredError, &values);
    for (value, factor) in [
        (prediction.plain, 1.0),
        (prediction.finite_width, prediction.factor.mean),
        (prediction.layered, prediction.layered_factor.mean),
    ] {
        let matrix = dense(&architecture, &values, factor);
        let expected = top_eigenvalue(&matrix) / 70.0;
        assert!((value / expected - 1.0).abs() < 1e-9, "{value} {expected}");
    }
    assert!(prediction.finite_width > prediction.plain);
    assert!(prediction.layered > prediction.plain);
    assert_eq!(prediction.estimate.plain.standard_error, 0.0);
    assert!(prediction.estimate.finite_width.standard_error > 0.0);
}

/// One sample and two classes: `A = v [[1, -1], [-1, 1]]` with `v = p_1 p_2`,
/// so every draw's eigenvalue is `2 v K`, `v = 1 / (4 cosh^2(d / 2))` for the
/// difference `d` of two independent normal outputs.
#[test]
fn cross_entropy_of_one_sample() {
    let architecture = Architecture::constant_width(3, 40, 2, 2);
    let samples = Samples::new(&[1.0, 1.0, 1.0], 3).unwrap();
    let settings = PredictionSettings {
        output_draws: 4_000,
        ..settings()
    };
    let prediction =
        KernelPrediction::new(&architecture, Loss::CrossEntropy, 1.0, &samples, settings).unwrap();
    // Var d = 2 c q = 4; the mean over d by the midpoint rule.
    let step = 1e-3;
    let mean: f64 = (-20_000..20_000)
        .map(|index| {
            let d: f64 = (f64::from(index) + 0.5) * step;
            let density = (-d * d / 8.0).exp() / (8.0 * std::f64::consts::PI).sqrt();
            step * density / (4.0 * (d / 2.0).cosh().powi(2))
        })
        .sum();
    let expected = 2.0 * mean * (3.0 + 80.0);
    let estimate = prediction.estimate.plain;
    assert!(
        (estimate.mean - expected).abs() < 4.0 * estimate.standard_error,
        "{estimate:?} {expected}"
    );
}

#[test]
fn results_do_not_depend_on_threads_and_do_on_the_seed() {
    let mut rng = generator(62);
    let values = normals(90 * 6, &mut rng);
    let samples = Samples::new(&values, 6).unwrap();
    let architecture = Architecture::constant_width(6, 32, 2, 3);
    let with = |threads, seed| {
        let settings = PredictionSettings {
            threads,
            seed,
            ..settings()
        };
        KernelPrediction::new(&architecture, Loss::CrossEntropy, 0.5, &samples, settings).unwrap()
    };
    assert_eq!(with(1, 3), with(4, 3));
    assert_ne!(with(1, 3).plain, with(1, 4).plain);
}

#[test]
fn too_few_draws_are_refused() {
    let samples = Samples::new(&[1.0, 2.0], 2).unwrap();
    let architecture = Architecture::constant_width(2, 8, 1, 3);
    let refused = |settings| {
        KernelPrediction::new(&architecture, Loss::CrossEntropy, 1.0, &samples, settings)
            .unwrap_err()
    };
    let mut few = settings();
    few.output_draws = 1;
    assert_eq!(refused(few), PredictionError::Draws(1));
    few = settings();
    few.factor_draws = 0;
    assert_eq!(refused(few), PredictionError::Draws(0));
}

/// Squared error, shallow and moderately wide: the hypothesis with a factor is
/// close to sampled networks, the plain kernel far below.
#[test]
fn factors_explain_sampled_networks() {
    let mut rng = generator(63);
    let (count, classes) = (20, 4);
    let architecture = Architecture::constant_width(8, 32, 2, classes);
    let values = normals(count * 8, &mut rng);
    let prediction = predict(&architecture, Loss::SquaredError, &values);
    let tops: Vec<f64> = (0..40)
        .map(|_| {
            let network = Network::draw(&architecture, &mut rng);
            let gradients: Vec<Vec<f64>> = values
                .chunks(8)
                .flat_map(|x| {
                    let pass = network.forward(x);
                    let network = &network;
                    (0..classes)
                        .map(move |output| network.gradient(&pass, &unit(classes, output), 1.0))
                        .collect::<Vec<_>>()
                })
                .collect();
            let parameters = architecture.parameters();
            let jacobian = DMatrix::from_fn(parameters, count * classes, |i, j| gradients[j][i]);
            let gram = jacobian.transpose() * jacobian;
            top_eigenvalue(&gram) / count as f64
        })
        .collect();
    let (mean, error) = mean_and_error(&tops);
    assert!(
        mean - 4.0 * error > prediction.plain,
        "{mean} {prediction:?}"
    );
    for value in [prediction.finite_width, prediction.layered] {
        let close = (mean - value).abs() < 4.0 * error + 0.15 * mean;
        assert!(close, "{mean} +- {error}, {prediction:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn squared_error_scales_with_the_inputs(
        values in prop::collection::vec(-2.0_f64..2.0, 24), scale in 0.2_f64..4.0,
        width in 2_usize..60, depth in 1_usize..5,
    ) {
        let architecture = Architecture::constant_width(4, width, depth, 3);
        let one = predict(&architecture, Loss::SquaredError, &values);
        let scaled: Vec<f64> = values.iter().map(|value| scale * value).collect();
        let scaled = predict(&architecture, Loss::SquaredError, &scaled);
        let expected = scale * scale * one.plain;
        prop_assert!((scaled.plain - expected).abs() <= 1e-8 * expected);
        prop_assert!(one.plain <= one.finite_width);
        prop_assert!(one.plain > 0.0);
    }
}
