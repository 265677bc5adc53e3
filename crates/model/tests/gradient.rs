//! The gradient and the SGD step against two independent oracles in double
//! precision: automatic differentiation and central differences.

use crate::oracle;

use burn_autodiff::Autodiff;
use burn_ndarray::NdArray;
use burn_tensor::activation::log_softmax;
use burn_tensor::backend::Backend;
use burn_tensor::{Tensor, TensorData};
use etastar_model::{
    Architecture, Batch, Derivatives, Ensemble, EnsembleRates, Gradient, InitialWeights, Layer,
    LayerRates, Loss, Mlp, Norm, Optimiser, OptimiserState,
};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use oracle::{difference_step, forms, has_kinks, outputs, with_form};

type Double = NdArray<f64>;
type Oracle = Autodiff<Double>;

/// A random network with random (non-zero) biases, and a random batch.
#[derive(Debug, Clone)]
struct Case {
    architecture: Architecture,
    samples: usize,
    loss: Loss,
    /// Whether the targets are real numbers instead of classes.
    is_regression: bool,
    seed: u64,
}

fn cases() -> impl Strategy<Value = Case> {
    (
        1..9usize,
        prop::collection::vec(1..9usize, 1..6),
        2..6usize,
        any::<bool>(),
        prop_oneof![Just(1.0), Just(2.0)],
        1..12usize,
        prop_oneof![
            Just((Loss::CrossEntropy, false)),
            Just((Loss::SquaredError, false)),
            Just((Loss::SquaredError, true))
        ],
        any::<u64>(),
        forms(),
    )
        .prop_map(
            |(
                inputs,
                hidden,
                outputs,
                bias,
                output_gain,
                samples,
                (loss, is_regression),
                seed,
                form,
            )| {
                let architecture = Architecture {
                    inputs,
                    hidden,
                    // One output is a regression, but no choice of classes.
                    outputs: outputs - usize::from(is_regression),
                    bias,
                    output_gain,
                    form: Default::default(),
                };
                Case {
                    architecture: with_form(architecture, form),
                    samples,
                    loss,
                    is_regression,
                    seed,
                }
            },
        )
}

impl Case {
    fn network(&self) -> Mlp<Double> {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        let initial = InitialWeights::draw::<f64>(&self.architecture, &mut rng);
        let mut network = Mlp::upload(&initial, &Default::default());
        for layer in &mut network.layers {
            for vector in layer.bias.iter_mut().chain(&mut layer.gain) {
                *vector = random(vector.dims(), &mut rng);
            }
        }
        network
    }

    fn batch(&self) -> Batch<Double> {
        let mut rng = ChaCha8Rng::seed_from_u64(!self.seed);
        let outputs = self.architecture.outputs;
        let labels: Vec<u32> = (0..self.samples)
            .map(|_| rng.random_range(0..outputs as u32))
            .collect();
        let mut batch = Batch::upload(
            &vec![0.0; self.samples * self.architecture.inputs],
            &labels,
            self.architecture.inputs,
            outputs,
            &Default::default(),
        );
        batch.inputs = random([self.samples, self.architecture.inputs], &mut rng);
        if self.is_regression {
            let targets = (0..self.samples * outputs).map(|_| rng.random_range(-3.0..3.0));
            let inputs = batch.inputs.clone();
            let zeros = vec![0.0; self.samples * self.architecture.inputs];
            let shape = [self.architecture.inputs, outputs];
            batch = Batch::from_rows(zeros, targets.collect(), shape, &Default::default());
            batch.inputs = inputs;
        }
        batch
    }

    /// The same in single precision.
    fn single_batch(&self) -> Batch<burn_flex::Flex> {
        let double = self.batch();
        let single = |tensor: Tensor<Double, 2>| {
            Tensor::from_data(tensor.into_data().convert::<f32>(), &Default::default())
        };
        Batch {
            inputs: single(double.inputs),
            targets: single(double.targets),
        }
    }
}

