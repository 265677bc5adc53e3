//! `etastar find`: measures eta\* of one network.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use etastar_analysis::{Centre, Estimate, SearchCounts, Variance};
use etastar_data::{DatasetConfig, DatasetName, GaussiansConfig};
use etastar_report::export::{Format as ExportFormat, TableName, export};
use etastar_report::page::Report;
use etastar_search::settings::{
    BatchSize, Budget, EvaluateEvery, Highest, InputRate, Ladder, Lowest, OutputGain, RepeatCount,
    Seed, Setting, Threshold, Tolerance,
};
use etastar_search::{
    Cell, CellRecord, EtaStar, Manifest, Protocol, Search, SearchMethod, SuccessRule, TrialRecord,
    Vary,
};
use serde_json::{Value, json};

use super::warm_start::WarmStart;
use crate::arguments::{DataChoice, Execution, Format, LossName, Training, loss_help};
use crate::error::CliError;
use crate::flag::{Flag, parse};
use crate::measure::{Ended, Measurement, MissingData, Place};
use crate::numbers::{count, depth, positive, rate};
use crate::output;
use crate::provenance::Title;

/// The confidence of the interval.
const CONFIDENCE: f64 = 0.95;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar find --dataset fashion-mnist --width 128 --depth 8 --input-rate 0.1

The search starts at the rate that the expected tangent kernel predicts. It steps down to
the first rate that succeeds, or up to the first that fails. The first step is half an
octave (an octave is a factor of 2), the others are octaves; from --start all steps
are octaves. Then the search halves the bracket in log2 down to --tolerance. eta* of a
repeat is the largest rate that succeeded. Repeats differ in initialisation and batch
order; the result is their geometric mean with an interval.")]
pub(crate) struct FindArguments {
    #[command(flatten)]
    data: DataChoice,

    /// Width of every hidden layer
    #[arg(long, value_name = "N", value_parser = count, required_unless_present = "hidden")]
    width: Option<usize>,

    /// Number of hidden layers
    #[arg(long, value_name = "N", value_parser = depth, required_unless_present = "hidden")]
    depth: Option<usize>,

    /// Widths of the hidden layers from the input side, instead of --width and --depth
    #[arg(long, value_name = "N,N,..", value_parser = count, value_delimiter = ',', conflicts_with_all = ["width", "depth"])]
    hidden: Option<Vec<usize>>,

    #[command(flatten)]
    input_rate: Flag<InputRate>,

    /// Layers have biases
    #[arg(long, overrides_with = "no_bias")]
    bias: bool,

    /// Layers have no biases (the default)
    #[arg(long, overrides_with = "bias")]
    no_bias: bool,

    #[command(flatten)]
    output_gain: Flag<OutputGain>,

    #[arg(long, help = loss_help(), value_enum)]
    loss: Option<LossName>,

    /// Validation accuracy, or R^2 with --regression, at which a trial succeeds [default: twice
    /// that of guessing or, with few classes, half way from guessing to 1; R^2 0.5]
    #[arg(long, value_name = "ACCURACY", value_parser = parse::<Threshold>)]
    threshold: Option<f64>,

    /// Look for the edge of the first divergence instead: a trial succeeds if no training loss
    /// within the budget exceeds 3 times the first one, whatever the accuracy
    #[arg(long, conflicts_with = "threshold")]
    no_divergence: bool,

    #[command(flatten)]
    budget: Flag<Budget>,

    #[command(flatten)]
    evaluate_every: Flag<EvaluateEvery>,

    #[command(flatten)]
    batch: Flag<BatchSize>,

    /// Training samples [default: all that validation leaves]
    #[arg(long, value_name = "N", value_parser = count)]
    train: Option<usize>,

    /// Validation samples, held out of the training file [default: the dataset's]
    #[arg(long, value_name = "N", value_parser = count)]
    validation: Option<usize>,

    /// Average pixels over squares of this side, so that images have fewer inputs
    #[arg(long, value_name = "PIXELS", value_parser = count)]
    pool: Option<usize>,

    /// Dimension of the gaussians task
    #[arg(long, value_name = "N", value_parser = count)]
    dimension: Option<usize>,

    /// Distance of the means of the gaussians task, in standard deviations
    #[arg(long, value_name = "D", value_parser = positive)]
    separation: Option<f64>,

    #[command(flatten)]
    repeats: Flag<RepeatCount>,

    #[command(flatten)]
    tolerance: Flag<Tolerance>,

    /// First learning rate tried, as a power of 2; then the search goes by octaves [default: what
    /// the published law predicts, or else the tangent kernel]
    #[arg(long, value_name = "LOG2", allow_negative_numbers = true)]
    start: Option<f64>,

