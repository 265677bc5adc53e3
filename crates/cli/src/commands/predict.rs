//! `etastar predict`: eta\* of a network that was not measured, from a store or from measurements
//! that come with the program.

use std::path::PathBuf;

use clap::Args;
use etastar::{
    FastestRate, fastest_rate, fastest_rate_predicted, form_and_optimiser, json, success,
};
use etastar_analysis::{
    Law, NetworkShape, PredictOptions, Prediction, Series, kebab, predict, predict_published,
    source,
};
use etastar_data::Standardise;
use etastar_search::settings::OutputGain;
use etastar_search::{Cell, Manifest, Store};

use crate::arguments::{Format, LossName};
use crate::error::CliError;
use crate::numbers::{count, depth, not_negative, rate};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  etastar predict --depth 8 --width 1024 --inputs 784 --input-rate 0.1
  etastar predict results/power-law-quick-*.db --depth 8 --width 1024 --input-rate 0.1

Without a store, the prediction comes from a law fitted to published measurements: networks
of depth 4 to 32 on two datasets, under the default protocol of `etastar find`. With a
store, the prediction holds under the sweep's protocol, which is printed with it. The
command chooses among several laws: it takes the one that, fitted to the smaller networks,
best predicts those 2 to 4 times larger. For an input-layer rate between those measured, it
uses a law that describes all of them.")]
pub(crate) struct PredictArguments {
    /// Store of a sweep [default: published measurements]
    store: Option<PathBuf>,

    /// Number of hidden layers
    #[arg(long, value_name = "L", value_parser = depth)]
    depth: usize,

    /// Width of every hidden layer
    #[arg(long, value_name = "W", value_parser = count)]
    width: usize,

    /// Number of input features [default: those of the measured networks; 784 without a store]
    #[arg(long, value_name = "N0", value_parser = count)]
    inputs: Option<usize>,

    /// Number of outputs
    #[arg(long, value_name = "K", value_parser = count, default_value = "10")]
    outputs: usize,

    /// Learning rate of the input layer relative to the others
    #[arg(long, value_name = "M", value_parser = not_negative, default_value = "1")]
    input_rate: f64,

    /// Training loss; only without a store
    #[arg(long, value_enum, default_value_t = LossName::CrossEntropy, conflicts_with = "store")]
    loss: LossName,

    /// Dataset, or the name under which `etastar fit` lists it [default: the store's only one]
    #[arg(long, value_name = "NAME", requires = "store")]
    dataset: Option<String>,

    /// Fit only cells with width >= K * depth, if there are enough of them
    #[arg(long, value_name = "K", default_value = "8")]
    width_over_depth: f64,

    /// Confidence of the intervals
    #[arg(long, value_name = "P", default_value = "0.95")]
    confidence: f64,

    /// Predict with this law, e.g. three-quarters, instead of the one that predicts larger networks
    /// best
    #[arg(long, value_name = "NAME", value_parser = law_of_name, requires = "store")]
    law: Option<Law>,

    /// Predict even if the network is far from those measured
    #[arg(long)]
    force: bool,

    /// Show the law's formula, its constants and its terms
    #[arg(long)]
    explain: bool,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &PredictArguments) -> Result<(), CliError> {
    let network = NetworkShape {
        inputs: arguments.inputs,
        depth: arguments.depth,
        width: arguments.width,
        input_rate: arguments.input_rate,
    };
    let options = PredictOptions {
        width_over_depth: arguments.width_over_depth,
        confidence: arguments.confidence,
        force: arguments.force,
        law: arguments.law,
        ..PredictOptions::default()
    };
    let Some(store) = &arguments.store else {
        let loss = arguments.loss.into();
        let prediction = predict_published(&network, arguments.outputs, loss, &options)?;
        return show(&prediction, None, arguments);
    };
    let snapshot = Store::open_to_read(store)?.snapshot()?;
    let series = source(&snapshot, arguments.dataset.as_deref())?;
    let prediction = predict(&series, &network, &options)?;
    show(&prediction, Some((&series, &snapshot.manifest)), arguments)
}

/// A law by its name in files.
fn law_of_name(text: &str) -> Result<Law, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

/// Where a prediction is from: the cells, and what their store says of itself.
type Origin<'a> = Option<(&'a Series<'a>, &'a Manifest)>;

fn show(
    prediction: &Prediction,
    origin: Origin<'_>,
    arguments: &PredictArguments,
) -> Result<(), CliError> {
    if arguments.format.json {
        return output::print_json(&json::prediction(prediction, origin)?);
    }
    let fastest = fastest_rate_predicted(prediction, origin.map(|(series, _)| series));
    let mut text = text(prediction, fastest.as_ref(), arguments.law.is_some());
    if arguments.explain {
        text.push_str(&explanation(prediction));
    }
    text.push_str(&match origin {
        Some((series, manifest)) => protocol(series, manifest),
        None => "protocol: accuracy 0.2 within 128 steps of 128 samples, cross-entropy; \
                 experiment deep-networks of etastar's repository\n"
            .to_owned(),
    });
    output::print(&text)
}

