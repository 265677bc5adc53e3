//! `etastar predict` and `etastar find --warm-start`, through the real binary.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a helper of a test fails the test"
)]

mod support;

use std::fmt::Write;
use std::path::Path;

use etastar_search::EtaStar;
use serde_json::Value;
use support::{EXPERIMENT, json, rewrite, run, succeed};

/// Sweeps a grid of nine small networks at two input-layer rates.
fn swept(folder: &Path, store: &str) {
    let text = EXPERIMENT
        .replace("widths = [8, 16, 32]", "widths = [16, 32, 64]")
        .replace("depths = [2, 4]", "depths = [1, 2, 4]");
    assert_ne!(text, EXPERIMENT);
    std::fs::write(folder.join("grid.toml"), text).unwrap();
    succeed(folder, &["sweep", "grid.toml", "--output", store]);
}

/// Puts numbers of a law, with deviations that are always the same, in place
/// of those measured, which differ a little between kinds of processors.
fn made_up(folder: &Path, store: &str) {
    rewrite(folder, store, |snapshot| {
        for (index, record) in snapshot.cells.iter_mut().enumerate() {
            let cell = &record.cell;
            let size = (cell.hidden.len() * cell.hidden[0]) as f64;
            let effective = 64.0 * cell.input_rate + size;
            for repeat in &mut record.repeats {
                let deviation = 0.05 * ((7 * index + 5 * repeat.repeat) % 11) as f64;
                let eta_star = (4.0 - 0.8 * effective.log2() + deviation).exp2();
                let upper = 1.1 * eta_star;
                repeat.eta_star = EtaStar::Found { eta_star, upper };
            }
        }
    });
}

#[test]
fn predictions_and_refusals_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "sweep.db");
    made_up(folder, "sweep.db");
    let mut text = String::new();
    for line in [
        "predict sweep.db --depth 3 --width 48",
        "predict sweep.db --depth 2 --width 40 --input-rate 0.1 --width-over-depth 0 --confidence 0.8",
        "predict sweep.db --depth 2 --width 40 --input-rate 0.5",
        "predict sweep.db --depth 8 --width 128 --input-rate 0.1 --dataset digits",
        "predict sweep.db --depth 8 --width 4096",
        "predict sweep.db --depth 8 --width 4096 --force",
        "predict sweep.db --depth 2 --width 40 --input-rate 0.05",
        "predict sweep.db --depth 2 --width 40 --dataset mnist",
    ] {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let run = run(folder, &arguments);
        let code = run.code.unwrap();
        writeln!(
            text,
            "$ etastar {line}\n{}{}-> {code}\n",
            run.stdout, run.stderr
        )
        .unwrap();
    }
    insta::assert_snapshot!("predict", text);
}

#[test]
fn the_result_has_what_scripts_rely_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "sweep.db");
    let arguments = [
        "predict", "sweep.db", "--depth", "3", "--width", "48", "--json",
    ];
    let result = json(folder, &arguments);
    let eta_star = result["eta_star"].as_f64().unwrap();
    for interval in ["mean_interval", "network_interval"] {
        let [low, high] = [0, 1].map(|end| result[interval][end].as_f64().unwrap());
        assert!(0.0 < low && low < eta_star && eta_star < high, "{result}");
    }
    assert!(result["law"].is_string() && result["error_octaves"].is_number());
    assert!(result["runner_up"]["error_octaves"].is_number());
    assert_eq!(result["extrapolation"]["depth_width"], 144.0 / 256.0);
    assert_eq!(result["protocol"]["budget"], 32);
    assert_eq!(
        (&result["backend"], &result["seed"]),
        (&"flex".into(), &1.into())
    );
    assert_eq!(result["confidence"], 0.95);
    assert!(
        result["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .all(Value::is_string)
    );
}

#[test]
fn nothing_measured_is_missing_data() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "sweep.db");
    rewrite(folder, "sweep.db", |snapshot| {
        for cell in &mut snapshot.cells {
            cell.repeats.clear();
        }
    });
    let failed = run(
        folder,
        &["predict", "sweep.db", "--depth", "2", "--width", "16"],
    );
    assert_eq!(failed.code, Some(3));
    assert!(
        failed.stderr.contains("run `etastar sweep`"),
        "{}",
        failed.stderr
    );
}

const FIND: &str = "find --depth 3 --width 48 --train 512 --validation 128 --batch 64 --budget 32 \
                    --evaluate-every 8 --start 5 --repeats 3 --json";

fn find(folder: &Path, more: &[&str]) -> (Value, String) {
    let arguments: Vec<&str> = FIND
        .split_whitespace()
        .chain(more.iter().copied())
        .collect();
    let run = run(folder, &arguments);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    (serde_json::from_str(&run.stdout).unwrap(), run.stderr)
}

#[test]
fn a_warm_start_finds_the_same_in_fewer_trials() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "sweep.db");
    let (cold, _) = find(folder, &[]);
    let (warm, warnings) = find(folder, &["--warm-start", "sweep.db"]);
    assert!(!warnings.contains("no warm start"), "{warnings}");
    assert!(!warnings.contains("another protocol"), "{warnings}");
    assert_eq!(cold["eta_star"], warm["eta_star"]);
    for repeat in 0..3 {
        let ends = [&cold, &warm].map(|result| result["repeats"][repeat]["eta_star"].clone());
        assert_eq!(ends[0], ends[1]);
        assert!(ends[0].is_number());
    }
    let trials = |result: &Value| result["trials"].as_u64().unwrap();
    assert!(trials(&warm) < trials(&cold), "{warm} {cold}");
    let start = warm["warm_start"]["start"].as_f64().unwrap();
    assert_eq!(
        (start.fract(), &warm["warm_start"]["usual_start"]),
        (0.0, &5.0.into())
    );
    assert!(start < 5.0);
    assert_eq!(cold.get("warm_start"), None);

    let text = succeed(
        folder,
        &[
            "find",
            "--depth",
            "1",
            "--width",
            "16",
            "--warm-start",
            "sweep.db",
        ],
    );
    assert!(
        text.contains("warm start at 2^") && text.contains("trials in"),
        "{text}"
    );
}

#[test]
fn where_prediction_is_refused_the_search_starts_as_usual() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    swept(folder, "sweep.db");
    let (cold, _) = find(folder, &["--input-rate", "3"]);
    let (warm, warnings) = find(folder, &["--input-rate", "3", "--warm-start", "sweep.db"]);
    assert!(warnings.contains("warning: no warm start"), "{warnings}");
    assert!(warm["warm_start"]["refused"].is_string());
    assert_eq!(
        (&cold["repeats"], &cold["trials"]),
        (&warm["repeats"], &warm["trials"])
    );
    // Under another protocol a prediction is still a start.
    let (_, warnings) = find(folder, &["--threshold", "0.25", "--warm-start", "sweep.db"]);
    assert!(warnings.contains("another protocol"), "{warnings}");
}
