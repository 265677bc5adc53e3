//! Products with the Hessian and the Gauss-Newton matrix against independent
//! oracles in double precision: automatic differentiation, nested for the
//! Hessian, and central differences of the gradient.
use crate::oracle;
use crate::support;

use burn_autodiff::Autodiff;
use burn_tensor::Tensor;
use burn_tensor::activation::log_softmax;
use burn_tensor::backend::Backend;
use etastar_model::{Gradient, Layer, LayerRates, Loss, Mlp};
use etastar_sharpness::operator::{
    InvalidObjective, LinearOperator, Objective, ObjectiveOptions, ParameterOrder, adam_scales,
};
use nalgebra::DMatrix;
use oracle::{difference_step, forms, has_kinks, with_form};
use proptest::prelude::*;
use support::{Case, Double, assemble, cases, dot, fixed_cases, loss_curvature, relative_error};

type Inner = Autodiff<Double>;
type Outer = Autodiff<Inner>;

fn values(tensor: Tensor<Double, 2>) -> Vec<f64> {
    tensor.into_data().to_vec().unwrap()
}

/// The parameters in the documented order.
fn leaves<B: Backend>(network: &[Layer<B>]) -> Vec<Tensor<B, 2>> {
    network.iter().cloned().flatten().collect()
}

/// The network's layers with every tensor mapped.
fn map_layers<A: Backend, B: Backend>(
    layers: &[Layer<A>],
    map: impl Fn(Tensor<A, 2>) -> Tensor<B, 2>,
) -> Vec<Layer<B>> {
    let layers = layers.iter().cloned();
    layers.map(|layer| layer.map(&map)).collect()
}

/// Networks of every form.
fn formed(width: usize, samples: usize) -> impl Strategy<Value = Case> {
    (cases(width, samples), forms()).prop_map(|(mut case, form)| {
        case.architecture = with_form(case.architecture, form);
        case
    })
}

fn outputs<B: Backend>(case: &Case, layers: &[Layer<B>], inputs: Tensor<B, 2>) -> Tensor<B, 2> {
    oracle::outputs(case.architecture.form, layers, inputs).0
}

/// The Hessian times a vector by differentiating the gradient automatically.
fn automatic_hessian_vector_product(case: &Case, vector: &[f64]) -> Vec<f64> {
    let network = case.network();
    let batch = case.batch();
    let inner = map_layers::<_, Inner>(&network.layers, |tensor| {
        Tensor::from_inner(tensor).require_grad()
    });
    let outer = map_layers::<_, Outer>(&inner, |tensor| Tensor::from_inner(tensor).require_grad());
    let constant = |tensor| Tensor::<Outer, 2>::from_inner(Tensor::<Inner, 2>::from_inner(tensor));
    let function = outputs(case, &outer, constant(batch.inputs));
    let targets = constant(batch.targets);
    // Multiplied, not divided: Burn 0.21 differentiates `tensor / scalar` in
    // single precision.
    let per_sample = 1.0 / case.samples as f64;
    let loss = match case.loss {
        Loss::CrossEntropy => (log_softmax(function, 1) * targets).sum() * -per_sample,
        Loss::SquaredError => (function - targets).powi_scalar(2).sum() * (0.5 * per_sample),
    };
    let gradients = loss.backward();
    let direction = ParameterOrder::new(&network.layers).unflatten(vector, &Default::default());
    let products = leaves(&outer).into_iter().zip(leaves(&direction));
    let slope = products
        .map(|(leaf, direction)| {
            let gradient: Tensor<Inner, 2> = leaf.grad(&gradients).unwrap();
            (gradient * Tensor::from_inner(direction)).sum()
        })
        .reduce(|a, b| a + b)
        .unwrap();
    let gradients = slope.backward();
    leaves(&inner)
        .into_iter()
        .flat_map(|leaf| match leaf.grad(&gradients) {
            Some(product) => values(product),
            None => vec![0.0; leaf.dims().iter().product()],
        })
        .collect()
}

