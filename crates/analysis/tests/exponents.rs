//! Every exponent of a store has one value and one interval, and censored repeats take part in it.

#![allow(clippy::unwrap_used)]

mod support;

use etastar_analysis::{Effect, Fit, Law, Options, analyse, fit};
use serde_json::json;
use support::Store;

const EXPONENT: f64 = 0.7;

/// A store whose one criterion is the exponent of depth x width at the rate 1 with `k` = 2.
fn store(lowest: f64) -> etastar_search::Snapshot {
    let store = Store {
        noise: 0.2,
        misfit: 0.1,
        input_rates: vec![0.1, 1.0],
        lowest,
        analysis: json!({"show": ["laws"], "caveat": "Made up.", "criteria": [{
            "claim": "C1", "says": "eta* falls with depth x width.",
            "statistic": {"of": "exponent", "law": "depth-width"},
            "cells": {"input_rate": 1.0, "width_over_depth": 2.0},
            "rule": {"at_least": 0.1},
        }]}),
        ..Store::default()
    };
    store.snapshot(|d, w, _, _| 3.0 - EXPONENT * (d * w).log2())
}

fn is_criterions(fit: &&Fit) -> bool {
    fit.law == Law::DepthWidth && fit.input_rate == Some(1.0) && fit.width_over_depth == 2.0
}

/// The exponent of the criterion, after a check that it is the fit's.
fn the_one_exponent(snapshot: &etastar_search::Snapshot) -> (Effect, Fit) {
    let options = Options {
        resamples: 200,
        width_over_depth: vec![0.0, 2.0],
        ..Options::default()
    };
    let analysis = analyse(snapshot, &options).unwrap();
    let fits = fit(snapshot, &options).unwrap().fits;
    let shown: Vec<Fit> = analysis
        .eta_star
        .iter()
        .flat_map(|s| s.fits.clone())
        .collect();
    assert_eq!(fits, shown);
    let of_criterion: Vec<&Fit> = fits.iter().filter(is_criterions).collect();
    assert_eq!(of_criterion.len(), 1);
    assert_eq!(analysis.findings.len(), 1);
    let effect = analysis.findings[0].effect.unwrap();
    assert_eq!(effect, of_criterion[0].exponents[0]);
    (effect, of_criterion[0].clone())
}

/// Without a limit, and with the lowest third of the values cut off.
#[test]
fn the_criterion_the_fit_and_the_analysis_have_one_exponent_also_of_censored_cells() {
    for (lowest, is_censored) in [(f64::NEG_INFINITY, false), (-4.1, true)] {
        let (effect, fit) = the_one_exponent(&store(lowest));
        let [low, high] = effect.interval.unwrap();
        println!("{effect:?}, {} censored", fit.censored_repeats);
        assert!(low <= EXPONENT && EXPONENT <= high, "{effect:?}");
        assert_eq!(fit.censored_repeats > 0, is_censored);
    }
}
