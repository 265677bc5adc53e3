//! `etastar compare`: sweeps of one experiment on different backends or machines.

use std::path::PathBuf;

use clap::Args;
use etastar_report::compare::compare;
use etastar_search::Store;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar sweep experiments/power-law.toml --profile smoke --output flex.db
  etastar sweep experiments/power-law.toml --profile smoke --output tch.db --backend tch
  etastar compare flex.db tch.db")]
pub(crate) struct CompareArguments {
    /// Stores of the same experiment, measured on different backends or machines
    #[arg(value_name = "STORE", required = true, num_args = 2..)]
    stores: Vec<PathBuf>,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &CompareArguments) -> Result<(), CliError> {
    let snapshots = arguments
        .stores
        .iter()
        .map(|store| Store::open_to_read(store)?.snapshot())
        .collect::<Result<Vec<_>, _>>()?;
    let comparison = compare(&snapshots)?;
    if arguments.format.json {
        output::print_json(&comparison)
    } else {
        output::print(&comparison.to_markdown())
    }
}
