//! The project's own commands. CI calls the same ones.

mod backend;
mod bench;
mod check;
mod command;
mod conformance;
#[cfg(unix)]
mod faults;
mod fuzz;
mod gpu_check;
mod reproduce;
mod screenshots;
#[cfg(unix)]
mod slurm_test;
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
    /// Have what a backend needs: install libtorch, look for Vulkan; then build
    Backend(backend::BackendArguments),
    /// Check what backends compute against a reference in double precision
    Conformance(conformance::ConformanceArguments),
    /// Everything that wants a look on a machine with an accelerator: conformance, eta* side by
    /// side, benchmarks
    GpuCheck(gpu_check::GpuCheckArguments),
    /// Disturb sweeps at random and count what is lost; as root
    #[cfg(unix)]
    Faults(faults::FaultsArguments),
    /// Fuzz the parsers of bytes from outside; needs `cargo install cargo-fuzz`, and llvm-cov
    Fuzz(fuzz::FuzzArguments),
    /// Run a sweep in parts on a Slurm of this machine, disturb it, and compare with one process
    #[cfg(unix)]
    SlurmTest(slurm_test::SlurmTestArguments),
    /// Take pictures of a report's page, light and dark, with Chromium
    Screenshots(screenshots::ScreenshotsArguments),
    /// Run every test
    Test(test::TestArguments),
    /// Check format, lints and documentation
    Check,
    /// Everything CI runs: `check`, then `test`
    Ci,
    /// Run the benchmarks
    Bench(bench::BenchArguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Reproduce(arguments) => reproduce::run(&arguments),
        Command::Backend(arguments) => backend::run(&arguments),
        Command::Conformance(arguments) => conformance::run(&arguments),
        Command::GpuCheck(arguments) => gpu_check::run(&arguments),
        #[cfg(unix)]
        Command::Faults(arguments) => faults::run(&arguments),
        Command::Fuzz(arguments) => fuzz::run(&arguments),
        #[cfg(unix)]
        Command::SlurmTest(arguments) => slurm_test::run(&arguments),
        Command::Screenshots(arguments) => screenshots::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Check => check::run(),
        Command::Ci => check::run().and_then(|()| test::run(&test::TestArguments::default())),
        Command::Bench(arguments) => bench::run(&arguments),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
