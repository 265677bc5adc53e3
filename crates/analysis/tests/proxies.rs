//! What predicts eta\* at initialisation, how well, and at what cost.

use crate::support;

use etastar_analysis::{Proxies, Proxy, ProxyCell};
use etastar_search::{CheapRate, CheapRates, EtaStar, Measured, Measurement, Snapshot};
use serde_json::{Value, json};
use support::{Store, agree, close, effect_of, holds, one, searches, sharpness, shown};

/// eta\* is exactly `2 / lambda_1` of the cell, but for noise of the search. The critical rate is
/// a quarter of that, and no range test ever blows up.
fn inverse(noise: f64) -> Snapshot {
    let grid = Store::with(|s| (s.input_rates, s.spread, s.noise) = (vec![0.1, 1.0], 0.3, noise));
    let mut store = grid.joined(|_, size, own| [0.8 * size + own, 1.0 - 0.8 * size - own]);
    let rate = |learning_rate, gradients, forward_passes| CheapRate {
        learning_rate,
        gradients,
        forward_passes,
    };
    for own in sharpness(&mut store) {
        let Measurement::Sharpness(settings) = &mut own.cell.measurement else {
            panic!("{own:?}")
        };
        let cheap =
            json!({"batch_size": 64, "lowest": -20.0, "highest": 10.0, "range_test_steps": 100});
        settings.cheap_rates = serde_json::from_value(cheap).unwrap();
        for repeat in &mut own.repeats {
            let Measured::Sharpness(network) = &mut repeat.result else {
                panic!("{repeat:?}")
            };
            let critical = rate(Some(0.5 / network.sharpness.hessian.largest), 1, 30);
            let range_test = rate(None, 100, 0);
            network.cheap_rates = Some(CheapRates {
                critical,
                range_test,
            });
        }
    }
    store
}

fn proxies(store: &Snapshot) -> Proxies {
    one(shown(store, "proxies").proxies)
}

fn rmse(proxy: &str, calibrated: bool) -> Value {
    json!({"of": "proxy-rmse", "proxy": proxy, "calibrated": calibrated})
}

#[test]
fn known_offsets_and_costs_come_out() {
    let store = inverse(0.0);
    let six = 6f64.log2();
    let gain = json!({"of": "proxy-gain", "proxy": "two-over-sharpness", "over": "critical"});
    let mut plain = gain.clone();
    plain["calibrated"] = json!(false);
    agree!(
        &store,
        [{"statistic": rmse("two-over-sharpness", false)}, 0.0],
        [{"statistic": rmse("twelve-over-sharpness", false)}, [six]],
        [{"statistic": rmse("twelve-over-sharpness", true)}, 0.0],
        [{"statistic": rmse("critical", false)}, [2.0]],
        [{"statistic": rmse("critical", true)}, 0.0],
        [{"statistic": rmse("range-test", false)}, "says something"],
        [{"statistic": gain}, 0.0],
        [{"statistic": plain}, [2.0]],
    );
    let Proxies {
        cells,
        mut qualities,
        ..
    } = proxies(&store);
    assert!(qualities.is_sorted_by(|a, b| a.rmse <= b.rmse));
    assert!(qualities.iter().all(|own| own.proxy != Proxy::RangeTest));
    qualities.retain(|own| own.proxy == Proxy::TwelveOverSharpness);
    let twelve = one(qualities);
    assert!(close(twelve.bias, -six) && close(twelve.r_squared, 1.0));
    assert!(close(twelve.rmse, six) && close(twelve.calibrated_rmse.unwrap(), 0.0));
    assert_eq!((twelve.cells, twelve.cost), (24, 120.0));
    // 30 products of 2 gradients on 256 samples in batches of 128; 11 gradients on half a batch;
    // two trials of 32 steps.
    let cost = |proxy| cells[0].value(proxy).unwrap().cost;
    assert!(close(cost(Proxy::TwoOverSharpness), 120.0) && close(cost(Proxy::Critical), 5.5));
    assert!(close(cost(Proxy::DepthWidth), 0.0) && close(cells[0].search_cost, 64.0));
}

/// Calibrated by hand: the residual of an architecture minus the mean of all others'.
#[test]
fn calibration_leaves_the_architecture_out() {
    let store = inverse(0.4);
    let cells = proxies(&store).cells;
    let own = |cell: &ProxyCell| cell.measured - cell.value(Proxy::TwoOverSharpness).unwrap().log2;
    let squares = cells.iter().map(|cell| {
        let is_other = |other: &&ProxyCell| (other.depth, other.width) != (cell.depth, cell.width);
        let others: Vec<f64> = cells.iter().filter(is_other).map(own).collect();
        (own(cell) - others.iter().sum::<f64>() / others.len() as f64).powi(2)
    });
    let expected = (squares.sum::<f64>() / cells.len() as f64).sqrt();
    let effect = effect_of(&store, rmse("two-over-sharpness", true), json!({}));
    assert!(
        close(effect.value, expected) && holds(&effect, expected),
        "{effect:?} {expected}"
    );
}

#[test]
fn laws_predict_what_they_were_not_fitted_to() {
    let grid = Store::with(|s| s.input_rates = vec![0.1, 1.0]);
    let mut store = grid.joined(|_, size, _| [0.8 * size, 1.0 - 0.5 * size]);
    agree!(
        &store,
        [{"statistic": rmse("depth-width", false)}, 0.0],
        [{"statistic": rmse("separate", false)}, 0.0],
    );
    // One architecture an octave too high: its own law does not know.
    for search in searches(store.cells.iter_mut().take(2)) {
        if let EtaStar::Found { eta_star, .. } = &mut search.eta_star {
            *eta_star *= 2.0;
        }
    }
    let cell = &proxies(&store).cells[0];
    assert!(close(
        cell.measured - cell.value(Proxy::DepthWidth).unwrap().log2,
        1.0
    ));
    // Only the sharpness of the same networks counts.
    sharpness(&mut store).for_each(|record| record.cell.output_gain = 1.0);
    agree!(&store, [{"statistic": rmse("two-over-sharpness", false)}, "says something"]);
}