/// The whole Gauss-Newton matrix from automatic gradients of every output.
fn automatic_gauss_newton(case: &Case) -> DMatrix<f64> {
    let network = case.network();
    let inputs = case.batch().inputs;
    let function = values(network.forward(inputs.clone()));
    let layers = map_layers::<_, Inner>(&network.layers, |tensor| {
        Tensor::from_inner(tensor).require_grad()
    });
    let (dimension, classes) = (case.architecture.parameters(), case.architecture.outputs);
    let mut sum = DMatrix::zeros(dimension, dimension);
    for sample in 0..case.samples {
        let input = Tensor::<Inner, 2>::from_inner(inputs.clone().slice_dim(0, sample..sample + 1));
        let mut jacobian = DMatrix::zeros(classes, dimension);
        for class in 0..classes {
            let output = outputs(case, &layers, input.clone()).slice_dim(1, class..class + 1);
            let gradients = output.sum().backward();
            let row: Vec<f64> = leaves(&layers)
                .into_iter()
                .flat_map(|leaf| values(leaf.grad(&gradients).unwrap()))
                .collect();
            jacobian.row_mut(class).copy_from_slice(&row);
        }
        let row = &function[sample * classes..(sample + 1) * classes];
        let curvature = loss_curvature(case.loss, row);
        sum += jacobian.transpose() * curvature * jacobian;
    }
    sum * (1.0 / case.samples as f64)
}

/// Signs of all hidden preactivations: where they differ, a finite difference
/// straddles a kink and says nothing about the derivative.
fn activation_pattern(network: &Mlp<Double>, inputs: Tensor<Double, 2>) -> Vec<bool> {
    if !has_kinks(network.form) {
        return Vec::new();
    }
    let (_, hidden) = oracle::outputs(network.form, &network.layers, inputs);
    let hidden = hidden.into_iter().flat_map(values);
    hidden.map(|value| value > 0.0).collect()
}

/// Relative error of the product against the central difference of the
/// gradient, unless the difference straddles a kink.
fn error_against_differences(case: &Case) -> Option<f64> {
    let network = case.network();
    let vector = case.vector(1);
    let step = difference_step(network.form);
    let layers = ParameterOrder::new(&network.layers).unflatten(&vector, &Default::default());
    let direction = Gradient { layers };
    let uniform = LayerRates::uniform(network.depth());
    let [ahead, behind] = [-step, step].map(|rate| network.descend(&direction, rate, &uniform));
    let inputs = case.batch().inputs;
    if activation_pattern(&ahead, inputs.clone()) != activation_pattern(&behind, inputs) {
        return None;
    }
    let gradient = |network: &Mlp<Double>| case.objective_of(network).gradient();
    let difference: Vec<f64> = gradient(&ahead)
        .iter()
        .zip(gradient(&behind))
        .map(|(ahead, behind)| (ahead - behind) / (2.0 * step))
        .collect();
    let product = case.objective().hessian_vector_product(&vector);
    Some(relative_error(&product, &difference, 1e-2))
}

fn hessian_error(case: &Case) -> f64 {
    let vector = case.vector(2);
    let product = case.objective().hessian_vector_product(&vector);
    relative_error(
        &product,
        &automatic_hessian_vector_product(case, &vector),
        1e-3,
    )
}

fn gauss_newton_error(case: &Case) -> f64 {
    let vector = case.vector(3);
    let product = case.objective().gauss_newton_vector_product(&vector);
    let oracle =
        automatic_gauss_newton(case) * DMatrix::from_column_slice(vector.len(), 1, &vector);
    relative_error(&product, oracle.as_slice(), 1e-3)
}

