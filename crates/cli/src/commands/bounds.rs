//! `etastar bounds`: bounds on the top Hessian eigenvalue from theory alone.

use clap::Args;
use etastar_model::Architecture;
use etastar_sharpness::bounds::{DEFAULT_DELTA, TheoryBounds, Upper};

use crate::arguments::{Format, LossName};
use crate::error::CliError;
use crate::numbers::{count, depth, fraction, not_negative, positive};
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
The bounds hold for bias-free He-initialised ReLU networks of constant width and for any
data whose mean |x|^2 is N0, as that of standardised data is. With --input-rate M they are
bounds on the preconditioned Hessian M^{1/2} H M^{1/2}.

Example:
  etastar bounds --inputs 784 --depth 8 --width 128 --outputs 10")]
pub(crate) struct BoundsArguments {
    /// Number of input features
    #[arg(long, value_name = "N0", value_parser = count)]
    inputs: usize,

    /// Number of hidden layers
    #[arg(long, value_name = "L", value_parser = depth)]
    depth: usize,

    /// Width of every hidden layer
    #[arg(long, value_name = "W", value_parser = count)]
    width: usize,

    /// Number of classes
    #[arg(long, value_name = "K", value_parser = count)]
    outputs: usize,

    /// Training loss
    #[arg(long, value_enum, default_value_t = LossName::CrossEntropy)]
    loss: LossName,

    /// Learning rate of the input layer relative to the others
    #[arg(long, value_name = "M", value_parser = not_negative, default_value = "1")]
    input_rate: f64,

    /// Output-layer variance times fan-in: 2 (He) or 1 (LeCun)
    #[arg(long, value_name = "C", value_parser = positive, default_value = "2")]
    output_gain: f64,

    /// Probability with which the Markov and Chebyshev bounds may fail
    #[arg(long, value_name = "P", value_parser = fraction, default_value_t = DEFAULT_DELTA)]
    delta: f64,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &BoundsArguments) -> Result<(), CliError> {
    let mut architecture = Architecture::constant_width(
        arguments.inputs,
        arguments.width,
        arguments.depth,
        arguments.outputs,
    );
    architecture.output_gain = arguments.output_gain;
    let bounds = TheoryBounds::with_delta(
        &architecture,
        arguments.loss.into(),
        arguments.input_rate,
        1.0,
        arguments.delta,
    )?;
    if arguments.format.json {
        output::print_json(&bounds)
    } else {
        output::print(&text(&bounds))
    }
}

fn text(bounds: &TheoryBounds) -> String {
    let number = |value: f64| format!("{value:.6}");
    let row = |quantity: &str, bound: &str, value, sharper: Option<f64>| {
        let sharper = sharper.map(number).unwrap_or_default();
        [
            quantity.to_owned(),
            bound.to_owned(),
            number(value),
            sharper,
        ]
    };
    let second = &bounds.second_derivative_norm;
    let mut rows = vec![
        row(
            "tangent kernel, diagonal",
            "mean",
            bounds.ntk_diagonal.mean,
            None,
        ),
        row("", "second moment", bounds.ntk_diagonal.second_moment, None),
        row(
            "second derivative of an output, norm",
            "expectation at most",
            second.upper_expectation,
            None,
        ),
    ];
    for (name, upper) in [
        ("lambda_1, Gauss-Newton", &bounds.gauss_newton),
        ("lambda_1, Hessian", &bounds.hessian),
    ] {
        let Upper { summed, sharper } = upper;
        rows.push(row(
            name,
            "expectation at most",
            summed.upper_expectation,
            Some(sharper.upper_expectation),
        ));
        for (inequality, tail, sharper) in [
            ("Markov", &summed.markov, &sharper.markov),
            ("Chebyshev", &summed.chebyshev, &sharper.chebyshev),
        ] {
            let bound = format!(
                "with probability {} at most ({inequality})",
                1.0 - tail.delta
            );
            rows.push(row("", &bound, tail.value, Some(sharper.value)));
        }
    }
    output::table(["QUANTITY", "BOUND", "VALUE", "SHARPER"], rows)
}
