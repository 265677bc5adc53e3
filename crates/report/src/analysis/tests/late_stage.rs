//! Statistics of measurements after training.

use etastar_search::EtaStar;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::cells::datasets;
use super::super::late_stage::LateStage;
use super::super::synthetic::{Coupled, checkpoint, keeping_accuracy};
use super::super::*;
use super::support::{close, effect_of, options, reason_of};

fn grid() -> Coupled {
    Coupled {
        checkpoints: vec![None, checkpoint(64), checkpoint(512)],
        ..Coupled::default()
    }
}

fn change(quantity: &str) -> Value {
    json!({"of": "late-stage-change", "quantity": quantity})
}

fn slope(step: &str) -> Value {
    json!({"of": "late-stage-slope", "step": step, "input_rate": "slowest"})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn exact_changes(sharper in -3.0..3.0f64, faster in -3.0..3.0f64, growth in -0.5..0.5f64) {
        let grid = Coupled { spread: 0.0, ..grid() };
        let centre = 9.0;
        let store = keeping_accuracy(grid.snapshot_with(|stage, size| {
            let half = stage as f64 / 2.0;
            [half * sharper, half * (faster - growth * (size - centre))]
        }));
        let sizes: Vec<f64> = grid.depths.iter()
            .flat_map(|d| grid.widths.iter().map(move |w| ((d * w) as f64).log2()))
            .collect();
        let mean = sizes.iter().sum::<f64>() / sizes.len() as f64;
        let rate = faster - growth * (mean - centre);
        let expect = |statistic: Value, truth: f64| {
            let effect = effect_of(statistic, &store);
            assert!(close(effect.value, truth), "{effect:?} {truth}");
            let [low, high] = effect.interval.unwrap();
            assert!(low <= truth + 1e-9 && truth <= high + 1e-9);
        };
        expect(change("rate"), rate);
        expect(change("sharpness"), sharper);
        expect(change("product"), rate + sharper);
        expect(json!({"of": "late-stage-exponent-change"}), growth);
        expect(slope("first"), -0.6);
        // log2 rate falls by 0.6 * 0.8 + growth for each octave of size, log2
        // lambda_1 grows by 0.8.
        expect(slope("last"), -0.6 - growth / 0.8);
    }
}

#[test]
fn step_zero_has_to_be_measured_under_the_same_rule() {
    let statistic = change("rate");
    let store = grid().snapshot();
    let reason = reason_of(statistic.clone(), &store);
    assert!(reason.contains("step 0"), "{reason}");
    let store = Coupled::default().snapshot();
    let reason = reason_of(statistic.clone(), &store);
    assert!(reason.contains("later checkpoints"), "{reason}");
    // Cells at step 0 under another rule stand beside and do not enter.
    let mut store = keeping_accuracy(grid().snapshot());
    let before = effect_of(statistic.clone(), &store);
    for mut record in Coupled::default().snapshot().cells {
        record.id.push_str("-other");
        record.repeats.truncate(1);
        store.cells.push(record);
    }
    assert_eq!(effect_of(statistic.clone(), &store), before);
    let mut twice = store
        .cells
        .iter()
        .find(|r| r.cell.checkpoint.is_some())
        .unwrap()
        .clone();
    twice.cell.checkpoint.as_mut().unwrap().learning_rate = 0.5;
    store.cells.push(twice);
    assert!(reason_of(statistic, &store).contains("after 64 steps"));
}

#[test]
fn without_sharpness_the_rate_alone_is_known() {
    let mut store = keeping_accuracy(grid().snapshot_with(|stage, _| [0.0, stage as f64]));
    store.sharpness.clear();
    assert!(close(effect_of(change("rate"), &store).value, 2.0));
    reason_of(change("product"), &store);
    reason_of(slope("last"), &store);
}

#[test]
fn searches_out_of_range_are_counted_and_their_cells_left_out() {
    let mut store = keeping_accuracy(grid().snapshot_with(|stage, _| [0.0, -(stage as f64)]));
    let mut late = store
        .cells
        .iter_mut()
        .filter(|r| r.cell.checkpoint.is_some_and(|c| c.steps == 512));
    for repeat in &mut late.next().unwrap().repeats {
        repeat.eta_star = EtaStar::NothingFails { highest: 1024.0 };
    }
    late.next().unwrap().repeats[0].eta_star = EtaStar::NothingSucceeds { lowest: 1e-6 };
    let datasets = datasets(&store);
    let late = LateStage::of(&datasets[0], Rate::Pooled, SharpnessKind::default()).unwrap();
    assert_eq!(late.steps, [0, 64, 512]);
    assert_eq!(late.searches(2), [1, 5, 24 * 5]);
    assert_eq!(late.searches(0), [0, 0, 24 * 5]);
    // One cell less, at every checkpoint, and one mean over four repeats.
    let level = |stage| late.level(Quantity::Rate, stage, &options()).unwrap().value;
    assert!((level(1) - level(0) + 1.0).abs() < 1e-9);
    assert!((level(2) - level(0) + 2.0).abs() < 0.05);
}

/// Rate and sharpness of one network deviate together: where their noise
/// cancels, the product has none.
#[test]
fn the_product_is_that_of_each_network() {
    let grid = Coupled {
        across: -1.0,
        within: -1.0,
        ..grid()
    };
    let mut store = keeping_accuracy(grid.snapshot());
    let interval = |store: &etastar_search::Snapshot, quantity| {
        let datasets = datasets(store);
        let late = LateStage::of(&datasets[0], Rate::Pooled, SharpnessKind::default()).unwrap();
        let own = &late.groups[3][1];
        let level = own.log2_of(quantity, 2).unwrap().exp2();
        (level, own.interval(quantity, 2, &options()))
    };
    let (rate, ends) = interval(&store, Quantity::Rate);
    let [low, high] = ends.unwrap();
    assert!(low < rate && rate < high && high / low > 1.1);
    let (product, ends) = interval(&store, Quantity::Product);
    let [low, high] = ends.unwrap();
    assert!(close(product, 2.0) && close(low, 2.0) && close(high, 2.0));
    // Where a search has no end, the means are of different networks.
    for record in &mut store.cells {
        record.repeats[0].eta_star = EtaStar::NothingSucceeds { lowest: 1e-6 };
    }
    assert_eq!(interval(&store, Quantity::Product).1, None);
    assert!(interval(&store, Quantity::Rate).1.is_some());
}
