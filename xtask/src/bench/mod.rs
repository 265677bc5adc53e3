//! `cargo xtask bench`: runs the benchmarks, and writes tables that compare backends or peers.

mod criterion;
mod peers;

use std::path::PathBuf;
use std::process::Command;
use std::time::SystemTime;

use clap::Args;

use crate::backend::provide;
use crate::command::{self, Failure, cargo, features, root, standard_output};
use crate::files;

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Backends or devices to compare, for example tch:cuda:0. The others are compared with the
    /// first
    #[arg(long, value_delimiter = ',', default_value = "flex")]
    backends: Vec<String>,

    /// Run only these benchmarks
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = ["training", "curvature", "trial", "batched"])]
    only: Vec<String>,

    /// Compare with PyTorch and NumPy instead, by this Python interpreter, which has the packages
    /// of benches/peers/requirements.txt
    #[arg(long, value_name = "PYTHON", conflicts_with_all = ["backends", "only", "rest"])]
    peers: Option<PathBuf>,

    /// With --peers, how many times everything is run, in turns
    #[arg(long, value_name = "N", default_value = "3", requires = "peers")]
    rounds: usize,

    /// File of the table [default: benches/results/DATE-BACKENDS.md, or DATE-peers.md]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Options for criterion, e.g. a filter
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let backends = &arguments.backends;
    let (name, text) = match &arguments.peers {
        Some(python) => ("peers".to_owned(), peers::run(python, arguments.rounds)?),
        None => (
            backends.join("-").replace(':', "-"),
            compare_backends(backends, &arguments.only, &arguments.rest)?,
        ),
    };
    let default = || format!("benches/results/{}-{name}.md", date()).into();
    let file = arguments.output.clone().unwrap_or_else(default);
    files::write(&root().join(&file), &text)?;
    println!("\n{text}\nWritten to {}", file.display());
    Ok(())
}

/// Runs criterion's benchmarks (all, or some by name, with options of
/// criterion); gives their tables.
pub(crate) fn compare_backends(
    backends: &[String],
    only: &[String],
    rest: &[String],
) -> Result<String, Failure> {
    for device in backends {
        provide(device)?;
    }
    let started = SystemTime::now();
    let mut bench = cargo(&["bench", "--package", "etastar-benches"]);
    bench.args(["--no-default-features", "--features", &features(backends)]);
    for name in only {
        bench.args(["--bench", name]);
    }
    if only.is_empty() {
        // Not the library, whose test harness knows no options of criterion.
        bench.arg("--benches");
    }
    bench.arg("--").args(rest);
    command::run(bench.env("ETASTAR_DEVICES", backends.join(",")))?;

    let how = "Medians with criterion's 95 % intervals. GFLOP/s count the products of matrices \
               alone.";
    let measured = criterion::measured_since(started)?;
    Ok(format!(
        "{}{}",
        heading(backends, how)?,
        criterion::tables(&measured, backends)
    ))
}

/// Today in UTC: `2026-11-25`.
fn date() -> String {
    jiff::Timestamp::now().strftime("%F").to_string()
}

/// The title of a file of results, and what its figures were measured with:
/// command, machine, compiler, commit.
fn heading(backends: &[String], how: &str) -> Result<String, Failure> {
    let command: Vec<String> = std::env::args().skip(1).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let compiler = standard_output(Command::new("rustc").arg("--version"))?;
    let mut git = Command::new("git");
    git.args(["describe", "--always", "--dirty", "--exclude=*"]);
    // A source archive has no commit.
    let commit = standard_output(git.current_dir(root())).unwrap_or_else(|_| "unknown".to_owned());
    let cpuinfo = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let mut lines = cpuinfo.lines();
    let model = lines.find(|line| line.starts_with("model name"));
    let processor = model.and_then(|line| line.split_once(':'));
    Ok(format!(
        "# {}: {}\n\n\
         | | |\n|---|---|\n\
         | command | `cargo xtask {}` |\n\
         | processor | {}, {cores} cores |\n\
         | system | {} {} |\n\
         | compiler | {} |\n\
         | commit | {} |\n\
         | features | {} |\n\n\
         f32, mini-batches of 128, cross-entropy, 10 outputs, one thread of the processor. {how}\n\n",
        date(),
        backends.join(", "),
        command.join(" "),
        processor.map_or(std::env::consts::ARCH, |(_, model)| model.trim()),
        std::env::consts::OS,
        std::env::consts::ARCH,
        compiler.trim(),
        commit.trim(),
        features(backends),
    ))
}