    #[command(flatten)]
    lowest: Flag<Lowest>,

    #[command(flatten)]
    highest: Flag<Highest>,

    #[arg(
        long,
        help = Ladder::HELP,
        value_name = "OCTAVES,..",
        value_delimiter = ',',
        allow_hyphen_values = true
    )]
    ladder: Vec<f64>,

    #[command(flatten)]
    seed: Flag<Seed>,

    /// Start at the eta* that this store of a sweep predicts instead
    #[arg(long, value_name = "STORE", conflicts_with = "start")]
    warm_start: Option<PathBuf>,

    /// Keep everything in this store, from which the same command goes on
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,

    /// Draw what became of every learning rate tried: accuracy (or R^2) as .svg, and loss too as
    /// .html
    #[arg(long, value_name = "FILE", value_parser = picture)]
    plot: Option<PathBuf>,

    /// Write every trial as a line of CSV
    #[arg(long, value_name = "FILE")]
    curve: Option<PathBuf>,

    #[command(flatten)]
    execution: Execution,

    #[command(flatten)]
    training: Training,

    #[command(flatten)]
    format: Format,
}

impl FindArguments {
    fn cell(&self) -> Result<Cell, CliError> {
        let dataset = self.data.config()?;
        let dataset = DatasetConfig {
            train: self.train,
            validation: self.validation,
            gaussians: self.gaussians(dataset.name)?,
            pool: self.pool,
            ..dataset
        };
        dataset.validate()?;
        let hidden = match (&self.hidden, self.width, self.depth) {
            (Some(hidden), ..) => hidden.clone(),
            (None, Some(width), Some(depth)) => vec![width; depth],
            // Unreachable: clap requires one or the other.
            _ => {
                return Err(CliError::Usage(
                    "give --width and --depth, or --hidden".into(),
                ));
            }
        };
        let protocol = Protocol {
            loss: self.data.loss(self.loss)?,
            batch_size: self.batch.0,
            budget: self.budget.0,
            evaluate_every: self.evaluate_every.0,
            threshold: self.threshold.unwrap_or(match dataset.is_regression() {
                true => Protocol::USUAL_R_SQUARED,
                false => Threshold::DEFAULT,
            }),
            search: self.search(),
            ladder: self.ladder.clone(),
            success: match self.no_divergence {
                true => SuccessRule::NoDivergence,
                false => SuccessRule::ReachThreshold,
            },
            ..Protocol::default()
        };
        protocol.validate()?;
        Ok(Cell {
            dataset,
            hidden,
            bias: self.bias,
            output_gain: self.output_gain.0,
            input_rate: self.input_rate.0,
            checkpoint: None,
            vary: Vary::default(),
            measurement: etastar_search::Measurement::EtaStar(protocol),
        })
    }

    fn search(&self) -> SearchMethod {
        let (lowest, highest, tolerance) = (self.lowest.0, self.highest.0, self.tolerance.0);
        match self.start {
            Some(start) => SearchMethod::Octaves {
                start,
                lowest,
                highest,
                tolerance,
            },
            None => SearchMethod::FromKernel {
                start: None,
                lowest,
                highest,
                tolerance,
            },
        }
    }

    fn gaussians(&self, dataset: DatasetName) -> Result<Option<GaussiansConfig>, CliError> {
        if dataset == DatasetName::Gaussians {
            let default = GaussiansConfig::default();
            return Ok(Some(GaussiansConfig {
                dimension: self.dimension.unwrap_or(default.dimension),
                separation: self.separation.unwrap_or(default.separation),
                seed: default.seed,
            }));
        }
        if self.dimension.is_none() && self.separation.is_none() {
            return Ok(None);
        }
        Err(CliError::Usage(
            "--dimension and --separation belong to `--dataset gaussians`".into(),
        ))
    }
}

