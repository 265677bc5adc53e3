//! Values, limits and order of the bounds.

use etastar_model::{Architecture, Loss};
use etastar_sharpness::bounds::{BoundsError, DEFAULT_DELTA, TheoryBounds};
use proptest::prelude::*;

use crate::support;

use support::{Network, generator, input, mean_and_error, square};

fn losses() -> impl Strategy<Value = Loss> {
    prop_oneof![Just(Loss::CrossEntropy), Just(Loss::SquaredError)]
}

#[test]
fn norm_of_the_second_derivative() {
    for (inputs, width, depth, expected) in [
        (20, 8, 2, 19.6),
        (20, 8, 6, 43.8),
        (20, 16, 4, 53.1),
        (50, 32, 4, 112.0),
        (50, 32, 8, 203.6),
    ] {
        let architecture = Architecture::constant_width(inputs, width, depth, 10);
        let bounds = TheoryBounds::new(&architecture, Loss::CrossEntropy, 1.0, 1.0).unwrap();
        let value = bounds.second_derivative_norm.upper_expectation;
        assert!((value - expected).abs() < 0.05, "{value} for {expected}");
        let (n0, n, l) = (inputs as f64, width as f64, depth as f64);
        let closed = (n * (n0 * l + n * l * (l - 1.0) / 2.0)).sqrt();
        assert!((value / closed - 1.0).abs() < 1e-12);
    }
}

#[test]
fn norm_of_the_second_derivative_by_simulation() {
    let architecture = Architecture::constant_width(20, 16, 4, 1);
    let mut rng = generator(41);
    let x = input(20, 1.0, &mut rng);
    let draws: Vec<f64> = (0..1_500)
        .map(|_| {
            let network = Network::draw(&architecture, &mut rng);
            let pass = network.forward(&x);
            let backward = network.backward(&pass, &[1.0]);
            let mut sum = 0.0;
            for m in 2..=5 {
                for l in 1..m {
                    sum += square(&backward[m - 1])
                        * network.path(&pass, l, m - 1).norm_squared()
                        * square(&pass.activations[l - 1]);
                }
            }
            2.0 * sum
        })
        .collect();
    let (mean, error) = mean_and_error(&draws);
    let bounds = TheoryBounds::new(&architecture, Loss::CrossEntropy, 1.0, 1.0).unwrap();
    let expected = bounds.second_derivative_norm.upper_expectation.powi(2);
    assert!(
        (mean - expected).abs() < 4.0 * error,
        "{mean} +- {error}, {expected}"
    );
    assert!(error < 0.06 * expected);
}

#[test]
fn gauss_newton_is_curvature_times_outputs_times_kernel() {
    let mut architecture = Architecture::constant_width(784, 128, 4, 10);
    let value = |architecture: &Architecture, loss| {
        TheoryBounds::new(architecture, loss, 0.5, 1.0)
            .unwrap()
            .gauss_newton
            .summed
            .upper_expectation
    };
    let kernel = 0.5 * 784.0 + 4.0 * 128.0;
    assert_eq!(value(&architecture, Loss::SquaredError), 10.0 * kernel);
    assert_eq!(value(&architecture, Loss::CrossEntropy), 5.0 * kernel);
    architecture.output_gain = 1.0;
    let kernel = 0.5 * (0.5 * 784.0 + 3.0 * 128.0) + 128.0;
    assert_eq!(value(&architecture, Loss::SquaredError), 10.0 * kernel);
}

#[test]
fn cross_entropy_adds_one_norm_an_output() {
    let architecture = Architecture::constant_width(100, 32, 3, 7);
    let bounds = TheoryBounds::new(&architecture, Loss::CrossEntropy, 1.0, 1.0).unwrap();
    let expected = bounds.gauss_newton.summed.upper_expectation
        + 7.0 * bounds.second_derivative_norm.upper_expectation;
    assert!((bounds.hessian.summed.upper_expectation / expected - 1.0).abs() < 1e-12);
    assert_eq!(bounds.hessian.summed.markov.delta, DEFAULT_DELTA);
    let markov = bounds.hessian.summed.upper_expectation / DEFAULT_DELTA;
    assert_eq!(bounds.hessian.summed.markov.value, markov);
}

