//! Every experiment at its smallest scale, from its file to one page.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use std::path::{Path, PathBuf};

use support::{json, run};

/// The experiments' files, without the one they build on.
fn experiments() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .filter(|path| path.file_stem().is_some_and(|stem| stem != "base"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_experiment_runs_at_the_smallest_scale_into_one_report() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let experiments = experiments();
    assert!(experiments.len() >= 14, "{experiments:?}");
    let mut stores = Vec::new();
    for experiment in &experiments {
        let swept = run(
            folder,
            &[
                "sweep",
                experiment.to_str().unwrap(),
                "--profile",
                "smoke",
                "--skip-missing-data",
                "--json",
            ],
        );
        assert_eq!(swept.code, Some(0), "{}", swept.stderr);
        let swept: serde_json::Value = serde_json::from_str(&swept.stdout).unwrap();
        stores.push(swept["store"].as_str().unwrap().to_owned());
    }
    let mut arguments = vec!["report", "--json", "--output", "report"];
    arguments.extend(stores.iter().map(String::as_str));
    let report = json(folder, &arguments);

    // Every criterion has its verdict; those that a grid this small cannot
    // measure say why.
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.len() >= 30, "{}", findings.len());
    let mut measured = 0;
    for finding in findings {
        if finding["verdict"] == "not-measured" {
            assert!(finding["reason"].is_string(), "{finding}");
        } else {
            measured += 1;
            assert!(finding["effect"]["value"].is_number(), "{finding}");
        }
    }
    assert!(2 * measured > findings.len(), "{measured}");

    let page = std::fs::read_to_string(folder.join("report/index.html")).unwrap();
    for experiment in &experiments {
        let name = experiment.file_stem().unwrap().to_str().unwrap();
        assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
    }
    assert!(page.contains("id=\"scoreboard\""));
    for figure in report["figures"].as_array().unwrap() {
        assert!(folder.join(figure.as_str().unwrap()).exists(), "{figure}");
    }
}
