//! `etastar fit`: the laws of a store's eta\*, with intervals.

use std::path::PathBuf;

use clap::Args;
use etastar::json;
use etastar_analysis::{Effect, Fit, NotFitted, Options, fit};
use etastar_search::Store;

use crate::arguments::Format;
use crate::error::CliError;
use crate::output;

#[derive(Debug, Args)]
#[command(after_help = "\
These laws are fitted in log2 by maximum likelihood; searches that found no eta* in the
range enter as bounds:
  depth-width            eta* = C (depth * width)^-a                          (the paper's)
  separate               eta* = C depth^-a width^-b
  effective-size         eta* = C (input_rate * inputs + depth * width)^-a    (this and below: ours)
  hidden-effective-size  eta* = C (input_rate * inputs + (depth - 1) * width)^-a
  moment                 eta* = C m^-a, m the root second moment of the tangent kernel's diagonal
  two-term               1 / eta* = (input_rate * inputs + B/K (depth - 1) sqrt(width)) / C
  three-quarters         eta* = C (input_rate * inputs + depth * width)^(-3/4)
Each is fitted at every input-layer rate and, where there are several, to all rates at
once. Intervals resample whole networks with all their repeats, so they account for the
seeds and for the choice of the grid. The report shows the same intervals.")]
pub(crate) struct FitArguments {
    /// Store of a sweep
    store: PathBuf,

    /// Use only cells with width >= K * depth; may be given several times [default: 0 2 4 8 16]
    #[arg(long, value_name = "K")]
    width_over_depth: Vec<f64>,

    /// Confidence of the intervals
    #[arg(long, value_name = "P", default_value = "0.95")]
    confidence: f64,

    #[command(flatten)]
    format: Format,
}

pub(crate) fn run(arguments: &FitArguments) -> Result<(), CliError> {
    let mut options = Options {
        confidence: arguments.confidence,
        ..Options::default()
    };
    if !arguments.width_over_depth.is_empty() {
        options
            .width_over_depth
            .clone_from(&arguments.width_over_depth);
    }
    let snapshot = Store::open_to_read(&arguments.store)?.snapshot()?;
    let fits = fit(&snapshot, &options)?;
    if arguments.format.json {
        return output::print_json(&json::fits(&fits, &options)?);
    }
    if fits.fits.is_empty() {
        return Err(CliError::NothingFitted(not_fitted(&fits.not_fitted)));
    }
    let header = [
        "DATASET",
        "INPUT RATE",
        "WIDTH/DEPTH",
        "LAW",
        "LOG2 C",
        "EXPONENT",
        "R^2",
        "RMSE",
        "LEAVE ONE OUT",
        "AICC",
        "CELLS",
    ];
    let table = output::table(header, fits.fits.iter().map(row));
    output::print(&format!("{table}{}", not_fitted(&fits.not_fitted)))
}

/// A line a law, series and input rate, with the reason for the first choice of cells: the others
/// leave fewer.
fn not_fitted(all: &[NotFitted]) -> String {
    let same = |one: &NotFitted, other: &NotFitted| {
        (one.law, &one.series, one.input_rate) == (other.law, &other.series, other.input_rate)
    };
    let mut text = String::new();
    for (index, one) in all.iter().enumerate() {
        if all[..index].iter().any(|other| same(one, other)) {
            continue;
        }
        let ratios = all[index..].iter().filter(|other| same(one, other));
        let ratios = ratios.map(|other| other.width_over_depth.to_string());
        text.push_str(&format!(
            "not fitted: {} on {}, {}, width/depth >= {}: {}\n",
            one.law.name(),
            one.series,
            one.input_rate
                .map_or("all input rates".to_owned(), |rate| format!(
                    "input rate {rate}"
                )),
            ratios.collect::<Vec<_>>().join(", "),
            one.reason,
        ));
    }
    text
}

/// Errors are in octaves.
fn row(fit: &Fit) -> [String; 11] {
    // Digits enough to rebuild what the law predicts.
    let ratio = fit.log2_ratio.iter();
    let ratio = ratio.map(|ratio| format!("log2 B/K {}", written(ratio)));
    let exponents = fit.law.regressors().iter().zip(&fit.exponents);
    let exponents = exponents.map(|(name, exponent)| match fit.exponents.len() {
        1 => written(exponent),
        _ => format!("{name} {}", written(exponent)),
    });
    let mut cells = fit.cells.to_string();
    if fit.cells_without_value > 0 {
        cells.push_str(&format!(" (+{} without eta*)", fit.cells_without_value));
    }
    match fit.censored_repeats {
        0 => {}
        1 => cells.push_str(", 1 repeat censored"),
        repeats => cells.push_str(&format!(", {repeats} repeats censored")),
    }
    let three = |value: f64| format!("{value:.3}");
    [
        fit.series.clone(),
        fit.input_rate
            .map_or("all".to_owned(), |rate| rate.to_string()),
        format!(">= {}", fit.width_over_depth),
        fit.law.name().to_owned(),
        format!("{:.5}", fit.log2_constant.value),
        exponents.chain(ratio).collect::<Vec<_>>().join(", "),
        three(fit.r_squared.value),
        three(fit.rmse.value),
        fit.leave_one_out
            .map_or("-".to_owned(), |error| three(error.value)),
        fit.aicc.map_or("-".to_owned(), |aicc| format!("{aicc:.1}")),
        cells,
    ]
}

fn written(exponent: &Effect) -> String {
    match exponent.interval {
        Some([low, high]) => format!("{:.5} [{low:.3}, {high:.3}]", exponent.value),
        None => format!("{:.5}", exponent.value),
    }
}
