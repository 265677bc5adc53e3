//! `etastar find`: measures eta\* of one network.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser, UnknownArgumentValueParser};
use etastar::{
    Found, Network, Options, Samples, Start, WarmStart, fastest_rate, find_with, rates, success,
};
use etastar_data::{DatasetConfig, DatasetName, GaussiansConfig};
use etastar_report::export::{Format as ExportFormat, TableName, export};
use etastar_report::page::Report;
use etastar_search::settings::{
    BatchSize, Budget, EvaluateEvery, Highest, InputRate, Ladder, Lowest, OutputGain,
    RelativeRates, RepeatCount, Seed, Setting, Threshold, Tolerance, WarmUp,
};
use etastar_search::{EtaStar, Protocol, SearchMethod, SuccessRule};

use crate::arguments::{DataChoice, Execution, Format, LossName, Training, loss_help, tell_data};
use crate::command_line::{command_line, listen_for_interrupts};
use crate::error::CliError;
use crate::flag::{Flag, parse};
use crate::form::{FormFlags, OptimiserFlags};
use crate::numbers::{count, depth, not_negative, positive, rate};
use crate::output;
use crate::progress::Screen;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar find --dataset fashion-mnist --width 128 --depth 8 --input-rate 0.1

The search starts at the rate that the published law predicts. Where that law does not
hold, it starts at the rate that the expected tangent kernel predicts. It steps down to
the first rate that succeeds, or up to the first that fails. The first step is half an
octave (an octave is a factor of 2), and the others are octaves; with --start all steps
are octaves. Then the search halves the bracket in log2 until it is no wider than
--tolerance. eta* of a repeat is the largest rate that succeeded. Repeats differ in
initialisation and batch order; the result is their geometric mean with an interval.")]
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

    #[arg(long, help = RelativeRates::HELP, value_name = "M,..", value_delimiter = ',',
        value_parser = not_negative, conflicts_with = "input_rate")]
    layer_rates: Vec<f64>,

    /// Layers have biases
    #[arg(long, overrides_with = "no_bias")]
    bias: bool,

    /// Layers have no biases (the default)
    #[arg(long, overrides_with = "bias")]
    no_bias: bool,

    #[command(flatten)]
    output_gain: Flag<OutputGain>,

    #[command(flatten)]
    form: FormFlags,

    #[arg(long, help = loss_help(), value_enum)]
    loss: Option<LossName>,

    /// Validation accuracy, or R^2 with --regression, at which a trial succeeds [default: twice
    /// that of guessing or, with few classes, halfway from guessing to 1; 0.5 for R^2]
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
    warm_up: Flag<WarmUp>,

    #[command(flatten)]
    optimiser: OptimiserFlags,

    #[command(flatten)]
    batch: Flag<BatchSize>,

    /// Training samples [default: all that are not held out for validation]
    #[arg(long, value_name = "N", value_parser = count)]
    train: Option<usize>,

    /// Validation samples, held out of the training file [default: the dataset's usual number]
    #[arg(long, value_name = "N", value_parser = count)]
    validation: Option<usize>,

    /// Average pixels over squares with this side, so that images have fewer inputs
    #[arg(long, value_name = "PIXELS", value_parser = count)]
    pool: Option<usize>,

    /// Dimension of the gaussians task
    #[arg(long, value_name = "N", value_parser = count)]
    dimension: Option<usize>,

    /// Distance between the means of the gaussians task, in standard deviations
    #[arg(long, value_name = "D", value_parser = positive)]
    separation: Option<f64>,

    #[command(flatten)]
    repeats: Flag<RepeatCount>,

    #[command(flatten)]
    tolerance: Flag<Tolerance>,

    /// What people look for who are used to training.
    #[arg(long, alias = "learning-rate", hide = true, value_name = "RATE",
        value_parser = UnknownArgumentValueParser::suggest(
            "`find` measures the largest learning rate; --start names the first one tried"))]
    lr: Option<String>,

    /// log2 of the first learning rate tried; all steps from there are octaves [default: what the
    /// published law predicts, or else the tangent kernel]
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

    /// Start at the eta* that is predicted from this store of a sweep
    #[arg(long, value_name = "STORE", conflicts_with = "start")]
    warm_start: Option<PathBuf>,

    /// Keep everything in this store; the same command resumes from it
    #[arg(long, value_name = "FILE")]
    store: Option<PathBuf>,

    /// Plot the outcome of every learning rate tried: accuracy (or R^2) as .svg, accuracy and loss
    /// as .html
    #[arg(long, value_name = "FILE", value_parser = OsStringValueParser::new().try_map(picture_file))]
    plot: Option<PathBuf>,

    /// Write every trial to this file, each as a line of CSV
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
    fn samples(&self) -> Result<Samples, CliError> {
        let dataset = self.data.config()?;
        let dataset = DatasetConfig {
            train: self.train,
            validation: self.validation,
            gaussians: self.gaussians(dataset.name)?,
            pool: self.pool,
            ..dataset
        };
        let samples = Samples::load(&dataset, &self.execution.data.folders())?;
        tell_data(&dataset, samples.dataset());
        Ok(samples)
    }

    fn network(&self) -> Network {
        // clap requires the hidden layers or both numbers.
        let constant = vec![self.width.unwrap_or(0); self.depth.unwrap_or(0)];
        Network {
            hidden: self.hidden.clone().unwrap_or(constant),
            bias: self.bias,
            output_gain: self.output_gain.0,
            input_rate: self.input_rate.0,
            layer_rates: self.layer_rates.clone(),
            form: self.form.form(),
        }
    }

    fn protocol(&self, samples: &Samples) -> Result<Protocol, CliError> {
        let usual = samples.usual_protocol();
        let share = samples.commonest_share();
        if let Some(threshold) = self.threshold.filter(|threshold| *threshold <= share) {
            output::tell(&format!(
                "warning: a network that predicts the commonest class for every sample reaches {:.3}, \
                 and the threshold is {threshold}: a rate that destroys the network may count as \
                 success; raise --threshold",
                share
            ));
        }
        Ok(Protocol {
            loss: self.data.loss(self.loss)?,
            batch_size: self.batch.0,
            budget: self.budget.0,
            evaluate_every: self.evaluate_every.0,
            threshold: self.threshold.unwrap_or(usual.threshold),
            search: SearchMethod::from_start(
                self.start,
                self.lowest.0,
                self.highest.0,
                self.tolerance.0,
            ),
            ladder: self.ladder.clone(),
            warm_up: self.warm_up.0,
            success: match self.no_divergence {
                true => SuccessRule::NoDivergence,
                false => SuccessRule::ReachThreshold,
            },
            ..usual.with_optimiser(self.optimiser.optimiser())
        })
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
    for (option, path) in [("--curve", &arguments.curve), ("--plot", &arguments.plot)] {
        arguments.data.check_output(option, path.as_deref())?;
    }
    if arguments.plot.is_some() && arguments.plot == arguments.curve {
        let text = "--plot and --curve name the same file: give each its own".to_owned();
        return Err(CliError::Usage(text));
    }
    let samples = arguments.samples()?;
    let protocol = arguments.protocol(&samples)?;
    let options = Options {
        repeats: arguments.repeats.0,
        seed: arguments.seed.0,
        execution: arguments.execution.execution(Some(&arguments.training)),
        start: match (&arguments.warm_start, arguments.start) {
            (Some(store), _) => Start::Store(store.clone()),
            (None, None) => Start::Published,
            (None, Some(_)) => Start::Protocol,
        },
        store: arguments.store.clone(),
        command: command_line(),
        interrupt: listen_for_interrupts()?,
    };
    let screen = Screen {
        store: arguments.store.as_deref(),
        experiment: "find",
        jobs: options.execution.jobs,
        repeats: options.repeats,
        ..Screen::default()
    };
    let found = find_with(&samples, &arguments.network(), &protocol, &options, &screen);
    let found =
        found.map_err(|error| CliError::measurement("find", options.store.is_some(), error))?;
    // The result comes first, which a file that cannot be written must not cost. Nor does a reader
    // who has read enough cost the files.
    let printed = match arguments.format.json {
        true => output::print_json(&found),
        false => output::print(&text(&found)),
    };
    if let Some(path) = &arguments.plot {
        output::write_file(path, picture(&found, path))?;
    }
    if let Some(path) = &arguments.curve {
        let mut bytes = Vec::new();
        let (format, table) = (ExportFormat::Csv, TableName::Trials);
        export(&found.snapshot, format, table, false, &mut bytes)?;
        output::write_file(path, bytes)?;
    }
    printed?;
    check(&found)
}

