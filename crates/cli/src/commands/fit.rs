use std::path::PathBuf;

use clap::Args;
use etastar_report::fit::{BootstrapOver, FitOptions, fit, fit_json, fit_table};
use etastar_search::Store;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
Laws, fitted by least squares in log2; searches that found no eta* in range take part
as bounds, by maximum likelihood:
  depth-width      eta* = C (depth * width)^-a                            (the paper's)
  separate         eta* = C depth^-a width^-b
  effective-size   eta* = C (input_rate * inputs + depth * width)^-a      (a hypothesis)
Each is fitted at every input-layer rate and, where there are several, to all
rates at once. Intervals answer for the seeds; with --resample-cells also for
the choice of the grid, which is wider where a law is only approximate.")]
pub(crate) struct FitArguments {
    /// Store of a sweep
    store: PathBuf,

    /// Use only cells with width >= K * depth; may be given several times [default: 0 2 4 8]
    #[arg(long, value_name = "K")]
    width_over_depth: Vec<f64>,

    /// Confidence of the intervals
    #[arg(long, value_name = "P", default_value = "0.95")]
    confidence: f64,

    /// Resample networks instead of repeats
    #[arg(long)]
    resample_cells: bool,

    #[command(flatten)]
    format: Format,
}

impl FitArguments {
    fn options(&self) -> FitOptions {
        let mut options = FitOptions {
            confidence: self.confidence,
            ..FitOptions::default()
        };
        if !self.width_over_depth.is_empty() {
            options.width_over_depth.clone_from(&self.width_over_depth);
        }
        if self.resample_cells {
            options.over = BootstrapOver::RepeatsAndCells;
        }
        options
    }
}

pub(crate) fn run(arguments: &FitArguments) -> Result<(), CliError> {
    let snapshot = Store::open_to_read(&arguments.store)?.snapshot()?;
    let fits = fit(&snapshot, &arguments.options())?;
    if arguments.format.json {
        output::print_json(&fit_json(&fits))
    } else {
        output::print(&fit_table(&fits))
    }
}
