//! Every bound of a certificate against the dense eigenvalues of random
//! networks: none may be violated.
use crate::support;

use burn_tensor::Tensor;
use etastar_model::{Batch, Layer, LayerRates, Loss, Mlp};
use etastar_sharpness::Bounds;
use etastar_sharpness::certificate::{
    CertificateError, Measured, PropagatorNorm, PropagatorOptions, certified_bounds,
};
use etastar_sharpness::lanczos::{LanczosOptions, largest_eigenvalue, symmetric_eigenvalues};
use etastar_sharpness::operator::{Objective, ObjectiveOptions};
use etastar_sharpness::{MeasureOptions, measure};
use nalgebra::DMatrix;
use support::{Case, Double, assemble, cases, dense_tops, fixed_cases, top_eigenvalue};

const METHODS: [PropagatorNorm; 3] = [
    PropagatorNorm::Exact,
    PropagatorNorm::Schatten,
    PropagatorNorm::LayerProduct,
];

/// All bounds, with Ritz values by Lanczos.
fn certify(
    objective: &Objective<Double>,
    rates: &LayerRates,
    method: PropagatorNorm,
) -> Result<Bounds, CertificateError> {
    let ritz = |operator| largest_eigenvalue(&operator, &LanczosOptions::default());
    let measured = Measured {
        trace: objective.trace(rates),
        gauss_newton: ritz(objective.gauss_newton(rates)?).map_or(f64::NAN, |top| top.value),
        hessian: ritz(objective.hessian(rates)?).map_or(f64::NAN, |top| top.value),
    };
    let (exact_width, schatten_width) = match method {
        PropagatorNorm::Exact => (64, 64),
        PropagatorNorm::Schatten => (0, 64),
        PropagatorNorm::LayerProduct => (0, 0),
    };
    let options = PropagatorOptions {
        exact_width,
        schatten_width,
    };
    certified_bounds(objective, rates, &options, measured)
}

/// Names of the bounds that do not hold.
fn violations(bounds: &Bounds, (gauss_newton, hessian): (f64, f64)) -> Vec<String> {
    let lower = &bounds.lower.gauss_newton;
    let below = &bounds.lower.hessian;
    let upper = &bounds.upper.gauss_newton;
    let residual = &bounds.upper.residual;
    let (of_g, of_h) = (("lambda_1(G)", gauss_newton), ("lambda_1(H)", hessian));
    let means = ("mean gradients", lower.mean_gradients);
    let weighted = ("weighted", upper.weighted);
    let operator_norm = ("operator norm", upper.operator_norm);
    let samplewise = ("samplewise", residual.samplewise);
    let ordered = [
        (("0", 0.0), of_g),
        (("gradient", lower.gradient), of_g),
        (("trace / rank", lower.trace_over_rank), of_g),
        (("mean gradient", lower.mean_gradient), means),
        (means, of_g),
        (("Ritz", lower.ritz), of_g),
        (of_g, weighted),
        (weighted, operator_norm),
        (operator_norm, ("Frobenius", upper.frobenius)),
        (("gradient", below.gradient), of_h),
        (("trace / p", below.trace_over_parameters), of_h),
        (("Ritz", below.ritz), of_h),
        (of_h, ("averaged", upper.weighted + residual.averaged)),
        (("averaged", residual.averaged), samplewise),
        (samplewise, ("classwise", residual.classwise)),
        (of_h, ("Hessian", bounds.upper.hessian)),
        (of_g, ("H - G", hessian + residual.tightest())),
    ];
    ordered
        .into_iter()
        .filter(|&((_, low), (_, high))| {
            let excess = low - high;
            excess.is_nan() || excess > 1e-10 * (1.0 + high.abs())
        })
        .map(|(low, high)| format!("{} {} > {} {}", low.0, low.1, high.0, high.1))
        .collect()
}

fn check(count: usize) {
    let mut violated = 0;
    // Of bounds to eigenvalues: how tight they are.
    let mut ratios = [const { Vec::new() }; 3];
    for (index, case) in fixed_cases(cases(5, 6), count).enumerate() {
        let objective = case.objective();
        let rates = case.layer_rates();
        let bounds = certify(&objective, &rates, METHODS[index % 3]).unwrap();
        assert_eq!(bounds.upper.residual.method, METHODS[index % 3]);
        let (gauss_newton, hessian) = dense_tops(&objective, &rates);
        let found = violations(&bounds, (gauss_newton, hessian));
        if !found.is_empty() {
            violated += 1;
            println!("{case:?}: {found:?}");
        }
        if gauss_newton > 1e-6 {
            let lower = bounds.lower.gauss_newton;
            let without_ritz = lower
                .gradient
                .max(lower.mean_gradients)
                .max(lower.trace_over_rank);
            let upper = bounds.upper;
            ratios[0].push(without_ritz / gauss_newton);
            ratios[1].push(upper.gauss_newton.tightest() / gauss_newton);
            ratios[2].push(upper.hessian / hessian);
        }
    }
    let [below, above, hessian] = ratios.map(|mut ratios| {
        ratios.sort_by(f64::total_cmp);
        ratios[ratios.len() / 2]
    });
    println!(
        "{violated} of {count} networks violate a bound; median bound / eigenvalue: {below:.2} \
         (G, below), {above:.2} (G, above), {hessian:.2} (H, above)"
    );
    assert_eq!(violated, 0);
}

