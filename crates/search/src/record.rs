//! What is known once it has been measured: plain data, as the store keeps it
//! and as reports and exports read it.

use std::collections::BTreeMap;

use etastar_sharpness::NetworkSharpness;
use etastar_sharpness::prediction::KernelPrediction;
use serde::{Deserialize, Serialize};

use crate::cheap_rates::CheapRates;
use crate::{Cell, Strategy};

/// How one trial ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The rule of success was met: validation accuracy reached the threshold, or was kept, or no
    /// loss diverged.
    Success,
    /// The training loss became infinite or not a number.
    NonFinite,
    /// The training loss rose above the multiple of its start that no loss may exceed.
    Diverged,
    /// The budget of steps ended below the threshold.
    Exhausted,
}

impl Outcome {
    const ALL: [Self; 4] = [
        Self::Success,
        Self::NonFinite,
        Self::Diverged,
        Self::Exhausted,
    ];

    /// The name in stores and exports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::NonFinite => "non-finite",
            Self::Diverged => "diverged",
            Self::Exhausted => "exhausted",
        }
    }

    /// The outcome of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == name)
    }
}

/// Validation accuracy, or `R^2`, at one step of a trial.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CurvePoint {
    /// SGD steps taken before the evaluation.
    pub step: usize,
    /// Validation accuracy, 0 to 1; of a regression `R^2`, see [`Evaluation`](crate::Evaluation).
    pub accuracy: f64,
    /// Largest absolute output over the validation samples; absent where one is not finite.
    pub largest_output: Option<f64>,
}

/// The training losses of a trial: each the mean over a mini-batch, before the step on it; absent
/// where it is not finite.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Losses {
    /// Of the first step.
    pub first: Option<f64>,
    /// Of the last step taken.
    pub last: Option<f64>,
    /// The largest finite one.
    pub largest: Option<f64>,
    /// The first step, counted from 1, whose loss was not finite or above the protocol's
    /// `divergence_factor` times the first; absent where there was none.
    pub diverged_at: Option<usize>,
    /// Mean over the steps since the last evaluation but one, if the trial has gone on to the end
    /// of its budget ([`Protocol::whole_budget`](crate::Protocol::whole_budget)) with finite ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<f64>,
}

/// One finished training at one learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// The constant learning rate.
    pub learning_rate: f64,
    /// How it ended.
    pub outcome: Outcome,
    /// SGD steps taken when it ended.
    pub steps: usize,
    /// Its training losses.
    pub losses: Losses,
    /// Validation accuracy at every evaluation.
    pub curve: Vec<CurvePoint>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

impl TrialRecord {
    /// Whether the training met the rule of success.
    pub fn succeeded(&self) -> bool {
        self.outcome == Outcome::Success
    }
}

/// Where the search of one repeat ended.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum EtaStar {
    /// The final bracket: `eta_star` succeeded, `upper` failed.
    Found {
        /// Largest learning rate of the final bracket that succeeded.
        eta_star: f64,
        /// Smallest learning rate of the final bracket that failed.
        upper: f64,
    },
    /// No rate in range succeeded, down to this one: eta\* is below it.
    NothingSucceeds {
        /// Lowest learning rate tried.
        lowest: f64,
    },
    /// No rate in range failed, up to this one: eta\* is at least this.
    NothingFails {
        /// Highest learning rate tried.
        highest: f64,
    },
}

/// One finished repeat of a cell: one initialisation and one batch order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RepeatRecord {
    /// Index of the repeat, from 0.
    pub repeat: usize,
    /// What was measured.
    pub result: Measured,
}

/// What was measured in one repeat.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    /// A search for eta\*.
    EtaStar(Search),
    /// The sharpness of a network.
    Sharpness(Box<SharpnessRecord>),
}

/// One finished search.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    /// Where the search ended.
    pub eta_star: EtaStar,
    /// Whether every rate tried up to the largest successful one succeeded.
    pub monotone: bool,
    /// Every trial of the search and its ladder, by ascending learning rate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<TrialRecord>,
}

/// The sharpness of one network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SharpnessRecord {
    /// What was measured.
    pub sharpness: NetworkSharpness,
    /// Learning rates that are cheap to find, where the cell asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cheap_rates: Option<CheapRates>,
    /// Wall-clock seconds; the store keeps them apart from what is measured.
    #[serde(skip)]
    pub seconds: f64,
}

impl RepeatRecord {
    /// The search, if it is one.
    pub fn search(&self) -> Option<&Search> {
        match &self.result {
            Measured::EtaStar(search) => Some(search),
            Measured::Sharpness(_) => None,
        }
    }

    /// The sharpness, if it was measured.
    pub fn sharpness(&self) -> Option<&SharpnessRecord> {
        match &self.result {
            Measured::EtaStar(_) => None,
            Measured::Sharpness(record) => Some(record),
        }
    }
}

