//! Runs the real binary.

#![allow(dead_code, reason = "each test file uses a part of this")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use etastar_search::{Grid, PlannedCell, Snapshot, Store};

/// What a run of the program gave.
pub(crate) struct Run {
    /// Exit code; absent where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The program, in a folder of its own, without the user's data folder.
pub(crate) fn etastar(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_etastar"));
    command
        .current_dir(folder)
        .env_remove("ETASTAR_DATA")
        .env("HOME", folder)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .stdin(Stdio::null());
    command
}

pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Run {
    let output = etastar(folder).args(arguments).output().unwrap();
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs and expects success.
pub(crate) fn succeed(folder: &Path, arguments: &[&str]) -> String {
    let run = run(folder, arguments);
    assert_eq!(run.code, Some(0), "{arguments:?}: {}", run.stderr);
    run.stdout
}

/// Runs and parses standard output as one JSON object.
pub(crate) fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    serde_json::from_str(&succeed(folder, arguments)).unwrap()
}

pub(crate) const EXPERIMENT: &str = r#"
name = "small"
question = "Does a small sweep work?"
seed = 1
repeats = 2
datasets = [{ name = "digits", train = 512, validation = 128 }]

[network]
bias = false
output_gain = 2.0

[grid]
widths = [8, 16, 32]
depths = [2, 4]
input_rates = [1.0, 0.1]

[protocol]
loss = "cross-entropy"
batch_size = 64
budget = 32
evaluate_every = 8
threshold = 0.2
ladder = [-1.0, 1.0]

[protocol.search]
method = "octaves"
start = 5.0
lowest = -20.0
highest = 10.0
tolerance = 0.125

[profiles.smoke]
repeats = 1
"#;

/// Writes the experiment above as `small.toml`.
pub(crate) fn write_experiment(folder: &Path) -> PathBuf {
    let path = folder.join("small.toml");
    std::fs::write(&path, EXPERIMENT).unwrap();
    path
}

/// The trials without their times, as the program exports them.
pub(crate) fn trials(folder: &Path, store: &str) -> String {
    succeed(
        folder,
        &["export", store, "--table", "trials", "--without-times"],
    )
}

/// Puts a store with other content, whole as any other, in place of a store of
/// eta\*.
pub(crate) fn rewrite(folder: &Path, store: &str, change: impl FnOnce(&mut Snapshot)) {
    let path = folder.join(store);
    let mut snapshot = Store::open_to_read(&path).unwrap().snapshot().unwrap();
    change(&mut snapshot);
    std::fs::remove_file(&path).unwrap();
    let cells: Vec<PlannedCell> = snapshot
        .cells
        .iter()
        .map(|record| PlannedCell {
            id: record.id.clone(),
            cell: record.cell.clone(),
            inputs: record.inputs,
            outputs: record.outputs,
        })
        .collect();
    let grid = Grid {
        eta_star: &cells,
        sharpness: &[],
    };
    let mut changed = Store::open_for_sweep(&path, &snapshot.manifest, grid).unwrap();
    for session in &snapshot.sessions {
        changed.begin_session(session).unwrap();
    }
    for cell in &snapshot.cells {
        for repeat in &cell.repeats {
            for trial in &repeat.trials {
                changed
                    .insert_trial(&cell.id, repeat.repeat, trial)
                    .unwrap();
            }
            changed.insert_repeat(&cell.id, repeat).unwrap();
        }
    }
}
