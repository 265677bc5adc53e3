//! The infinite-width kernel: closed forms, simulated wide networks, threads.

use crate::support;

use etastar_model::Architecture;
use etastar_sharpness::moments::MomentsError;
use etastar_sharpness::prediction::{PredictionError, Samples, TangentKernel};
use proptest::prelude::*;
use support::{Network, architecture, assert_mean, dot, generator, input, normals};

fn kernel(architecture: &Architecture, rate: f64, values: &[f64], threads: usize) -> TangentKernel {
    let samples = Samples::new(values, architecture.inputs).unwrap();
    TangentKernel::new(architecture, rate, &samples, threads).unwrap()
}

#[test]
fn one_sample_has_the_mean_of_the_finite_network() {
    let mut rng = generator(51);
    let x = input(30, 1.4, &mut rng);
    let architecture = Architecture::constant_width(30, 17, 5, 3);
    let value = kernel(&architecture, 0.3, &x, 1).value(0, 0).unwrap();
    let expected = 1.4 * (0.3 * 30.0 + 5.0 * 17.0);
    assert!((value / expected - 1.0).abs() < 1e-12);
    let tapered = support::architecture(30, &[20, 10, 15], 3, 1.0);
    let value = kernel(&tapered, 0.3, &x, 1).value(0, 0).unwrap();
    let expected = 1.4 * (0.5 * (0.3 * 30.0 + 20.0 + 10.0) + 15.0);
    assert!((value / expected - 1.0).abs() < 1e-12);
}

/// Empirical tangent kernels and output covariances of networks of moderate
/// width, whose means differ from the limit by O(depth / width).
#[test]
fn wide_networks_have_this_kernel() {
    let architecture = architecture(6, &[160, 120, 140], 1, 1.5);
    let rate = 5.0;
    let mut rng = generator(52);
    let inputs: Vec<Vec<f64>> = (0..3).map(|_| normals(6, &mut rng)).collect();
    let limit = kernel(&architecture, rate, &inputs.concat(), 1);
    let count = 250;
    let mut tangents = vec![Vec::<f64>::new(); 9];
    let mut outputs = vec![Vec::<f64>::new(); 9];
    for _ in 0..count {
        let network = Network::draw(&architecture, &mut rng);
        let passes: Vec<_> = inputs.iter().map(|x| network.forward(x)).collect();
        let gradients: Vec<Vec<f64>> = passes
            .iter()
            .map(|pass| network.gradient(pass, &[1.0], rate.sqrt()))
            .collect();
        for i in 0..3 {
            for j in 0..3 {
                tangents[3 * i + j].push(dot(&gradients[i], &gradients[j]));
                outputs[3 * i + j].push(passes[i].outputs[0] * passes[j].outputs[0]);
            }
        }
    }
    for i in 0..3 {
        for j in 0..3 {
            let expected = limit.value(i, j).unwrap();
            let scale = (limit.value(i, i).unwrap() * limit.value(j, j).unwrap()).sqrt();
            // Shifted, so that small entries are judged on the scale of large.
            let shifted: Vec<f64> = tangents[3 * i + j].iter().map(|k| k + scale).collect();
            assert_mean(&shifted, expected + scale, 0.02, "tangent kernel");
            let covariance = 1.5 * limit.covariance()[3 * i + j];
            let size = 1.5 * (limit.covariance()[4 * i] * limit.covariance()[4 * j]).sqrt();
            let shifted: Vec<f64> = outputs[3 * i + j].iter().map(|f| f + size).collect();
            assert_mean(&shifted, covariance + size, 0.1, "output covariance");
        }
    }
}

#[test]
fn threads_change_no_bit() {
    let mut rng = generator(53);
    let values = normals(150 * 9, &mut rng);
    let architecture = Architecture::constant_width(9, 64, 3, 4);
    let one = kernel(&architecture, 0.5, &values, 1);
    for threads in [0, 2, 3, 7] {
        assert_eq!(one, kernel(&architecture, 0.5, &values, threads));
    }
    let single: Vec<f32> = values.iter().map(|&value| value as f32).collect();
    let samples = Samples::new(&single, 9).unwrap();
    let rounded = TangentKernel::new(&architecture, 0.5, &samples, 2).unwrap();
    let (left, right) = (rounded.value(3, 140), one.value(3, 140));
    assert!((left.unwrap() / right.unwrap() - 1.0).abs() < 1e-5);
}

#[test]
fn zero_samples_and_copies_are_harmless() {
    let mut rng = generator(54);
    let x = normals(5, &mut rng);
    let opposite: Vec<f64> = x.iter().map(|x| -x).collect();
    let values = [x.clone(), vec![0.0; 5], x, opposite].concat();
    let architecture = Architecture::constant_width(5, 20, 6, 2);
    let kernel = kernel(&architecture, 1.0, &values, 1);
    for index in 0..4 {
        assert_eq!(kernel.value(1, index), Some(0.0));
    }
    let (own, copy) = (kernel.value(0, 0).unwrap(), kernel.value(0, 2).unwrap());
    assert!((own / copy - 1.0).abs() < 1e-7);
    assert!(kernel.value(0, 3).unwrap() < own);
    assert!(kernel.covariance().iter().all(|value| value.is_finite()));
    assert_eq!(kernel.value(4, 0), None);
}

#[test]
fn unusable_samples_are_refused() {
    assert_eq!(Samples::new::<f64>(&[], 3), Err(PredictionError::NoSamples));
    assert!(matches!(
        Samples::new(&[1.0_f32; 7], 3),
        Err(PredictionError::Shape {
            values: 7,
            inputs: 3
        })
    ));
    assert!(matches!(
        Samples::new(&[1.0, f64::NAN], 2),
        Err(PredictionError::NotFinite { index: 1 })
    ));
    let samples = Samples::new(&[1.0, 2.0], 2).unwrap();
    let mut architecture = Architecture::constant_width(3, 4, 1, 2);
    let refused = |architecture: &Architecture, rate| {
        TangentKernel::new(architecture, rate, &samples, 1).unwrap_err()
    };
    assert!(matches!(
        refused(&architecture, 1.0),
        PredictionError::Shape { .. }
    ));
    architecture.inputs = 2;
    assert!(matches!(
        refused(&architecture, -1.0),
        PredictionError::Network(MomentsError::InputRate(_))
    ));
    architecture.bias = true;
    assert_eq!(
        refused(&architecture, 1.0),
        PredictionError::Network(MomentsError::Bias)
    );
}

proptest! {
    #[test]
    fn kernels_scale_and_are_bounded_by_their_diagonal(
        values in prop::collection::vec(-3.0_f64..3.0, 12), scale in 0.1_f64..5.0,
        width in 1_usize..100, depth in 1_usize..12, rate in 0.0_f64..2.0,
    ) {
        let architecture = Architecture::constant_width(4, width, depth, 2);
        let one = kernel(&architecture, rate, &values, 1);
        let scaled: Vec<f64> = values.iter().map(|value| scale * value).collect();
        let scaled = kernel(&architecture, rate, &scaled, 1);
        for i in 0..3 {
            for j in 0..3 {
                let value = one.value(i, j).unwrap();
                let size = (one.value(i, i).unwrap() * one.value(j, j).unwrap()).sqrt();
                prop_assert!(value.abs() <= size * (1.0 + 1e-9));
                let ratio = scaled.value(i, j).unwrap() - scale * scale * value;
                prop_assert!(ratio.abs() <= 1e-9 * scale * scale * size);
                prop_assert_eq!(one.value(i, j), one.value(j, i));
            }
        }
    }
}