fn random<B: Backend>(shape: [usize; 2], rng: &mut ChaCha8Rng) -> Tensor<B, 2> {
    let values: Vec<f64> = (0..shape[0] * shape[1])
        .map(|_| rng.random_range(-1.0..1.0))
        .collect();
    Tensor::from_data(TensorData::new(values, shape), &Default::default())
}

fn values<const D: usize>(tensor: Tensor<Double, D>) -> Vec<f64> {
    tensor.into_data().to_vec().unwrap()
}

/// Every parameter of the layers in one vector.
fn flatten(layers: &[Layer<Double>]) -> Vec<f64> {
    layers.iter().cloned().flatten().flat_map(values).collect()
}

/// Loss and gradient by Burn's automatic differentiation.
fn automatic(network: &Mlp<Double>, batch: &Batch<Double>, loss: Loss) -> (f64, Vec<f64>) {
    let leaf = |tensor| Tensor::<Oracle, 2>::from_inner(tensor).require_grad();
    let layers = network.layers.iter().cloned();
    let leaves: Vec<Layer<Oracle>> = layers.map(|layer| layer.map(leaf)).collect();
    let inputs = Tensor::<Oracle, 2>::from_inner(batch.inputs.clone());
    let (activation, _) = outputs(network.form, &leaves, inputs);
    let targets = Tensor::<Oracle, 2>::from_inner(batch.targets.clone());
    // Multiplied, not divided: Burn 0.21 differentiates `tensor / scalar` in
    // single precision.
    let per_sample = 1.0 / batch.inputs.dims()[0] as f64;
    let total = match loss {
        Loss::CrossEntropy => (log_softmax(activation, 1) * targets).sum() * -per_sample,
        Loss::SquaredError => (activation - targets).square().sum() * (0.5 * per_sample),
    };
    let gradients = total.backward();
    let gradient_of = |leaf: Tensor<Oracle, 2>| values(leaf.grad(&gradients).unwrap());
    let gradient = leaves.into_iter().flatten().flat_map(gradient_of).collect();
    (total.into_scalar(), gradient)
}

fn norm(vector: &[f64]) -> f64 {
    vector.iter().map(|value| value * value).sum::<f64>().sqrt()
}

/// `|a - b| / max(|b|, 1e-3)`: the floor keeps a vanishing gradient (all units
/// dead) from asking for digits that are not there.
fn relative_error(a: &[f64], b: &[f64]) -> f64 {
    assert_eq!(a.len(), b.len());
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
    norm(&difference) / norm(b).max(1e-3)
}

fn moved(network: &Mlp<Double>, direction: &[Layer<Double>], distance: f64) -> Mlp<Double> {
    let layers = network
        .layers
        .iter()
        .zip(direction)
        .map(|(layer, direction)| {
            let ahead = |parameter, direction: Tensor<Double, 2>| parameter + direction * distance;
            layer.clone().zip(direction.clone(), ahead)
        })
        .collect();
    let form = network.form;
    Mlp { layers, form }
}

/// Signs of all hidden preactivations: where they differ, a finite difference
/// straddles a kink and says nothing about the derivative.
fn activation_pattern(network: &Mlp<Double>, inputs: &Tensor<Double, 2>) -> Vec<bool> {
    if !has_kinks(network.form) {
        return Vec::new();
    }
    let (_, hidden) = outputs(network.form, &network.layers, inputs.clone());
    let hidden = hidden.into_iter().flat_map(values);
    hidden.map(|value| value > 0.0).collect()
}

fn gradient(case: &Case) -> (f64, Gradient<Double>) {
    let (loss, gradient) = case.network().gradient(&case.batch(), case.loss);
    (loss.into_scalar(), gradient)
}

