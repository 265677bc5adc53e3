//! `cargo xtask check`: format, lints, documentation.

use crate::command::{self, Failure, cargo};

pub(crate) fn run() -> Result<(), Failure> {
    command::run(&mut cargo(&["fmt", "--all", "--check"]))?;
    // In the release profile, so that nothing is built twice.
    command::run(&mut cargo(&[
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ]))?;
    command::run(
        cargo(&[
            "doc",
            "--release",
            "--workspace",
            "--no-deps",
            "--all-features",
        ])
        .env("RUSTDOCFLAGS", "-D warnings"),
    )
}
