//! Stores that were measured on machines that round differently, through the
//! real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use std::path::Path;

use etastar_search::Store;
use support::{json, run, succeed, trials, write_experiment};

fn arithmetics(folder: &Path, store: &str) -> Vec<String> {
    let store = Store::open_to_read(&folder.join(store)).unwrap();
    store.arithmetics().unwrap()
}

/// As if another machine had measured the store.
fn from_elsewhere(folder: &Path, store: &str) {
    support::rewrite(folder, store, |snapshot| {
        for session in &mut snapshot.sessions {
            session.arithmetic = Some("e15e00e15e00".to_owned());
        }
    });
}

#[test]
fn every_sweep_that_measures_tells_its_arithmetic() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    let sweep = |jobs| {
        let arguments = ["sweep", "small.toml", "-o", "a.db", "--jobs", jobs];
        run(folder, &arguments)
    };
    assert_eq!(sweep("1").code, Some(0));
    let here = arithmetics(folder, "a.db");
    assert_eq!(here.len(), 1);
    succeed(
        folder,
        &["sweep", "small.toml", "-o", "b.db", "--jobs", "2"],
    );
    assert_eq!(arithmetics(folder, "b.db"), here);

    // Nothing is left to measure: the machine does not matter.
    from_elsewhere(folder, "a.db");
    let again = sweep("1");
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), ""));
    assert_eq!(arithmetics(folder, "a.db"), ["e15e00e15e00"]);

    // Something is.
    support::rewrite(folder, "a.db", |snapshot| {
        snapshot.cells[0].repeats.clear();
    });
    let resumed = sweep("1");
    assert_eq!(resumed.code, Some(0));
    assert!(
        resumed
            .stderr
            .contains("begun with another arithmetic (e15e00e15e00"),
        "{}",
        resumed.stderr
    );
    assert_eq!(arithmetics(folder, "a.db")[1..], here);
}

#[test]
fn what_another_arithmetic_measured_is_measured_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    let other = support::EXPERIMENT.replace("name = \"small\"", "name = \"other\"");
    std::fs::write(folder.join("other.toml"), other).unwrap();
    let small = json(folder, &["sweep", "small.toml", "--json"]);
    let small = small["store"].as_str().unwrap();
    from_elsewhere(folder, small);
    let other = run(folder, &["sweep", "other.toml", "--json"]);
    assert_eq!(other.code, Some(0), "{}", other.stderr);
    assert!(
        other.stderr.contains("nothing is reused from") && other.stderr.contains("e15e00e15e00"),
        "{}",
        other.stderr
    );
    let other: serde_json::Value = serde_json::from_str(&other.stdout).unwrap();
    let other = other["store"].as_str().unwrap();
    assert_eq!(arithmetics(folder, other).len(), 1);
    assert_eq!(trials(folder, other), trials(folder, small));
}

#[test]
fn parts_of_several_arithmetics_are_merged_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    for part in ["1", "2"] {
        let (shard, store) = (format!("{part}/2"), format!("{part}.db"));
        let arguments = ["sweep", "small.toml", "--shard", &shard, "-o", &store];
        succeed(folder, &arguments);
    }
    let merge = ["merge", "1.db", "2.db", "--json", "-o"];
    let alike = run(folder, &[&merge[..], &["alike.db"]].concat());
    assert_eq!((alike.code, alike.stderr.as_str()), (Some(0), ""));
    from_elsewhere(folder, "2.db");
    let mixed = run(folder, &[&merge[..], &["mixed.db"]].concat());
    assert_eq!(mixed.code, Some(0), "{}", mixed.stderr);
    assert!(
        mixed.stderr.contains("with 2 arithmetics"),
        "{}",
        mixed.stderr
    );
    let mixed: serde_json::Value = serde_json::from_str(&mixed.stdout).unwrap();
    assert_eq!(mixed["arithmetics"].as_array().map(Vec::len), Some(2));
}
