//! The bounds against dense Hessians, independent of the library, of sampled
//! tiny networks.

#![allow(clippy::unwrap_used, reason = "helper functions of tests")]

mod support;

use etastar_model::{Architecture, Loss};
use etastar_sharpness::bounds::TheoryBounds;
use nalgebra::DMatrix;
use rand_chacha::ChaCha8Rng;
use support::{
    Network, Pass, architecture, generator, input, loss_curvature, mask, mean_and_error, normals,
    softmax, square, top_eigenvalue, unit,
};

/// A data set with one-hot labels `index % K`.
struct Problem {
    architecture: Architecture,
    loss: Loss,
    inputs: Vec<Vec<f64>>,
    /// `mu_in`.
    input_rate: f64,
}

impl Problem {
    fn new(
        architecture: Architecture,
        loss: Loss,
        samples: usize,
        input_rate: f64,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut inputs: Vec<Vec<f64>> = (0..samples)
            .map(|_| normals(architecture.inputs, rng))
            .collect();
        // Mean of |x|^2 is n_0, single ones differ.
        let total: f64 = inputs.iter().flatten().map(|x| x * x).sum();
        let scale = ((samples * architecture.inputs) as f64 / total).sqrt();
        inputs.iter_mut().flatten().for_each(|x| *x *= scale);
        Self {
            architecture,
            loss,
            inputs,
            input_rate,
        }
    }

    fn residual(&self, outputs: &[f64], sample: usize) -> Vec<f64> {
        let mut residual = match self.loss {
            Loss::SquaredError => outputs.to_vec(),
            Loss::CrossEntropy => softmax(outputs),
        };
        residual[sample % self.architecture.outputs] -= 1.0;
        residual
    }

    /// The Gauss-Newton matrix and the Hessian, both with the square roots of
    /// the rates on either side. Almost everywhere the masks are constant, so
    /// the Hessian is the central difference of the gradient at fixed masks,
    /// where it is smooth.
    fn matrices(&self, network: &Network) -> (DMatrix<f64>, DMatrix<f64>) {
        let passes: Vec<Pass> = self.inputs.iter().map(|x| network.forward(x)).collect();
        let parameters = self.architecture.parameters();
        let count = self.inputs.len() as f64;
        let root = self.input_rate.sqrt();
        let outputs = self.architecture.outputs;
        let mut gauss_newton = DMatrix::zeros(parameters, parameters);
        for pass in &passes {
            let mut jacobian = DMatrix::zeros(outputs, parameters);
            for output in 0..outputs {
                let gradient = network.gradient(pass, &unit(outputs, output), root);
                jacobian.row_mut(output).copy_from_slice(&gradient);
            }
            let curvature = loss_curvature(self.loss, &pass.outputs);
            gauss_newton += jacobian.transpose() * curvature * &jacobian / count;
        }
        let step = 1e-5;
        let mut hessian = DMatrix::zeros(parameters, parameters);
        for parameter in 0..parameters {
            let scale = if parameter < network.weights[0].values.len() {
                root
            } else {
                1.0
            };
            let at = |sign: f64| {
                let moved = shifted(network, parameter, sign * step);
                self.gradient_at_masks(&moved, &passes, root)
            };
            for (row, (above, below)) in at(1.0).iter().zip(at(-1.0)).enumerate() {
                hessian[(row, parameter)] = scale * (above - below) / (2.0 * step);
            }
        }
        let symmetric = (&hessian + hessian.transpose()) / 2.0;
        assert!((&hessian - &symmetric).amax() < 1e-6 * (1.0 + symmetric.amax()));
        (gauss_newton, symmetric)
    }

    fn gradient_at_masks(&self, network: &Network, passes: &[Pass], root: f64) -> Vec<f64> {
        let mut sum = vec![0.0; self.architecture.parameters()];
        for (sample, pass) in passes.iter().enumerate() {
            let moved = linear_forward(network, &self.inputs[sample], &pass.masks);
            let residual = self.residual(&moved.outputs, sample);
            for (sum, value) in sum
                .iter_mut()
                .zip(network.gradient(&moved, &residual, root))
            {
                *sum += value / passes.len() as f64;
            }
        }
        sum
    }

    /// `lambda_1(G)` and `lambda_1(H)` of `networks` draws.
    fn sampled(&self, networks: usize, rng: &mut ChaCha8Rng) -> Vec<(f64, f64)> {
        (0..networks)
            .map(|_| {
                let network = Network::draw(&self.architecture, rng);
                let (gauss_newton, hessian) = self.matrices(&network);
                (top_eigenvalue(&gauss_newton), top_eigenvalue(&hessian))
            })
            .collect()
    }
}

fn shifted(network: &Network, mut parameter: usize, by: f64) -> Network {
    let mut weights = network.weights.clone();
    for layer in &mut weights {
        if parameter < layer.values.len() {
            layer.values[parameter] += by;
            break;
        }
        parameter -= layer.values.len();
    }
    Network { weights }
}

fn linear_forward(network: &Network, x: &[f64], masks: &[Vec<bool>]) -> Pass {
    let mut activations = vec![x.to_vec()];
    for (weights, on) in network.weights.iter().zip(masks) {
        let mut z = weights.apply(activations.last().unwrap());
        mask(&mut z, on);
        activations.push(z);
    }
    let outputs = network
        .weights
        .last()
        .unwrap()
        .apply(activations.last().unwrap());
    Pass {
        activations,
        masks: masks.to_vec(),
        outputs,
    }
}

fn check(loss: Loss, output_gain: f64, input_rate: f64, seed: u64) {
    let mut rng = generator(seed);
    let problem = Problem::new(
        architecture(4, &[6, 5], 3, output_gain),
        loss,
        4,
        input_rate,
        &mut rng,
    );
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
        for bound in [
            upper.summed.upper_expectation,
            upper.sharper.upper_expectation,
        ] {
            assert!(bound > mean + 2.0 * error, "{bound} for {mean} +- {error}");
            assert!(bound < 40.0 * mean, "{bound} for {mean} +- {error}");
        }
        for tail in [
            upper.summed.markov,
            upper.summed.chebyshev,
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
                square(&network.path(&pass, 1, 1).values),
                square(&network.path(&pass, 1, 2).values),
                square(&network.path(&pass, 2, 2).values),
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
