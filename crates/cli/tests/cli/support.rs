//! Runs the real binary in a folder of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use etastar_search::{Measured, PlannedCell, Snapshot, Store};
use serde_json::Value;
use tempfile::TempDir;

/// A small experiment on embedded data: 12 cells with 2 repeats.
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

/// What a run of the program gave.
pub(crate) struct Run {
    /// Exit code; absent where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs a command to its end.
    pub(crate) fn new(command: &mut Command) -> Self {
        let output = command.output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Standard output, parsed as one JSON object.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }

    /// Checks the exit code and that every part is on standard error.
    #[track_caller]
    pub(crate) fn expect(self, code: i32, parts: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert_contains(&self.stderr, parts);
        self
    }
}

/// Checks that a text has every part.
#[track_caller]
pub(crate) fn assert_contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
}

/// The program in a folder of its own, which has the experiment `small.toml`
/// and no data.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Self {
        let sandbox = Self(tempfile::tempdir().unwrap());
        sandbox.write("small.toml", EXPERIMENT);
        sandbox
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the folders that it lies in.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    /// The text of a file.
    pub(crate) fn read(&self, name: &Value) -> String {
        std::fs::read_to_string(self.path(name.as_str().unwrap())).unwrap()
    }

    /// Writes the experiment with parts of its text replaced.
    pub(crate) fn write_experiment(&self, name: &str, changes: &[(&str, &str)]) {
        let mut text = EXPERIMENT.to_owned();
        for (from, to) in changes {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        self.write(name, text);
    }

    /// The program with arguments, without the user's data folder.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let folder = self.0.path();
        let mut command = Command::new(env!("CARGO_BIN_EXE_etastar"));
        command.current_dir(folder).args(arguments);
        command.env_remove("ETASTAR_DATA").env("HOME", folder);
        command.env("XDG_CACHE_HOME", folder.join("cache"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command line, whose arguments are split at blanks.
    pub(crate) fn run(&self, line: &str) -> Run {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        Run::new(&mut self.command(&arguments))
    }

    /// Runs and expects success; gives what is printed.
    #[track_caller]
    pub(crate) fn succeed(&self, line: &str) -> String {
        let run = self.run(line);
        assert_eq!(run.code, Some(0), "{line}: {}", run.stderr);
        run.stdout
    }

    /// Runs and expects success; parses standard output as one JSON object.
    #[track_caller]
    pub(crate) fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.succeed(line)).unwrap()
    }

    /// Runs and expects an exit code, and every part on standard error.
    #[track_caller]
    pub(crate) fn fail(&self, line: &str, code: i32, parts: &[&str]) -> Run {
        self.run(line).expect(code, parts)
    }

    /// Starts a sweep of `small.toml` into a store.
    pub(crate) fn start_sweep(&self, store: &str) -> Child {
        let mut sweep = self.command(&["sweep", "small.toml", "--output", store]);
        let sweep = sweep.stdout(Stdio::null()).stderr(Stdio::piped());
        sweep.spawn().unwrap()
    }

    /// Sweeps `small.toml` into a store.
    #[track_caller]
    pub(crate) fn sweep(&self, store: &str) {
        self.succeed(&format!("sweep small.toml --output {store}"));
    }

    /// A table of a store without its times, as the program exports it.
    #[track_caller]
    pub(crate) fn table(&self, store: &str, table: &str) -> String {
        self.succeed(&format!("export {store} --table {table} --without-times"))
    }

    pub(crate) fn snapshot(&self, store: &str) -> Snapshot {
        let store = Store::open_to_read(&self.path(store)).unwrap();
        store.snapshot().unwrap()
    }

    /// Replaces a store of eta\* by a whole one with other content.
    pub(crate) fn rewrite(&self, store: &str, change: impl FnOnce(&mut Snapshot)) {
        let mut snapshot = self.snapshot(store);
        change(&mut snapshot);
        let path = self.path(store);
        std::fs::remove_file(&path).unwrap();
        write_store(&path, &snapshot);
    }
}

fn write_store(path: &Path, snapshot: &Snapshot) {
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
    let mut store = Store::open_for_sweep(path, &snapshot.manifest, &cells).unwrap();
    for session in &snapshot.sessions {
        store.begin_session(session).unwrap();
    }
    for cell in &snapshot.cells {
        for repeat in &cell.repeats {
            let mut repeat = repeat.clone();
            if let Measured::EtaStar(search) = &mut repeat.result {
                for trial in std::mem::take(&mut search.trials) {
                    store.insert_trial(&cell.id, repeat.repeat, &trial).unwrap();
                }
            }
            store.insert_repeat(&cell.id, &repeat).unwrap();
        }
    }
}

/// Checks that a file of the repository is this text, or writes it where golden files are to be
/// written.
#[track_caller]
pub(crate) fn assert_documented(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(name);
    if std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always") {
        std::fs::write(&path, text).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == text,
        "{name} differs; `INSTA_UPDATE=always cargo xtask test` writes it"
    );
}
