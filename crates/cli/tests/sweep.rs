//! `etastar sweep`, `fit`, `report` and `export`, through the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use std::path::Path;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use support::{etastar, json, run, succeed, trials, write_experiment};

fn swept(folder: &Path, store: &str) {
    write_experiment(folder);
    succeed(folder, &["sweep", "small.toml", "--output", store]);
}

#[test]
fn from_an_experiment_to_a_report() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    let result = json(
        folder,
        &["sweep", "small.toml", "--profile", "smoke", "--json"],
    );
    assert_eq!(
        (&result["cells"], &result["repeats"]),
        (&12.into(), &12.into())
    );
    let store = result["store"].as_str().unwrap();
    assert!(store.starts_with("results/small-smoke-"), "{store}");

    let fits = json(folder, &["fit", store, "--width-over-depth", "0", "--json"]);
    let fits = fits["fits"].as_array().unwrap();
    for law in ["depth-width", "separate", "effective-size"] {
        for rate in [Some(1.0), Some(0.1), None] {
            let fit = fits
                .iter()
                .find(|fit| fit["law"] == law && fit["input_rate"].as_f64() == rate)
                .unwrap();
            assert_eq!(fit["cells"], if rate.is_some() { 6 } else { 12 });
            assert_eq!(fit["width_over_depth"], 0.0);
            assert!(fit["r_squared"].is_number() && fit["rmse_octaves"].is_number());
            assert!(fit["loo_rmse_octaves"].is_number());
            if law == "separate" {
                assert!(fit["exponents"]["depth"].is_number());
                assert!(fit["exponents"]["width"].is_number());
            } else {
                assert!(fit["exponent"].is_number());
            }
        }
    }

    let report = json(folder, &["report", store, "--json"]);
    let page = std::fs::read_to_string(folder.join(report["index"].as_str().unwrap())).unwrap();
    assert!(page.contains("Does a small sweep work?"));
    for file in [&report["figures"], &report["data"]] {
        for path in file.as_array().unwrap() {
            assert!(
                folder
                    .join(path.as_str().unwrap())
                    .metadata()
                    .unwrap()
                    .len()
                    > 100
            );
        }
    }
}

const ANALYSIS: &str = r#"
[analysis]
show = ["depth-width", "input-layer"]
caveat = "A small grid."

[[analysis.criteria]]
claim = "C1"
says = "eta* falls with depth x width."
statistic = { of = "exponent", law = "depth-width", part = "joint", input_rate = "slowest" }
rule = { at_least = -5.0 }
"#;

#[test]
fn one_report_of_two_stores() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "plain.db");
    let judged = support::EXPERIMENT.replace("name = \"small\"", "name = \"judged\"");
    std::fs::write(folder.join("judged.toml"), format!("{judged}{ANALYSIS}")).unwrap();
    succeed(folder, &["sweep", "judged.toml", "--output", "judged.db"]);
    let arguments = ["report", "plain.db", "judged.db", "-o", "page", "--json"];
    let report = json(folder, &arguments);
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1);
    let finding = &findings[0];
    for (field, expected) in [
        ("experiment", "judged"),
        ("store", "judged.db"),
        ("claim", "C1"),
        ("dataset", "digits"),
        ("verdict", "supported"),
    ] {
        assert_eq!(finding[field], expected, "{finding}");
    }
    assert!(finding["effect"]["value"].is_number());
    assert_eq!(finding["effect"]["interval"].as_array().unwrap().len(), 2);
    let page = std::fs::read_to_string(folder.join("page/index.html")).unwrap();
    for part in [
        "id=\"scoreboard\"",
        "id=\"small\"",
        "id=\"judged\"",
        "A small grid.",
        "etastar report plain.db judged.db -o page --json",
    ] {
        assert!(page.contains(part), "{part}");
    }
    let pictures = report["figures"].as_array().unwrap();
    for (of, least) in [("small--", 4), ("judged--", 2)] {
        let own = pictures
            .iter()
            .filter(|path| path.as_str().unwrap().contains(of));
        assert!(own.count() >= least, "{pictures:?}");
    }
}

#[test]
fn an_analysis_that_is_none_is_named_with_its_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "wrong.db");
    // As a program of another version might have written it.
    support::rewrite(folder, "wrong.db", |snapshot| {
        snapshot.manifest.analysis = serde_json::json!({"criteria": [{
            "claim": "C1",
            "says": "It holds.",
            "statistic": {"of": "shift", "variant": "small"},
            "rule": {"above": 1.0},
        }]});
    });
    let failed = run(folder, &["report", "wrong.db"]);
    assert_eq!(failed.code, Some(3));
    for part in ["wrong.db", "criterion 1", "`above`"] {
        assert!(failed.stderr.contains(part), "{}", failed.stderr);
    }
}

#[test]
fn exports_in_every_format() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "sweep.db");
    for format in ["csv", "json", "parquet"] {
        let written = json(
            folder,
            &["export", "sweep.db", "--format", format, "--json"],
        );
        assert_eq!(written["files"].as_array().unwrap().len(), 4);
        for table in ["cells", "repeats", "trials", "sharpness"] {
            assert!(
                folder
                    .join("sweep")
                    .join(format!("{table}.{format}"))
                    .exists()
            );
        }
    }
    let header = |table| {
        let text = succeed(folder, &["export", "sweep.db", "--table", table]);
        text.lines().next().unwrap().to_owned()
    };
    insta::assert_snapshot!(
        "columns",
        ["cells", "repeats", "trials", "sharpness"]
            .map(header)
            .join("\n\n")
    );
}

