//! The list of commands, and the arguments that several of them share.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};
use etastar_backend::{DeviceName, Selection};
use etastar_data::{DataFolders, Dataset, DatasetConfig, DatasetName, OwnFile, Standardise};
use etastar_model::Loss;
use etastar_search::EnsembleLimits;
use etastar_search::settings::{Setting, TrainingLoss};
use serde::Serialize;

use crate::commands::{
    CompletionsArguments, ManArguments, backends, bounds, compare, data, export, find, fit, merge,
    network, predict, report, settings, sharpness, status, submit, sweep,
};
use crate::error::CliError;
use crate::numbers::{count, memory};
use crate::output;

/// Measure, fit and report the maximal initial learning rate eta* of deep
/// networks.
///
/// eta* is the largest constant learning rate at which a randomly initialised
/// network can begin training and reach a threshold accuracy (Iyer, Hanin,
/// Rolnick, ICML 2023). Depth counts hidden layers.
#[derive(Debug, Parser)]
#[command(
    name = "etastar",
    version,
    propagate_version = true,
    max_term_width = 100
)]
#[command(after_help = "\
Exit codes:
    0  success
    1  an unexpected error
    2  wrong usage or configuration
    3  bad or missing data (datasets, stores)
    4  the search found no eta* in range
    5  the time limit was reached; run the same command again to resume
  130  interrupted; to resume a sweep, run the same command again")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure eta* of one network, with an interval
    Find(Box<find::FindArguments>),
    /// Measure eta* over the grid of an experiment file; can be stopped and resumed
    Sweep(sweep::SweepArguments),
    /// Run a sweep in parts on a cluster: with Slurm, or with a manifest for Kubernetes
    Submit(submit::SubmitArguments),
    /// Show the progress of sweeps: done, running, failed, time left
    Status(status::StatusArguments),
    /// Combine the parts of a sweep into one store
    Merge(merge::MergeArguments),
    /// Measure, bound and predict the top Hessian eigenvalue of a network at initialisation
    Sharpness(sharpness::SharpnessArguments),
    /// Print the initial variance, multiplier and learning rate of every layer of a network
    Network(network::NetworkArguments),
    /// Bound the top Hessian eigenvalue by theory alone, without a network or data
    Bounds(bounds::BoundsArguments),
    /// Fit power laws to a sweep and compare them
    Fit(fit::FitArguments),
    /// Predict eta* of a network without training it, with intervals
    Predict(predict::PredictArguments),
    /// Write the report of a sweep: index.html, report.md, figures, data
    Report(report::ReportArguments),
    /// Compare sweeps of the same experiment on different backends or machines
    Compare(compare::CompareArguments),
    /// Write a sweep's rows as CSV, JSON or Parquet
    Export(export::ExportArguments),
    /// List the settings of an experiment file: names, defaults, limits and units
    Settings(settings::SettingsArguments),
    /// List, download or verify datasets
    Data(data::DataArguments),
    /// List the backends and which of them are compiled in
    Backends(backends::BackendsArguments),
    /// Print completions for a shell
    Completions(CompletionsArguments),
    /// Write the manual pages into a folder, one for every command
    Man(ManArguments),
}

/// Where and how trials run.
#[derive(Debug, Args)]
pub(crate) struct Execution {
    /// Number of threads; each trial uses one. Results do not depend on it
    /// [default: the number of cores; 1 on an accelerator]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// Burn backend and device, e.g. tch:cuda:0 or wgpu:integrated; see `etastar backends`
    #[arg(long, value_name = "NAME[:DEVICE]", default_value_t = Selection::default_name().into())]
    pub(crate) backend: DeviceName,

    #[command(flatten)]
    pub(crate) data: DataFolder,
}

impl Execution {
    /// For the library; with the arguments on training where there are some.
    pub(crate) fn execution(&self, training: Option<&Training>) -> etastar::Execution {
        let usual = etastar::Execution::on(self.backend);
        etastar::Execution {
            jobs: self.jobs.map_or(usual.jobs, usize::from),
            ensembles: training.and_then(|training| training.ensembles(self.backend)),
            ..usual
        }
    }
}

/// How the trials of a search are carried out.
#[derive(Debug, Args)]
pub(crate) struct Training {
    /// Train networks one after the other (sequential), or many with different learning rates and
    /// repeats at once (batched). Auto is sequential on processors and batched on accelerators
    #[arg(long, value_name = "NAME", value_enum, default_value_t = StrategyName::Auto)]
    strategy: StrategyName,

    /// Largest number of networks trained at once with the batched strategy
    #[arg(long, value_name = "N", default_value = "64", value_parser = count)]
    networks_at_once: usize,

    /// Largest amount of device memory for these networks, e.g. 512MiB or 8GiB
    #[arg(long, value_name = "SIZE", default_value = "2GiB", value_parser = memory)]
    memory: u64,
}

/// The name of a strategy on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StrategyName {
    Auto,
    Sequential,
    Batched,
}

