use serde_json::{Value, json};

use super::fitting::{Fits, NotFitted};
use super::model::{Exponent, Fit, Law};

/// The fits as JSON, in full precision:
///
/// ```text
/// {"fits": [{"law": "depth-width", "dataset": "mnist", "input_rate": 0.1, "width_over_depth": 8.0,
///            "exponent": .., "interval": [.., ..], ..}, ..],
///  "not_fitted": [{"law": .., "dataset": .., "input_rate": .., "width_over_depth": .., "reason": ".."}, ..]}
/// ```
///
/// `input_rate` is null where all rates are pooled. The law `separate` has
/// `exponents` and `intervals` by `depth` and `width` instead; its `exponent`
/// and `interval` are null. Numbers that do not exist (an infinite
/// leave-one-out error, an AICc of too few cells) are null.
pub fn fit_json(fits: &Fits) -> Value {
    json!({
        "fits": fits.fits.iter().map(of_fit).collect::<Vec<_>>(),
        "not_fitted": fits.not_fitted.iter().map(of_not_fitted).collect::<Vec<_>>(),
    })
}

fn of_fit(fit: &Fit) -> Value {
    let value = |exponent: &Option<Exponent>| exponent.map(|exponent| exponent.value);
    let interval = |exponent: &Option<Exponent>| exponent.and_then(|exponent| exponent.interval);
    let mut object = json!({
        "law": fit.law.name(),
        "dataset": fit.dataset,
        "input_rate": fit.input_rate,
        "width_over_depth": fit.width_over_depth,
        "exponent": value(&fit.joint),
        "interval": interval(&fit.joint),
        "log2_constant": fit.log2_constant,
        "confidence": fit.confidence,
        "r_squared": fit.r_squared,
        "rmse_octaves": fit.rmse_octaves,
        "loo_rmse_octaves": fit.loo_rmse_octaves,
        "aicc": fit.aicc,
        "cells": fit.cells,
        "cells_without_eta_star": fit.cells_without_eta_star,
        "censored_repeats": fit.censored_repeats,
    });
    if fit.law == Law::Separate {
        object["exponents"] = json!({"depth": value(&fit.depth), "width": value(&fit.width)});
        object["intervals"] = json!({"depth": interval(&fit.depth), "width": interval(&fit.width)});
    }
    object
}

fn of_not_fitted(not_fitted: &NotFitted) -> Value {
    json!({
        "law": not_fitted.law.name(),
        "dataset": not_fitted.dataset,
        "input_rate": not_fitted.input_rate,
        "width_over_depth": not_fitted.width_over_depth,
        "reason": not_fitted.reason.to_string(),
    })
}
