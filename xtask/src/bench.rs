//! `cargo xtask bench`: criterion's benchmarks.

use clap::Args;

use crate::command::{self, Failure, cargo};

#[derive(Debug, Args)]
pub(crate) struct BenchArguments {
    /// Backends to compare, each built with its cargo feature
    #[arg(long, value_delimiter = ',', default_value = "flex")]
    backends: Vec<String>,

    /// Passed on to criterion, e.g. a filter
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(crate) fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let features = arguments.backends.join(",");
    let mut bench = cargo(&[
        "bench",
        "--package",
        "etastar-benches",
        "--no-default-features",
    ]);
    bench.args(["--features", &features, "--"]);
    bench.args(&arguments.rest);
    command::run(&mut bench)
}
