//! The project's own commands. CI calls the same ones.

mod bench;
mod ci;
mod command;
mod reproduce;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own commands.
#[derive(Debug, Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure every claim, fit, and write the report
    Reproduce(reproduce::ReproduceArguments),
    /// Run every test
    Test(test::TestArguments),
    /// Everything CI checks: format, lints, documentation, tests
    Ci,
    /// Run the benchmarks
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Reproduce(arguments) => reproduce::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Ci => ci::run(),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