/// Prints the largest errors over random networks; asserts them too.
#[test]
fn largest_errors_over_random_networks() {
    let (mut hessian, mut gauss_newton, mut differences, mut compared) = (0f64, 0f64, 0f64, 0);
    for case in fixed_cases(formed(8, 8), 2_000) {
        hessian = hessian.max(hessian_error(&case));
        gauss_newton = gauss_newton.max(gauss_newton_error(&case));
        if let Some(error) = error_against_differences(&case) {
            differences = differences.max(error);
            compared += 1;
        }
    }
    println!(
        "largest relative error over 2000 networks: Hessian {hessian:.1e} against nested automatic \
         differentiation, {differences:.1e} against central differences ({compared} compared); \
         Gauss-Newton {gauss_newton:.1e} against automatic Jacobians"
    );
    assert!(hessian < 1e-11 && gauss_newton < 1e-11 && differences < 1e-6 && compared > 1_500);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_gradient_is_the_model_s(case in formed(8, 12)) {
        let (_, gradient) = case.network().gradient(&case.batch(), case.loss);
        let objective = case.objective();
        let expected = objective.parameters().flatten(gradient.layers);
        prop_assert!(relative_error(&objective.gradient(), &expected, 1e-3) < 1e-13);
    }

    #[test]
    fn operators_are_symmetric_and_linear(case in formed(8, 12)) {
        let objective = case.objective();
        let rates = case.layer_rates();
        let uniform = LayerRates::uniform(case.architecture.depth());
        let operators = [
            objective.hessian(&uniform).unwrap(),
            objective.gauss_newton(&uniform).unwrap(),
            objective.hessian(&rates).unwrap(),
            objective.gauss_newton(&rates).unwrap(),
        ];
        let (u, v) = (case.vector(4), case.vector(5));
        let combination: Vec<f64> = u.iter().zip(&v).map(|(u, v)| 2.0 * u - 3.0 * v).collect();
        for operator in operators {
            let (image_u, image_v) = (operator.apply(&u), operator.apply(&v));
            let (left, right) = (dot(&v, &image_u), dot(&u, &image_v));
            prop_assert!((left - right).abs() < 1e-11 * left.abs().max(1.0), "{left} {right}");
            let expected: Vec<f64> =
                image_u.iter().zip(&image_v).map(|(u, v)| 2.0 * u - 3.0 * v).collect();
            prop_assert!(relative_error(&operator.apply(&combination), &expected, 1e-3) < 1e-11);
        }
        let image = objective.gauss_newton_vector_product(&u);
        prop_assert!(dot(&u, &image) >= -1e-12);
    }

    #[test]
    fn chunks_and_caches_change_nothing(case in formed(8, 12)) {
        let reference = Objective::new(
            &case.network(), &case.batch(), case.loss, &ObjectiveOptions::default()).unwrap();
        let objective = case.objective();
        let v = case.vector(6);
        let error = |a: Vec<f64>, b: Vec<f64>| relative_error(&a, &b, 1e-3);
        prop_assert!(error(objective.gradient(), reference.gradient()) < 1e-12);
        prop_assert!(error(
            objective.hessian_vector_product(&v), reference.hessian_vector_product(&v)) < 1e-12);
        prop_assert!(error(
            objective.gauss_newton_vector_product(&v),
            reference.gauss_newton_vector_product(&v)) < 1e-12);
    }

    #[test]
    fn rates_scale_rows_and_columns(case in formed(4, 6)) {
        let objective = case.objective();
        let roots = objective.parameters().root_rates(&case.layer_rates()).unwrap();
        let uniform = LayerRates::uniform(case.architecture.depth());
        let hessian = assemble(&objective.hessian(&uniform).unwrap());
        let preconditioned = assemble(&objective.hessian(&case.layer_rates()).unwrap());
        let expected = DMatrix::from_fn(hessian.nrows(), hessian.ncols(), |i, j| {
            roots[i] * hessian[(i, j)] * roots[j]
        });
        prop_assert!((preconditioned - expected).norm() < 1e-12 * hessian.norm().max(1.0));
    }

    #[test]
    fn hessian_and_gauss_newton_have_the_exact_trace(case in formed(5, 8)) {
        let objective = case.objective();
        let rates = case.layer_rates();
        let exact = objective.trace(&rates);
        let tolerance = 1e-11 * exact.max(1.0);
        let gauss_newton = assemble(&objective.gauss_newton(&rates).unwrap());
        if case.architecture.form.is_linear_in_each_layer() {
            let hessian = assemble(&objective.hessian(&rates).unwrap());
            prop_assert!((hessian.trace() - exact).abs() < tolerance);
        }
        prop_assert!((gauss_newton.trace() - exact).abs() < tolerance);
    }

    #[test]
    fn flattening_is_invertible(case in formed(8, 1)) {
        let network = case.network();
        let order = ParameterOrder::new(&network.layers);
        prop_assert_eq!(order.dimension(), case.architecture.parameters());
        let vector = case.vector(7);
        let layers = order.unflatten::<Double>(&vector, &Default::default());
        prop_assert_eq!(&order.flatten(layers), &vector);
        let expected: Vec<f64> = leaves(&network.layers).into_iter().flat_map(values).collect();
        prop_assert_eq!(order.flatten(network.layers), expected);
    }
}

/// A network without hidden layers has no residual part: its Hessian is its
/// Gauss-Newton matrix.
#[test]
fn linear_models_have_gauss_newton_hessians() {
    let mut case = fixed_cases(cases(5, 6), 1).next().unwrap();
    case.architecture.hidden = vec![4];
    let mut network = case.network();
    network.layers.truncate(1);
    let mut batch = case.batch();
    batch.targets = batch
        .inputs
        .clone()
        .matmul(network.layers[0].weight.clone());
    let objective = Objective::new(&network, &batch, Loss::SquaredError, &case.options).unwrap();
    let uniform = LayerRates::uniform(0);
    let hessian = assemble(&objective.hessian(&uniform).unwrap());
    let gauss_newton = assemble(&objective.gauss_newton(&uniform).unwrap());
    assert!((hessian.clone() - gauss_newton).norm() < 1e-13);
    assert!(hessian.norm() > 0.0);
}