impl Training {
    /// Limits of the ensembles that are trained on a device; none if one
    /// network is trained after the other.
    fn ensembles(&self, device: DeviceName) -> Option<EnsembleLimits> {
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

impl DataFolder {
    pub(crate) fn folders(&self) -> DataFolders {
        DataFolders::discover(self.data_dir.clone())
    }
}

/// What was understood of a file of one's own, on standard error.
pub(crate) fn tell_data(config: &DatasetConfig, dataset: &Dataset) {
    let Some(file) = &config.file else {
        return;
    };
    let names = dataset
        .class_names
        .iter()
        .take(10)
        .map(|name| format!("`{name}`"));
    let names = names.collect::<Vec<_>>().join(", ");
    let more = if dataset.classes > 10 { ", .." } else { "" };
    let path = file.path.display();
    if file.regression {
        let (samples, features) = (dataset.samples(), dataset.features);
        let targets = dataset.classes;
        output::tell(&format!(
            "{path}: {samples} samples of {features} features; real targets, {targets} a sample"
        ));
        return;
    }
    output::tell(&format!(
        "{path}: {} samples of {} features; {} classes, in this order: {names}{more}",
        dataset.samples(),
        dataset.features,
        dataset.classes,
    ));
    for class in dataset.empty_classes() {
        output::tell(&format!(
            "warning: {path}: there is no sample of class `{class}`"
        ));
    }
}

/// Which data a network is trained on.
#[derive(Debug, Args)]
pub(crate) struct DataChoice {
    /// Dataset: digits, fashion-mnist-mini, gaussians, mnist, fashion-mnist, cifar10
    #[arg(long, value_name = "NAME", default_value = "digits")]
    dataset: DatasetName,

    /// File with data of your own instead: .npz, .npy, .csv, .tsv, .parquet, or IDX images
    #[arg(long, value_name = "FILE", conflicts_with = "dataset")]
    data: Option<PathBuf>,

    /// Name of the array of inputs in the file [default: a usual name such as x]
    #[arg(long, value_name = "NAME")]
    x: Option<String>,

    /// Name of the array or column of labels or targets in the file. If the file has only inputs:
    /// the file with the labels or targets [default: a usual name such as y or label]
    #[arg(long, visible_alias = "label", value_name = "NAME")]
    y: Option<String>,

    /// The file has real targets instead of labels. Each output is standardised to mean 0 and
    /// variance 1 over the training samples. The loss is squared error, and success is judged by the
    /// validation R^2. Name several columns of targets as --y a,b
    #[arg(long)]
    regression: bool,

    /// Standardise inputs to mean 0 and variance 1: all together, each feature by itself, or none
    #[arg(long, value_enum, default_value_t = StandardiseName::All)]
    standardise: StandardiseName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StandardiseName {
    All,
    Feature,
    None,
}

impl DataChoice {
    /// All of the data.
    pub(crate) fn config(&self) -> Result<DatasetConfig, CliError> {
        let config = match &self.data {
            None if self.x.is_some() || self.y.is_some() => {
                let text = "--x and --y name parts of a file: give the file with --data".to_owned();
                return Err(CliError::Usage(text));
            }
            None if self.regression => {
                let text = "--regression is for the targets of a file: give the file with --data"
                    .to_owned();
                return Err(CliError::Usage(text));
            }
            None => DatasetConfig::new(self.dataset),
            Some(path) => DatasetConfig::of_file(self.own_file(path)),
        };
        Ok(DatasetConfig {
            standardise: match self.standardise {
                StandardiseName::All => Standardise::All,
                StandardiseName::Feature => Standardise::Feature,
                StandardiseName::None => Standardise::None,
            },
            ..config
        })
    }

    /// The loss, where one may be asked for: cross-entropy of classes, squared error of real
    /// targets.
    pub(crate) fn loss(&self, asked: Option<LossName>) -> Result<Loss, CliError> {
        match asked {
            Some(LossName::CrossEntropy) if self.regression => Err(CliError::Usage(
                "cross-entropy is a loss of classes: --regression needs --loss squared-error"
                    .to_owned(),
            )),
            Some(name) => Ok(name.into()),
            None if self.regression => Ok(Loss::SquaredError),
            None => Ok(TrainingLoss::DEFAULT),
        }
    }

    /// That a result can be written where the user wants it, and not over the data. It is checked
    /// before anything is measured.
    pub(crate) fn check_output(&self, option: &str, path: Option<&Path>) -> Result<(), CliError> {
        let folder = path.and_then(Path::parent);
        let folder = folder.filter(|folder| !folder.as_os_str().is_empty() && !folder.is_dir());
        if let (Some(path), Some(folder)) = (path, folder) {
            return Err(CliError::Usage(format!(
                "{option} {}: there is no folder {}",
                path.display(),
                folder.display()
            )));
        }
        let real = |path: &Path| path.canonicalize().ok();
        let read = [self.data.as_deref(), self.y.as_deref().map(Path::new)];
        let read: Vec<PathBuf> = read.into_iter().flatten().filter_map(real).collect();
        match path.filter(|path| real(path).is_some_and(|path| read.contains(&path))) {
            None => Ok(()),
            Some(path) => Err(CliError::Usage(format!(
                "{option} {} would overwrite the data",
                path.display()
            ))),
        }
    }

    /// A file of samples that are taken as they stand.
    pub(crate) fn file(&self, path: &Path) -> Result<OwnFile, CliError> {
        match self.standardise {
            StandardiseName::All => Ok(self.own_file(path)),
            _ => Err(CliError::Usage(
                "samples for --weights are never standardised: leave out --standardise".to_owned(),
            )),
        }
    }

    fn own_file(&self, path: &Path) -> OwnFile {
        OwnFile {
            path: path.to_owned(),
            x: self.x.clone(),
            y: self.y.clone(),
            regression: self.regression,
        }
    }
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Format {
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Help of `--loss`, whose default the data decide.
pub(crate) fn loss_help() -> String {
    format!(
        "{} [default: cross-entropy, squared-error with --regression]",
        TrainingLoss::HELP
    )
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
