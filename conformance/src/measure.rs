//! The operations of a backend, their errors on a case, and the errors that rounding explains.

use burn_tensor::{ElementConversion, Tensor};
use etastar_backend::{Backend, Selection, Task};
use etastar_model::{Batch, Ensemble, EnsembleRates, LayerRates, Mlp};
use etastar_sharpness::operator::{Objective, ObjectiveOptions, ParameterOrder};

use crate::{Case, Shape};

/// An operation that a backend has to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Outputs of the network.
    Forward,
    /// Mean loss.
    Loss,
    /// Gradient of the mean loss.
    Gradient,
    /// Weights after one step of gradient descent.
    SgdStep,
    /// The same of every network of an ensemble, each at its own rate.
    EnsembleStep,
    /// Hessian of the mean loss times a direction.
    HessianVectorProduct,
}

impl Operation {
    /// All of them, from small to large.
    pub const ALL: [Self; 6] = [
        Self::Forward,
        Self::Loss,
        Self::Gradient,
        Self::SgdStep,
        Self::EnsembleStep,
        Self::HessianVectorProduct,
    ];

    /// The name in tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Loss => "loss",
            Self::Gradient => "gradient",
            Self::SgdStep => "SGD step",
            Self::EnsembleStep => "ensemble step",
            Self::HessianVectorProduct => "Hessian-vector product",
        }
    }
}

/// The relative error (in the maximum norm) that rounding explains, for
/// arithmetic of unit roundoff `roundoff` (`2^-24` in f32, `2^-53` in f64).
///
/// A dot product of `n` terms has a relative error of about `sqrt(n)`
/// roundoffs where rounding errors are independent, and of `n` at worst
/// (N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2002,
/// sections 2.8 and 3.1). Errors of the layers add up, `depth + 1` of them in
/// one sweep through the network; a gradient takes two sweeps, a
/// Hessian-vector product four. The factor of 2 is for cancellation: the norm
/// of a result may be that much below the norms of what it is summed from.
pub fn tolerance(operation: Operation, shape: &Shape, roundoff: f64) -> f64 {
    let longest = shape.inputs.max(shape.width).max(shape.samples) as f64;
    let sweeps = match operation {
        Operation::Forward | Operation::Loss => 1.0,
        Operation::Gradient | Operation::SgdStep | Operation::EnsembleStep => 2.0,
        Operation::HessianVectorProduct => 4.0,
    };
    2.0 * roundoff * longest.sqrt() * sweeps * (shape.depth + 1) as f64
}

/// Learning rate of the step, and the input layer's relative one.
const LEARNING_RATE: f64 = 0.125;
const INPUT_RATE: f64 = 0.5;

/// Learning rates of an ensemble's networks.
const ENSEMBLE_RATES: [f64; 3] = [0.25, 0.03125, 0.125];

/// The relative error, in the maximum norm, of every operation of a backend on
/// a case: `max |computed - reference| / max |reference|`.
pub fn measure(backend: Selection, case: &Case) -> Vec<(Operation, f64)> {
    backend.run(Measure(case))
}

struct Measure<'a>(&'a Case);

impl Task for Measure<'_> {
    type Output = Vec<(Operation, f64)>;

    fn run<B: Backend>(self, device: B::Device) -> Self::Output {
        let case = self.0;
        let expected = case.derivatives();
        let network = Mlp::<B>::upload(&case.initial, &device);
        let shape = case.shape;
        let (inputs, labels) = (&case.inputs, &case.labels);
        let batch = Batch::<B>::upload(inputs, labels, shape.inputs, shape.outputs, &device);
        let order = ParameterOrder::new(&network.layers);

        let outputs = network.forward(batch.inputs.clone());
        let (loss, gradient) = network.gradient(&batch, case.loss);
        let rates = LayerRates::with_input_rate(shape.depth, INPUT_RATE);
        let (stepped, _) = network
            .clone()
            .sgd_step(&batch, case.loss, LEARNING_RATE, &rates);
        let direction: Vec<f64> = case
            .direction
            .iter()
            .flat_map(|layer| layer.values.clone())
            .collect();
        let options = ObjectiveOptions::default();
        let product = Objective::new(&network, &batch, case.loss, &options)
            .map(|objective| objective.hessian_vector_product(&direction))
            // A missing product counts as an infinite error.
            .unwrap_or_default();

        Operation::ALL
            .into_iter()
            .map(|operation| {
                let error = match operation {
                    Operation::Forward => error(&values(outputs.clone()), &expected.outputs),
                    Operation::Loss => {
                        let value: f64 = loss.clone().into_scalar().elem();
                        error(&[value], &[expected.loss])
                    }
                    Operation::Gradient => {
                        error(&order.flatten(gradient.layers.clone()), &expected.gradient)
                    }
                    Operation::SgdStep => error(
                        &order.flatten(stepped.layers.clone()),
                        &after_step(case, &expected.gradient, LEARNING_RATE),
                    ),
                    Operation::EnsembleStep => {
                        let computed = ensemble_step(&network, &batch, case, &rates, &device);
                        let expected = ENSEMBLE_RATES
                            .map(|rate| after_step(case, &expected.gradient, rate))
                            .concat();
                        error(&computed, &expected)
                    }
                    Operation::HessianVectorProduct => {
                        error(&product, &expected.hessian_vector_product)
                    }
                };
                (operation, error)
            })
            .collect()
    }
}

/// Weights of an ensemble of one network at several rates after a step, network
/// by network.
fn ensemble_step<B: Backend>(
    network: &Mlp<B>,
    batch: &Batch<B>,
    case: &Case,
    rates: &LayerRates,
    device: &B::Device,
) -> Vec<f64> {
    let rates = EnsembleRates::new(&ENSEMBLE_RATES, rates, case.shape.depth, device);
    let batch = Batch {
        inputs: batch.inputs.clone().unsqueeze(),
        targets: batch.targets.clone().unsqueeze(),
    };
    let ensemble = Ensemble::stack(&[network; ENSEMBLE_RATES.len()]);
    let (stepped, _) = ensemble.sgd_step(&batch, case.loss, &rates);
    let layers: Vec<Vec<f64>> = stepped
        .layers
        .into_iter()
        .map(|layer| values(layer.weight))
        .collect();
    (0..ENSEMBLE_RATES.len())
        .flat_map(|index| {
            layers.iter().flat_map(move |layer| {
                let size = layer.len() / ENSEMBLE_RATES.len();
                layer[index * size..(index + 1) * size].iter().copied()
            })
        })
        .collect()
}

/// The reference's weights after the step.
fn after_step(case: &Case, gradient: &[f64], learning_rate: f64) -> Vec<f64> {
    let of_input_layer = case.shape.inputs * case.shape.width;
    let moved = case.weights().into_iter().zip(gradient).enumerate();
    moved
        .map(|(index, (weight, slope))| {
            let relative = if index < of_input_layer {
                INPUT_RATE
            } else {
                1.0
            };
            weight - learning_rate * relative * slope
        })
        .collect()
}

fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f64> {
    let data = tensor.into_data().convert::<f64>();
    data.iter::<f64>().collect()
}

/// Infinite where the lengths differ or a number is not finite.
fn error(computed: &[f64], expected: &[f64]) -> f64 {
    if computed.len() != expected.len() || computed.iter().any(|value| !value.is_finite()) {
        return f64::INFINITY;
    }
    let largest = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
    let pairs = computed.iter().zip(expected);
    let distance = largest(&mut pairs.map(|(a, b)| (a - b).abs()));
    distance / largest(&mut expected.iter().map(|value| value.abs()))
}
