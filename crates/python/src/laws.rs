//! `etastar.predict`, `etastar.fit` and `etastar.bounds`.

use std::path::PathBuf;

use etastar::{
    Architecture, FitOptions, NetworkShape, PredictOptions, Store, TheoryBounds, fit as fit_laws,
    json, predict as predict_from, predict_published, source,
};
use etastar_search::settings::{InputRate, OutputGain};
use pyo3::prelude::*;

use crate::call::work;
use crate::error::raised;
use crate::settings::Settings;

/// Predicts eta\*. Gives the result as JSON, and what speaks against it.
#[pyfunction]
pub(crate) fn predict(
    settings: Settings<'_>,
    screen: &Bound<'_, PyAny>,
) -> PyResult<(String, Vec<String>)> {
    let inputs: Option<usize> = settings.get("inputs")?;
    let network = NetworkShape {
        inputs: inputs.map(|_| settings.count("inputs")).transpose()?,
        depth: settings.depth()?,
        width: settings.count("width")?,
        input_rate: settings.setting::<InputRate>()?,
    };
    let law: Option<String> = settings.get("law")?;
    let options = PredictOptions {
        width_over_depth: settings.get("width_over_depth")?,
        confidence: settings.get("confidence")?,
        force: settings.get("force")?,
        law: law.is_some().then(|| settings.named("law")).transpose()?,
        ..PredictOptions::default()
    };
    let outputs = settings.count("outputs")?;
    let loss = settings.named("loss")?;
    let store: Option<PathBuf> = settings.get("store")?;
    let dataset: Option<String> = settings.get("dataset")?;
    let (json, warnings) = work(screen, move |_, _| {
        let Some(store) = store else {
            let prediction = predict_published(&network, outputs, loss, &options)?;
            return Ok((json::prediction(&prediction, None)?, prediction.warnings));
        };
        let snapshot = Store::open_to_read(&store)?.snapshot()?;
        let series = source(&snapshot, dataset.as_deref())?;
        let prediction = predict_from(&series, &network, &options)?;
        let json = json::prediction(&prediction, Some((&series, &snapshot.manifest)))?;
        Ok((json, prediction.warnings))
    })?;
    let warnings = warnings.iter().map(ToString::to_string).collect();
    Ok((json.to_string(), warnings))
}

/// Fits laws to a store. Gives the result as JSON.
#[pyfunction]
pub(crate) fn fit(settings: Settings<'_>, screen: &Bound<'_, PyAny>) -> PyResult<String> {
    let store: PathBuf = settings.get("store")?;
    let usual = FitOptions::default();
    let width_over_depth: Option<Vec<f64>> = settings.get("width_over_depth")?;
    let options = FitOptions {
        width_over_depth: width_over_depth.unwrap_or(usual.width_over_depth),
        confidence: settings.get("confidence")?,
        ..usual
    };
    let json = work(screen, move |_, _| {
        let snapshot = Store::open_to_read(&store)?.snapshot()?;
        Ok(json::fits(&fit_laws(&snapshot, &options)?, &options)?)
    })?;
    Ok(json.to_string())
}

/// Bounds `lambda_1` by theory alone. Gives the result as JSON.
#[pyfunction]
pub(crate) fn bounds(settings: Settings<'_>) -> PyResult<String> {
    let constant = Architecture::constant_width(
        settings.count("inputs")?,
        settings.count("width")?,
        settings.depth()?,
        settings.count("outputs")?,
    );
    let architecture = Architecture {
        output_gain: settings.setting::<OutputGain>()?,
        ..constant
    };
    let (loss, input_rate) = (settings.named("loss")?, settings.setting::<InputRate>()?);
    let delta = settings.get("delta")?;
    let bounds = TheoryBounds::with_delta(&architecture, loss, input_rate, 1.0, delta);
    serde_json::to_string(&bounds.map_err(raised)?).map_err(raised)
}
