//! The project's own commands. Continuous integration calls the same ones.

mod backend;
mod bench;
mod book;
mod calculator;
mod checks;
mod command;
mod dist;
#[cfg(unix)]
mod faults;
mod files;
mod fuzz;
mod gpu_check;
mod hygiene;
mod licences;
mod metadata;
mod publish;
mod python;
mod reproduce;
mod rules;
mod sbom;
mod screenshots;
#[cfg(unix)]
mod slurm_test;

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
    /// Provide what a backend needs, then build it: libtorch is installed, Vulkan is looked for
    Backend(backend::BackendArguments),
    /// Check what backends compute against a reference in double precision
    Conformance(checks::ConformanceArguments),
    /// Check a machine with an accelerator: conformance, eta* on every device, benchmarks
    GpuCheck(gpu_check::GpuCheckArguments),
    /// Disturb sweeps at random and count what is lost. Needs root
    #[cfg(unix)]
    Faults(faults::FaultsArguments),
    /// Fuzz the parsers of bytes from outside. Needs `cargo install cargo-fuzz`, and llvm-cov
    Fuzz(fuzz::FuzzArguments),
    /// Run a sweep in parts on a Slurm of this machine, disturb it, and compare with one process
    #[cfg(unix)]
    SlurmTest(slurm_test::SlurmTestArguments),
    /// Build the Python package, install it into an environment of its own, and test it
    Python(python::PythonArguments),
    /// Build the book and check its links; with --patches, check its worked examples
    Book(book::BookArguments),
    /// Turn formulas of the book into MathML, as a preprocessor of mdBook
    #[command(hide = true)]
    BookFormulas(book::FormulasArguments),
    /// Write the measurements that `etastar predict` uses without a store
    Publish(publish::PublishArguments),
    /// Take pictures of a report's page, light and dark, with Chromium
    Screenshots(screenshots::ScreenshotsArguments),
    /// Compare the calculator of a report's page with `etastar predict`, in Chromium
    Calculator(calculator::CalculatorArguments),
    /// Check what is not code: dependencies, spelling, workflows, packages, the citation
    Hygiene(hygiene::HygieneArguments),
    /// Put program, manual pages, completions, licences and bill of materials into an archive
    Dist(dist::DistArguments),
    /// Run every test
    Test(checks::TestArguments),
    /// Check the rules of committed results against history, format, lints and documentation
    Check,
    /// Run all that continuous integration runs: `check`, then `test`
    Ci,
    /// Run the benchmarks
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Reproduce(arguments) => reproduce::run(&arguments),
        Command::Backend(arguments) => backend::run(&arguments),
        Command::Conformance(arguments) => checks::conformance(&arguments),
        Command::GpuCheck(arguments) => gpu_check::run(&arguments),
        #[cfg(unix)]
        Command::Faults(arguments) => faults::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        #[cfg(unix)]
        Command::SlurmTest(arguments) => slurm_test::run(&arguments),
        Command::Python(arguments) => python::run(&arguments),
        Command::Book(arguments) => book::run(&arguments),
        Command::BookFormulas(arguments) => book::formulas(&arguments),
        Command::Publish(arguments) => publish::run(&arguments),
        Command::Screenshots(arguments) => screenshots::run(&arguments),
        Command::Calculator(arguments) => calculator::run(&arguments),
        Command::Hygiene(arguments) => hygiene::run(&arguments),
        Command::Dist(arguments) => dist::run(&arguments),
        Command::Test(arguments) => checks::test(&arguments),
        Command::Check => checks::check(),
        Command::Ci => checks::ci(),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
