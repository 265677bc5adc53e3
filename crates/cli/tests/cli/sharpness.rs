//! `etastar sharpness` and `bounds`.

use std::fs::File;
use std::io::Write;

use npyz::WriterBuilder;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::support::{EXPERIMENT, Sandbox, assert_contains};

#[test]
fn bounds_are_the_formulas() {
    let line = "bounds --inputs 50 --depth 4 --width 32 --outputs 10 --json";
    let bounds = Sandbox::new().json(line);
    let number = |pointer: &str| bounds.pointer(pointer).unwrap().as_f64().unwrap();
    let close = |pointer: &str, expected: f64| {
        let found = number(pointer);
        assert!(
            (found / expected - 1.0).abs() < 1e-12,
            "{found} for {expected}"
        );
    };
    // q (mu n_0 + L n) with q = mu = 1.
    assert_eq!(number("/ntk_diagonal/mean"), 50.0 + 4.0 * 32.0);
    // beta K q [n_0 + n_1 + .. + n_L] with beta = 1/2.
    let expectation = 0.5 * 10.0 * (50.0 + 4.0 * 32.0);
    assert_eq!(number("/gauss_newton/upper_expectation"), expectation);
    // sqrt(q n (n_0 L + n L (L - 1) / 2)).
    let second = (32.0f64 * (50.0 * 4.0 + 32.0 * 6.0)).sqrt();
    close("/second_derivative_norm/upper_expectation", second);
    close("/hessian/upper_expectation", expectation + 10.0 * second);
    let markov = number("/hessian/upper_expectation") / 0.05;
    assert_eq!(number("/hessian/markov/delta"), 0.05);
    assert_eq!(number("/hessian/markov/value"), markov);
    assert!(number("/hessian/chebyshev/value") < markov);
}

#[test]
fn sharpness_has_what_scripts_rely_on() {
    let etastar = Sandbox::new();
    let measure = |options: &str| {
        let network = "sharpness --width 16 --depth 2 --samples 64 --repeats 3 --json";
        etastar.json(&format!("{network} {options}"))
    };
    let result = measure("");
    let repeats = result["repeats"].as_array().unwrap();
    assert_eq!(repeats.len(), 3);
    let mut sum = 0.0;
    for repeat in repeats {
        let number = |pointer: &str| repeat.pointer(pointer).unwrap().as_f64().unwrap();
        let (hessian, gauss_newton) = (number("/hessian/largest"), number("/gauss_newton/largest"));
        sum += hessian;
        assert_eq!(repeat["hessian"]["converged"], true);
        assert!(number("/hessian/residual") < 1e-4 * hessian);
        assert!(number("/hessian/smallest") < 0.0);
        assert!(number("/bounds/lower/gauss_newton/trace_over_rank") <= gauss_newton);
        assert!(number("/bounds/lower/gauss_newton/mean_gradient") <= gauss_newton * 1.0001);
        assert!(number("/bounds/upper/gauss_newton/frobenius") >= gauss_newton);
        assert!(number("/bounds/upper/hessian") >= hessian);
    }
    let mean = result["lambda_1"]["mean"].as_f64().unwrap();
    assert!((mean - sum / 3.0).abs() < 1e-9 * mean);
    let interval = result["lambda_1"]["interval"].as_array().unwrap();
    assert!(interval[0].as_f64().unwrap() <= mean && mean <= interval[1].as_f64().unwrap());
    assert_eq!(result["stability_limit"].as_f64().unwrap(), 2.0 / mean);
    assert!(result["prediction"]["plain"].as_f64().unwrap() > 0.0);
    assert_eq!(result["manifest"]["seed"], 1);

    let without = measure("--exclude-input-layer");
    assert!(without["lambda_1"]["mean"].as_f64().unwrap() < mean);
    assert_eq!(measure("--jobs 1")["lambda_1"], result["lambda_1"]);
}

#[test]
fn text_for_people() {
    let etastar = Sandbox::new();
    let sharpness = etastar.succeed("sharpness --width 8 --depth 2 --samples 32");
    let parts = [
        "depth 2 (hidden layers), width 8, 32 samples of digits, cross-entropy, input-layer rate 1",
        "network 0: lambda_1(H) = ",
        "certified: lambda_1(G) in [",
        "prediction of lambda_1(G) without a network: ",
        "over all initialisations, for data whose mean |x|^2 is the number of inputs: E lambda_1(G) at most ",
    ];
    assert_contains(&sharpness, &parts);
    let bounds = etastar.succeed("bounds --inputs 50 --depth 4 --width 32 --outputs 10");
    insta::assert_snapshot!("bounds", bounds);
}

