//! Every bound of a certificate against the dense eigenvalues of random
//! networks: none may be violated.
#![allow(
    clippy::unwrap_used,
    reason = "a failed assumption should fail the test"
)]

mod operator_support;

use burn_tensor::Tensor;
use etastar_model::{LayerRates, Loss};
use etastar_sharpness::certificate::{
    Certificate, CertificateOptions, PropagatorNorm, PropagatorOptions, certify,
};
use etastar_sharpness::lanczos::{LanczosOptions, symmetric_eigenvalues};
use etastar_sharpness::operator::{LinearOperator, Objective, assemble};
use nalgebra::DMatrix;
use operator_support::{Case, Double, cases, fixed_cases};

fn top(operator: &impl LinearOperator) -> f64 {
    *symmetric_eigenvalues(&assemble(operator)).last().unwrap()
}

fn options(method: PropagatorNorm) -> CertificateOptions {
    let (exact_width, schatten_width) = match method {
        PropagatorNorm::Exact => (64, 64),
        PropagatorNorm::Schatten => (0, 64),
        PropagatorNorm::LayerProduct => (0, 0),
    };
    CertificateOptions {
        propagator: PropagatorOptions {
            exact_width,
            schatten_width,
        },
        lanczos: LanczosOptions::default(),
    }
}

/// Names of the bounds that do not hold.
fn violations(certificate: &Certificate, gauss_newton: f64, hessian: f64) -> Vec<String> {
    let Certificate {
        gauss_newton_lower: lower,
        gauss_newton_upper: upper,
        hessian_lower,
        residual_upper: residual,
        ..
    } = certificate;
    let ordered = [
        ("0", 0.0, "lambda_1(G)", gauss_newton),
        ("gradient", lower.gradient, "lambda_1(G)", gauss_newton),
        (
            "trace / rank",
            lower.trace_over_rank,
            "lambda_1(G)",
            gauss_newton,
        ),
        (
            "mean gradient",
            lower.mean_gradient,
            "mean gradients",
            lower.mean_gradients,
        ),
        (
            "mean gradients",
            lower.mean_gradients,
            "lambda_1(G)",
            gauss_newton,
        ),
        ("Ritz", lower.ritz, "lambda_1(G)", gauss_newton),
        ("lambda_1(G)", gauss_newton, "weighted", upper.weighted),
        (
            "weighted",
            upper.weighted,
            "operator norm",
            upper.operator_norm,
        ),
        (
            "operator norm",
            upper.operator_norm,
            "Frobenius",
            upper.frobenius,
        ),
        ("gradient", hessian_lower.gradient, "lambda_1(H)", hessian),
        (
            "trace / p",
            hessian_lower.trace_over_parameters,
            "lambda_1(H)",
            hessian,
        ),
        ("Ritz", hessian_lower.ritz, "lambda_1(H)", hessian),
        (
            "lambda_1(H)",
            hessian,
            "averaged",
            upper.weighted + residual.averaged,
        ),
        (
            "averaged",
            residual.averaged,
            "samplewise",
            residual.samplewise,
        ),
        (
            "samplewise",
            residual.samplewise,
            "classwise",
            residual.classwise,
        ),
        (
            "lambda_1(H)",
            hessian,
            "Hessian",
            certificate.hessian_upper(),
        ),
        (
            "lambda_1(G)",
            gauss_newton,
            "H - G",
            hessian + residual.tightest(),
        ),
    ];
    ordered
        .into_iter()
        .filter(|&(_, low, _, high)| {
            let excess = low - high;
            excess.is_nan() || excess > 1e-10 * (1.0 + high.abs())
        })
        .map(|(low_name, low, high_name, high)| format!("{low_name} {low} > {high_name} {high}"))
        .collect()
}

/// Ratios of bounds to eigenvalues, to tell how tight they are.
#[derive(Default)]
struct Tightness {
    gauss_newton_lower: Vec<f64>,
    gauss_newton_upper: Vec<f64>,
    hessian_upper: Vec<f64>,
}

