//! `etastar find`, through the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use serde_json::Value;
use support::{json, run, succeed};

const NETWORK: [&str; 13] = [
    "find",
    "--width",
    "16",
    "--depth",
    "2",
    "--train",
    "512",
    "--validation",
    "128",
    "--budget",
    "32",
    "--repeats",
    "3",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    NETWORK
        .iter()
        .copied()
        .chain(more.iter().copied())
        .collect()
}

/// Takes the times out of a result.
fn timeless(mut result: Value) -> Value {
    result.as_object_mut().unwrap().remove("seconds").unwrap();
    result
}

#[test]
fn the_result_has_what_scripts_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let result = json(folder.path(), &with(&["--json"]));
    let eta_star = result["eta_star"].as_f64().unwrap();
    let interval = result["interval"].as_array().unwrap();
    assert!(interval[0].as_f64().unwrap() <= eta_star);
    assert!(interval[1].as_f64().unwrap() >= eta_star);
    assert_eq!(result["log2_eta_star"].as_f64().unwrap().exp2(), eta_star);
    assert_eq!(result["confidence"], 0.95);
    let repeats = result["repeats"].as_array().unwrap();
    assert_eq!(repeats.len(), 3);
    let mut trials = 0;
    for (index, repeat) in repeats.iter().enumerate() {
        assert_eq!(repeat["repeat"], index);
        assert!(repeat["eta_star"].as_f64().unwrap() > 0.0);
        assert!(repeat["monotone"].is_boolean());
        trials += repeat["trials"].as_u64().unwrap();
    }
    assert_eq!(result["trials"], trials);
    assert_eq!(result["cell"]["hidden"], serde_json::json!([16, 16]));
    assert_eq!(result["manifest"]["seed"], 1);
    assert_eq!(result["manifest"]["backend"], "flex");
    let images = &result["manifest"]["datasets"]["digits/digits-images-idx3-ubyte"];
    assert_eq!(images.as_str().unwrap().len(), 64);
}

#[test]
fn the_result_is_the_same_on_any_number_of_threads_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let one = timeless(json(folder.path(), &with(&["--json", "--jobs", "1"])));
    let two = timeless(json(folder.path(), &with(&["--json", "--jobs", "2"])));
    let again = timeless(json(folder.path(), &with(&["--json", "--jobs", "2"])));
    assert_eq!(one, two);
    assert_eq!(two, again);
    let other = timeless(json(folder.path(), &with(&["--json", "--seed", "2"])));
    assert_ne!(one["eta_star"], other["eta_star"]);
}

#[test]
fn every_choice_reaches_the_cell() {
    let folder = tempfile::tempdir().unwrap();
    let result = json(
        folder.path(),
        &[
            "find",
            "--dataset",
            "gaussians",
            "--dimension",
            "8",
            "--separation",
            "3",
            "--hidden",
            "12,6",
            "--bias",
            "--loss",
            "squared-error",
            "--threshold",
            "0.6",
            "--input-rate",
            "0.5",
            "--output-gain",
            "1",
            "--batch",
            "32",
            "--train",
            "256",
            "--validation",
            "64",
            "--budget",
            "24",
            "--evaluate-every",
            "6",
            "--tolerance",
            "0.25",
            "--start",
            "4",
            "--lowest",
            "-9",
            "--highest",
            "6",
            "--ladder",
            "-1,1",
            "--repeats",
            "2",
            "--json",
        ],
    );
    let cell = serde_json::to_string_pretty(&result["cell"]).unwrap();
    insta::assert_snapshot!("cell", cell);
    assert_eq!(
        (&result["inputs"], &result["outputs"]),
        (&8.into(), &2.into())
    );
}

#[test]
fn text_for_people() {
    let folder = tempfile::tempdir().unwrap();
    let text = succeed(folder.path(), &with(&["--input-rate", "0.1"]));
    for expected in [
        "depth 2 (hidden layers), width 16 on digits, input-layer rate 0.1",
        "eta* = ",
        "95 % interval",
        "flex f32, seed 1; accuracy 0.2 within 32 steps of 128 samples",
    ] {
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn no_eta_star_in_range_is_an_exit_code_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let hopeless = with(&["--threshold", "1", "--lowest", "0", "--json"]);
    let failed = run(folder.path(), &hopeless);
    assert_eq!(failed.code, Some(4));
    let result: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(result["eta_star"], Value::Null);
    assert_eq!(result["repeats"][0]["result"], "nothing-succeeds");
    assert!(
        failed.stderr.contains("lower --threshold"),
        "{}",
        failed.stderr
    );

    let trivial = with(&[
        "--threshold",
        "0.001",
        "--highest",
        "-3",
        "--start",
        "-3",
        "--json",
    ]);
    let failed = run(folder.path(), &trivial);
    assert_eq!(failed.code, Some(4));
    let result: Value = serde_json::from_str(&failed.stdout).unwrap();
    assert_eq!(result["repeats"][0]["result"], "nothing-fails");
    assert!(
        failed.stderr.contains("raise --highest"),
        "{}",
        failed.stderr
    );
}

#[test]
fn a_network_without_room_is_refused_before_it_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let network = ["--width", "1000000", "--depth", "5", "--jobs", "2"];
    for command in ["find", "sharpness"] {
        let command = [&[command], network.as_slice()].concat();
        let run = support::run(folder.path(), &command);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        for part in ["4.0e12 parameters", "TiB in each of 2 threads", "to spare"] {
            assert!(run.stderr.contains(part), "{}", run.stderr);
        }
    }
}

#[cfg(feature = "ndarray")]
#[test]
fn backends_agree_within_rounding() {
    let folder = tempfile::tempdir().unwrap();
    let log2 = |backend: &str| {
        let result = json(folder.path(), &with(&["--json", "--backend", backend]));
        result["log2_eta_star"].as_f64().unwrap()
    };
    let flex = log2("flex");
    for backend in ["ndarray", "ndarray-f64"] {
        assert!((log2(backend) - flex).abs() <= 0.25, "{backend}");
    }
}
