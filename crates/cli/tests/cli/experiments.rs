//! Every experiment at its smallest scale, from its file to one page.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::{Sandbox, assert_contains};

/// The experiments' files, without the one they build on.
fn experiments() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../experiments");
    let entries = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "toml")
    });
    files.retain(|path| path.file_stem().is_some_and(|stem| stem != "base"));
    files.sort();
    files
}

#[test]
fn every_experiment_runs_at_the_smallest_scale_into_one_report() {
    let etastar = Sandbox::new();
    let experiments = experiments();
    assert!(experiments.len() >= 16, "{experiments:?}");
    let mut command = "report --json --output report".to_owned();
    for experiment in &experiments {
        let experiment = experiment.display();
        let swept = etastar.json(&format!(
            "sweep {experiment} --profile smoke --skip-missing-data --json"
        ));
        command.push_str(&format!(" {}", swept["store"].as_str().unwrap()));
    }
    let report = etastar.json(&command);

    // Every criterion has its verdict. Those that a grid this small cannot
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

    let page = etastar.read(&json!("report/index.html"));
    for experiment in &experiments {
        let name = experiment.file_stem().unwrap().display();
        assert_contains(&page, &[&format!("id=\"{name}\"")]);
    }
    assert_contains(&page, &["id=\"scoreboard\""]);
    for figure in report["figures"].as_array().unwrap() {
        assert!(etastar.path(figure.as_str().unwrap()).exists(), "{figure}");
    }
}