pub(crate) fn run(arguments: &FindArguments) -> Result<(), CliError> {
    let started = Instant::now();
    let mut cell = arguments.cell()?;
    let is_regression = cell.dataset.is_regression();
    for (option, path) in [("--curve", &arguments.curve), ("--plot", &arguments.plot)] {
        arguments.data.check_output(option, path.as_deref())?;
    }
    let warm_start = match &arguments.warm_start {
        Some(store) => Some(WarmStart::apply(store, &mut cell)?),
        None if arguments.start.is_none() => WarmStart::published(&mut cell),
        None => None,
    };
    for warning in warm_start.iter().flat_map(WarmStart::warnings) {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    let title = Title {
        experiment: "find",
        question: "What is eta* of this network?",
        ..Title::default()
    };
    let mut measurement = Measurement::prepare(
        title,
        vec![cell],
        arguments.repeats.0,
        arguments.seed.0,
        &arguments.execution,
        MissingData::Refuse,
    )?
    .with_training(&arguments.training);
    if arguments.threshold.is_none() && !is_regression {
        measurement.choose_thresholds();
    }
    let identity = measurement.identity();
    let snapshot = match &arguments.store {
        None => measurement.run_in_memory(identity)?,
        Some(path) => {
            let measured = measurement.run(identity, Place::Store(path), None)?;
            if measured.ended != Ended::Complete {
                let text = "the same command goes on where it stopped".to_owned();
                return Err(CliError::Interrupted(text));
            }
            measured.store.snapshot()?
        }
    };
    let Some(measured) = snapshot.cells.first().cloned() else {
        return Err(CliError::Usage("there is no cell to measure".into()));
    };
    let found = Found::new(measured, snapshot.manifest.clone(), warm_start, started);
    if arguments.format.json {
        output::print_json(&found.json())?;
    } else {
        output::print(&found.text())?;
    }
    // After the result, which a file that cannot be written must not cost.
    if let Some(path) = &arguments.plot {
        let drawn = found.picture(path);
        std::fs::write(path, drawn).map_err(CliError::write(path))?;
    }
    if let Some(path) = &arguments.curve {
        let file = File::create(path).map_err(CliError::write(path))?;
        export(&snapshot, ExportFormat::Csv, TableName::Trials, false, file)?;
    }
    found.check()
}

/// A file that a picture can be written to.
fn picture(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(OsStr::to_str) {
        Some("svg" | "html") => Ok(path),
        _ => Err("its name must end in .svg or .html".to_owned()),
    }
}

/// The result of the command.
struct Found {
    measured: CellRecord,
    manifest: Manifest,
    estimate: Estimate,
    counts: SearchCounts,
    warm_start: Option<WarmStart>,
    seconds: f64,
}

impl Found {
    fn new(
        measured: CellRecord,
        manifest: Manifest,
        warm_start: Option<WarmStart>,
        started: Instant,
    ) -> Self {
        let searches = measured.repeats.iter().filter_map(|repeat| repeat.search());
        let ends: Vec<EtaStar> = searches.map(|search| search.eta_star).collect();
        let found = ends.iter().filter_map(|end| match end {
            EtaStar::Found { eta_star, .. } => Some(eta_star.log2()),
            _ => None,
        });
        let found: Vec<f64> = found.collect();
        let variance = Variance::pooled([found.as_slice()]);
        Self {
            estimate: Estimate::from_searches(&ends, &variance, CONFIDENCE),
            counts: std::iter::once(&measured).collect(),
            measured,
            manifest,
            warm_start,
            seconds: started.elapsed().as_secs_f64(),
        }
    }

    /// Repeats with their searches.
    fn searches(&self) -> impl Iterator<Item = (usize, &Search)> {
        let repeats = self.measured.repeats.iter();
        repeats.filter_map(|repeat| Some((repeat.repeat, repeat.search()?)))
    }

    /// Every rate tried, as the kind of file that the name says.
    fn picture(&self, path: &Path) -> String {
        let cell = &self.measured.cell;
        let title = format!("eta* of {} on {}", network(cell), cell.dataset.title());
        let report = Report::curve(&title, &self.measured, &self.manifest, &self.estimate);
        match path.extension().and_then(OsStr::to_str) {
            Some("svg") => report.first_figure().unwrap_or_default(),
            _ => report.html(),
        }
    }

    fn json(&self) -> Value {
        let repeats: Vec<Value> = self.searches().map(repeat_json).collect();
        let mut object = json!({
            "eta_star": self.estimate.value,
            "log2_eta_star": self.estimate.log2,
            "estimate": self.estimate.centre,
            "interval": self.estimate.interval,
            "confidence": CONFIDENCE,
            "found": self.counts.found,
            "nothing_succeeds": self.counts.nothing_succeeds,
            "nothing_fails": self.counts.nothing_fails,
            "repeats": repeats,
            "trials": self.counts.trials,
            "seconds": self.seconds,
            "cell": self.measured.cell,
            "inputs": self.measured.inputs,
            "outputs": self.measured.outputs,
            "manifest": self.manifest,
        });
        if let Some(warm_start) = &self.warm_start {
            object["warm_start"] = warm_start.json();
        }
        object
    }

    fn text(&self) -> String {
        let cell = &self.measured.cell;
        let protocol = cell.protocol().cloned().unwrap_or_default();
        let network = network(cell);
        let mut text = format!(
            "{} on {}, input-layer rate {}\n",
            network,
            cell.dataset.title(),
            cell.input_rate
        );
        text.push_str(&self.result());
        let rows = self.searches().map(|(repeat, search)| {
            let eta_star = match search.eta_star {
                EtaStar::Found { eta_star, .. } => rate(eta_star),
                EtaStar::NothingSucceeds { lowest } => format!("below {lowest:.3e}"),
                EtaStar::NothingFails { highest } => format!("at least {highest}"),
            };
            let monotone = if search.monotone { "yes" } else { "no" };
            [
                repeat.to_string(),
                eta_star,
                search.trials.len().to_string(),
                monotone.to_owned(),
            ]
        });
        text.push_str(&output::table(
            ["REPEAT", "ETA*", "TRIALS", "MONOTONE"],
            rows,
        ));
        if let Some(warm_start) = &self.warm_start {
            text.push_str(&warm_start.text());
        }
        text.push_str(&format!(
            "{} trials in {:.1} s; {} {}, seed {}; {} within {} steps of {} samples\n",
            self.counts.trials,
            self.seconds,
            self.manifest.backend,
            self.manifest.float,
            self.manifest.seed,
            match protocol.success {
                SuccessRule::NoDivergence => format!(
                    "no loss above {} times the first",
                    protocol.divergence_factor
                ),
                _ if cell.dataset.is_regression() => format!("R^2 {}", protocol.threshold),
                _ => format!("accuracy {}", protocol.threshold),
            },
            protocol.budget,
            protocol.batch_size,
        ));
        text
    }

    /// The first line after the network: eta\* with its interval, and the repeats that left the
    /// range.
    fn result(&self) -> String {
        let Estimate {
            value,
            log2,
            centre,
            interval,
            ..
        } = self.estimate;
        let is_median = centre == Centre::Median;
        let mut text = String::new();
        let (counts, all) = (self.counts, self.counts.searches);
        for (count, what) in [
            (counts.nothing_succeeds, "succeeds"),
            (counts.nothing_fails, "fails"),
        ] {
            if count > 0 {
                text.push_str(&format!(
                    "{count} of {all} repeats: no learning rate in the range {what}\n"
                ));
            }
        }
        match (value, log2) {
            (Some(eta_star), Some(log2)) => {
                let name = if is_median { "median eta*" } else { "eta*" };
                text.push_str(&format!("{name} = {} (2^{log2:.3})", rate(eta_star)));
            }
            _ => text.push_str(&match (self.estimate.below, self.estimate.at_least) {
                (Some(below), _) => format!("median eta* is below {below:.3e}"),
                (_, Some(at_least)) => format!("median eta* is at least {at_least}"),
                _ => "eta* not found in range".to_owned(),
            }),
        }
        let percent = 100.0 * CONFIDENCE;
        text.push_str(&match interval {
            Some([Some(low), Some(high)]) => {
                format!(", {percent:.0} % interval {} to {}", rate(low), rate(high))
            }
            Some([None, Some(high)]) => {
                format!(", at most {} with {percent:.0} % confidence", rate(high))
            }
            Some([Some(low), None]) => {
                format!(", at least {} with {percent:.0} % confidence", rate(low))
            }
            Some([None, None]) | None => ", no interval: too few repeats".to_owned(),
        });
        text.push('\n');
        text
    }

    /// An error if no repeat has found eta\*, so that scripts notice it.
    fn check(&self) -> Result<(), CliError> {
        if self.counts.found > 0 {
            return Ok(());
        }
        let why = if self.counts.nothing_fails > self.counts.nothing_succeeds {
            "every learning rate succeeds; raise --highest or --threshold"
        } else {
            "no learning rate succeeds; lower --threshold or --lowest, or raise --budget"
        };
        Err(CliError::NoEtaStar(why.to_owned()))
    }
}

/// A network in words.
fn network(cell: &Cell) -> String {
    match cell.constant_width() {
        Some(width) => format!("depth {} (hidden layers), width {width}", cell.depth()),
        None => format!("hidden layers {:?}", cell.hidden),
    }
}

fn trial_json(trial: &TrialRecord) -> Value {
    json!({
        "learning_rate": trial.learning_rate,
        "outcome": trial.outcome,
        "steps": trial.steps,
        "accuracy": trial.curve.last().map(|point| point.accuracy),
        "losses": trial.losses,
    })
}

fn repeat_json((repeat, search): (usize, &Search)) -> Value {
    let (eta_star, result) = match search.eta_star {
        EtaStar::Found { eta_star, .. } => (Some(eta_star), "found"),
        EtaStar::NothingSucceeds { .. } => (None, "nothing-succeeds"),
        EtaStar::NothingFails { .. } => (None, "nothing-fails"),
    };
    json!({
        "repeat": repeat,
        "eta_star": eta_star,
        "result": result,
        "trials": search.trials.len(),
        "monotone": search.monotone,
        "tried": search.trials.iter().map(trial_json).collect::<Vec<_>>(),
    })
}
