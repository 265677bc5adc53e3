//! Statistics of sharpness alone.

use etastar_search::Snapshot;
use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::support::{close, effect_of, reason_of};
use crate::fit::synthetic::snapshot;
use crate::sharpness::synthetic::Grid;

fn measured(grid: &Grid) -> Snapshot {
    let mut snapshot = snapshot(Vec::new());
    snapshot.sharpness = grid.records();
    snapshot
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_exponent_of_an_exact_law(exponent in -2.0..2.0f64) {
        let store = measured(&Grid { exponent, noise: 0.0, ..Grid::default() });
        for matrix in ["hessian", "gauss-newton"] {
            let fields = json!({"of": "sharpness-exponent", "matrix": matrix,
                                "input_rate": "fastest", "loss": "squared-error"});
            let effect = effect_of(fields, &store);
            prop_assert!(close(effect.value, exponent));
            let [low, high] = effect.interval.unwrap();
            prop_assert!(close(low, exponent) && close(high, exponent));
        }
    }
}

#[test]
fn the_quality_is_that_of_the_growth_law() {
    let store = measured(&Grid {
        noise: 1.5,
        ..Grid::default()
    });
    let series = crate::sharpness::analyse(&store, &crate::sharpness::SharpnessOptions::default());
    for law in &series[0].laws {
        let fields = json!({"of": "sharpness-r-squared", "matrix": law.matrix,
                            "input_rate": law.input_rate,
                            "width_over_depth": law.width_over_depth});
        let effect = effect_of(fields, &store);
        assert!(close(effect.value, law.r_squared), "{effect:?} {law:?}");
    }
}

#[test]
fn losses_are_told_apart() {
    let store = measured(&Grid {
        losses: vec!["cross-entropy", "squared-error"],
        ..Grid::default()
    });
    let fields = json!({"of": "sharpness-exponent", "matrix": "hessian", "input_rate": 1.0});
    let reason = reason_of(fields.clone(), &store);
    assert!(reason.contains("differ in loss"), "{reason}");
    let mut one = fields;
    one["loss"] = json!("cross-entropy");
    assert!((effect_of(one, &store).value - 1.0).abs() < 0.2);
}

#[test]
fn violations_are_counted_exactly() {
    let mut store = measured(&Grid::default());
    let fields = json!({"of": "bound-violations"});
    let effect = effect_of(fields.clone(), &store);
    assert_eq!(
        (effect.value, effect.interval, effect.unit),
        (0.0, None, Unit::Count)
    );
    for index in [0, 3] {
        let network = &mut store.sharpness[index].repeats[1].sharpness;
        let top = network.gauss_newton.largest;
        network
            .bounds
            .as_mut()
            .unwrap()
            .upper
            .gauss_newton
            .frobenius = 0.9 * top;
    }
    assert_eq!(effect_of(fields.clone(), &store).value, 2.0);
    let store = measured(&Grid {
        bounds: false,
        ..Grid::default()
    });
    assert!(reason_of(fields, &store).contains("certified bounds"));
}
