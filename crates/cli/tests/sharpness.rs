//! `etastar sharpness` and `bounds`, through the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use std::fs::File;
use std::path::Path;

use npyz::WriterBuilder;
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;
use std::io::Write;
use support::{json, run, succeed};
use zip::write::SimpleFileOptions;

#[test]
fn bounds_are_the_formulas() {
    let folder = tempfile::tempdir().unwrap();
    let bounds = json(
        folder.path(),
        &[
            "bounds",
            "--inputs",
            "50",
            "--depth",
            "4",
            "--width",
            "32",
            "--outputs",
            "10",
            "--json",
        ],
    );
    // q (mu n_0 + L n) with q = mu = 1.
    assert_eq!(bounds["ntk_diagonal"]["mean"], 50.0 + 4.0 * 32.0);
    // beta K q [n_0 + n_1 + .. + n_L] with beta = 1/2.
    let expectation = 0.5 * 10.0 * (50.0 + 4.0 * 32.0);
    assert_eq!(bounds["gauss_newton"]["upper_expectation"], expectation);
    // sqrt(q n (n_0 L + n L (L - 1) / 2)).
    let second = (32.0f64 * (50.0 * 4.0 + 32.0 * 6.0)).sqrt();
    let found = bounds["second_derivative_norm"]["upper_expectation"]
        .as_f64()
        .unwrap();
    assert!((found / second - 1.0).abs() < 1e-12, "{found} for {second}");
    let hessian = &bounds["hessian"];
    let found = hessian["upper_expectation"].as_f64().unwrap();
    assert!(
        (found / (expectation + 10.0 * second) - 1.0).abs() < 1e-12,
        "{found}"
    );
    assert_eq!(hessian["markov"]["delta"], 0.05);
    assert_eq!(hessian["markov"]["value"].as_f64().unwrap(), found / 0.05);
    assert!(hessian["chebyshev"]["value"].as_f64().unwrap() < found / 0.05);
}

#[test]
fn sharpness_has_what_scripts_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let network = [
        "sharpness",
        "--width",
        "16",
        "--depth",
        "2",
        "--samples",
        "64",
        "--repeats",
        "3",
        "--json",
    ];
    let result = json(folder.path(), &network);
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

    let without: Vec<&str> = network
        .into_iter()
        .chain(["--exclude-input-layer"])
        .collect();
    let without = json(folder.path(), &without);
    assert!(without["lambda_1"]["mean"].as_f64().unwrap() < mean);
    let threads: Vec<&str> = network.into_iter().chain(["--jobs", "1"]).collect();
    assert_eq!(
        json(folder.path(), &threads)["lambda_1"],
        result["lambda_1"]
    );
}

/// `f = 2 relu(3 x)` and one sample `x = 1` of class 0 of 1, target 1: the loss
/// is `(u v - 1)^2 / 2`.
fn write_own_network(folder: &Path) {
    let bytes = |value: f32| value.to_le_bytes().to_vec();
    let (first, second) = (bytes(3.0), bytes(2.0));
    let views = [("layers.0.weight", &first), ("layers.1.weight", &second)].map(|(name, bytes)| {
        (
            name,
            TensorView::new(Dtype::F32, vec![1, 1], bytes).unwrap(),
        )
    });
    let file = safetensors::serialize(views, None).unwrap();
    std::fs::write(folder.join("net.safetensors"), file).unwrap();
    let mut archive = zip::ZipWriter::new(File::create(folder.join("data.npz")).unwrap());
    let mut array = |name: &str, bytes: Vec<u8>| {
        archive
            .start_file(format!("{name}.npy"), SimpleFileOptions::default())
            .unwrap();
        archive.write_all(&bytes).unwrap();
    };
    array("x", npy(&[1, 1], &[1.0f64]));
    array("y", npy(&[1], &[0i64]));
    archive.finish().unwrap();
}

fn npy<T: npyz::AutoSerialize + Copy>(shape: &[u64], values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = npyz::WriteOptions::new().default_dtype().shape(shape);
    let mut writer = options.writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

const OWN: [&str; 8] = [
    "sharpness",
    "--weights",
    "net.safetensors",
    "--samples-file",
    "data.npz",
    "--loss",
    "squared-error",
    "--json",
];

#[test]
fn a_network_of_one_s_own_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    write_own_network(folder.path());
    let result = json(folder.path(), &OWN);
    // The Hessian in (u, v) = (3, 2): [[v^2, 2uv - 1], [2uv - 1, u^2]].
    let exact = (13.0 + (25.0f64 + 4.0 * 121.0).sqrt()) / 2.0;
    let found = result["lambda_1"]["mean"].as_f64().unwrap();
    assert!((found / exact - 1.0).abs() < 1e-5, "{found} for {exact}");
    assert_eq!(result["prediction"], Value::Null);
    let text = succeed(folder.path(), &OWN[..7]);
    assert!(text.contains("net.safetensors: lambda_1(H) = "), "{text}");
}

#[test]
fn files_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    write_own_network(folder.path());
    std::fs::write(folder.path().join("text"), "no weights").unwrap();
    for (arguments, code, says) in [
        (vec!["--weights", "net.safetensors"], 2, "--samples-file"),
        (
            vec!["--weights", "none", "--samples-file", "data.npz"],
            3,
            "cannot read",
        ),
        (
            vec!["--weights", "text", "--samples-file", "data.npz"],
            3,
            "safetensors format",
        ),
        (
            vec!["--weights", "net.safetensors", "--samples-file", "text"],
            3,
            "NumPy .npz",
        ),
        (
            vec!["--width", "8", "--depth", "2", "--samples", "5000"],
            2,
            "5000",
        ),
        (vec!["--width", "8"], 2, "--depth"),
    ] {
        let arguments: Vec<&str> = ["sharpness"].into_iter().chain(arguments).collect();
        let failed = run(folder.path(), &arguments);
        assert_eq!(failed.code, Some(code), "{arguments:?}: {}", failed.stderr);
        assert!(failed.stderr.contains(says), "{}", failed.stderr);
    }
}

#[test]
fn a_sharpness_sweep_is_exported() {
    let folder = tempfile::tempdir().unwrap();
    let experiment = support::EXPERIMENT;
    let place = experiment.find("[protocol]").unwrap();
    let end = experiment.find("[profiles.smoke]").unwrap();
    let text = format!(
        "{}[sharpness]\nlosses = [\"squared-error\"]\nsamples = 64\nbounds = true\n\
         prediction = true\n\n{}",
        &experiment[..place],
        &experiment[end..]
    );
    std::fs::write(folder.path().join("sharp.toml"), text).unwrap();
    let sweep = |store: &str, jobs: &str| {
        json(
            folder.path(),
            &[
                "sweep",
                "sharp.toml",
                "--output",
                store,
                "--jobs",
                jobs,
                "--json",
            ],
        )
    };
    assert_eq!(sweep("one.db", "1")["repeats"], 24);
    sweep("two.db", "2");
    let rows = |store: &str| {
        succeed(
            folder.path(),
            &["export", store, "--table", "sharpness", "--without-times"],
        )
    };
    assert_eq!(rows("one.db").lines().count(), 25);
    assert_eq!(rows("one.db"), rows("two.db"));
    let report = json(folder.path(), &["report", "one.db", "--json"]);
    let page = std::fs::read_to_string(folder.path().join(report["index"].as_str().unwrap()));
    assert!(page.unwrap().contains("Gauss"));
}
