//! Every moment against simulated networks, in wide and shallow ones: the
//! variables are heavy-tailed, and elsewhere a plain average is far too low.

use crate::support;

use etastar_model::Architecture;
use etastar_sharpness::moments::Moments;
use support::{Network, architecture, assert_mean, generator, input, mean_and_error, square};

const DRAWS: usize = 5_000;
const INPUT_RATE: f64 = 0.3;
const MEAN_SQUARE: f64 = 1.7;

fn tapered() -> Architecture {
    architecture(5, &[16, 10, 14], 3, 1.3)
}

/// Squared norms of one draw.
struct Draw {
    activations: Vec<f64>,
    /// Of each output, of each layer.
    backward: Vec<Vec<f64>>,
    /// Of each output, of each layer.
    gradients: Vec<Vec<f64>>,
    outputs: Vec<f64>,
    /// `|P_{l->m}|_F^2` for `l <= m`, both from 1.
    paths: Vec<Vec<f64>>,
}

fn draws(architecture: &Architecture, seed: u64) -> Vec<Draw> {
    let mut rng = generator(seed);
    let x = input(architecture.inputs, MEAN_SQUARE, &mut rng);
    let depth = architecture.depth();
    (0..DRAWS)
        .map(|_| {
            let network = Network::draw(architecture, &mut rng);
            let pass = network.forward(&x);
            let activations: Vec<f64> = pass.activations.iter().map(|a| square(a)).collect();
            let backward: Vec<Vec<f64>> = (0..architecture.outputs)
                .map(|output| {
                    let vectors = network.backward_of_output(&pass, output);
                    vectors.iter().map(|b| square(b)).collect()
                })
                .collect();
            let gradients = backward
                .iter()
                .map(|b| b.iter().zip(&activations).map(|(b, a)| b * a).collect())
                .collect();
            let paths = (1..=depth)
                .map(|to| {
                    (1..=to)
                        .map(|from| network.path(&pass, from, to).norm_squared())
                        .collect()
                })
                .collect();
            Draw {
                activations,
                backward,
                gradients,
                outputs: pass.outputs,
                paths,
            }
        })
        .collect()
}

fn collect(draws: &[Draw], value: impl Fn(&Draw) -> f64) -> Vec<f64> {
    draws.iter().map(value).collect()
}

fn squares(values: &[f64]) -> Vec<f64> {
    values.iter().map(|value| value * value).collect()
}

#[test]
fn gradients_of_each_layer_and_outputs() {
    let architecture = tapered();
    let moments = Moments::new(&architecture, INPUT_RATE, MEAN_SQUARE).unwrap();
    let draws = draws(&architecture, 11);
    for layer in 0..=3 {
        let gradients = collect(&draws, |draw| draw.gradients[0][layer]);
        assert_mean(
            &gradients,
            moments.gradient_squared()[layer],
            0.05,
            "|dW|^2",
        );
    }
    let output = |power: i32| collect(&draws, |draw| draw.outputs[1].powi(power));
    assert_mean(&output(2), moments.output_squared(), 0.05, "f^2");
    assert_mean(&output(4), moments.output_fourth(), 0.15, "f^4");
}

#[test]
fn tangent_kernel_at_one_input() {
    let architecture = tapered();
    let moments = Moments::new(&architecture, INPUT_RATE, MEAN_SQUARE).unwrap();
    let draws = draws(&architecture, 13);
    let theta = |draw: &Draw, output: usize| {
        let layers = &draw.gradients[output];
        INPUT_RATE * layers[0] + layers[1..].iter().sum::<f64>()
    };
    let diagonal = collect(&draws, |draw| theta(draw, 0));
    assert_mean(&diagonal, moments.ntk_diagonal_mean(), 0.05, "Theta");
    let second = moments.ntk_diagonal_second_moment();
    assert_mean(&squares(&diagonal), second, 0.1, "Theta^2");
    let trace = |draw: &Draw| (0..3).map(|output| theta(draw, output)).sum::<f64>();
    let traces = collect(&draws, trace);
    assert_mean(&traces, moments.ntk_trace_mean(), 0.05, "tr Theta");
    let second = moments.ntk_trace_second_moment();
    assert_mean(&squares(&traces), second, 0.1, "(tr Theta)^2");
    let operators = collect(&draws, |draw| trace(draw) - 2.0 * draw.gradients[0][3]);
    assert_mean(&operators, moments.ntk_operator_mean(), 0.05, "bound");
    let second = moments.ntk_operator_second_moment();
    assert_mean(&squares(&operators), second, 0.1, "bound^2");
}

#[test]
fn blocks_of_the_second_derivative() {
    let architecture = tapered();
    let moments = Moments::new(&architecture, INPUT_RATE, MEAN_SQUARE).unwrap();
    let draws = draws(&architecture, 14);
    // Block (l, m), layers from 1; b^2 without the square root.
    let block = |draw: &Draw, l: usize, m: usize| {
        let rate = if l == 1 { INPUT_RATE } else { 1.0 };
        rate * draw.backward[0][m - 1] * draw.paths[m - 2][l - 1] * draw.activations[l - 1]
    };
    let over = |draw: &Draw, m: usize| (1..m).map(|l| block(draw, l, m)).sum::<f64>();
    let sums = moments.block_squared();
    let output = collect(&draws, |draw| over(draw, 4));
    assert_mean(&output, sums.output, 0.05, "output blocks");
    let hidden = collect(&draws, |draw| over(draw, 2) + over(draw, 3));
    assert_mean(&hidden, sums.hidden, 0.05, "hidden blocks");
    // The sum of roots of fourth moments, each estimated: compare the largest
    // group by its own moments.
    let mut roots = (0.0, 0.0);
    for m in 2..=4 {
        for l in 1..m {
            let squares = collect(&draws, |draw| block(draw, l, m).powi(2));
            let (mean, error) = mean_and_error(&squares);
            roots.0 += mean.sqrt();
            roots.1 += 0.5 * error / mean.sqrt();
        }
    }
    let expected = moments.block_fourth_root_sum().total();
    assert!(
        (roots.0 - expected).abs() < 4.0 * roots.1 && roots.1 < 0.05 * expected,
        "{} +- {}, expected {expected}",
        roots.0,
        roots.1
    );
}

/// With two units a layer dies often enough to see it.
#[test]
fn dead_layers_are_accounted_for() {
    let architecture = architecture(4, &[2, 3, 40], 1, 2.0);
    let moments = Moments::new(&architecture, INPUT_RATE, MEAN_SQUARE).unwrap();
    let draws = draws(&architecture, 15);
    for layer in 0..=3 {
        let gradients = collect(&draws, |draw| draw.gradients[0][layer]);
        assert_mean(
            &gradients,
            moments.gradient_squared()[layer],
            0.06,
            "|dW|^2",
        );
    }
}
