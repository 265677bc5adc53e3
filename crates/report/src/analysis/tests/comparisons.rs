//! Statistics of eta\* that compare two sets of cells or two laws.

use proptest::prelude::*;
use serde_json::json;

use super::support::{close, effect_of, reason_of};
use crate::fit::synthetic::{Synthetic, cell, record, snapshot};
use crate::fit::{FitOptions, Law, fit};

/// A law that holds in wide networks only; narrow ones scatter around it.
fn broken_when_narrow(d: f64, w: f64) -> f64 {
    let exact = 1.0 - 0.7 * (d * w).log2();
    let side = if (d.log2() + w.log2()) as i32 % 2 == 0 {
        1.0
    } else {
        -1.0
    };
    if w >= 16.0 * d { exact } else { exact + side }
}

#[test]
fn a_filter_gains_where_the_law_holds_behind_it_only() {
    let grid = Synthetic {
        depths: vec![2, 3, 4, 6, 8, 16],
        widths: vec![32, 64, 96, 128, 256],
        ..Synthetic::default()
    };
    let store = grid.snapshot(|d, w, _, _| broken_when_narrow(d, w));
    let gain = |measure: &str, k: f64| {
        json!({"of": "filter-gain", "measure": measure, "law": "depth-width",
               "input_rate": "slowest", "width_over_depth": k})
    };
    let all = fit(&store, &FitOptions::default()).unwrap().fits;
    let all = all
        .iter()
        .find(|fit| fit.law == Law::DepthWidth && fit.width_over_depth == 0.0)
        .unwrap();
    let effect = effect_of(gain("r-squared", 16.0), &store);
    assert!(close(effect.value, 1.0 - all.r_squared));
    assert!(effect.interval.unwrap()[0] > 0.0, "{effect:?}");
    let effect = effect_of(gain("rmse", 16.0), &store);
    assert!(close(effect.value, -all.rmse_octaves));
    assert!(effect.interval.unwrap()[1] < 0.0, "{effect:?}");
    let reason = reason_of(gain("rmse", 1.0), &store);
    assert!(reason.contains("leaves out no cell"), "{reason}");
}

