//! The sweep that is disturbed, and its rows.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{Failure, etastar};

/// About a second of many short trials on embedded data.
const EXPERIMENT: &str = r#"
name = "faults"
question = "Is anything ever lost?"
seed = 1
repeats = 6
datasets = [{ name = "digits", train = 512, validation = 128 }]
network = { bias = false, output_gain = 2.0 }
grid = { widths = [8, 16, 32], depths = [2, 4], input_rates = [1.0, 0.1] }

[protocol]
loss = "cross-entropy"
batch_size = 64
budget = 32
evaluate_every = 8
threshold = 0.2
ladder = [-1.0, 1.0]
search = { method = "octaves", start = 5.0, lowest = -20.0, highest = 10.0, tolerance = 0.125 }

[sharpness]
losses = ["cross-entropy"]
samples = 64
bounds = false
prediction = false
"#;

/// Rows of a store, without the times.
pub(super) type Rows = BTreeSet<String>;

/// How a run of the program ended.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) code: Option<i32>,
    pub(super) message: String,
}

/// Where sweeps run, and what an undisturbed one finds.
pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) experiment: PathBuf,
    pub(super) expected: Rows,
    /// Seconds of an undisturbed sweep.
    pub(super) seconds: f64,
}

impl Place {
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        // What an earlier run left is no result of this one.
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder).map_err(|source| file(folder, source))?;
        let experiment = folder.join("faults.toml");
        fs::write(&experiment, EXPERIMENT).map_err(|source| file(&experiment, source))?;
        let mut place = Self {
            folder: folder.to_owned(),
            experiment,
            expected: Rows::new(),
            seconds: 0.0,
        };
        let store = folder.join("undisturbed.db");
        let begun = Instant::now();
        let answer = place.sweep(&store)?;
        place.seconds = begun.elapsed().as_secs_f64();
        match place.rows(&store)? {
            Some(rows) if answer.code == Some(0) => place.expected = rows,
            _ => return Err(Failure::Output(format!("{answer:?}"))),
        }
        Ok(place)
    }

    /// A store that does not exist yet.
    pub(super) fn fresh(&self, name: &str) -> PathBuf {
        let store = self.folder.join(format!("{name}.db"));
        for end in ["", "-wal", "-shm", ".lock", ".status.json"] {
            let mut path = store.clone().into_os_string();
            path.push(end);
            // Most of them are not there.
            let _ = fs::remove_file(path);
        }
        store
    }

    pub(super) fn command(&self, store: &Path) -> Command {
        let mut command = etastar();
        command
            .arg("sweep")
            .arg(&self.experiment)
            .arg("--output")
            .arg(store);
        command.args(["--jobs", "2"]);
        command
    }

    pub(super) fn start(&self, store: &Path) -> Result<Child, Failure> {
        let mut command = self.command(store);
        let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().map_err(start)
    }

    /// A sweep to its end.
    pub(super) fn sweep(&self, store: &Path) -> Result<Answer, Failure> {
        ended(self.start(store)?)
    }

    /// What is in a store; none if it is not there or refused.
    pub(super) fn rows(&self, store: &Path) -> Result<Option<Rows>, Failure> {
        let mut rows = Rows::new();
        for table in ["trials", "repeats", "sharpness"] {
            let mut export = etastar();
            export.arg("export").arg(store);
            export.args(["--table", table, "--without-times"]);
            let output = export.output().map_err(start)?;
            if !output.status.success() {
                return Ok(None);
            }
            let text = String::from_utf8_lossy(&output.stdout);
            rows.extend(text.lines().skip(1).map(|row| format!("{table} {row}")));
        }
        Ok(Some(rows))
    }

    /// Ends a sweep that was disturbed, and counts.
    pub(super) fn finish(
        &self,
        store: &Path,
        kept: &Rows,
        tally: &mut super::Tally,
    ) -> Result<(), Failure> {
        let answer = self.sweep(store)?;
        tally.expect(answer.code == Some(0), &answer);
        let rows = self.rows(store)?.unwrap_or_default();
        tally.lost += kept.difference(&rows).count();
        tally.wrong += rows.symmetric_difference(&self.expected).count();
        Ok(())
    }

    /// A random moment of a sweep, or shortly after it.
    pub(super) fn moment(&self, rng: &mut impl rand::RngExt) -> Duration {
        Duration::from_secs_f64(rng.random_range(0.0..1.1 * self.seconds))
    }
}

/// Waits for the end of a sweep.
pub(super) fn ended(child: Child) -> Result<Answer, Failure> {
    let output = child.wait_with_output().map_err(start)?;
    Ok(Answer {
        code: output.status.code(),
        message: String::from_utf8_lossy(&output.stderr).into_owned(),
    })
}

pub(super) fn start(source: std::io::Error) -> Failure {
    Failure::Start {
        program: "etastar".to_owned(),
        source,
    }
}

pub(super) fn file(path: &Path, source: std::io::Error) -> Failure {
    Failure::File {
        path: path.to_owned(),
        source,
    }
}