#[test]
fn inconsistent_networks_and_data_are_refused() {
    let case = fixed_cases(cases(5, 6), 1).next().unwrap();
    let (network, batch) = (case.network(), case.batch());
    let options = ObjectiveOptions::default();
    let refusal = |network: &Mlp<Double>, batch, options| {
        Objective::new(network, batch, Loss::SquaredError, options).unwrap_err()
    };
    let zeros = |shape: [usize; 2]| Tensor::<Double, 2>::zeros(shape, &Default::default());

    let empty = Mlp::new(Vec::new());
    assert_eq!(refusal(&empty, &batch, &options), InvalidObjective::NoLayer);

    let mut wide = batch.clone();
    wide.inputs = zeros([case.samples, 77]);
    let error = refusal(&network, &wide, &options);
    assert!(matches!(
        error,
        InvalidObjective::LayerInputs {
            layer: 0,
            expected: 77,
            ..
        }
    ));

    let mut biased = network.clone();
    biased.layers[0].bias = Some(zeros([2, 1]));
    let error = refusal(&biased, &batch, &options);
    assert!(matches!(error, InvalidObjective::Bias { layer: 0, .. }));

    let mut targets = batch.clone();
    targets.targets = zeros([case.samples, 99]);
    let error = refusal(&network, &targets, &options);
    assert!(matches!(error, InvalidObjective::Targets { .. }));

    let chunk = ObjectiveOptions {
        chunk: 0,
        ..options.clone()
    };
    assert_eq!(
        refusal(&network, &batch, &chunk),
        InvalidObjective::EmptyChunk
    );

    let objective = case.objective();
    for rate in [-1.0, f64::NAN, f64::INFINITY] {
        let rates = LayerRates::with_input_rate(case.architecture.depth(), rate);
        let error = objective.hessian(&rates).unwrap_err();
        assert!(error.to_string().contains("layer 0"));
    }
}

/// The single-precision backend gives the same products up to its rounding.
#[test]
fn single_precision_agrees() {
    use burn_flex::Flex;
    use etastar_model::Batch;
    let single = |tensor: Tensor<Double, 2>| {
        Tensor::<Flex, 2>::from_data(tensor.into_data().convert::<f32>(), &Default::default())
    };
    for case in fixed_cases(cases(8, 12), 50) {
        let network = Mlp::new(map_layers(&case.network().layers, single));
        let data = case.batch();
        let batch = Batch {
            inputs: single(data.inputs),
            targets: single(data.targets),
        };
        let objective = Objective::new(&network, &batch, case.loss, &case.options).unwrap();
        let vector = case.vector(8);
        let product = objective.hessian_vector_product(&vector);
        let expected = case.objective().hessian_vector_product(&vector);
        assert!(relative_error(&product, &expected, 1e-2) < 1e-3);
    }
}

/// Under Adam: rows and columns of the dense Hessian, scaled by hand.
#[test]
fn adam_s_scales_are_those_of_mean_squared_gradients() {
    for mut case in fixed_cases(formed(4, 12), 40) {
        case.samples = 7;
        let (network, batch) = (case.network(), case.batch());
        let order = ParameterOrder::new(&network.layers);
        // Three mini-batches of two samples; the seventh is left over.
        let mut moment = vec![0.0; order.dimension()];
        for rows in [0..2, 2..4, 4..6] {
            let part = etastar_model::Batch {
                inputs: batch.inputs.clone().slice_dim(0, rows.clone()),
                targets: batch.targets.clone().slice_dim(0, rows),
            };
            let (_, gradient) = network.gradient(&part, case.loss);
            let squares = order.flatten(gradient.layers).into_iter().map(|g| g * g);
            moment
                .iter_mut()
                .zip(squares)
                .for_each(|(sum, square)| *sum += square / 3.0);
        }
        let scales = adam_scales(&network, &batch, case.loss, 2);
        let expected: Vec<f64> = moment.iter().map(|v| 1.0 / (v.sqrt() + 1e-8)).collect();
        assert!(relative_error(&scales, &expected, 1.0) < 1e-12);

        let objective = case.objective();
        let hessian = || objective.hessian(&case.layer_rates()).unwrap();
        let plain = assemble(&hessian());
        let scaled = assemble(&hessian().preconditioned(Some(&scales)));
        let by_hand = DMatrix::from_fn(plain.nrows(), plain.ncols(), |i, j| {
            (scales[i] * scales[j]).sqrt() * plain[(i, j)]
        });
        assert!((scaled - &by_hand).norm() < 1e-9 * by_hand.norm().max(1.0));
    }
}
