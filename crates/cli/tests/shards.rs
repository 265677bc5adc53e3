//! `etastar sweep --shard`, `merge`, `status` and `submit`, through the real
//! binary.

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

fn sweep_part(folder: &Path, part: usize, of: usize) {
    let shard = format!("{part}/{of}");
    let store = format!("parts/part-{part}.db");
    succeed(
        folder,
        &["sweep", "small.toml", "--shard", &shard, "-o", &store],
    );
}

fn repeats(folder: &Path, store: &str) -> String {
    succeed(folder, &["export", store, "--table", "repeats"])
}

fn sessions(folder: &Path, store: &str) -> usize {
    let store = Store::open_to_read(&folder.join(store)).unwrap();
    store.snapshot().unwrap().sessions.len()
}

#[test]
fn parts_together_are_the_sweep() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    succeed(folder, &["sweep", "small.toml", "-o", "whole.db"]);
    for part in 1..=3 {
        sweep_part(folder, part, 3);
    }
    let parts: Vec<String> = (1..=3)
        .map(|part| format!("parts/part-{part}.db"))
        .collect();
    let merge = |stores: &[&str]| {
        let arguments = [&["merge", "-o", "all.db", "--json"], stores].concat();
        json(folder, &arguments)
    };
    let names: Vec<&str> = parts.iter().map(String::as_str).collect();

    let first = merge(&names[..2]);
    assert!(first["repeats"].as_u64() < Some(24), "{first}");
    let incomplete = run(
        folder,
        &["merge", "--complete", "-o", "all.db", "parts/part-1.db"],
    );
    assert_eq!(incomplete.code, Some(3));
    assert!(
        incomplete.stderr.contains("of 24 repeats are there"),
        "{}",
        incomplete.stderr
    );

    let all = merge(&names);
    assert_eq!(
        (&all["repeats"], &all["expected"]),
        (&24.into(), &24.into())
    );
    for (part, agreeing) in all["parts"]
        .as_array()
        .unwrap()
        .iter()
        .zip([true, true, false])
    {
        assert_eq!(part["agreeing"].as_u64() > Some(0), agreeing, "{part}");
        assert_eq!(part["new"].as_u64() == Some(0), agreeing, "{part}");
    }
    assert_eq!(trials(folder, "all.db"), trials(folder, "whole.db"));
    assert_eq!(repeats(folder, "all.db"), repeats(folder, "whole.db"));

    let sessions = sessions(folder, "all.db");
    let again = merge(&names);
    for part in again["parts"].as_array().unwrap() {
        assert_eq!(part["new"], 0);
    }
    assert_eq!(self::sessions(folder, "all.db"), sessions);
    assert_eq!(trials(folder, "all.db"), trials(folder, "whole.db"));
    assert_eq!(repeats(folder, "all.db"), repeats(folder, "whole.db"));
    // The merged store is one that a sweep finds complete.
    succeed(folder, &["sweep", "small.toml", "-o", "all.db"]);
    assert_eq!(repeats(folder, "all.db"), repeats(folder, "whole.db"));
    succeed(folder, &["report", "all.db", "-o", "page"]);
}

#[test]
fn what_does_not_belong_together_is_not_merged() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    succeed(folder, &["sweep", "small.toml", "-o", "a.db"]);
    let other = support::EXPERIMENT.replace("seed = 1", "seed = 2");
    std::fs::write(folder.join("small.toml"), other).unwrap();
    succeed(folder, &["sweep", "small.toml", "-o", "seed.db"]);
    std::fs::copy(folder.join("a.db"), folder.join("changed.db")).unwrap();
    let mut changed = 0;
    support::rewrite(folder, "changed.db", |snapshot| {
        let repeats = snapshot.cells.iter_mut().flat_map(|cell| &mut cell.repeats);
        for trial in repeats.flat_map(|repeat| &mut repeat.trials).step_by(3) {
            trial.steps += 1;
            changed += 1;
        }
    });

    for (stores, code, says) in [
        (["a.db", "seed.db"], 2, "results of another configuration"),
        (
            ["a.db", "changed.db"],
            3,
            &*format!("disagree in {changed} rows"),
        ),
        (["a.db", "absent.db"], 3, "cannot read the store"),
        (["small.toml", "a.db"], 3, "not an etastar store"),
        (["a.db", "all.db"], 2, "merged into itself"),
    ] {
        let run = run(folder, &["merge", stores[0], stores[1], "-o", "all.db"]);
        assert_eq!(run.code, Some(code), "{stores:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{stores:?}: {}", run.stderr);
    }
    // What was merged before the refusal is whole.
    assert_eq!(repeats(folder, "all.db"), repeats(folder, "a.db"));
}