fn median(ratios: &mut [f64]) -> f64 {
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

fn check(count: usize) {
    let methods = [
        PropagatorNorm::Exact,
        PropagatorNorm::Schatten,
        PropagatorNorm::LayerProduct,
    ];
    let mut violated = 0;
    let mut tightness = Tightness::default();
    for (index, case) in fixed_cases(cases(5, 6), count).enumerate() {
        let objective = case.objective();
        let rates = case.layer_rates();
        let options = options(methods[index % 3]);
        let certificate = certify(&objective, &rates, &options).unwrap();
        assert_eq!(certificate.residual_upper.method, methods[index % 3]);
        let gauss_newton = top(&objective.preconditioned_gauss_newton(&rates).unwrap());
        let hessian = top(&objective.preconditioned_hessian(&rates).unwrap());
        let found = violations(&certificate, gauss_newton, hessian);
        if !found.is_empty() {
            violated += 1;
            println!("{case:?}: {found:?}");
        }
        if gauss_newton > 1e-6 {
            let lower = certificate.gauss_newton_lower;
            let without_ritz = lower
                .gradient
                .max(lower.mean_gradients)
                .max(lower.trace_over_rank);
            tightness
                .gauss_newton_lower
                .push(without_ritz / gauss_newton);
            let upper = certificate.gauss_newton_upper.tightest();
            tightness.gauss_newton_upper.push(upper / gauss_newton);
            tightness
                .hessian_upper
                .push(certificate.hessian_upper() / hessian);
        }
    }
    println!(
        "{violated} of {count} networks violate a bound; median bound / eigenvalue: {:.2} (G, \
         below), {:.2} (G, above), {:.2} (H, above)",
        median(&mut tightness.gauss_newton_lower),
        median(&mut tightness.gauss_newton_upper),
        median(&mut tightness.hessian_upper),
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
    let layer = |value: f64| etastar_model::Layer {
        weight: matrix(value),
        bias: None,
    };
    let network = etastar_model::Mlp {
        layers: vec![layer(3.0), layer(2.0)],
    };
    let batch = etastar_model::Batch {
        inputs: matrix(2.0),
        targets: matrix(5.0),
    };
    let objective =
        Objective::new(&network, &batch, Loss::SquaredError, &Default::default()).unwrap();
    let certificate = certify(
        &objective,
        &LayerRates::uniform(1),
        &CertificateOptions::default(),
    )
    .unwrap();
    // J = (v x, u x) = (4, 6); H - G has the one block r x = (12 - 5) 2.
    let close = |a: f64, b: f64| (a - b).abs() < 1e-12 * b;
    let upper = certificate.gauss_newton_upper;
    assert!(close(upper.frobenius, 52.0) && close(upper.weighted, 52.0));
    assert!(close(certificate.gauss_newton_lower.mean_gradient, 52.0));
    assert!(close(certificate.trace, 52.0));
    assert!(close(certificate.residual_upper.classwise, 14.0));
    assert!(close(certificate.residual_upper.averaged, 14.0));
    let hessian = DMatrix::from_row_slice(2, 2, &[16.0, 38.0, 38.0, 36.0]);
    assert!(close(
        certificate.hessian_lower.ritz,
        hessian.symmetric_eigenvalues().max()
    ));
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
        let certificate = certify(&objective, &rates, &options(PropagatorNorm::Exact)).unwrap();
        let residual = assemble(&objective.preconditioned_hessian(&rates).unwrap())
            - assemble(&objective.preconditioned_gauss_newton(&rates).unwrap());
        let norm = symmetric_eigenvalues(&residual)
            .into_iter()
            .fold(0.0, |norm: f64, value| norm.max(value.abs()));
        let bound = certificate.residual_upper.averaged;
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
        let gauss_newton = top(&objective.preconditioned_gauss_newton(&rates).unwrap());
        let hessian = top(&objective.preconditioned_hessian(&rates).unwrap());
        for method in [
            PropagatorNorm::Exact,
            PropagatorNorm::Schatten,
            PropagatorNorm::LayerProduct,
        ] {
            let certificate = certify(&objective, &rates, &options(method)).unwrap();
            assert_eq!(violations(&certificate, gauss_newton, hessian), [""; 0]);
            if frozen {
                assert_eq!(certificate.hessian_upper(), 0.0);
            }
        }
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
    assert!(certify(&objective, &uniform, &CertificateOptions::default()).is_err());
}
