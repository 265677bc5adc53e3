//! The commands and the arguments they share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use etastar_backend::{BackendName, Selection};
use etastar_model::Loss;
use serde::Serialize;

use crate::commands::{
    backends, bounds, completions, data, export, find, fit, predict, report, sharpness, sweep,
};

/// Measure, fit and report the maximal initial learning rate eta* of deep
/// ReLU networks.
///
/// eta* is the largest constant learning rate at which a randomly initialised
/// network can begin training and reach a threshold accuracy (Iyer, Hanin,
/// Rolnick, ICML 2023). Depth counts hidden layers.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true, max_term_width = 100)]
#[command(after_help = "\
Exit codes:
    0  success
    1  something unexpected
    2  wrong usage or configuration
    3  bad or missing data (datasets, stores)
    4  the search found no eta* in range
    5  the time limit was reached; the same command goes on where it stopped
  130  interrupted; the same command goes on where it stopped")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure eta* of one network, with an interval
    Find(find::FindArguments),
    /// Measure eta* over the grid of an experiment file; resumable
    Sweep(sweep::SweepArguments),
    /// Measure, bound and predict the top Hessian eigenvalue of a network at initialisation
    Sharpness(sharpness::SharpnessArguments),
    /// Bounds on the top Hessian eigenvalue from theory alone: no network, no data
    Bounds(bounds::BoundsArguments),
    /// Fit power laws to a sweep and compare them
    Fit(fit::FitArguments),
    /// Predict eta* of a network from a sweep of others, with intervals
    Predict(predict::PredictArguments),
    /// Write the report of a sweep: index.html, report.md, figures, data
    Report(report::ReportArguments),
    /// Write a sweep's rows as CSV, JSON or Parquet
    Export(export::ExportArguments),
    /// List, download or verify datasets
    Data(data::DataArguments),
    /// List the backends and which of them are compiled in
    Backends(backends::BackendsArguments),
    /// Print completions for a shell
    Completions(completions::CompletionsArguments),
}

/// Where and how trials run.
#[derive(Debug, Args)]
pub(crate) struct Execution {
    /// Threads across trials; each trial uses one. Results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..), default_value_t = cores(), hide_default_value = true)]
    pub(crate) jobs: u16,

    /// Burn backend, see `etastar backends`
    #[arg(long, value_name = "NAME", default_value_t = Selection::default_name())]
    pub(crate) backend: BackendName,

    #[command(flatten)]
    pub(crate) data: DataFolder,
}

/// Where dataset files are.
#[derive(Debug, Args)]
pub(crate) struct DataFolder {
    /// Folder with dataset files [default: $ETASTAR_DATA, then the user's cache folder]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Format {
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// The training loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum LossName {
    CrossEntropy,
    SquaredError,
}

impl From<LossName> for Loss {
    fn from(name: LossName) -> Self {
        match name {
            LossName::CrossEntropy => Self::CrossEntropy,
            LossName::SquaredError => Self::SquaredError,
        }
    }
}

/// The number of cores, which is the default number of jobs.
fn cores() -> u16 {
    std::thread::available_parallelism()
        .ok()
        .and_then(|cores| u16::try_from(cores.get()).ok())
        .unwrap_or(1)
}