#[test]
fn the_status_tells_how_far_parts_are() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    sweep_part(folder, 2, 2);
    let long = support::EXPERIMENT.replace("repeats = 2", "repeats = 500");
    std::fs::write(folder.join("long.toml"), long).unwrap();
    let stopped = run(
        folder,
        &[
            "sweep",
            "long.toml",
            "-o",
            "parts/long.db",
            "--time-limit",
            "1s",
        ],
    );
    assert_eq!(stopped.code, Some(5), "{}", stopped.stderr);
    let status = json(folder, &["status", "parts", "--json"]);
    let [long, part] = status["stores"].as_array().unwrap().as_slice() else {
        panic!("{status}");
    };
    assert_eq!(
        (&part["state"], &part["shard"]),
        (&"complete".into(), &"2/2".into())
    );
    assert_eq!(
        (&part["done"], &part["remaining"]),
        (&part["repeats"], &0.into())
    );
    assert_eq!(long["state"], "stopped");
    assert_eq!(long["repeats"], 6000);
    let (done, left) = (
        long["done"].as_u64().unwrap(),
        long["seconds_left"].as_f64(),
    );
    assert!(done > 0 && left > Some(0.0), "{long}");
    // Without the file beside it the store itself is asked.
    std::fs::remove_file(folder.join("parts/long.db.status.json")).unwrap();
    let status = json(folder, &["status", "parts/long.db", "--json"]);
    let asked = status["stores"][0]["done"].as_u64().unwrap();
    assert!(
        asked >= done && status["stores"][0]["state"] == "stopped",
        "{status}"
    );
    let text = succeed(folder, &["status", "parts"]);
    assert!(
        text.contains("part-2.db") && text.contains("repeats"),
        "{text}"
    );

    let nothing = run(folder, &["status", "page"]);
    assert_eq!(nothing.code, Some(3), "{}", nothing.stderr);
    std::fs::create_dir(folder.join("empty")).unwrap();
    let nothing = run(folder, &["status", "empty"]);
    assert_eq!(nothing.code, Some(2));
    assert!(
        nothing.stderr.contains("no store in empty"),
        "{}",
        nothing.stderr
    );
}

/// The scripts, without the folders of this run.
fn shown(folder: &Path, arguments: &[&str]) -> String {
    let arguments = [&["submit", "small.toml", "--shards", "6"], arguments].concat();
    let folder = folder.canonicalize().unwrap();
    succeed(&folder, &arguments)
        .replace(env!("CARGO_BIN_EXE_etastar"), "/opt/etastar")
        .replace(&folder.display().to_string(), "/shared")
}

#[test]
fn the_scripts_are_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    let slurm = shown(
        folder,
        &[
            "--dry-run",
            "--profile=smoke",
            "--partition=cpu",
            "--time=4h",
            "--memory=4G",
            "--cpus-per-task=2",
            "--sbatch=--account=physics",
        ],
    );
    insta::assert_snapshot!("slurm", slurm);
    let gpus = [
        "--to=kubernetes",
        "--dry-run",
        "--gpus-per-task=1",
        "--backend=flex",
    ];
    insta::assert_snapshot!("kubernetes", shown(folder, &gpus));
    assert!(!folder.join("results").exists());
}

#[test]
fn templates_are_the_user_s() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    let built_in = shown(folder, &["--print-template"]);
    std::fs::write(folder.join("array.sh"), format!("{built_in}# mine\n")).unwrap();
    let own = shown(folder, &["--dry-run", "--template=array.sh"]);
    assert!(own.contains("# mine") && !own.contains("{{"), "{own}");
    std::fs::write(folder.join("array.sh"), "{{shrads}}").unwrap();
    for (arguments, says) in [
        (["--dry-run", "--template=array.sh"], "{{shrads}}"),
        (
            ["--dry-run", "--template=absent.sh"],
            "cannot read absent.sh",
        ),
        (["--dry-run", "--output-dir=a b"], "letters, digits"),
    ] {
        let arguments = [&["submit", "small.toml", "--shards=6"], &arguments[..]].concat();
        let run = run(folder, &arguments);
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
}

#[test]
fn a_damaged_store_is_refused_and_what_is_whole_is_recovered() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_experiment(folder);
    succeed(folder, &["sweep", "small.toml", "-o", "whole.db"]);
    // A digit of a number in a row: SQLite itself would not find it.
    let mut bytes = std::fs::read(folder.join("whole.db")).unwrap();
    let row = b"\"result\":\"found\",\"eta_star\":";
    let at = bytes
        .windows(row.len())
        .position(|window| window == row)
        .unwrap();
    bytes[at + row.len() + 3] ^= 1;
    std::fs::write(folder.join("damaged.db"), bytes).unwrap();
    for arguments in [
        ["export", "damaged.db"].as_slice(),
        &["report", "damaged.db"],
        &["fit", "damaged.db"],
        &["sweep", "small.toml", "-o", "damaged.db"],
        &["merge", "whole.db", "damaged.db", "-o", "all.db"],
    ] {
        let run = run(folder, arguments);
        assert_eq!(run.code, Some(3), "{arguments:?}: {}", run.stderr);
        let says = "damaged.db is damaged (rows of `repeats` are not what was written: 1)";
        assert!(run.stderr.contains(says), "{arguments:?}: {}", run.stderr);
    }
    let recover = ["merge", "--recover", "damaged.db", "-o", "saved.db"];
    let told = succeed(folder, &recover);
    assert!(told.contains("23 of 24 repeats in saved.db"), "{told}");
    succeed(folder, &["sweep", "small.toml", "-o", "saved.db"]);
    assert_eq!(repeats(folder, "saved.db"), repeats(folder, "whole.db"));
    assert_eq!(trials(folder, "saved.db"), trials(folder, "whole.db"));
}