/// A folder with `f = 2 relu(3 x)` and one sample `x = 1` of class 0 of 1,
/// target 1: the loss is `(u v - 1)^2 / 2`.
fn with_own_network() -> Sandbox {
    let etastar = Sandbox::new();
    let [first, second] = [3.0_f32, 2.0].map(f32::to_le_bytes);
    let views = [("layers.0.weight", &first), ("layers.1.weight", &second)].map(|(name, bytes)| {
        (
            name,
            TensorView::new(Dtype::F32, vec![1, 1], bytes).unwrap(),
        )
    });
    etastar.write(
        "net.safetensors",
        safetensors::serialize(views, None).unwrap(),
    );
    let mut archive = zip::ZipWriter::new(File::create(etastar.path("data.npz")).unwrap());
    let mut array = |name: &str, bytes: Vec<u8>| {
        archive
            .start_file(name, SimpleFileOptions::default())
            .unwrap();
        archive.write_all(&bytes).unwrap();
    };
    array("x.npy", npy(&[1, 1], &[1.0f64]));
    array("y.npy", npy(&[1], &[0i64]));
    archive.finish().unwrap();
    etastar
}

fn npy<T: npyz::AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn a_network_of_one_s_own_is_taken_as_it_is() {
    let etastar = with_own_network();
    let own = "sharpness --weights net.safetensors --samples-file data.npz --loss squared-error";
    let result = etastar.json(&format!("{own} --json"));
    // The Hessian in (u, v) = (3, 2): [[v^2, 2uv - 1], [2uv - 1, u^2]].
    let exact = (13.0 + (25.0f64 + 4.0 * 121.0).sqrt()) / 2.0;
    let found = result["lambda_1"]["mean"].as_f64().unwrap();
    assert!((found / exact - 1.0).abs() < 1e-5, "{found} for {exact}");
    assert_eq!(result["prediction"], Value::Null);
    assert_contains(&etastar.succeed(own), &["net.safetensors: lambda_1(H) = "]);
    // A real target instead of the 1 of the only class.
    etastar.write("real.csv", "x,y\n1,5\n");
    let own = "sharpness --weights net.safetensors --samples-file real.csv --regression";
    let result = etastar.json(&format!("{own} --json"));
    let exact = (13.0 + (25.0f64 + 4.0 * 49.0).sqrt()) / 2.0;
    let found = result["lambda_1"]["mean"].as_f64().unwrap();
    assert!((found / exact - 1.0).abs() < 1e-5, "{found} for {exact}");
    assert_eq!(result["manifest"]["loss"], "squared-error");
    etastar.fail(
        &format!("{own} --loss cross-entropy"),
        2,
        &["a loss of classes"],
    );
}

#[test]
fn files_that_do_not_fit_are_named() {
    let etastar = with_own_network();
    etastar.write("text", "no weights");
    for (options, code, says) in [
        (
            "--width 8 --depth 2 --samples-file data.npz",
            2,
            "cannot be used with",
        ),
        ("--weights net.safetensors", 2, "--samples-file"),
        ("--weights none --samples-file data.npz", 3, "cannot read"),
        (
            "--weights text --samples-file data.npz",
            3,
            "safetensors format",
        ),
        (
            "--weights net.safetensors --samples-file text",
            3,
            "not a file of a known kind",
        ),
        ("--width 8 --depth 2 --samples 5000", 2, "5000"),
        ("--width 8", 2, "--depth"),
    ] {
        etastar.fail(&format!("sharpness {options}"), code, &[says]);
    }
}

#[test]
fn a_sharpness_sweep_is_exported() {
    let etastar = Sandbox::new();
    let (before, _) = EXPERIMENT.split_once("[protocol]").unwrap();
    let sharpness = "[sharpness]\nlosses = [\"squared-error\"]\nsamples = 64\nbounds = true\nprediction = true\n";
    etastar.write("sharp.toml", format!("{before}{sharpness}"));
    let sweep = |store: &str, jobs: usize| {
        etastar.json(&format!(
            "sweep sharp.toml --output {store} --jobs {jobs} --json"
        ))
    };
    assert_eq!(sweep("one.db", 1)["repeats"], 24);
    sweep("two.db", 2);
    let rows = etastar.table("one.db", "sharpness");
    assert_eq!(rows.lines().count(), 25);
    assert_eq!(rows, etastar.table("two.db", "sharpness"));
    let report = etastar.json("report one.db --json");
    assert_contains(&etastar.read(&report["index"]), &["Gauss"]);
}

/// With one sample the bounds from both sides are the eigenvalue itself, up to rounding.
#[test]
fn tight_bounds_are_ordered() {
    let etastar = Sandbox::new();
    let result = etastar.json("sharpness --width 8 --depth 1 --samples 1 --repeats 8 --json");
    for repeat in result["repeats"].as_array().unwrap() {
        let largest = |pointer: &str| {
            let bounds = repeat.pointer(pointer).unwrap().as_object().unwrap();
            bounds.values().map(|one| one.as_f64().unwrap())
        };
        let lower = largest("/bounds/lower/gauss_newton").fold(f64::MIN, f64::max);
        let upper = largest("/bounds/upper/gauss_newton").fold(f64::MAX, f64::min);
        let measured = repeat["gauss_newton"]["largest"].as_f64().unwrap();
        assert!(
            lower <= upper && measured <= upper,
            "{lower} {measured} {upper}"
        );
    }
}