#[test]
fn no_bound_is_violated() {
    check(200);
}

#[test]
#[ignore = "10,000 networks take minutes"]
fn no_bound_is_violated_by_many_networks() {
    check(10_000);
}

/// One hidden unit, one sample: `f = v relu(u x)`, all by hand.
#[test]
fn two_parameters_by_hand() {
    let matrix = |value: f64| Tensor::<Double, 2>::from_data([[value]], &Default::default());
    let layers = [3.0, 2.0].map(|weight| Layer {
        weight: matrix(weight),
        bias: None,
        gain: None,
    });
    let network = Mlp::new(layers.to_vec());
    let batch = Batch {
        inputs: matrix(2.0),
        targets: matrix(5.0),
    };
    let options = ObjectiveOptions::default();
    let objective = Objective::new(&network, &batch, Loss::SquaredError, &options).unwrap();
    let rates = LayerRates::uniform(1);
    let bounds = certify(&objective, &rates, PropagatorNorm::Exact).unwrap();
    // J = (v x, u x) = (4, 6); H - G has the one block r x = (12 - 5) 2.
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12 * b;
    let upper = bounds.upper.gauss_newton;
    assert!(close(upper.frobenius, 52.0) && close(upper.weighted, 52.0));
    assert!(close(bounds.lower.gauss_newton.mean_gradient, 52.0));
    assert!(close(objective.trace(&rates), 52.0));
    assert!(close(bounds.upper.residual.classwise, 14.0));
    assert!(close(bounds.upper.residual.averaged, 14.0));
    let hessian = DMatrix::from_row_slice(2, 2, &[16.0, 38.0, 38.0, 36.0]);
    assert!(close(bounds.lower.hessian.ritz, top_eigenvalue(&hessian)));
}

/// With one sample and one hidden layer, `H - G` is a single off-diagonal block
/// and its transpose: the bound is its norm.
#[test]
fn the_residual_bound_is_attained_by_one_hidden_layer_and_one_sample() {
    let mut attained = 0;
    for mut case in fixed_cases(cases(6, 1), 60) {
        case.architecture.hidden.truncate(1);
        let objective = case.objective();
        let rates = case.layer_rates();
        let bounds = certify(&objective, &rates, PropagatorNorm::Exact).unwrap();
        let residual = assemble(&objective.hessian(&rates).unwrap())
            - assemble(&objective.gauss_newton(&rates).unwrap());
        let norm = symmetric_eigenvalues(&residual)
            .into_iter()
            .fold(0.0, |norm: f64, value| norm.max(value.abs()));
        let bound = bounds.upper.residual.averaged;
        assert!(norm <= bound * (1.0 + 1e-10) + 1e-12);
        if norm > 1e-6 {
            assert!(
                (norm - bound).abs() < 1e-9 * bound,
                "{norm} {bound} {case:?}"
            );
            attained += 1;
        }
    }
    assert!(attained > 20, "{attained}");
}

/// Nothing is trained, or nothing is active: bounds are 0, never NaN.
#[test]
fn degenerate_networks_have_finite_bounds() {
    for mut case in fixed_cases(cases(5, 6), 60) {
        let mut network = case.network();
        let frozen = case.seed % 3 == 0;
        if frozen {
            case.rates = vec![0.0; 5];
        } else {
            // All units of one hidden layer dead.
            let depth = case.architecture.depth() as u64;
            let layer = &mut network.layers[(case.seed % depth) as usize];
            layer.weight = layer.weight.clone() * 0.0;
            layer.bias = layer.bias.clone().map(|bias| bias.abs() * -1.0);
        }
        let objective = case.objective_of(&network);
        let rates = case.layer_rates();
        let tops = dense_tops(&objective, &rates);
        for method in METHODS {
            let bounds = certify(&objective, &rates, method).unwrap();
            assert_eq!(violations(&bounds, tops), [""; 0]);
            if frozen {
                assert_eq!(bounds.upper.hessian, 0.0);
            }
        }
    }
}

/// What is measured after somebody has asked to stop is never taken for a result.
#[test]
fn an_interrupted_measurement_has_no_result() {
    for case in fixed_cases(cases(4, 5), 20) {
        let options = MeasureOptions {
            bounds: Some(PropagatorOptions::default()),
            ..MeasureOptions::default()
        };
        let rates = case.layer_rates();
        let measured = || measure(&case.network(), &case.batch(), case.loss, &rates, &options);
        assert!(measured().is_ok());
        options.objective.interrupt.request();
        let error = measured().unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
    }
}

#[test]
fn undefined_networks_are_an_error() {
    let case: Case = fixed_cases(cases(5, 6), 1).next().unwrap();
    let mut network = case.network();
    let weight = &mut network.layers[0].weight;
    *weight = weight.clone() * f64::NAN;
    let objective = case.objective_of(&network);
    let uniform = LayerRates::uniform(case.architecture.depth());
    let refused = certify(&objective, &uniform, PropagatorNorm::Exact);
    assert!(matches!(refused, Err(CertificateError::NotFinite(_))));
}