#[test]
fn a_slow_input_layer_gains_where_the_law_holds_with_it_only() {
    let grid = Synthetic {
        input_rates: vec![0.01, 0.1, 1.0],
        ..Synthetic::default()
    };
    let store = grid.snapshot(|d, w, _, mu| {
        let side = if (d.log2() + w.log2()) as i32 % 2 == 0 {
            1.0
        } else {
            -1.0
        };
        -0.7 * (d * w).log2() + 0.5 * side * (100.0 * mu).log2()
    });
    let gain = |measure: &str| json!({"of": "rate-gain", "measure": measure, "law": "depth-width"});
    let fits = fit(&store, &FitOptions::default()).unwrap().fits;
    let fast = fits.iter().find(|f| f.input_rate == Some(1.0)).unwrap();
    let effect = effect_of(gain("r-squared"), &store);
    assert!(close(effect.value, 1.0 - fast.r_squared));
    assert!(effect.interval.unwrap()[0] > 0.0);
    assert!(close(
        effect_of(gain("rmse"), &store).value,
        -fast.rmse_octaves
    ));
    let one = Synthetic::default().snapshot(|d, w, _, _| -(d * w).log2());
    assert_eq!(
        reason_of(gain("rmse"), &one),
        "only one input-layer rate is measured"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_gap_of_exact_exponents(a in -1.5..2.0f64, b in -1.5..2.0f64) {
        let store = Synthetic::default().snapshot(|d, w, _, _| -a * d.log2() - b * w.log2());
        let effect = effect_of(json!({"of": "exponent-gap", "input_rate": "pooled"}), &store);
        prop_assert!(close(effect.value, a - b));
        let [low, high] = effect.interval.unwrap();
        prop_assert!(close(low, a - b) && close(high, a - b));
    }
}

/// As many searches of each architecture as given are not monotone.
fn searches(not_monotone: impl Fn(usize, usize) -> usize) -> etastar_search::Snapshot {
    let mut cells = Vec::new();
    for depth in [2, 4, 8] {
        for width in [16, 32, 64, 128] {
            let mut record = record(cell(&vec![width; depth], 1.0), &[0.0; 4]);
            for repeat in record.repeats.iter_mut().take(not_monotone(depth, width)) {
                repeat.monotone = false;
            }
            cells.push(record);
        }
    }
    snapshot(cells)
}

#[test]
fn shares_of_searches_that_are_not_monotone() {
    let share = |narrow: bool| {
        json!({"of": "non-monotone", "input_rate": "pooled", "width_over_depth": 8.0,
               "narrow": narrow})
    };
    let gap = json!({"of": "non-monotone-gap", "input_rate": "pooled", "width_over_depth": 8.0});
    // Wide: (2: all 4), (4: 32 64 128), (8: 64, 128); narrow: (4, 16), (8, 16), (8, 32).
    let store = searches(|depth, width| match (depth, width) {
        (4, 16) => 1,
        (8, 16) => 3,
        (8, 32) => 2,
        (2, 16) => 3,
        _ => 0,
    });
    let wide = effect_of(share(false), &store);
    assert!(close(wide.value, 3.0 / 36.0));
    let [low, high] = wide.interval.unwrap();
    assert!(low < 3.0 / 36.0 && 3.0 / 36.0 < high, "{wide:?}");
    assert!(close(effect_of(share(true), &store).value, 6.0 / 12.0));
    let effect = effect_of(gap.clone(), &store);
    assert!(close(effect.value, 0.5 - 3.0 / 36.0));
    assert!(effect.interval.unwrap()[0] < effect.value);

    // All agree: the interval is not empty for that.
    let store = searches(|_, _| 0);
    let none = effect_of(share(false), &store);
    let end = 1.0 - 0.025f64.powf(1.0 / 36.0);
    assert_eq!(none.value, 0.0);
    let [low, high] = none.interval.unwrap();
    assert!(low == 0.0 && close(high, end));
    let [low, high] = effect_of(gap, &store).interval.unwrap();
    assert!(close(low, -end) && close(high, 1.0 - 0.025f64.powf(1.0 / 12.0)));
    let all_wide = json!({"of": "non-monotone", "input_rate": "pooled", "width_over_depth": 1.0,
                          "narrow": true});
    assert!(reason_of(all_wide, &store).contains("narrow networks"));
}

#[test]
fn the_effective_size_gains_on_data_of_its_own() {
    let grid = Synthetic {
        input_rates: vec![0.01, 0.1, 1.0],
        noise: 0.1,
        ..Synthetic::default()
    };
    let own = grid.snapshot(|d, w, n, mu| -0.9 * (mu * n + d * w).log2());
    let other = grid.snapshot(|d, w, _, _| -0.9 * (d * w).log2());
    let gain = |measure: &str| json!({"of": "effective-size-gain", "measure": measure});
    for measure in ["r-squared", "leave-one-out", "leave-one-rate-out"] {
        let effect = effect_of(gain(measure), &own);
        assert!(effect.interval.unwrap()[0] > 0.0, "{measure}: {effect:?}");
        let effect = effect_of(gain(measure), &other);
        assert!(effect.interval.unwrap()[1] < 0.0, "{measure}: {effect:?}");
    }
    let fits = fit(&own, &FitOptions::default()).unwrap().fits;
    let of = |law: Law| {
        let pooled = |f: &&crate::fit::Fit| {
            f.law == law && f.input_rate.is_none() && f.width_over_depth == 0.0
        };
        fits.iter().find(pooled).unwrap()
    };
    let (size, product) = (of(Law::EffectiveSize), of(Law::DepthWidth));
    assert!(close(
        effect_of(gain("leave-one-out"), &own).value,
        product.loo_rmse_octaves - size.loo_rmse_octaves
    ));
    assert!(close(
        effect_of(gain("r-squared"), &own).value,
        size.r_squared - product.r_squared
    ));
    let one = Synthetic::default().snapshot(|d, w, _, _| -(d * w).log2());
    assert!(reason_of(gain("r-squared"), &one).contains("only one"));
}