#[test]
fn rows_do_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    for jobs in ["1", "2", "5"] {
        succeed(
            folder,
            &[
                "sweep",
                "small.toml",
                "--jobs",
                jobs,
                "--output",
                &format!("{jobs}.db"),
            ],
        );
    }
    let alone = trials(folder, "1.db");
    assert_eq!(alone, trials(folder, "2.db"));
    assert_eq!(alone, trials(folder, "5.db"));
}

/// Starts a sweep into `store`.
fn start(folder: &Path, store: &str) -> Child {
    etastar(folder)
        .args(["sweep", "small.toml", "--output", store])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_sweep_killed_again_and_again_ends_with_the_same_rows() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "undisturbed.db");
    // Longer and longer, from before the store exists to after the end.
    for kill in 0..12 {
        let mut child = start(folder, "killed.db");
        sleep(Duration::from_millis(15 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    succeed(folder, &["sweep", "small.toml", "--output", "killed.db"]);
    assert_eq!(
        trials(folder, "killed.db"),
        trials(folder, "undisturbed.db")
    );
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_cleanly_and_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = support::EXPERIMENT.replace("repeats = 2", "repeats = 500");
    std::fs::write(folder.join("small.toml"), text).unwrap();
    let child = start(folder, "sweep.db");
    while !folder.join("sweep.db").exists() {
        sleep(Duration::from_millis(5));
    }
    let pid = child.id().to_string();
    assert!(
        std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(
        message.contains("run the same command again to go on"),
        "{message}"
    );
    // A reader sees whatever was finished.
    run(folder, &["export", "sweep.db", "--table", "trials"]);
}

#[test]
fn two_processes_do_not_share_a_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = support::EXPERIMENT.replace("repeats = 2", "repeats = 500");
    std::fs::write(folder.join("small.toml"), text).unwrap();
    let mut first = start(folder, "sweep.db");
    // The lock is held once the store has its tables.
    while run(folder, &["export", "sweep.db", "--table", "cells"]).code != Some(0) {
        sleep(Duration::from_millis(5));
    }
    let second = run(folder, &["sweep", "small.toml", "--output", "sweep.db"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(second.code, Some(2));
    assert!(
        second.stderr.contains("in use by another process"),
        "{}",
        second.stderr
    );
}

#[test]
fn a_time_limit_stops_cleanly_and_has_a_code_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = support::EXPERIMENT.replace("repeats = 2", "repeats = 5000");
    std::fs::write(folder.join("small.toml"), text).unwrap();
    let arguments = ["sweep", "small.toml", "--output", "sweep.db"];
    let limited = run(
        folder,
        &[&arguments[..], &["--time-limit", "100ms"]].concat(),
    );
    assert_eq!(limited.code, Some(5), "{}", limited.stderr);
    assert!(
        limited
            .stderr
            .contains("run the same command again to go on"),
        "{}",
        limited.stderr
    );
}

/// Two experiments that overlap in half of their cells.
#[test]
fn what_a_neighbour_knows_is_not_measured_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    let other = support::EXPERIMENT
        .replace("name = \"small\"", "name = \"other\"")
        .replace("depths = [2, 4]", "depths = [4, 8]");
    std::fs::write(folder.join("other.toml"), other).unwrap();
    json(folder, &["sweep", "small.toml", "--json"]);
    let shared = run(folder, &["sweep", "other.toml", "--json"]);
    assert_eq!(shared.code, Some(0), "{}", shared.stderr);
    assert!(
        shared.stderr.contains("12 repeats are known from"),
        "{}",
        shared.stderr
    );
    let shared: serde_json::Value = serde_json::from_str(&shared.stdout).unwrap();
    succeed(folder, &["sweep", "other.toml", "--output", "alone.db"]);
    assert_eq!(
        trials(folder, shared["store"].as_str().unwrap()),
        trials(folder, "alone.db")
    );
}

#[test]
fn missing_data_are_refused_or_left_out_and_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let text = support::EXPERIMENT.replace("datasets = [", "datasets = [{ name = \"mnist\" }, ");
    std::fs::write(folder.join("small.toml"), text).unwrap();
    assert_eq!(run(folder, &["sweep", "small.toml"]).code, Some(3));
    let result = json(
        folder,
        &["sweep", "small.toml", "--skip-missing-data", "--json"],
    );
    assert_eq!(result["cells"], 12);
    let not_run = &result["manifest"]["not_run"];
    assert_eq!(not_run[0]["dataset"], "mnist");
    assert_eq!(not_run[0]["reason"], "its files were not found");
}

/// Many networks in one program give the answers of one after the other.
#[test]
fn the_batched_strategy_finds_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "sequential.db");
    let batched = [
        "sweep",
        "small.toml",
        "--output",
        "batched.db",
        "--strategy",
        "batched",
        "--networks-at-once",
        "12",
    ];
    succeed(folder, &batched);
    let compared = json(
        folder,
        &["compare", "sequential.db", "batched.db", "--json"],
    );
    let agreement = &compared["agreement"][0];
    assert!(agreement["searches"].as_u64() > Some(0));
    assert_eq!(agreement["same_answer"], agreement["searches"]);
    // burn-flex multiplies the matrices of a batched product one by one.
    assert_eq!(agreement["same_bits"], agreement["trials"]);
    assert_eq!(agreement["other_outcome"], 0);
    let table = succeed(folder, &["compare", "sequential.db", "batched.db"]);
    assert!(table.contains("flex f32 batched"), "{table}");
    // A store is of one strategy.
    let mixed = [
        "sweep",
        "small.toml",
        "--output",
        "batched.db",
        "--strategy",
        "sequential",
    ];
    assert_eq!(run(folder, &mixed).code, Some(2));
}
