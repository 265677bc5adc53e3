//! `cargo xtask bench --peers PYTHON`: etastar beside what researchers use
//! otherwise, alternately and on the same core.

mod process;
mod samples;
mod searches;
mod steps;

use std::path::Path;

use process::{Peers, Python};

use super::machine;
use crate::command::{self, Failure, cargo, target};

/// Runs everything so many times over, and gives the tables in Markdown.
pub(super) fn run(python: &Path, rounds: usize) -> Result<String, Failure> {
    let mut build = cargo(&["build", "--release", "--package", "etastar-benches"]);
    command::run(build.args(["--bin", "peer_case", "--bin", "peer_steps"]))?;
    let peers = Peers::new(Python::new(python));
    let steps = steps::measure(&peers, rounds)?;
    let core_type = steps.best_core_type();
    let cases = target().join("peers").join("cases");
    let searches = searches::measure(&peers, &cases, core_type, rounds)?;
    Ok(format!(
        "{}{}{}",
        machine::heading(
            &format!("cargo xtask bench --peers PYTHON --rounds {rounds}"),
            &["flex".to_owned()],
            peers.place(),
        )?,
        steps.markdown(),
        searches.markdown(),
    ))
}