/// Relative error of the gradient against automatic differentiation.
fn error_against_autodiff(case: &Case) -> f64 {
    let (loss, gradient) = gradient(case);
    let (oracle_loss, oracle) = automatic(&case.network(), &case.batch(), case.loss);
    assert!((loss - oracle_loss).abs() <= 1e-13 * oracle_loss.abs().max(1.0));
    relative_error(&flatten(&gradient.layers), &oracle)
}

/// Relative error of the derivative along a random direction against the
/// central difference, unless the difference straddles a kink.
fn error_against_differences(case: &Case) -> Option<f64> {
    let network = case.network();
    let batch = case.batch();
    let mut rng = ChaCha8Rng::seed_from_u64(case.seed ^ 0x5eed);
    let direction: Vec<Layer<Double>> = network
        .layers
        .iter()
        .map(|layer| layer.as_ref().map(|parameter| parameter.dims()))
        .map(|shapes| Layer {
            weight: random(shapes.weight, &mut rng),
            bias: shapes.bias.map(|shape| random(shape, &mut rng)),
            gain: shapes.gain.map(|shape| random(shape, &mut rng)),
        })
        .collect();
    let step = difference_step(network.form);
    let ahead = moved(&network, &direction, step);
    let behind = moved(&network, &direction, -step);
    if activation_pattern(&ahead, &batch.inputs) != activation_pattern(&behind, &batch.inputs) {
        return None;
    }
    let difference = (ahead.loss(&batch, case.loss).into_scalar()
        - behind.loss(&batch, case.loss).into_scalar())
        / (2.0 * step);
    let exact: f64 = flatten(&gradient(case).1.layers)
        .iter()
        .zip(flatten(&direction))
        .map(|(gradient, direction)| gradient * direction)
        .sum();
    Some((exact - difference).abs() / exact.abs().max(1e-2))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn gradient_agrees_with_automatic_differentiation(case in cases()) {
        prop_assert!(error_against_autodiff(&case) < 1e-12);
    }

    #[test]
    fn gradient_agrees_with_central_differences(case in cases()) {
        if let Some(error) = error_against_differences(&case) {
            prop_assert!(error < 1e-6, "{error}");
        }
    }

    #[test]
    fn a_step_moves_each_layer_against_its_gradient_at_its_own_rate(
        case in cases(),
        learning_rate in 1e-3..2.0f64,
        input_rate in prop_oneof![Just(0.0), Just(1.0), 0.01..3.0f64],
    ) {
        let network = case.network();
        let batch = case.batch();
        let rates = LayerRates::with_input_rate(case.architecture.depth(), input_rate);
        let (_, gradient) = network.gradient(&batch, case.loss);
        let expected: Vec<Layer<Double>> = network
            .layers
            .iter()
            .zip(&gradient.layers)
            .enumerate()
            .map(|(index, (layer, gradient))| {
                let rate = learning_rate * rates.of(index);
                layer.clone().zip(gradient.clone(), |parameter, gradient| parameter - gradient * rate)
            })
            .collect();
        let (stepped, _) = network.sgd_step(&batch, case.loss, learning_rate, &rates);
        prop_assert!(relative_error(&flatten(&stepped.layers), &flatten(&expected)) < 1e-13);
    }

    /// By derivatives that are known already, alone and in an ensemble.
    #[test]
    fn a_step_by_known_derivatives_is_the_step(
        case in cases(),
        learning_rates in prop::collection::vec(1e-3..2.0f64, 1..4),
    ) {
        let mut rng = ChaCha8Rng::seed_from_u64(case.seed);
        let initial = InitialWeights::draw::<f32>(&case.architecture, &mut rng);
        let device = Default::default();
        let network = Mlp::<burn_flex::Flex>::upload(&initial, &device);
        let batch = case.single_batch();
        let depth = case.architecture.depth();
        let rates = LayerRates::with_input_rate(depth, 0.3);
        let derivatives = network.derivatives(&batch, case.loss);

        let copies = vec![&network; learning_rates.len()];
        let for_all = Derivatives {
            loss: derivatives.loss.clone(),
            layers: derivatives
                .layers
                .iter()
                .map(|layer| layer.clone().map(Tensor::unsqueeze))
                .collect(),
        };
        let sgd = Optimiser::default();
        let ensemble_rates = EnsembleRates::new(&learning_rates, &rates, depth, &device);
        let ensemble = Ensemble::stack(&copies)
            .step_by(&for_all, &mut OptimiserState::new(sgd, &rates), &ensemble_rates);

        for (row, &learning_rate) in learning_rates.iter().enumerate() {
            let (stepped, loss) =
                network.clone().sgd_step(&batch, case.loss, learning_rate, &rates);
            let mut state = OptimiserState::new(sgd, &rates);
            let by = network.clone().step_by(&derivatives, &mut state, learning_rate, &rates);
            let pass = network.clone().pass(&batch, case.loss);
            prop_assert_eq!(pass.loss.to_data(), loss.to_data());
            prop_assert_eq!(derivatives.loss.to_data(), loss.to_data());
            let halves = pass.sgd_step(learning_rate, &rates);
            for (index, layer) in stepped.layers.iter().enumerate() {
                let data = |layer: &Layer<burn_flex::Flex>| -> Vec<TensorData> {
                    layer.as_ref().into_iter().map(Tensor::to_data).collect()
                };
                prop_assert_eq!(data(&by.layers[index]), data(layer));
                prop_assert_eq!(data(&halves.layers[index]), data(layer));
                let of_row = ensemble.network(row).layers[index].clone();
                prop_assert_eq!(data(&of_row), data(layer));
            }
        }
    }

    #[test]
    fn flex_agrees_within_single_precision(case in cases()) {
        let single_network = {
            let mut rng = ChaCha8Rng::seed_from_u64(case.seed);
            let initial = InitialWeights::draw::<f32>(&case.architecture, &mut rng);
            Mlp::<burn_flex::Flex>::upload(&initial, &Default::default())
        };
        let double_network = {
            let mut rng = ChaCha8Rng::seed_from_u64(case.seed);
            let initial = InitialWeights::draw::<f32>(&case.architecture, &mut rng);
            Mlp::<Double>::upload(&initial, &Default::default())
        };
        let double_batch = case.batch();
        let single_batch = case.single_batch();
        let single: Vec<f64> = single_network
            .gradient(&single_batch, case.loss)
            .1
            .layers
            .into_iter()
            .flatten()
            .flat_map(|tensor| tensor.into_data().convert::<f64>().to_vec::<f64>().unwrap())
            .collect();
        let double = flatten(&double_network.gradient(&double_batch, case.loss).1.layers);
        // A preactivation within rounding of zero may flip one unit; such
        // cases are too rare here to need an exception at this tolerance.
        prop_assert!(relative_error(&single, &double) < 1e-3);
    }
}

/// Prints the largest errors over many random networks; asserts them too.
#[test]
fn largest_errors_over_random_networks() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut autodiff, mut normalised, mut differences, mut compared) = (0f64, 0f64, 0f64, 0);
    for _ in 0..4_000 {
        let case = cases().new_tree(&mut runner).unwrap().current();
        let error = error_against_autodiff(&case);
        match case.architecture.form.norm {
            Norm::None => autodiff = autodiff.max(error),
            Norm::Layer | Norm::LayerWithGain => normalised = normalised.max(error),
        }
        if let Some(error) = error_against_differences(&case) {
            differences = differences.max(error);
            compared += 1;
        }
    }
    println!(
        "largest relative error over 4000 networks: {autodiff:.1e} against automatic \
         differentiation, {normalised:.1e} with layer normalisation, {differences:.1e} against central differences ({compared} compared)"
    );
    // Features that hardly differ are divided by their deviation, and rounding with them: by up to 316.
    assert!(autodiff < 1e-12 && normalised < 3e-10 && differences < 1e-6 && compared > 1_500);
}
