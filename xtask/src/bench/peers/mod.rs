//! `cargo xtask bench --peers PYTHON`: times etastar beside PyTorch and NumPy.
//!
//! The programs run alternately, each on one thread of the same core.

mod searches;
mod steps;

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::heading;
use crate::command::{self, Failure, built, cargo, last_line, root, target, works};

/// Runs everything so many times over, and gives the tables in Markdown.
pub(super) fn run(python: &Path, rounds: usize) -> Result<String, Failure> {
    let mut build = cargo(&["build", "--release", "--package", "etastar-benches"]);
    command::run(build.args(["--bin", "peer_case", "--bin", "peer_steps"]))?;
    let peers = Peers::new(python);
    let steps = steps::measure(&peers, rounds)?;
    let core_type = steps.best_core_type();
    let cases = target().join("peers/cases");
    let searches = searches::measure(&peers, &cases, core_type, rounds)?;
    let how = match peers.pinned {
        true => "Everything on the same core, in turns.",
        false => "Everything in turns, not kept on one core.",
    };
    Ok(format!(
        "{}{}{}",
        heading(&["flex".to_owned()], how)?,
        steps.markdown(),
        searches.markdown(),
    ))
}

/// OpenBLAS's kernels for processors of today. The empty name stands for the
/// kernels that OpenBLAS chooses itself, which need not be the fastest.
const CORE_TYPES: [&str; 4] = ["", "Haswell", "Zen", "SkylakeX"];

/// The programs that are compared.
struct Peers {
    /// The interpreter that has the peers' packages.
    python: PathBuf,
    /// Whether programs can be kept on one core.
    pinned: bool,
}

impl Peers {
    fn new(python: &Path) -> Self {
        // A path is meant from where the command was typed; the system looks
        // for a name. Links are kept: they tell an environment of Python.
        let is_path = python.components().count() > 1;
        let absolute = std::path::absolute(python).ok().filter(|_| is_path);
        Self {
            python: absolute.unwrap_or_else(|| python.to_owned()),
            pinned: works("taskset", &["--version"]),
        }
    }

    /// The JSON object that a program of `etastar-benches` prints.
    fn ours<T: DeserializeOwned>(&self, name: &str, arguments: &[String]) -> Result<T, Failure> {
        answer(self.command(&built(name)).args(arguments))
    }

    /// The JSON object that a script prints.
    fn script<T: DeserializeOwned>(
        &self,
        name: &str,
        core_type: &str,
        arguments: &[String],
    ) -> Result<T, Failure> {
        let mut command = self.command(&self.python);
        for threads in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] {
            command.env(threads, "1");
        }
        if !core_type.is_empty() {
            command.env("OPENBLAS_CORETYPE", core_type);
        }
        command.arg(Path::new("benches/peers").join(name));
        answer(command.args(arguments))
    }

    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(if self.pinned {
            Path::new("taskset")
        } else {
            program
        });
        if self.pinned {
            command.args(["--cpu-list", "0"]).arg(program);
        }
        command.current_dir(root());
        command
    }
}

fn answer<T: DeserializeOwned>(command: &mut Command) -> Result<T, Failure> {
    let line = last_line(command)?;
    serde_json::from_str(&line).map_err(|error| Failure::output(&format!("{command:?}: {error}")))
}

/// Repeated times of one thing, in seconds.
#[derive(Debug, Default, Deserialize)]
struct Samples(Vec<f64>);

impl Samples {
    fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match (sorted.len(), sorted.len() / 2) {
            (0, _) => f64::NAN,
            (count, half) if count % 2 == 0 => 0.5 * (sorted[half - 1] + sorted[half]),
            (_, half) => sorted[half],
        }
    }

    /// The difference of the longest and the shortest, as a share of the median.
    fn spread(&self) -> f64 {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (most - least) / self.median()
    }
}

/// The geometric mean of ratios; NaN without any.
fn geometric_mean(ratios: impl IntoIterator<Item = f64>) -> f64 {
    let logarithms: Vec<f64> = ratios.into_iter().map(f64::ln).collect();
    (logarithms.iter().sum::<f64>() / logarithms.len() as f64).exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_the_spread_relative_to_it() {
        assert!(Samples::default().median().is_nan());
        let three = Samples(vec![3.0, 1.0, 2.0]);
        assert_eq!((three.median(), three.spread()), (2.0, 1.0));
        assert_eq!(Samples(vec![3.0, 1.0, 2.0, 4.0]).median(), 2.5);
    }

    #[test]
    fn a_ratio_and_its_inverse_average_to_one() {
        assert!((geometric_mean([4.0, 0.25]) - 1.0).abs() < 1e-15);
        assert!(geometric_mean([]).is_nan());
    }
}
