//! The bounds against dense Hessians of sampled tiny networks.

use crate::support;

use burn_tensor::{Tensor, TensorData};
use etastar_model::{Architecture, InitialWeights, LayerRates, Loss, Mlp};
use etastar_sharpness::bounds::TheoryBounds;
use etastar_sharpness::operator::Objective;
use rand_chacha::ChaCha8Rng;
use support::{Network, architecture, batch, dense_tops, generator, input, mean_and_error, square};

/// `lambda_1(G)` and `lambda_1(H)` of 60 networks on 4 samples.
fn sampled(
    architecture: &Architecture,
    loss: Loss,
    input_rate: f64,
    rng: &mut ChaCha8Rng,
) -> Vec<(f64, f64)> {
    // Mean of |x|^2 is n_0, single ones differ.
    let values = TensorData::new(
        input(4 * architecture.inputs, 1.0, rng),
        [4, architecture.inputs],
    );
    let inputs = Tensor::from_data(values, &Default::default());
    let data = batch(inputs, &[0, 1, 2, 0], architecture.outputs);
    let rates = LayerRates::with_input_rate(architecture.depth(), input_rate);
    let tops = (0..60).map(|_| {
        let initial = InitialWeights::draw::<f64>(architecture, rng);
        let network = Mlp::upload(&initial, &Default::default());
        let objective = Objective::new(&network, &data, loss, &Default::default()).unwrap();
        dense_tops(&objective, &rates)
    });
    tops.collect()
}

fn check(loss: Loss, output_gain: f64, input_rate: f64, seed: u64) {
    let architecture = architecture(4, &[6, 5], 3, output_gain);
    let sampled = sampled(&architecture, loss, input_rate, &mut generator(seed));
    let bounds = TheoryBounds::with_delta(&architecture, loss, input_rate, 1.0, 0.3).unwrap();
    let gauss_newton: Vec<f64> = sampled.iter().map(|tops| tops.0).collect();
    let hessian: Vec<f64> = sampled.iter().map(|tops| tops.1).collect();
    for (values, upper) in [
        (gauss_newton, bounds.gauss_newton),
        (hessian, bounds.hessian),
    ] {
        let (mean, error) = mean_and_error(&values);
        assert!(mean > 0.0);
        // Really above, not merely within the noise, and not absurdly far.
        for chain in [upper.summed, upper.sharper] {
            let bound = chain.upper_expectation;
            assert!(bound > mean + 2.0 * error, "{bound} for {mean} +- {error}");
            assert!(bound < 40.0 * mean, "{bound} for {mean} +- {error}");
            for tail in [chain.markov, chain.chebyshev] {
                let above = values.iter().filter(|&&value| value >= tail.value).count();
                assert!(above as f64 <= 0.3 * values.len() as f64);
            }
        }
    }
}

#[test]
fn cross_entropy_at_equal_rates() {
    check(Loss::CrossEntropy, 2.0, 1.0, 31);
}

#[test]
fn cross_entropy_with_a_slow_input_layer_and_small_outputs() {
    check(Loss::CrossEntropy, 1.0, 0.1, 32);
}

#[test]
fn squared_error_at_equal_rates() {
    check(Loss::SquaredError, 2.0, 1.0, 33);
}

#[test]
fn squared_error_with_a_slow_input_layer_and_small_outputs() {
    check(Loss::SquaredError, 1.0, 0.1, 34);
}

/// The residual's fourth moments and the second moment of the bound on `S`
/// enter the Chebyshev bound: simulate its ingredients.
#[test]
fn the_second_moments_bound_what_they_should() {
    let architecture = architecture(6, &[16, 14], 3, 1.5);
    let bounds = TheoryBounds::new(&architecture, Loss::SquaredError, 1.0, 1.0).unwrap();
    let mut rng = generator(35);
    let x = input(6, 1.0, &mut rng);
    let draws: Vec<f64> = (0..2_000)
        .map(|_| {
            let network = Network::draw(&architecture, &mut rng);
            let pass = network.forward(&x);
            let a: Vec<f64> = pass.activations.iter().map(|a| square(a)).collect();
            let paths = [
                network.path(&pass, 1, 1).norm_squared(),
                network.path(&pass, 1, 2).norm_squared(),
                network.path(&pass, 2, 2).norm_squared(),
            ];
            let (mut trace, mut second) = (0.0, 0.0);
            for output in 0..3 {
                let vectors = network.backward_of_output(&pass, output);
                let b: Vec<f64> = vectors.iter().map(|b| square(b)).collect();
                trace += b.iter().zip(&a).map(|(b, a)| b * a).sum::<f64>();
                let blocks = b[1] * paths[0] * a[0] + paths[1] * a[0] + paths[2] * a[1];
                let residual = pass.outputs[output] - f64::from(u8::from(output == 0));
                second += residual.abs() * (2.0 * blocks).sqrt();
            }
            trace + second
        })
        .collect();
    let (mean, error) = mean_and_error(&draws);
    let upper = bounds.hessian.summed.upper_expectation;
    assert!(
        mean - 4.0 * error <= upper && upper < 1.5 * mean,
        "{mean} {upper}"
    );
    // The bound itself, a variable above the eigenvalue, obeys the level too.
    let above = |value: f64| draws.iter().filter(|&&draw| draw >= value).count();
    assert!(above(bounds.hessian.summed.chebyshev.value) <= draws.len() / 20);
    assert!(above(bounds.hessian.summed.markov.value) <= draws.len() / 20);
}