/// The law with its numbers put in.
fn explanation(prediction: &Prediction) -> String {
    let law = prediction.law;
    let mut text = format!("formula: {}\n", law.formula().replace(['{', '}'], ""));
    text.push_str(&match prediction.log2_ratio {
        Some(ratio) => format!(
            "constants: B = 2^{:.3}, K = 2^{:.3}\n",
            prediction.log2_constant,
            prediction.log2_constant - ratio
        ),
        None => {
            let exponents = prediction.exponents.iter().map(|one| format!("{one:.3}"));
            let exponents = exponents.collect::<Vec<_>>().join(", ");
            let fitted = match exponents.is_empty() {
                true => String::new(),
                false => format!("; exponents {exponents}"),
            };
            format!("constants: C = 2^{:.3}{fitted}\n", prediction.log2_constant)
        }
    });
    for (name, size) in law.size_names().iter().zip(&prediction.sizes) {
        text.push_str(&format!("{name}: {size:.1} (2^{:.3})\n", size.log2()));
    }
    text
}

fn text(prediction: &Prediction, fastest: Option<&FastestRate>, is_asked_for: bool) -> String {
    let percent = 100.0 * prediction.confidence;
    let mut text = format!(
        "depth {} (hidden layers), width {} on {}, input-layer rate {}\n\
         eta* = {} (2^{:.3}), predicted\n",
        prediction.depth,
        prediction.width,
        prediction.dataset,
        prediction.input_rate,
        rate(prediction.eta_star),
        prediction.log2_eta_star,
    );
    let interval = |[low, high]: [f64; 2]| format!("{} to {}", rate(low), rate(high));
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
    if let Some(fastest) = fastest {
        text.push_str(&fastest_rate(fastest));
    }
    text.push_str(&law(prediction, is_asked_for));
    let extrapolation = &prediction.extrapolation;
    text.push_str(&format!(
        "extrapolation: depth x width is {:.3} and effective size {:.3} times the largest fitted\n",
        extrapolation.depth_width, extrapolation.effective_size
    ));
    for warning in &prediction.warnings {
        text.push_str(&format!("warning: {warning}\n"));
    }
    text
}

/// Which law, on what, and why.
fn law(prediction: &Prediction, is_asked_for: bool) -> String {
    let censored = match prediction.censored_repeats {
        0 => String::new(),
        1 => ", 1 repeat censored".to_owned(),
        repeats => format!(", {repeats} repeats censored"),
    };
    let chosen = match (is_asked_for, prediction.runner_up) {
        (true, _) => "it was asked for",
        (_, None) => "there is no other law to choose from",
        (_, Some(second)) if second.error_octaves < prediction.error_octaves => {
            "it has the fewest constants of the laws that are not clearly worse than the best"
        }
        _ => "it has the least error",
    };
    let second = match prediction.runner_up {
        None => String::new(),
        Some(second) => format!(
            "; second: {}, {:.3} octaves",
            law_name(second.law, second.law_input_rate),
            second.error_octaves
        ),
    };
    format!(
        "law: {}, fitted to {} cells with width >= {} x depth{censored}\n\
         why: {chosen}; error on {}: {:.3} octaves{second}\n",
        law_name(prediction.law, prediction.law_input_rate),
        prediction.cells,
        prediction.width_over_depth,
        match prediction.error_is_forward {
            true => "networks larger than those fitted",
            false => "architectures left out of the fit (there are too few to test larger ones)",
        },
        prediction.error_octaves,
    )
}

fn law_name(law: Law, input_rate: Option<f64>) -> String {
    match input_rate {
        Some(rate) => format!("{} at input-layer rate {rate}", law.name()),
        None => format!("{} over all input-layer rates", law.name()),
    }
}

/// What the cell has that others have not: each after a comma.
fn peculiarities(cell: &Cell) -> String {
    let mut words = Vec::new();
    if cell.bias {
        words.push("biases".to_owned());
    }
    if cell.output_gain != OutputGain::DEFAULT {
        words.push(format!("output gain {}", cell.output_gain));
    }
    if let Some(side) = cell.dataset.pool {
        words.push(format!("pixels averaged over squares of {side}"));
    }
    if cell.dataset.standardise != Standardise::default() {
        words.push(format!("standardise {}", kebab(&cell.dataset.standardise)));
    }
    if let Some(checkpoint) = &cell.checkpoint {
        words.push(format!(
            "after {} steps at {}",
            checkpoint.steps, checkpoint.learning_rate
        ));
    }
    let words = words.iter().map(|word| format!(", {word}"));
    form_and_optimiser(cell) + &words.collect::<String>()
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
        "protocol: {}, {}, {}, {}{}; {} {}, seed {}\n",
        success(cell),
        protocol.loss.as_str(),
        cell.dataset.title(),
        samples(cell.dataset.train, "training samples"),
        peculiarities(cell),
        manifest.backend,
        manifest.float,
        manifest.seed,
    )
}
