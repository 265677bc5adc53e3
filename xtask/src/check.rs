//! `cargo xtask check`: format, lints, documentation.

use crate::command::{self, Failure, PORTABLE, cargo};

pub(crate) fn run() -> Result<(), Failure> {
    command::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    // In the release profile, so that nothing is built twice.
    let mut clippy = cargo(&["clippy", "--release", "--workspace", "--all-targets"]);
    clippy.args(PORTABLE).args(["--", "-D", "warnings"]);
    command::run(&mut clippy)?;
    let mut doc = cargo(&["doc", "--release", "--workspace", "--no-deps"]);
    command::run(doc.args(PORTABLE).env("RUSTDOCFLAGS", "-D warnings"))
}
