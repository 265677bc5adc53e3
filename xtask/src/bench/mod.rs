//! `cargo xtask bench`: criterion's benchmarks, and a table that compares
//! backends.

mod machine;
mod measurement;
mod peers;
mod table;

use std::path::PathBuf;
use std::time::SystemTime;

use clap::Args;

use crate::backend::provide;
use crate::command::{self, Failure, cargo, features, root};

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Backends, or devices as tch:cuda:0, to compare; the first is what the others are
    /// compared with
    #[arg(long, value_delimiter = ',', default_value = "flex")]
    pub(crate) backends: Vec<String>,

    /// Run only these benchmarks
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', value_parser = ["training", "curvature", "trial", "batched"])]
    pub(crate) only: Vec<String>,

    /// Compare with PyTorch and NumPy instead, by this Python interpreter, which has the packages
    /// of benches/peers/requirements.txt
    #[arg(long, value_name = "PYTHON", conflicts_with_all = ["backends", "only", "rest"])]
    pub(crate) peers: Option<PathBuf>,

    /// With --peers, how many times everything is run, in turns
    #[arg(long, value_name = "N", default_value = "3", requires = "peers")]
    pub(crate) rounds: usize,

    /// File of the table [default: benches/results/DATE-BACKENDS.md, or DATE-peers.md]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,

    /// Passed on to criterion, e.g. a filter
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) rest: Vec<String>,
}

pub(crate) fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let (name, text) = match &arguments.peers {
        Some(python) => ("peers".to_owned(), peers::run(python, arguments.rounds)?),
        None => (
            arguments.backends.join("-").replace(':', "-"),
            backends(arguments)?,
        ),
    };
    let file = arguments.output.clone().unwrap_or_else(|| {
        let date = machine::date();
        PathBuf::from(format!("benches/results/{date}-{name}.md"))
    });
    let path = root().join(&file);
    std::fs::write(&path, &text).map_err(|source| Failure::File { path, source })?;
    println!("\n{text}\nWritten to {}", file.display());
    Ok(())
}

const HOW: &str = "Medians with criterion's 95 % intervals. GFLOP/s count the products of \
                   matrices alone.";

/// Criterion's benchmarks, and their table.
fn backends(arguments: &BenchArguments) -> Result<String, Failure> {
    for device in &arguments.backends {
        provide(device)?;
    }
    let started = SystemTime::now();
    let mut bench = cargo(&["bench", "--package", "etastar-benches"]);
    bench.args(["--no-default-features", "--features"]);
    bench.arg(features(&arguments.backends));
    for name in &arguments.only {
        bench.args(["--bench", name]);
    }
    if arguments.only.is_empty() {
        // Not the library, whose test harness knows no options of criterion.
        bench.arg("--benches");
    }
    bench.arg("--").args(&arguments.rest);
    command::run(bench.env("ETASTAR_DEVICES", arguments.backends.join(",")))?;

    let measured = measurement::since(started)?;
    Ok(format!(
        "{}{}",
        machine::heading(&as_typed(arguments), &arguments.backends, HOW)?,
        table::markdown(&measured, &arguments.backends)
    ))
}

/// The command as a reader of the table would type it.
fn as_typed(arguments: &BenchArguments) -> String {
    let mut words = format!(
        "cargo xtask bench --backends {}",
        arguments.backends.join(",")
    );
    if !arguments.only.is_empty() {
        words.push_str(&format!(" --only {}", arguments.only.join(",")));
    }
    if !arguments.rest.is_empty() {
        words.push_str(&format!(" -- {}", arguments.rest.join(" ")));
    }
    words
}
