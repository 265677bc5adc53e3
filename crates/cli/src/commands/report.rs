use std::path::PathBuf;

use clap::Args;
use etastar_report::fit::{FitError, FitOptions, Fits, fit};
use etastar_report::page::{Report, ReportInput, write};
use etastar_report::sharpness::{SharpnessOptions, analyse};
use etastar_search::Store;
use etastar_search::statistics::{Bootstrap, Estimate};
use serde_json::json;

use crate::arguments::Format;
use crate::error::CliError;
use crate::{output, provenance};

#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    /// Store of a sweep, finished or not
    store: PathBuf,

    /// Folder to write [default: `report` beside the store]
    #[arg(long, short, value_name = "FOLDER")]
    output: Option<PathBuf>,

    /// Command to show as the one that made the results [default: this one]
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &ReportArguments) -> Result<(), CliError> {
    let snapshot = Store::open_to_read(&arguments.store)?.snapshot()?;
    let options = FitOptions::default();
    let fits = match fit(&snapshot, &options) {
        // A store of sharpness alone has nothing to fit.
        Err(FitError::NothingMeasured) if !snapshot.sharpness.is_empty() => Fits::default(),
        fits => fits?,
    };
    let sharpness = analyse(&snapshot, &SharpnessOptions::default());
    let bootstrap = Bootstrap::default();
    let estimates: Vec<Estimate> = snapshot
        .cells
        .iter()
        .map(|cell| Estimate::of_cell(cell, options.confidence, &bootstrap))
        .collect();
    let command = arguments
        .command
        .clone()
        .unwrap_or_else(provenance::command_line);
    let report = Report::build(&ReportInput {
        snapshot: &snapshot,
        estimates: &estimates,
        fits: &fits.fits,
        not_fitted: &fits.not_fitted,
        sharpness: &sharpness,
        command: &command,
        interval_method: &format!(
            "expanded percentile bootstrap over repeats, {} resamples of a cell's mean and {} of \
             a fit",
            bootstrap.resamples, options.resamples
        ),
    })?;
    let folder = match &arguments.output {
        Some(folder) => folder.clone(),
        None => arguments.store.with_file_name("report"),
    };
    let written = write(&report, &folder)?;
    if arguments.format.json {
        return output::print_json(&json!({
            "index": written.index,
            "markdown": written.markdown,
            "figures": written.figures,
            "data": written.data,
        }));
    }
    output::print(&written.index.display().to_string())
}