/// A cell with its finished repeats, by ascending index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellRecord {
    /// Content hash of the cell (hexadecimal).
    pub id: String,
    /// The cell.
    pub cell: Cell,
    /// Number of input features, `n_0`.
    pub inputs: usize,
    /// Number of classes or of real targets, `K`.
    pub outputs: usize,
    /// Prediction of `lambda_1(G)` from the data's infinite-width kernel, once computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<KernelPrediction>,
    /// Finished repeats.
    pub repeats: Vec<RepeatRecord>,
}

/// The machine a session ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub architecture: String,
    /// Processor model, where the system tells it.
    pub processor: Option<String>,
    /// Logical cores.
    pub cores: usize,
}

/// What all rows of a store have in common; fixed when it is created.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the store's layout.
    pub format_version: u32,
    /// Version of the program that created it.
    pub tool_version: String,
    /// Git commit of that program, where known.
    pub git_commit: Option<String>,
    /// Name of the experiment.
    pub experiment: String,
    /// The question the experiment asks, in words.
    pub question: String,
    /// Profile of the experiment (`quick`, ..), if one was chosen.
    pub profile: Option<String>,
    /// Hash of the whole configuration (hexadecimal).
    pub configuration_hash: String,
    /// Name of the Burn backend and its float type, e.g. `flex` and `f32`.
    pub backend: String,
    /// Float type of the tensors.
    pub float: String,
    /// Device of the backend.
    pub device: String,
    /// How trials are carried out.
    #[serde(default, skip_serializing_if = "Strategy::is_sequential")]
    pub strategy: Strategy,
    /// Cargo features of the program.
    pub features: Vec<String>,
    /// SHA-256 (hexadecimal) of each data file used, by `dataset/file`.
    pub datasets: BTreeMap<String, String>,
    /// Master seed.
    pub seed: u64,
    /// Repeats asked for in every cell.
    pub repeats: usize,
    /// Variants of the experiment, each with the cells it consists of, in the
    /// experiment's order. A cell may belong to several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variants: Vec<VariantCells>,
    /// Datasets of the experiment that were not to be had, so that their cells
    /// are not in the store.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_run: Vec<NotRun>,
    /// The experiment's `[analysis]`: what is concluded from the numbers, and
    /// by which rule. Fixed with everything else before the first trial;
    /// whoever analyses gives it its meaning.
    #[serde(default, skip_serializing_if = "serde_json::Value::is_null")]
    pub analysis: serde_json::Value,
}

/// The cells of one variant of an experiment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantCells {
    /// The variant's name, unique in the experiment.
    pub name: String,
    /// Identities of its cells, in the grid's order.
    pub cells: Vec<String>,
}

/// A dataset that could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotRun {
    /// Name of the dataset.
    pub dataset: String,
    /// Why, and what would mend it.
    pub reason: String,
}

/// One run of the program on a store: a sweep that was interrupted and
/// resumed has several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// The command line.
    pub command: String,
    /// Program version.
    pub tool_version: String,
    /// The machine.
    pub host: Host,
    /// Threads across trials.
    pub jobs: usize,
    /// The part of the sweep that it measured, `2/6`; absent for all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<String>,
    /// Fingerprint of how its device rounds, see [`arithmetic`](crate::arithmetic);
    /// absent where nothing was left to measure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arithmetic: Option<String>,
    /// Start, RFC 3339, UTC.
    pub started_at: String,
    /// End, RFC 3339, UTC; absent when the session was killed.
    pub finished_at: Option<String>,
}

/// Everything a store holds, read in one consistent view.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The manifest.
    pub manifest: Manifest,
    /// Sessions, in order.
    pub sessions: Vec<Session>,
    /// Cells of the grid, finished or not: those of eta\*, then those of
    /// sharpness, each in the grid's order.
    pub cells: Vec<CellRecord>,
}

impl Snapshot {
    /// Number of repeats that are finished.
    pub fn finished_repeats(&self) -> usize {
        self.cells.iter().map(|cell| cell.repeats.len()).sum()
    }

    /// Number of repeats that the whole sweep has.
    pub fn expected_repeats(&self) -> usize {
        self.cells.len() * self.manifest.repeats
    }

    /// Every [`arithmetic`](crate::arithmetic) that it was measured with, in the
    /// order of sessions.
    pub fn arithmetics(&self) -> Vec<&str> {
        distinct_arithmetics(&self.sessions)
    }
}

pub(crate) fn distinct_arithmetics(sessions: &[Session]) -> Vec<&str> {
    let mut distinct = Vec::new();
    for one in sessions
        .iter()
        .filter_map(|session| session.arithmetic.as_deref())
    {
        if !distinct.contains(&one) {
            distinct.push(one);
        }
    }
    distinct
}
