//! `cargo xtask test`: what README.md tells a user, and CI, to run.

use clap::Args;

use crate::command::{self, Failure, PORTABLE, cargo};

#[derive(Debug, Default, Args)]
pub(crate) struct TestArguments {
    /// Passed on to `cargo test`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// In the release profile: the tests train networks, and share their build
/// with `cargo xtask reproduce`.
pub(crate) fn run(arguments: &TestArguments) -> Result<(), Failure> {
    let mut test = cargo(&["test", "--release", "--workspace"]);
    test.args(PORTABLE);
    test.args(&arguments.rest);
    command::run(&mut test)
}
