//! Statistics of eta\* alone.

use etastar_search::{EtaStar, VariantCells};
use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::support::{close, effect_of, findings_of, reason_of};
use crate::fit::synthetic::{Synthetic, cell, record, snapshot};

fn two_rates() -> Synthetic {
    Synthetic {
        input_rates: vec![0.1, 1.0],
        ..Synthetic::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn exponents_of_exact_laws(c in -8.0..8.0f64, a in -1.5..2.0f64, b in -1.5..2.0f64) {
        let store = two_rates().snapshot(|d, w, _, _| c - a * d.log2() - b * w.log2());
        for (part, truth) in [("depth", a), ("width", b)] {
            let effect = effect_of(
                json!({"of": "exponent", "law": "separate", "part": part, "input_rate": "pooled"}),
                &store,
            );
            prop_assert!(close(effect.value, truth));
            let [low, high] = effect.interval.unwrap();
            prop_assert!(close(low, truth) && close(high, truth));
        }
        let store = two_rates().snapshot(|d, w, n, mu| c - a * (mu * n + d * w).log2());
        let effect = effect_of(
            json!({"of": "exponent", "law": "effective-size", "part": "joint",
                   "input_rate": "pooled", "width_over_depth": 8.0}),
            &store,
        );
        prop_assert!(close(effect.value, a));
    }
}

#[test]
fn quality_is_that_of_the_fit() {
    let noisy = Synthetic {
        noise: 0.4,
        misfit: 0.3,
        seed: 5,
        ..two_rates()
    };
    let store = noisy.snapshot(|d, w, _, mu| -0.5 * mu * (d * w).log2());
    let fits = crate::fit::fit(&store, &crate::fit::FitOptions::default()).unwrap();
    for (rate, number) in [
        ("slowest", Some(0.1)),
        ("fastest", Some(1.0)),
        ("pooled", None),
    ] {
        for law in crate::fit::Law::ALL {
            let hit = fits
                .fits
                .iter()
                .find(|fit| (fit.law, fit.input_rate, fit.width_over_depth) == (law, number, 8.0));
            let fit = hit.unwrap();
            for (of, expected) in [("r-squared", fit.r_squared), ("rmse", fit.rmse_octaves)] {
                let effect = effect_of(
                    json!({"of": of, "law": law, "input_rate": rate, "width_over_depth": 8.0}),
                    &store,
                );
                assert!(close(effect.value, expected), "{of} {law:?} {rate}");
                let [low, high] = effect.interval.unwrap();
                assert!(low < high, "{effect:?}");
            }
        }
    }
}

#[test]
fn what_cannot_be_measured_says_why() {
    let exponent = |law: &str, part: &str, rate: f64, k: f64| {
        json!({"of": "exponent", "law": law, "part": part, "input_rate": rate,
               "width_over_depth": k})
    };
    let store = two_rates().snapshot(|d, w, _, _| -(d * w).log2());
    let reason = reason_of(exponent("depth-width", "joint", 0.3, 0.0), &store);
    assert!(reason.contains("input-layer rate 0.3"), "{reason}");
    let reason = reason_of(exponent("depth-width", "depth", 0.1, 0.0), &store);
    assert!(reason.contains("no such exponent"), "{reason}");
    let reason = reason_of(exponent("depth-width", "joint", 0.1, 100.0), &store);
    assert!(reason.contains("at least 3"), "{reason}");
    let reason = reason_of(exponent("depth-width", "joint", 0.1, 1e3), &store);
    assert!(
        reason.contains("no measured cells of the width"),
        "{reason}"
    );

    // As many architectures as coefficients: a value, but no interval.
    let few: Vec<_> = [(2, 64), (2, 256)]
        .into_iter()
        .flat_map(|(d, w)| {
            [0.1, 1.0].map(|rate| record(cell(&vec![w; d], rate), &[-(w as f64).log2()]))
        })
        .collect();
    let statistic =
        json!({"of": "exponent", "law": "depth-width", "part": "joint", "input_rate": "pooled"});
    let finding = &findings_of(statistic, &snapshot(few))[0];
    assert!(close(finding.effect.unwrap().value, 1.0));
    assert_eq!(finding.verdict, Verdict::Unclear);
    assert!(finding.reason.as_ref().unwrap().contains("no interval"));
}

#[test]
fn variants_are_told_apart() {
    let mut store = Synthetic::default().snapshot(|d, w, _, _| -0.25 * (d * w).log2());
    let mut second = Synthetic::default().snapshot(|d, w, _, _| -0.75 * (d * w).log2());
    for record in &mut second.cells {
        record.id.push_str("-late");
        record.cell.protocol.batch_size = 32;
    }
    let ids = |cells: &[etastar_search::CellRecord]| -> Vec<String> {
        cells.iter().map(|record| record.id.clone()).collect()
    };
    let statistic = |variant: Option<&str>| {
        let mut value = json!({"of": "exponent", "law": "depth-width", "part": "joint",
                               "input_rate": "pooled"});
        if let Some(name) = variant {
            value["variant"] = json!(name);
        }
        value
    };
    let variants = [("plain", ids(&store.cells)), ("small", ids(&second.cells))];
    store.cells.extend(second.cells);
    // Without variants, the cells are not of one kind.
    let reason = reason_of(statistic(None), &store);
    assert!(reason.contains("batch_size"), "{reason}");
    store.manifest.variants = variants
        .map(|(name, eta_star)| VariantCells {
            name: name.to_owned(),
            eta_star,
            sharpness: Vec::new(),
        })
        .to_vec();
    for (variant, truth) in [(None, 0.25), (Some("plain"), 0.25), (Some("small"), 0.75)] {
        assert!(close(effect_of(statistic(variant), &store).value, truth));
    }
    let reason = reason_of(statistic(Some("large")), &store);
    assert_eq!(reason, "there is no variant `large`");
}

#[test]
fn censored_cells_do_not_enter_and_the_order_does_not_matter() {
    let noisy = Synthetic {
        noise: 0.3,
        ..two_rates()
    };
    let mut store = noisy.snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    let statistic =
        json!({"of": "exponent", "law": "depth-width", "part": "joint", "input_rate": "pooled"});
    let before = effect_of(statistic.clone(), &store);
    let mut lost = record(cell(&[1024; 2], 1.0), &[0.0]);
    lost.repeats[0].eta_star = EtaStar::NothingSucceeds { lowest: 1e-6 };
    store.cells.push(lost);
    store.cells.push(record(cell(&[64, 32], 1.0), &[9.0]));
    store.cells.reverse();
    assert_eq!(before, effect_of(statistic, &store));
}
