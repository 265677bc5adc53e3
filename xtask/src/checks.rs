//! `cargo xtask check`, `test`, `conformance` and `ci`: what must hold before a change is taken.

use std::env;
use std::process::Command;

use clap::Args;

use crate::backend::provide;
use crate::command::{self, Failure, PORTABLE, cargo, features, root, target};
use crate::rules;

/// The library's examples, which `cargo test` has built.
const EXAMPLES: [&str; 6] = [
    "another_backend",
    "custom_protocol",
    "own_data",
    "own_widths",
    "sharpness_of_weights",
    "sweep_and_fit",
];

#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Options for `cargo test`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConformanceArguments {
    /// Backends or devices, for example tch:cuda:0
    #[arg(long, value_delimiter = ',', default_value = "flex,ndarray")]
    backends: Vec<String>,
}

/// `cargo xtask ci`.
pub(crate) fn ci() -> Result<(), Failure> {
    check()?;
    test(&TestArguments { rest: Vec::new() })
}

/// `cargo xtask check`: rules of committed results, format, lints, documentation.
pub(crate) fn check() -> Result<(), Failure> {
    rules::check()?;
    command::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    // The release profile is that of the tests, so that nothing is built twice.
    let mut clippy = cargo(&["clippy", "--release", "--workspace", "--all-targets"]);
    command::run(clippy.args(PORTABLE).args(["--", "-D", "warnings"]))?;
    let mut doc = cargo(&["doc", "--release", "--workspace", "--no-deps"]);
    command::run(doc.args(PORTABLE).env("RUSTDOCFLAGS", "-D warnings"))
}

/// `cargo xtask test`: every test, in the release profile, because the tests
/// train networks and share their build with `cargo xtask reproduce`.
pub(crate) fn test(arguments: &TestArguments) -> Result<(), Failure> {
    let mut test = cargo(&["test", "--release", "--workspace"]);
    command::run(test.args(PORTABLE).args(&arguments.rest))?;
    // Words for cargo test choose some of the tests: nothing else is asked for then.
    if !arguments.rest.is_empty() {
        return Ok(());
    }
    for name in EXAMPLES {
        let program = format!("release/examples/{name}{}", env::consts::EXE_SUFFIX);
        command::run(Command::new(target().join(program)).current_dir(root()))?;
    }
    Ok(())
}

/// `cargo xtask conformance`: whether backends compute what they should.
pub(crate) fn conformance(arguments: &ConformanceArguments) -> Result<(), Failure> {
    for device in &arguments.backends {
        provide(device)?;
    }
    for device in &arguments.backends {
        command::run(&mut conformance_suite(device, &arguments.backends))?;
    }
    Ok(())
}

/// The conformance suite on one of some devices; it prints a table of errors.
pub(crate) fn conformance_suite(device: &str, devices: &[String]) -> Command {
    let mut test = cargo(&["test", "--profile", "conformance"]);
    test.args(["--package", "etastar-conformance"]);
    // One program for all of them, compiled once; a process each, since Burn keeps one float type.
    test.args(["--no-default-features", "--features", &features(devices)]);
    test.args(["--", "--nocapture"]);
    test.env("ETASTAR_DEVICES", device);
    test
}
