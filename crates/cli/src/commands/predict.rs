use std::path::PathBuf;

use clap::Args;
use etastar_analysis::{Law, NetworkShape, PredictOptions, Prediction, Series, predict, source};
use etastar_search::{Manifest, Store};
use serde_json::{Value, json};

use crate::arguments::Format;
use crate::error::CliError;
use crate::numbers::{count, depth, not_negative};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  etastar predict results/power-law-quick-*.db --depth 8 --width 1024 --input-rate 0.1

The law of `etastar fit` that predicts left-out networks best at that input-layer
rate predicts this one. An input-layer rate that was not measured is predicted by
the law of the effective size, between rates that were. The prediction holds under
the sweep's protocol, which is printed with it.")]
pub(crate) struct PredictArguments {
    /// Store of a sweep
    store: PathBuf,

    /// Number of hidden layers
    #[arg(long, value_name = "L", value_parser = depth)]
    depth: usize,

    /// Width of every hidden layer
    #[arg(long, value_name = "W", value_parser = count)]
    width: usize,

    /// Learning rate of the input layer relative to the others
    #[arg(long, value_name = "M", value_parser = not_negative, default_value = "1")]
    input_rate: f64,

    /// Dataset, or the name under which `etastar fit` lists it [default: the only one]
    #[arg(long, value_name = "NAME")]
    dataset: Option<String>,

    /// Fit only cells with width >= K * depth, if they are enough
    #[arg(long, value_name = "K", default_value = "8")]
    width_over_depth: f64,

    /// Confidence of the intervals
    #[arg(long, value_name = "P", default_value = "0.95")]
    confidence: f64,

    /// Predict however far the network is from those measured
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &PredictArguments) -> Result<(), CliError> {
    let snapshot = Store::open_to_read(&arguments.store)?.snapshot()?;
    let series = source(&snapshot, arguments.dataset.as_deref())?;
    let network = NetworkShape {
        depth: arguments.depth,
        width: arguments.width,
        input_rate: arguments.input_rate,
    };
    let options = PredictOptions {
        width_over_depth: arguments.width_over_depth,
        confidence: arguments.confidence,
        force: arguments.force,
        ..PredictOptions::default()
    };
    let prediction = predict(&series, &network, &options)?;
    if arguments.format.json {
        output::print_json(&json(&prediction, &series, &snapshot.manifest)?)
    } else {
        output::print(&text(&prediction, &series, &snapshot.manifest))
    }
}

/// The prediction with the protocol under which it holds.
fn json(
    prediction: &Prediction,
    series: &Series<'_>,
    manifest: &Manifest,
) -> Result<Value, CliError> {
    let mut object = serde_json::to_value(prediction)?;
    let cell = series.cells.first().map(|record| &record.cell);
    object["protocol"] = json!(cell.and_then(|cell| cell.protocol()));
    object["dataset_settings"] = json!(cell.map(|cell| &cell.dataset));
    object["backend"] = json!(manifest.backend);
    object["float"] = json!(manifest.float);
    object["seed"] = json!(manifest.seed);
    Ok(object)
}

fn text(prediction: &Prediction, series: &Series<'_>, manifest: &Manifest) -> String {
    let percent = 100.0 * prediction.confidence;
    let mut text = format!(
        "depth {} (hidden layers), width {} on {}, input-layer rate {}\n\
         eta* = {:.4} (2^{:.3}), predicted\n",
        prediction.depth,
        prediction.width,
        prediction.dataset,
        prediction.input_rate,
        prediction.eta_star,
        prediction.log2_eta_star,
    );
    let interval = |[low, high]: [f64; 2]| format!("{low:.4} to {high:.4}");
    let rows = [
        [
            format!("{percent} % interval, geometric mean over networks"),
            interval(prediction.mean_interval),
        ],
        [
            format!("{percent} % interval, one network and batch order"),
            interval(prediction.network_interval),
        ],
    ];
    text.push_str(&output::columns(&rows));
    text.push_str(&law(prediction));
    let extrapolation = &prediction.extrapolation;
    text.push_str(&format!(
        "extrapolation: depth x width is {:.3} and effective size {:.3} times the largest fitted\n",
        extrapolation.depth_width, extrapolation.effective_size
    ));
    for warning in &prediction.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text.push_str(&protocol(series, manifest));
    text
}

/// Which law, on what, and why.
fn law(prediction: &Prediction) -> String {
    let censored = match prediction.censored_repeats {
        0 => String::new(),
        1 => ", 1 repeat censored".to_owned(),
        repeats => format!(", {repeats} repeats censored"),
    };
    let why = match prediction.runner_up {
        Some(second) => format!(
            "; second: {}, {:.3} octaves",
            law_name(second.law, second.law_input_rate),
            second.error_octaves
        ),
        None => "; no other law can be fitted".to_owned(),
    };
    format!(
        "law: {}, fitted to {} cells with width >= {} x depth{censored}\n\
         why: least leave-one-network-out error, {:.3} octaves{why}\n",
        law_name(prediction.law, prediction.law_input_rate),
        prediction.cells,
        prediction.width_over_depth,
        prediction.error_octaves,
    )
}

fn law_name(law: Law, input_rate: Option<f64>) -> String {
    match input_rate {
        Some(rate) => format!("{} at input-layer rate {rate}", law.name()),
        None => format!("{} over all input-layer rates", law.name()),
    }
}

/// Under which protocol all of it holds.
fn protocol(series: &Series<'_>, manifest: &Manifest) -> String {
    let Some(cell) = series.cells.first().map(|record| &record.cell) else {
        return String::new();
    };
    let Some(protocol) = cell.protocol() else {
        return String::new();
    };
    let samples = |count: Option<usize>, what: &str| match count {
        Some(count) => format!("{count} {what}"),
        None => format!("all {what}"),
    };
    format!(
        "protocol: accuracy {} within {} steps of {} samples, {}, {}, {}; {} {}, seed {}\n",
        protocol.threshold,
        protocol.budget,
        protocol.batch_size,
        protocol.loss.as_str(),
        cell.dataset.name,
        samples(cell.dataset.train, "training samples"),
        manifest.backend,
        manifest.float,
        manifest.seed,
    )
}
