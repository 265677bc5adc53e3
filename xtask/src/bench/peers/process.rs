//! The programs that are compared, each on one thread of the same core.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;

use crate::command::{Failure, last_line, root, target};

/// The interpreter that has the peers' packages.
pub(super) struct Python(PathBuf);

impl Python {
    pub(super) fn new(path: &Path) -> Self {
        // A path is meant from where the command was typed, a name is looked
        // for by the system. A link is kept: an environment is found by it.
        Self(std::path::absolute(path).map_or_else(
            |_| path.to_owned(),
            |absolute| {
                if path.components().count() > 1 {
                    absolute
                } else {
                    path.to_owned()
                }
            },
        ))
    }
}

/// OpenBLAS's choices of kernels that a processor of today may prefer to the
/// one it detects; empty for that.
pub(super) const CORE_TYPES: [&str; 4] = ["", "Haswell", "Zen", "SkylakeX"];

/// Where the peers run.
pub(super) struct Peers {
    python: Python,
    /// Whether programs can be kept on one core.
    pinned: bool,
}

impl Peers {
    pub(super) fn new(python: Python) -> Self {
        let mut taskset = Command::new("taskset");
        taskset.arg("--version").stdout(Stdio::null());
        let pinned = taskset.status().is_ok_and(|status| status.success());
        Self { python, pinned }
    }

    /// How the figures were made.
    pub(super) fn place(&self) -> &'static str {
        if self.pinned {
            "Everything on the same core, in turns."
        } else {
            "Everything in turns, not kept on one core."
        }
    }

    /// The JSON object that a program of `etastar-benches` prints.
    pub(super) fn ours<T: DeserializeOwned>(
        &self,
        name: &str,
        arguments: &[String],
    ) -> Result<T, Failure> {
        let program = target()
            .join("release")
            .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let mut command = self.command(&program);
        answer(command.args(arguments))
    }

    /// The JSON object that a script prints.
    pub(super) fn script<T: DeserializeOwned>(
        &self,
        name: &str,
        core_type: &str,
        arguments: &[String],
    ) -> Result<T, Failure> {
        let script = Path::new("benches/peers").join(name);
        let mut command = self.command(&self.python.0);
        for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(threads, "1");
        }
        if !core_type.is_empty() {
            command.env("OPENBLAS_CORETYPE", core_type);
        }
        answer(command.arg(script).args(arguments))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = if self.pinned {
            let mut taskset = Command::new("taskset");
            taskset.args(["--cpu-list", "0"]).arg(program);
            taskset
        } else {
            Command::new(program)
        };
        command.current_dir(root());
        command
    }
}

fn answer<T: DeserializeOwned>(command: &mut Command) -> Result<T, Failure> {
    let line = last_line(command)?;
    serde_json::from_str(&line).map_err(|error| Failure::Output(format!("{command:?}: {error}")))
}
