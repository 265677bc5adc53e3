//! The commands and the arguments they share.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use etastar_backend::{DeviceName, Selection};
use etastar_model::Loss;
use etastar_search::EnsembleLimits;
use serde::Serialize;

use crate::commands::{
    backends, bounds, compare, completions, data, export, find, fit, merge, predict, report,
    sharpness, status, submit, sweep,
};
use crate::numbers::{count, memory};

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
    /// Run the parts of a sweep on a cluster: Slurm, or a manifest for Kubernetes
    Submit(submit::SubmitArguments),
    /// Tell how far sweeps are: done, running, failed, time left
    Status(status::StatusArguments),
    /// Put the parts of a sweep together
    Merge(merge::MergeArguments),
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
    /// Compare sweeps of the same experiment on different backends or machines
    Compare(compare::CompareArguments),
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
    /// [default: the cores; 1 where an accelerator trains]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    /// Burn backend and device, e.g. tch:cuda:0 or wgpu:integrated; see `etastar backends`
    #[arg(long, value_name = "NAME[:DEVICE]", default_value_t = Selection::default_name().into())]
    pub(crate) backend: DeviceName,

    #[command(flatten)]
    pub(crate) data: DataFolder,
}

impl Execution {
    /// Threads across trials.
    pub(crate) fn jobs(&self) -> usize {
        let default = if self.backend.is_accelerator() {
            1
        } else {
            cores()
        };
        self.jobs.map_or(default, usize::from)
    }
}

/// How the trials of a search are carried out.
#[derive(Debug, Args)]
pub(crate) struct Training {
    /// Train one network after the other (the rule on processors), or many of different learning
    /// rates and repeats in one program (on accelerators)
    #[arg(long, value_name = "NAME", value_enum, default_value_t = StrategyName::Auto)]
    strategy: StrategyName,

    /// With the batched strategy: networks in one program, at most
    #[arg(long, value_name = "N", default_value = "64", value_parser = count)]
    networks_at_once: usize,

    /// With the batched strategy: memory of the device for them, e.g. 512MiB or 8GiB
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = memory)]
    memory: u64,
}

/// How trials are carried out, as users write it. `Auto` is the rule for the
/// device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrategyName {
    Auto,
    Sequential,
    Batched,
}

impl Training {
    /// Limits of the ensembles that are trained on a device; none where one
    /// network is trained after the other.
    pub(crate) fn ensembles(&self, device: DeviceName) -> Option<EnsembleLimits> {
        let batched = match self.strategy {
            StrategyName::Sequential => false,
            StrategyName::Batched => true,
            StrategyName::Auto => device.is_accelerator(),
        };
        batched.then_some(EnsembleLimits {
            networks: self.networks_at_once,
            memory: self.memory,
        })
    }
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
fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
