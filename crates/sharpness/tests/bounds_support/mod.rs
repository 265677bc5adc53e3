//! Dense Hessians of tiny networks, independent of the library.
#![allow(clippy::unwrap_used, reason = "helper functions of tests")]

use etastar_model::{Architecture, Loss};
use nalgebra::DMatrix;

use super::moments_support::{Network, Pass, mask, normals};
use rand_chacha::ChaCha8Rng;

/// A data set with one-hot labels `index % K`.
pub(crate) struct Problem {
    pub(crate) architecture: Architecture,
    pub(crate) loss: Loss,
    pub(crate) inputs: Vec<Vec<f64>>,
    /// `mu_in`.
    pub(crate) input_rate: f64,
}

impl Problem {
    pub(crate) fn new(
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
    pub(crate) fn matrices(&self, network: &Network) -> (DMatrix<f64>, DMatrix<f64>) {
        let passes: Vec<Pass> = self.inputs.iter().map(|x| network.forward(x)).collect();
        let parameters = self.architecture.parameters();
        let count = self.inputs.len() as f64;
        let root = self.input_rate.sqrt();
        let outputs = self.architecture.outputs;
        let mut gauss_newton = DMatrix::zeros(parameters, parameters);
        for pass in &passes {
            let mut jacobian = DMatrix::zeros(outputs, parameters);
            for output in 0..outputs {
                let mut seed = vec![0.0; outputs];
                seed[output] = 1.0;
                let gradient = network.gradient(pass, &seed, root);
                jacobian.row_mut(output).copy_from_slice(&gradient);
            }
            let curvature = match self.loss {
                Loss::SquaredError => DMatrix::identity(outputs, outputs),
                Loss::CrossEntropy => {
                    let p = softmax(&pass.outputs);
                    DMatrix::from_fn(outputs, outputs, |i, j| {
                        f64::from(u8::from(i == j)) * p[i] - p[i] * p[j]
                    })
                }
            };
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
    pub(crate) fn sampled(&self, networks: usize, rng: &mut ChaCha8Rng) -> Vec<(f64, f64)> {
        (0..networks)
            .map(|_| {
                let network = Network::draw(&self.architecture, rng);
                let (gauss_newton, hessian) = self.matrices(&network);
                (top(gauss_newton), top(hessian))
            })
            .collect()
    }
}

fn top(matrix: DMatrix<f64>) -> f64 {
    matrix.symmetric_eigenvalues().max()
}

fn softmax(outputs: &[f64]) -> Vec<f64> {
    let sum: f64 = outputs.iter().map(|f| f.exp()).sum();
    outputs.iter().map(|f| f.exp() / sum).collect()
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
