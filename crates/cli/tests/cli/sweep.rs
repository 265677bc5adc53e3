//! `etastar sweep`, `fit`, `report`, `compare` and `export`.

use std::thread::sleep;
use std::time::Duration;

use serde_json::json;

use crate::support::{EXPERIMENT, Sandbox, assert_contains};

#[test]
fn from_an_experiment_to_a_report() {
    let etastar = Sandbox::new();
    let result = etastar.json("sweep small.toml --profile smoke --json");
    assert_eq!(
        (&result["cells"], &result["repeats"]),
        (&json!(12), &json!(12))
    );
    let store = result["store"].as_str().unwrap();
    assert!(store.starts_with("results/small-smoke-"), "{store}");

    let fits = etastar.json(&format!("fit {store} --width-over-depth 0 --json"));
    let fits = fits["fits"].as_array().unwrap();
    for law in ["depth-width", "separate", "effective-size"] {
        for rate in [Some(1.0), Some(0.1), None] {
            let fit = fits
                .iter()
                .find(|fit| fit["law"] == law && fit["input_rate"].as_f64() == rate)
                .unwrap();
            assert_eq!(fit["cells"], if rate.is_some() { 6 } else { 12 });
            assert_eq!(fit["width_over_depth"], 0.0);
            let exponents = fit["exponents"].as_array().unwrap();
            assert_eq!(exponents.len(), if law == "separate" { 2 } else { 1 });
            let numbers = ["r_squared", "rmse", "leave_one_out"].map(|name| &fit[name]);
            for number in numbers.into_iter().chain(exponents) {
                assert!(number["value"].is_number(), "{fit}");
            }
        }
    }

    let report = etastar.json(&format!("report {store} --json"));
    assert_contains(
        &etastar.read(&report["index"]),
        &["Does a small sweep work?"],
    );
    for files in [&report["figures"], &report["data"]] {
        for file in files.as_array().unwrap() {
            assert!(etastar.read(file).len() > 100, "{file}");
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
cells = { input_rate = "slowest" }
statistic = { of = "exponent", law = "depth-width" }
rule = { at_least = -5.0 }
"#;

#[test]
fn one_report_of_two_stores() {
    let etastar = Sandbox::new();
    etastar.sweep("plain.db");
    let judged = EXPERIMENT.replace("name = \"small\"", "name = \"judged\"");
    etastar.write("judged.toml", format!("{judged}{ANALYSIS}"));
    etastar.succeed("sweep judged.toml --output judged.db");
    let report = etastar.json("report plain.db judged.db -o page --json");
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
    let parts = [
        "id=\"scoreboard\"",
        "id=\"small\"",
        "id=\"judged\"",
        "A small grid.",
        "etastar report plain.db judged.db -o page --json",
    ];
    assert_contains(&etastar.read(&json!("page/index.html")), &parts);
    let figures = report["figures"].as_array().unwrap().iter();
    let named = |name| {
        figures
            .clone()
            .filter(move |path| path.as_str().unwrap().contains(name))
    };
    for (experiment, least) in [("small--", 3), ("judged--", 2)] {
        assert!(named(experiment).count() >= least, "{report}");
    }
}

#[test]
fn a_wrong_analysis_is_named_with_its_store() {
    let etastar = Sandbox::new();
    etastar.sweep("wrong.db");
    // A program of another version might have written this.
    etastar.rewrite("wrong.db", |snapshot| {
        snapshot.manifest.analysis = json!({"criteria": [{
            "claim": "C1",
            "says": "It holds.",
            "statistic": {"of": "shift", "variant": "small"},
            "rule": {"above": 1.0},
        }]});
    });
    etastar.fail(
        "report wrong.db",
        3,
        &["wrong.db", "criterion 1", "`above`"],
    );
}

#[test]
fn exports_in_every_format() {
    let etastar = Sandbox::new();
    etastar.sweep("sweep.db");
    let tables = ["cells", "repeats", "trials", "sharpness"];
    for format in ["csv", "json", "parquet"] {
        let written = etastar.json(&format!("export sweep.db --format {format} --json"));
        assert_eq!(written["files"].as_array().unwrap().len(), 4);
        for table in tables {
            assert!(etastar.path(&format!("sweep/{table}.{format}")).exists());
        }
    }
    let head = |table| {
        let text = etastar.succeed(&format!("export sweep.db --table {table}"));
        text.lines().next().unwrap().to_owned()
    };
    insta::assert_snapshot!("columns", tables.map(head).join("\n\n"));
}

#[test]
fn rows_do_not_depend_on_the_number_of_threads() {
    let etastar = Sandbox::new();
    let trials = |jobs| {
        etastar.succeed(&format!(
            "sweep small.toml --jobs {jobs} --output {jobs}.db"
        ));
        etastar.table(&format!("{jobs}.db"), "trials")
    };
    let alone = trials(1);
    assert_eq!(alone, trials(2));
    assert_eq!(alone, trials(5));
}

#[test]
fn a_sweep_killed_again_and_again_ends_with_the_same_rows() {
    let etastar = Sandbox::new();
    etastar.sweep("undisturbed.db");
    // The kills come later and later, from before the store exists to after the end.
    for kill in 0..12 {
        let mut child = etastar.start_sweep("killed.db");
        sleep(Duration::from_millis(15 * kill));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    etastar.sweep("killed.db");
    let [killed, undisturbed] =
        ["killed.db", "undisturbed.db"].map(|store| etastar.table(store, "trials"));
    assert_eq!(killed, undisturbed);
}

/// A sandbox whose sweep takes longer than any test.
fn with_a_long_sweep() -> Sandbox {
    let etastar = Sandbox::new();
    etastar.write_experiment("small.toml", &[("repeats = 2", "repeats = 5000")]);
    etastar
}

const GO_ON: &str = "run the same command again to resume";

#[cfg(unix)]
#[test]
fn an_interrupt_stops_cleanly_and_says_how_to_go_on() {
    let etastar = with_a_long_sweep();
    let child = etastar.start_sweep("sweep.db");
    while !etastar.path("sweep.db").exists() {
        sleep(Duration::from_millis(5));
    }
    let mut kill = std::process::Command::new("kill");
    let kill = kill.args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_contains(&String::from_utf8(output.stderr).unwrap(), &[GO_ON]);
    // A reader sees all that was finished.
    etastar.run("export sweep.db --table trials");
}

#[test]
fn two_processes_do_not_share_a_store() {
    let etastar = with_a_long_sweep();
    let mut first = etastar.start_sweep("sweep.db");
    // The status file appears when the sweep holds the lock of the store.
    while !etastar.path("sweep.db.status.json").exists() {
        sleep(Duration::from_millis(5));
    }
    let second = etastar.run("sweep small.toml --output sweep.db");
    first.kill().unwrap();
    first.wait().unwrap();
    second.expect(2, &["in use by another process"]);
    let status = etastar.json("status sweep.db --json");
    assert_eq!(status["stores"][0]["state"], "killed");
}

#[test]
fn a_time_limit_stops_cleanly_and_has_a_code_of_its_own() {
    let etastar = with_a_long_sweep();
    etastar.fail(
        "sweep small.toml --output sweep.db --time-limit 100ms",
        5,
        &[GO_ON],
    );
}

/// Two experiments that overlap in half of their cells.
#[test]
fn what_a_neighbour_knows_is_not_measured_again() {
    let etastar = Sandbox::new();
    let changes = [
        ("name = \"small\"", "name = \"other\""),
        ("depths = [2, 4]", "depths = [4, 8]"),
    ];
    etastar.write_experiment("other.toml", &changes);
    etastar.json("sweep small.toml --json");
    let shared = etastar
        .run("sweep other.toml --json")
        .expect(0, &["12 repeats are reused from"]);
    etastar.succeed("sweep other.toml --output alone.db");
    let store = shared.json()["store"].as_str().unwrap().to_owned();
    assert_eq!(
        etastar.table(&store, "trials"),
        etastar.table("alone.db", "trials")
    );
}

#[test]
fn missing_data_are_refused_or_left_out_and_named() {
    let etastar = Sandbox::new();
    let with_mnist = ("datasets = [", "datasets = [{ name = \"mnist\" }, ");
    etastar.write_experiment("small.toml", &[with_mnist]);
    etastar.fail("sweep small.toml", 3, &[]);
    let result = etastar.json("sweep small.toml --skip-missing-data --json");
    assert_eq!(result["cells"], 12);
    let not_run = &result["manifest"]["not_run"];
    assert_eq!(not_run[0]["dataset"], "mnist");
    assert_eq!(not_run[0]["reason"], "its files were not found");
}

/// Many networks in one program give the answers of one after the other.
#[test]
fn the_batched_strategy_finds_the_same() {
    let etastar = Sandbox::new();
    etastar.sweep("sequential.db");
    etastar.succeed("sweep small.toml -o batched.db --strategy batched --networks-at-once 12");
    let compared = etastar.json("compare sequential.db batched.db --json");
    let agreement = &compared["agreement"][0];
    assert!(agreement["searches"].as_u64() > Some(0));
    assert_eq!(agreement["same_answer"], agreement["searches"]);
    // burn-flex multiplies the matrices of a batched product one by one.
    assert_eq!(agreement["same_bits"], agreement["trials"]);
    assert_eq!(agreement["other_outcome"], 0);
    let table = etastar.succeed("compare sequential.db batched.db");
    assert_contains(&table, &["flex f32 batched"]);
    // A store has one strategy.
    etastar.fail(
        "sweep small.toml --output batched.db --strategy sequential",
        2,
        &[],
    );
}
