//! Statistics of eta\* and sharpness together.

use etastar_search::{Snapshot, Vary};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::cells::datasets;
use super::super::synthetic::Coupled;
use super::super::*;
use super::support::{close, effect_of, reason_of};

fn of(statistic: &str, scope: &str, rate: &str) -> Value {
    json!({"of": format!("eta-sharpness-{statistic}"), "scope": scope, "input_rate": rate})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Means of networks' noise are in the cells' sharpness too, so the slope
    /// across cells is exact only where both slopes agree.
    #[test]
    fn exact_slopes(slope in -2.0..1.0f64, growth in 0.3..1.5f64) {
        let grid = Coupled { across: slope, within: slope, growth, ..Coupled::default() };
        let store = grid.snapshot();
        for scope in ["across-cells", "within-cells"] {
            for rate in ["slowest", "fastest", "pooled"] {
                let effect = effect_of(of("slope", scope, rate), &store);
                prop_assert!(close(effect.value, slope), "{:?}", effect);
                let [low, high] = effect.interval.unwrap();
                prop_assert!(close(low, slope) && close(high, slope));
            }
        }
    }
}

#[test]
fn the_two_scopes_are_told_apart() {
    let grid = Coupled {
        across: -0.9,
        within: 0.5,
        noise: 0.02,
        ..Coupled::default()
    };
    let store = grid.snapshot();
    let across = effect_of(of("slope", "across-cells", "pooled"), &store);
    assert!((across.value + 0.9).abs() < 0.2, "{across:?}");
    let within = effect_of(of("slope", "within-cells", "pooled"), &store);
    assert!((within.value - 0.5).abs() < 0.05, "{within:?}");
    assert!(within.interval.unwrap()[0] > 0.0);
    for scope in ["across-cells", "within-cells"] {
        let share = effect_of(of("r-squared", scope, "slowest"), &store);
        assert!((0.5..1.0).contains(&share.value), "{share:?}");
    }
}

#[test]
fn only_sharpness_of_the_same_networks_is_joined() {
    let grid = Coupled::default();
    let changed = |change: fn(&mut Snapshot)| {
        let mut store = grid.snapshot();
        change(&mut store);
        reason_of(of("slope", "across-cells", "pooled"), &store)
    };
    for reason in [
        changed(|s| s.sharpness.iter_mut().for_each(|r| r.cell.bias = true)),
        changed(|s| {
            s.sharpness
                .iter_mut()
                .for_each(|r| r.cell.output_gain = 1.0)
        }),
        changed(|s| s.sharpness.iter_mut().for_each(|r| r.cell.input_rate = 0.5)),
        changed(|s| {
            let squared = etastar_model::Loss::SquaredError;
            s.sharpness.iter_mut().for_each(|r| r.cell.loss = squared);
        }),
        changed(|s| s.sharpness.clear()),
    ] {
        assert!(reason.contains("same networks"), "{reason}");
    }
    // The plain Hessian is that of input rate 1, whatever the training's.
    let mut plain = of("slope", "across-cells", "slowest");
    plain["sharpness"] = json!("plain");
    let mut store = grid.snapshot();
    store
        .sharpness
        .retain(|record| record.cell.input_rate == 1.0);
    assert!(effect_of(plain, &store).value < 0.0);
    // The preconditioned one then is that of the fastest input layer alone.
    let rates = effect_of(of("slope", "across-cells", "slowest"), &store);
    let fastest = effect_of(of("slope", "across-cells", "fastest"), &store);
    assert_eq!(rates, fastest);
}

/// Repeats that vary the batch order alone are all of network 0, so that
/// nothing varies within a cell.
#[test]
fn repeats_of_one_network_share_its_sharpness() {
    let mut store = Coupled::default().snapshot();
    for record in &mut store.cells {
        record.cell.vary = Vary::BatchOrder;
    }
    let reason = reason_of(of("slope", "within-cells", "pooled"), &store);
    assert!(reason.contains("does not vary"), "{reason}");
}

/// 400 stores know a coverage of 0.95 to within 0.011 (one standard error).
#[test]
fn the_slopes_interval_holds_its_confidence() {
    let hits = (0..400u64)
        .filter(|&seed| {
            let store = Coupled {
                across: -0.6,
                within: -0.6,
                noise: 0.3,
                misfit: 0.3,
                input_rates: vec![1.0],
                seed,
                ..Coupled::default()
            }
            .snapshot();
            let options = AnalysisOptions {
                resamples: 300,
                seed: seed + 1_000_000,
                ..AnalysisOptions::default()
            };
            let statistic: Statistic =
                serde_json::from_value(of("slope", "across-cells", "pooled")).unwrap();
            let effect = statistic.effect(&datasets(&store)[0], &options).unwrap();
            let [low, high] = effect.interval.unwrap();
            low <= -0.6 && -0.6 <= high
        })
        .count();
    let coverage = hits as f64 / 400.0;
    println!("coverage of the slope: {coverage}");
    assert!((0.91..0.985).contains(&coverage), "{coverage}");
}
