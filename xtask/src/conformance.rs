//! `cargo xtask conformance`: whether backends compute what they should.

use std::process::Command;

use clap::Args;

use crate::backend::provide;
use crate::command::{self, Failure, cargo, feature};

#[derive(Debug, Args)]
pub(crate) struct ConformanceArguments {
    /// Backends, or devices as tch:cuda:0; each is built alone, with its cargo feature
    #[arg(long, value_delimiter = ',', default_value = "flex,ndarray")]
    backends: Vec<String>,
}

pub(crate) fn run(arguments: &ConformanceArguments) -> Result<(), Failure> {
    arguments
        .backends
        .iter()
        .try_for_each(|device| of_device(device))
}

/// Runs the suite on one device.
fn of_device(device: &str) -> Result<(), Failure> {
    provide(device)?;
    command::run(&mut suite(device))
}

/// Runs the suite on one device; gives what it printed.
pub(crate) fn printed(device: &str) -> Result<String, Failure> {
    command::printed(&mut suite(device))
}

/// In the release profile: it trains networks.
fn suite(device: &str) -> Command {
    let mut test = cargo(&["test", "--release", "--package", "etastar-conformance"]);
    test.args(["--no-default-features", "--features", feature(device)]);
    // The suite's tables are worth reading.
    test.args(["--", "--nocapture"]);
    test.env("ETASTAR_DEVICES", device);
    test
}
