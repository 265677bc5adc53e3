//! Results as the command line prints them with `--json`, where a type alone does not say it all.

use std::path::Path;

use etastar_analysis::{Fits, Options as FitOptions, Prediction, Series, compare};
use etastar_search::Manifest;
use serde_json::{Value, json};

use crate::find::fastest_rate_predicted;
use crate::provenance::{GIT_COMMIT, VERSION};
use crate::sharpness::{GivenOptions, GivenSharpness, Lambda};

/// Laws with the comparisons between them, as `etastar fit --json` prints them.
///
/// # Errors
/// If a value is no JSON.
pub fn fits(fits: &Fits, options: &FitOptions) -> Result<Value, serde_json::Error> {
    Ok(json!({
        "options": serde_json::to_value(options)?,
        "fits": serde_json::to_value(&fits.fits)?,
        "not_fitted": serde_json::to_value(&fits.not_fitted)?,
        "comparisons": serde_json::to_value(compare(&fits.fits))?,
    }))
}

/// A prediction with the protocol under which it holds, if it is from a store, as `etastar predict
/// --json` prints it.
///
/// # Errors
/// If a value is no JSON.
pub fn prediction(
    prediction: &Prediction,
    origin: Option<(&Series<'_>, &Manifest)>,
) -> Result<Value, serde_json::Error> {
    let mut object = serde_json::to_value(prediction)?;
    // Of one network, as whoever trains one wants it.
    object["interval"] = json!(prediction.network_interval);
    let series = origin.map(|(series, _)| series);
    object["fastest_rate"] = json!(fastest_rate_predicted(prediction, series));
    let Some((series, manifest)) = origin else {
        return Ok(object);
    };
    let cell = series.cells.first().map(|record| &record.cell);
    object["protocol"] = json!(cell.and_then(|cell| cell.protocol()));
    object["dataset_settings"] = json!(cell.map(|cell| &cell.dataset));
    object["backend"] = json!(manifest.backend);
    object["float"] = json!(manifest.float);
    object["seed"] = json!(manifest.seed);
    Ok(object)
}

/// The sharpness of given weights, with where weights and samples are from, as `etastar sharpness
/// --weights --json` prints it.
///
/// # Errors
/// If a value is no JSON.
pub fn given_sharpness(
    measured: &GivenSharpness,
    options: &GivenOptions,
    weights: &Path,
    samples: &Path,
) -> Result<Value, serde_json::Error> {
    let lambda_1 = Lambda::over(std::slice::from_ref(&measured.sharpness));
    let backend = options.execution.backend;
    let read = &measured.read;
    Ok(json!({
        "lambda_1": serde_json::to_value(lambda_1)?,
        "stability_limit": options.settings.stability_bound() / lambda_1.mean,
        "repeats": [serde_json::to_value(&measured.sharpness)?],
        "prediction": null,
        "seconds": measured.seconds,
        "read": {
            "layers": read.layers,
            "widths": read.widths,
            "layout": read.layout.words(),
            "biases": read.biases,
            "ignored": read.ignored,
        },
        "manifest": {
            "tool_version": VERSION,
            "git_commit": GIT_COMMIT,
            "backend": backend.family(),
            "float": backend.backend.float(),
            "weights": weights,
            "samples_file": samples,
            "loss": options.settings.loss,
            "optimiser": options.settings.optimiser,
            "input_rate": options.input_rate,
            "layer_rates": options.layer_rates,
        },
    }))
}
