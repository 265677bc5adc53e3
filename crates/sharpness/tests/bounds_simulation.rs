//! The bounds against dense Hessians of sampled tiny networks.

#![allow(clippy::unwrap_used, reason = "helper functions of tests")]

mod bounds_support;
mod moments_support;

use bounds_support::Problem;
use etastar_model::{Architecture, Loss};
use etastar_sharpness::bounds::TheoryBounds;
use moments_support::{Network, generator, input, mean_and_error, square};

fn architecture(output_gain: f64) -> Architecture {
    Architecture {
        inputs: 4,
        hidden: vec![6, 5],
        outputs: 3,
        bias: false,
        output_gain,
    }
}

fn check(loss: Loss, output_gain: f64, input_rate: f64, seed: u64) {
    let mut rng = generator(seed);
    let problem = Problem::new(architecture(output_gain), loss, 4, input_rate, &mut rng);
    let sampled = problem.sampled(60, &mut rng);
    let of = |delta| {
        TheoryBounds::with_delta(&problem.architecture, loss, input_rate, 1.0, delta).unwrap()
    };
    let bounds = of(0.3);
    let gauss_newton: Vec<f64> = sampled.iter().map(|tops| tops.0).collect();
    let hessian: Vec<f64> = sampled.iter().map(|tops| tops.1).collect();
    for (values, upper) in [
        (gauss_newton, bounds.gauss_newton),
        (hessian, bounds.hessian),
    ] {
        let (mean, error) = mean_and_error(&values);
        assert!(mean > 0.0);
        // Really above, not merely within the noise, and not absurdly far.
        for bound in [upper.upper_expectation, upper.sharper.upper_expectation] {
            assert!(bound > mean + 2.0 * error, "{bound} for {mean} +- {error}");
            assert!(bound < 40.0 * mean, "{bound} for {mean} +- {error}");
        }
        for tail in [
            upper.markov,
            upper.chebyshev,
            upper.sharper.markov,
            upper.sharper.chebyshev,
        ] {
            let above = values.iter().filter(|&&value| value >= tail.value).count();
            assert!(above as f64 <= 0.3 * values.len() as f64);
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
    let architecture = Architecture {
        inputs: 6,
        hidden: vec![16, 14],
        outputs: 3,
        bias: false,
        output_gain: 1.5,
    };
    let bounds = TheoryBounds::new(&architecture, Loss::SquaredError, 1.0, 1.0).unwrap();
    let mut rng = generator(35);
    let x = input(6, 1.0, &mut rng);
    let draws: Vec<f64> = (0..2_000)
        .map(|_| {
            let network = Network::draw(&architecture, &mut rng);
            let pass = network.forward(&x);
            let a: Vec<f64> = pass.activations.iter().map(|a| square(a)).collect();
            let paths = [
                square(&network.path(&pass, 1, 1).values),
                square(&network.path(&pass, 1, 2).values),
                square(&network.path(&pass, 2, 2).values),
            ];
            let (mut trace, mut second) = (0.0, 0.0);
            for output in 0..3 {
                let mut seed = vec![0.0; 3];
                seed[output] = 1.0;
                let vectors = network.backward(&pass, &seed);
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
    let upper = bounds.hessian.upper_expectation;
    assert!(
        mean - 4.0 * error <= upper && upper < 1.5 * mean,
        "{mean} {upper}"
    );
    // The bound itself, a variable above the eigenvalue, obeys the level too.
    let above = |value: f64| draws.iter().filter(|&&draw| draw >= value).count();
    assert!(above(bounds.hessian.chebyshev.value) <= draws.len() / 20);
    assert!(above(bounds.hessian.markov.value) <= draws.len() / 20);
}
