//! A random network, samples and a direction, the same for every backend.

use etastar_model::{Architecture, InitialWeights, Loss};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::reference::{Derivatives, Matrix, Reference};

/// The size of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Input features.
    pub inputs: usize,
    /// Width of the hidden layers.
    pub width: usize,
    /// Number of hidden layers.
    pub depth: usize,
    /// Classes.
    pub outputs: usize,
    /// Samples.
    pub samples: usize,
}

/// A network, samples and a direction in the space of weights. All numbers are
/// exact in single precision, so that every backend gets the same ones.
#[derive(Debug, Clone)]
pub struct Case {
    /// The size.
    pub shape: Shape,
    /// The loss.
    pub loss: Loss,
    pub(crate) initial: InitialWeights,
    pub(crate) inputs: Vec<f32>,
    pub(crate) labels: Vec<u32>,
    pub(crate) reference: Reference,
    pub(crate) direction: Vec<Matrix>,
}

impl Case {
    /// Draws a case. A network that comes so close to a kink of its ReLUs that
    /// rounding could cross it is drawn again, because there the gradient jumps
    /// on every backend.
    pub fn new(shape: Shape, loss: Loss, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        loop {
            let case = Self::draw(shape, loss, &mut rng);
            if case.derivatives().distance_to_kink > 1e-5 {
                return case;
            }
        }
    }

    fn draw(shape: Shape, loss: Loss, rng: &mut ChaCha8Rng) -> Self {
        let architecture =
            Architecture::constant_width(shape.inputs, shape.width, shape.depth, shape.outputs);
        let initial = InitialWeights::draw::<f32>(&architecture, rng);
        let normal = |rng: &mut ChaCha8Rng| -> f32 { StandardNormal.sample(rng) };
        let inputs = (0..shape.samples * shape.inputs)
            .map(|_| normal(rng))
            .collect();
        let labels = (0..shape.samples)
            .map(|_| rng.random_range(0..shape.outputs as u32))
            .collect();
        let matrices = |values: &mut dyn FnMut(usize, usize, usize) -> Vec<f64>| -> Vec<Matrix> {
            let shapes = architecture.layer_shapes().enumerate();
            shapes
                .map(|(layer, (rows, columns))| {
                    Matrix::new(rows, columns, values(layer, rows, columns))
                })
                .collect()
        };
        let weights = matrices(&mut |layer, _, _| {
            let data = initial.weights()[layer].clone().convert::<f64>();
            data.iter::<f64>().collect()
        });
        let direction = matrices(&mut |_, rows, columns| {
            (0..rows * columns)
                .map(|_| f64::from(normal(rng)))
                .collect()
        });
        Self {
            shape,
            loss,
            initial,
            inputs,
            labels,
            reference: Reference { weights },
            direction,
        }
    }

    /// The values that the reference computes.
    pub(crate) fn derivatives(&self) -> Derivatives {
        let Shape {
            inputs,
            outputs,
            samples,
            ..
        } = self.shape;
        let values = self.inputs.iter().map(|value| f64::from(*value)).collect();
        let mut one_hot = vec![0.0; samples * outputs];
        for (row, &label) in one_hot.chunks_exact_mut(outputs).zip(&self.labels) {
            row[label as usize] = 1.0;
        }
        self.reference.derivatives(
            &Matrix::new(samples, inputs, values),
            &Matrix::new(samples, outputs, one_hot),
            self.loss,
            &self.direction,
        )
    }

    /// The weights of the reference, layer by layer, row by row.
    pub(crate) fn weights(&self) -> Vec<f64> {
        let layers = self.reference.weights.iter();
        layers.flat_map(|layer| layer.values.clone()).collect()
    }
}
