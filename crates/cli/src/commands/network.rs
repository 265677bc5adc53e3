//! `etastar network`: initial variance, multiplier and learning rate of every layer.

use clap::Args;
use etastar_model::{Architecture, LayerScale};
use etastar_search::settings::OutputGain;
use serde::Serialize;

use crate::arguments::Format;
use crate::error::CliError;
use crate::flag::Flag;
use crate::form::{FormFlags, OptimiserFlags};
use crate::numbers::{count, depth};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
A layer with the multiplier c computes with c W. Networks are trained in an equivalent form
whose weights are c W themselves: the last two columns give their variance and rate.

Example:
  etastar network --inputs 784 --width 512 --depth 4 --outputs 10 --parametrisation maximal-update --optimiser adam")]
pub(crate) struct NetworkArguments {
    /// Number of input features
    #[arg(long, value_name = "N0", value_parser = count)]
    inputs: usize,

    /// Width of every hidden layer
    #[arg(long, value_name = "N", value_parser = count)]
    width: usize,

    /// Number of hidden layers
    #[arg(long, value_name = "L", value_parser = depth)]
    depth: usize,

    /// Number of outputs
    #[arg(long, value_name = "K", value_parser = count)]
    outputs: usize,

    #[command(flatten)]
    output_gain: Flag<OutputGain>,

    #[command(flatten)]
    form: FormFlags,

    #[command(flatten)]
    optimiser: OptimiserFlags,

    #[command(flatten)]
    format: Format,
}

/// A layer as it is printed.
#[derive(Serialize)]
struct Row {
    layer: usize,
    inputs: usize,
    outputs: usize,
    gain: f64,
    #[serde(flatten)]
    scale: LayerScale,
    trained_variance: f64,
    trained_rate: f64,
}

pub(crate) fn run(arguments: &NetworkArguments) -> Result<(), CliError> {
    let architecture = Architecture {
        output_gain: arguments.output_gain.0,
        form: arguments.form.form(),
        ..Architecture::constant_width(
            arguments.inputs,
            arguments.width,
            arguments.depth,
            arguments.outputs,
        )
    };
    architecture
        .validate()
        .map_err(|error| CliError::Usage(error.to_string()))?;
    let steps = arguments.optimiser.optimiser().method.step_scale();
    let scales = architecture.layer_scales(steps);
    let layers = architecture
        .layer_shapes()
        .zip(architecture.gains())
        .zip(scales);
    let rows = layers
        .enumerate()
        .map(|(index, (((inputs, outputs), gain), scale))| Row {
            layer: index + 1,
            inputs,
            outputs,
            gain,
            scale,
            trained_variance: scale.variance_of_product(),
            trained_rate: scale.rate_of_product(steps),
        });
    if arguments.format.json {
        return output::print_json(&rows.collect::<Vec<_>>());
    }
    let number = |value: f64| format!("{value:.4e}");
    let rows = rows.map(|row| {
        [
            row.layer.to_string(),
            format!("{} -> {}", row.inputs, row.outputs),
            format!("{:.4}", row.gain),
            number(row.scale.variance),
            number(row.scale.multiplier),
            number(row.scale.rate),
            number(row.trained_variance),
            number(row.trained_rate),
        ]
    });
    let header = [
        "LAYER",
        "SHAPE",
        "GAIN",
        "VARIANCE",
        "MULTIPLIER",
        "RATE",
        "VARIANCE OF c W",
        "RATE OF c W",
    ];
    output::print(&output::table(header, rows))
}