#[test]
fn chebyshev_beats_markov_in_wide_networks() {
    let architecture = Architecture::constant_width(784, 256, 4, 10);
    for loss in [Loss::CrossEntropy, Loss::SquaredError] {
        let bounds = TheoryBounds::new(&architecture, loss, 1.0, 1.0).unwrap();
        for upper in [bounds.gauss_newton, bounds.hessian] {
            assert!(upper.summed.chebyshev.value < upper.summed.markov.value);
            assert!(upper.sharper.chebyshev.value < upper.summed.chebyshev.value);
            assert!(upper.summed.chebyshev.value > upper.summed.upper_expectation);
        }
    }
}

#[test]
fn what_has_no_bounds_is_refused() {
    let sound = Architecture::constant_width(4, 3, 2, 2);
    let mut biased = sound.clone();
    biased.bias = true;
    let error = TheoryBounds::new(&biased, Loss::CrossEntropy, 1.0, 1.0).unwrap_err();
    assert!(error.to_string().contains("biases"));
    for delta in [0.0, 1.0, f64::NAN] {
        let error = TheoryBounds::with_delta(&sound, Loss::CrossEntropy, 1.0, 1.0, delta);
        assert!(matches!(error, Err(BoundsError::Delta(_))));
    }
    let narrow = Architecture::constant_width(4, 1, 2_000, 2);
    let error = TheoryBounds::new(&narrow, Loss::CrossEntropy, 1.0, 1.0);
    assert_eq!(error, Err(BoundsError::Overflow));
}

proptest! {
    #[test]
    fn bounds_are_ordered(
        inputs in 1_usize..100, hidden in prop::collection::vec(2_usize..200, 1..7),
        outputs in 2_usize..11, output_gain in 0.5_f64..3.0, loss in losses(),
        rate in 0.0_f64..2.0, q in 0.1_f64..3.0, delta in 0.01_f64..0.5,
    ) {
        let architecture = Architecture { inputs, hidden, outputs, bias: false, output_gain, form: Default::default() };
        let bounds = TheoryBounds::with_delta(&architecture, loss, rate, q, delta).unwrap();
        let (gauss_newton, hessian) = (bounds.gauss_newton, bounds.hessian);
        prop_assert!(hessian.summed.upper_expectation > gauss_newton.summed.upper_expectation);
        prop_assert!(hessian.summed.chebyshev.value > gauss_newton.summed.chebyshev.value);
        for upper in [gauss_newton, hessian] {
            let slack = 1.0 + 1e-12;
            prop_assert!(upper.sharper.upper_expectation <= upper.summed.upper_expectation * slack);
            prop_assert!(upper.summed.chebyshev.value.is_finite());
            prop_assert!(upper.summed.chebyshev.value > 0.0);
        }
        let smaller = TheoryBounds::with_delta(&architecture, loss, rate, q, delta / 2.0).unwrap();
        prop_assert!(smaller.hessian.summed.chebyshev.value > hessian.summed.chebyshev.value);
        prop_assert!(smaller.hessian.summed.markov.value > hessian.summed.markov.value);
        let slower =
            TheoryBounds::with_delta(&architecture, loss, rate * 0.5, q, delta).unwrap();
        prop_assert!(slower.hessian.summed.upper_expectation <= hessian.summed.upper_expectation);
    }

    /// The bound at the mean of q is at least the mean of the bounds: what
    /// the module says of samples of unequal norm.
    #[test]
    fn expectations_are_concave_in_the_mean_square(
        width in 2_usize..100, depth in 1_usize..5, loss in losses(),
        low in 0.0_f64..2.0, high in 0.0_f64..8.0,
    ) {
        let architecture = Architecture::constant_width(30, width, depth, 4);
        let at = |q: f64| {
            TheoryBounds::new(&architecture, loss, 1.0, q).unwrap().hessian
        };
        let (middle, ends) = (at((low + high) / 2.0), [at(low), at(high)]);
        let mean = (ends[0].summed.upper_expectation + ends[1].summed.upper_expectation) / 2.0;
        prop_assert!(middle.summed.upper_expectation >= mean * (1.0 - 1e-12));
        let sharper = (ends[0].sharper.upper_expectation + ends[1].sharper.upper_expectation) / 2.0;
        prop_assert!(middle.sharper.upper_expectation >= sharper * (1.0 - 1e-12));
    }
}
