//! `etastar data`, `backends`, `completions`, `--help`, through the real
//! binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use support::{json, run, succeed};

#[test]
fn datasets_are_listed_with_their_status() {
    let folder = tempfile::tempdir().unwrap();
    let list = json(folder.path(), &["data", "list", "--json"]);
    let status: Vec<(&str, &str)> = list["datasets"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["name"].as_str().unwrap(),
                entry["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        status,
        [
            ("digits", "embedded"),
            ("gaussians", "generated"),
            ("mnist", "missing"),
            ("fashion-mnist", "missing"),
            ("cifar10", "missing"),
        ]
    );
    let text = succeed(folder.path(), &["data", "list"]);
    assert!(text.contains("etastar data fetch mnist"), "{text}");
}

#[test]
fn a_file_that_is_not_genuine_is_not_verified() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("data/mnist");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("train-labels-idx1-ubyte"), b"nonsense").unwrap();
    let failed = run(
        folder.path(),
        &["data", "verify", "mnist", "--data-dir", "data", "--json"],
    );
    assert_eq!(failed.code, Some(3));
    let result: serde_json::Value = serde_json::from_str(&failed.stdout).unwrap();
    let files = result["files"].as_array().unwrap();
    assert_eq!(files.len(), 4);
    assert!(files.iter().all(|file| file["verified"] == false));
    assert!(failed.stderr.contains("4 of 4 files"), "{}", failed.stderr);
}

#[test]
fn an_unreachable_mirror_is_named() {
    let folder = tempfile::tempdir().unwrap();
    // Port 9 of this machine: nobody listens.
    let mirror = "http://127.0.0.1:9/";
    let failed = run(
        folder.path(),
        &[
            "data",
            "fetch",
            "mnist",
            "--data-dir",
            "data",
            "--mirror",
            mirror,
        ],
    );
    assert_eq!(failed.code, Some(3));
    assert!(failed.stderr.contains("127.0.0.1:9"), "{}", failed.stderr);
}

#[test]
fn backends_are_listed() {
    let folder = tempfile::tempdir().unwrap();
    let list = json(folder.path(), &["backends", "--json"]);
    let flex = &list["backends"][0];
    assert_eq!(flex["name"], "flex");
    assert_eq!(
        (&flex["compiled"], &flex["default"]),
        (&true.into(), &true.into())
    );
    for backend in list["backends"].as_array().unwrap() {
        if backend["feature"] == "ndarray" {
            assert_eq!(backend["compiled"], cfg!(feature = "ndarray"));
        }
    }
    let text = succeed(folder.path(), &["backends"]);
    assert!(text.contains("compiled in, default"), "{text}");
}

#[test]
fn completions_know_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(succeed(folder.path(), &["completions", shell]).contains("sweep"));
    }
}

#[test]
fn help_tells_the_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!("help", succeed(folder.path(), &["--help"]));
    insta::assert_snapshot!("help_find", succeed(folder.path(), &["find", "--help"]));
}
