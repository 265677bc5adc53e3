//! What predicts eta\* at initialisation.

use etastar_search::{CellRecord, SharpnessCellRecord, Snapshot};
use serde_json::{Value, json};

use super::super::*;
use super::support::{close, effect_of, reason_of};
use crate::analysis::synthetic::{Coupled, with_cheap_rates};

/// eta\* is exactly `2 / lambda_1` of the cell, but for noise of the search.
fn inverse(noise: f64) -> Snapshot {
    let coupled = Coupled {
        across: -1.0,
        within: -1.0,
        noise,
        ..Coupled::default()
    };
    with_cheap_rates(coupled.snapshot())
}

fn groups(store: &Snapshot) -> Vec<Vec<ProxyCell>> {
    let cells: Vec<&CellRecord> = store.cells.iter().collect();
    let sharpness: Vec<&SharpnessCellRecord> = store.sharpness.iter().collect();
    proxy_cells(&cells, &sharpness, 0.0)
}

fn rmse(proxy: &str, calibrated: bool) -> Value {
    json!({"of": "proxy-rmse", "proxy": proxy, "calibrated": calibrated})
}

#[test]
fn known_offsets_come_out() {
    let store = inverse(0.0);
    let six = 6f64.log2();
    assert!(effect_of(rmse("two-over-sharpness", false), &store).value < 1e-9);
    assert!(close(
        effect_of(rmse("twelve-over-sharpness", false), &store).value,
        six
    ));
    assert!(effect_of(rmse("twelve-over-sharpness", true), &store).value < 1e-9);
    assert!(close(effect_of(rmse("critical", false), &store).value, 2.0));
    assert!(effect_of(rmse("critical", true), &store).value < 1e-9);
    let quality = ProxyQuality::of(Proxy::TwelveOverSharpness, &groups(&store)).unwrap();
    assert!(close(quality.bias, -six) && close(quality.r_squared, 1.0));
    assert_eq!(quality.cells, 24);
    let mut gain = json!({"of": "proxy-gain", "proxy": "two-over-sharpness", "over": "critical"});
    assert!(close(effect_of(gain.clone(), &store).value, 0.0));
    gain["calibrated"] = json!(false);
    assert!(close(effect_of(gain, &store).value, 2.0));
    assert!(reason_of(rmse("range-test", false), &store).contains("says something"));
}

/// Calibrated by hand: the residual of an architecture minus the mean of all
/// others'.
#[test]
fn calibration_leaves_the_architecture_out() {
    let store = inverse(0.4);
    let groups = groups(&store);
    let residual = |cell: &ProxyCell| cell.measured - cell.value(Proxy::Critical).unwrap().log2;
    assert!(
        groups
            .iter()
            .flatten()
            .all(|cell| close(residual(cell), 2.0))
    );
    let residual =
        |cell: &ProxyCell| cell.measured - cell.value(Proxy::TwoOverSharpness).unwrap().log2;
    let mut squares = Vec::new();
    for (index, group) in groups.iter().enumerate() {
        let others = groups
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != index);
        let others: Vec<f64> = others.flat_map(|(_, o)| o.iter().map(residual)).collect();
        let constant = others.iter().sum::<f64>() / others.len() as f64;
        squares.extend(group.iter().map(|cell| (residual(cell) - constant).powi(2)));
    }
    let expected = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
    let effect = effect_of(rmse("two-over-sharpness", true), &store);
    assert!(close(effect.value, expected), "{effect:?} {expected}");
    let [low, high] = effect.interval.unwrap();
    assert!(low < expected && expected < high);
}

#[test]
fn costs_are_counted_in_gradients_of_the_protocol() {
    let store = inverse(0.0);
    let groups = groups(&store);
    let cell = &groups[0][0];
    // 30 products of 2 gradients on 256 samples, batches of 128.
    assert!(close(
        cell.value(Proxy::TwoOverSharpness).unwrap().cost,
        120.0
    ));
    // 11 gradients on half a batch.
    assert!(close(cell.value(Proxy::Critical).unwrap().cost, 5.5));
    assert!(close(cell.value(Proxy::DepthWidth).unwrap().cost, 0.0));
    // Two trials of 32 steps.
    assert!(close(cell.search_cost, 64.0));
}

#[test]
fn laws_predict_what_they_were_not_fitted_to() {
    let mut store = Coupled {
        within: 0.0,
        spread: 0.0,
        ..Coupled::default()
    }
    .snapshot();
    for law in ["depth-width", "separate"] {
        assert!(effect_of(rmse(law, false), &store).value < 1e-9);
    }
    // One architecture an octave too high: its own law does not know.
    for repeat in store
        .cells
        .iter_mut()
        .take(2)
        .flat_map(|cell| &mut cell.repeats)
    {
        if let etastar_search::EtaStar::Found { eta_star, .. } = &mut repeat.eta_star {
            *eta_star *= 2.0;
        }
    }
    let groups = groups(&store);
    let cell = &groups[0][0];
    let error = cell.measured - cell.value(Proxy::DepthWidth).unwrap().log2;
    assert!(close(error, 1.0), "{error}");
}

#[test]
fn only_the_sharpness_of_the_same_networks_counts() {
    let mut store = inverse(0.0);
    for own in &mut store.sharpness {
        own.cell.input_rate *= 2.0;
    }
    let reason = reason_of(rmse("two-over-sharpness", false), &store);
    assert!(reason.contains("says something"), "{reason}");
    let unknown = json!({"of": "proxy-rmse", "proxy": "four-over-sharpness", "calibrated": true});
    assert!(serde_json::from_value::<Statistic>(unknown).is_err());
}