/// A file that a picture can be written to.
fn picture_file(name: OsString) -> Result<PathBuf, String> {
    let path = PathBuf::from(name);
    match path.extension().and_then(OsStr::to_str) {
        Some("svg" | "html") => Ok(path),
        _ => Err("its name must end in .svg or .html".to_owned()),
    }
}

/// Every rate tried, as the kind of file that the name says.
fn picture(found: &Found, path: &Path) -> String {
    let Some(record) = found.record() else {
        return String::new();
    };
    let report = Report::curve(&found.title(), record, &found.manifest, &found.of_repeats);
    match path.extension().and_then(OsStr::to_str) {
        Some("svg") => report.first_figure().unwrap_or_default(),
        _ => report.html(),
    }
}

fn text(found: &Found) -> String {
    let cell = &found.cell;
    let mut text = format!(
        "{} on {}, {}\n",
        found.network(),
        cell.dataset.title(),
        rates(cell),
    );
    text.push_str(&found.to_string());
    if let Some(fastest) = &found.fastest_rate {
        text.push_str(&fastest_rate(fastest));
    }
    let looked = cell.has_ladder();
    let searches = found
        .record()
        .into_iter()
        .flat_map(|record| &record.repeats);
    let searches = searches.filter_map(|repeat| Some((repeat.repeat, repeat.search()?)));
    let rows = searches.map(|(repeat, search)| {
        let eta_star = match search.eta_star {
            EtaStar::Found { eta_star, .. } => rate(eta_star),
            EtaStar::NothingSucceeds { lowest } => format!("below {lowest:.3e}"),
            EtaStar::NothingFails { highest } => format!("at least {highest}"),
        };
        let monotone = match (looked, search.monotone) {
            (false, _) => "",
            (true, true) => "yes",
            (true, false) => "no",
        };
        [
            repeat.to_string(),
            eta_star,
            search.trials.len().to_string(),
            monotone.to_owned(),
        ]
    });
    text.push_str(&output::table(
        [
            "REPEAT",
            "ETA*",
            "TRIALS",
            if looked { "MONOTONE" } else { "" },
        ],
        rows,
    ));
    if let Some(warm_start) = &found.warm_start {
        text.push_str(&start(warm_start));
    }
    text.push_str(&format!(
        "{} trials in {:.1} s; {} {}, seed {}; {}\n",
        found.trials,
        found.seconds,
        found.manifest.backend,
        found.manifest.float,
        found.manifest.seed,
        success(cell),
    ));
    text
}

/// Where the search started.
fn start(warm_start: &WarmStart) -> String {
    let (Some(start), Some(prediction)) = (warm_start.start, &warm_start.prediction) else {
        return "no warm start\n".to_owned();
    };
    let [low, high] = prediction.network_interval.map(rate);
    format!(
        "start at 2^{start}, from {}: predicted {}, one network {low} to {high}\n",
        warm_start.store.as_deref().unwrap_or("the published law"),
        rate(prediction.eta_star),
    )
}

/// An error if no repeat has found eta\*, so that scripts notice it.
fn check(found: &Found) -> Result<(), CliError> {
    match found.advice() {
        None => Ok(()),
        Some(advice) => Err(CliError::NoEtaStar(advice.to_owned())),
    }
}
