//! The largest usable rate as training goes on.

use crate::support;

use etastar_analysis::{Course, Effect, LateStageCourse};
use etastar_search::{CellRecord, EtaStar, Snapshot, SuccessRule};
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{Store, agree, below, close, effect_of, is_exactly, one, searches, shown};

/// At three checkpoints, `[log2 lambda_1, log2 eta*]` of a function of the checkpoint's index, of
/// `log2(depth width)` and of the network's noise.
fn grid(spread: f64, law: impl Fn(usize, f64, f64) -> [f64; 2]) -> Snapshot {
    let store = Store::with(|s| {
        (s.input_rates, s.checkpoints, s.spread) = (vec![0.1, 1.0], vec![0, 64, 512], spread);
    });
    store.joined(law)
}

fn change(quantity: &str) -> Value {
    json!({"of": "late-stage-change", "quantity": quantity})
}

fn course(store: &Snapshot) -> LateStageCourse {
    one(shown(store, "late-stage").late_stage)
}

fn of(numbers: &[(Course, Option<Effect>)], course: Course) -> Effect {
    let mut own = numbers.iter().filter(|(other, _)| *other == course);
    own.next().unwrap().1.unwrap()
}

fn is_after(record: &CellRecord, steps: usize) -> bool {
    record.cell.checkpoint.map_or(0, |own| own.steps) == steps
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Half of every change has happened at the checkpoint in between.
    #[test]
    fn exact_changes(sharper in -3.0..3.0f64, faster in -3.0..3.0f64, growth in -0.5..0.5f64) {
        let store = grid(0.0, |stage, size, _| {
            let half = stage as f64 / 2.0;
            let rate = 1.0 - 0.48 * size + half * (faster - growth * (size - 9.5));
            [0.8 * size + half * sharper, rate]
        });
        // The mean log2 of sizes is 2.5 + 7.
        let course = course(&store);
        for (name, quantity, truth) in [
            ("rate", Course::Rate, faster),
            ("sharpness", Course::Sharpness, sharper),
            ("product", Course::Product, faster + sharper),
        ] {
            let effect = effect_of(&store, change(name), json!({}));
            prop_assert!(close(effect.value, truth) && effect == of(&course.changes, quantity));
            let level = |stage: usize| of(&course.stages[stage].levels, quantity).value;
            prop_assert!(close(level(1) - level(0), truth / 2.0));
            prop_assert!(close(level(2) - level(0), truth));
        }
        prop_assert!(is_exactly(&course.exponent_change.unwrap(), growth));
        // log2 rate falls by 0.48 + growth for each octave of size, log2 lambda_1 grows by 0.8.
        let [first, last] = [0.48, 0.48 + growth].map(|exponent| -exponent / 0.8);
        agree!(
            &store,
            [{"statistic": {"of": "late-stage-exponent-change"}}, [growth]],
            [{"statistic": {"of": "late-stage-slope", "step": "first"}}, [first]],
            [{"statistic": {"of": "late-stage-slope", "step": "last"},
              "cells": {"input_rate": "slowest"}}, [last]],
        );
        prop_assert!(is_exactly(&course.stages[2].slope.unwrap(), last));
        prop_assert!(is_exactly(&course.stages[2].exponent.unwrap(), 0.48 + growth));
    }
}

#[test]
fn step_zero_has_to_be_measured_under_the_same_rule() {
    let store = grid(0.3, |_, size, own| [size + own, -size]);
    let refuses = |store: &Snapshot, expected: &str| {
        agree!(store, [{"statistic": change("rate")}, expected]);
    };
    let before = effect_of(&store, change("rate"), json!({}));
    let [mut first, mut late] = [store.clone(), store.clone()];
    first.cells.retain(|record| is_after(record, 0));
    late.cells.retain(|record| !is_after(record, 0));
    refuses(&first, "later checkpoints");
    // Step 0 under another rule stands beside and does not enter; alone, it is not enough.
    for record in &mut first.cells {
        record.id.push_str("-other");
        record.repeats.truncate(1);
        if let Some(protocol) = record.cell.protocol_mut() {
            protocol.success = SuccessRule::ReachThreshold;
        }
    }
    let beside = |mut store: Snapshot| {
        store.cells.extend(first.cells.clone());
        store
    };
    assert_eq!(
        effect_of(&beside(store.clone()), change("rate"), json!({})),
        before
    );
    refuses(&beside(late), "step 0");
    for (batch_size, expected) in [(64, "batch_size"), (128, "after 64 steps")] {
        let mut store = store.clone();
        let twice = store.cells.iter().find(|record| is_after(record, 64));
        let mut twice = twice.unwrap().clone();
        twice.cell.checkpoint.as_mut().unwrap().batch_size = batch_size;
        store.cells.push(twice);
        refuses(&store, expected);
    }
}

#[test]
fn what_is_not_known_is_left_out_and_counted() {
    let mut store = grid(0.3, |stage, size, own| [size + own, -size - stage as f64]);
    let late = store
        .cells
        .iter_mut()
        .filter(|record| is_after(record, 512));
    let mut late = late.filter(|record| record.cell.protocol().is_some());
    for search in searches(late.next()) {
        search.eta_star = EtaStar::NothingFails { highest: 1024.0 };
    }
    searches(late.next()).next().unwrap().eta_star = below(-20.0);
    let all = course(&store);
    let steps: Vec<usize> = all.stages.iter().map(|stage| stage.steps).collect();
    assert_eq!(
        (steps, all.checkpoint.unwrap().steps),
        (vec![0, 64, 512], 512)
    );
    let counts = |stage: usize| {
        let own = all.stages[stage].searches;
        [own.nothing_succeeds, own.nothing_fails, own.searches]
    };
    assert_eq!((counts(0), counts(2)), ([0, 0, 120], [1, 5, 120]));
    // One cell less, at every checkpoint.
    let level = |stage: usize| of(&all.stages[stage].levels, Course::Rate).value;
    assert!(close(level(1) - level(0), -1.0) && close(level(2) - level(0), -2.0));
    assert_eq!(
        all.points.iter().filter(|own| own.rate.is_none()).count(),
        1
    );

    store
        .cells
        .retain(|record| record.cell.sharpness().is_none());
    agree!(
        &store,
        [{"statistic": change("rate")}, [-2.0]],
        [{"statistic": change("product")}, "no measured cells"],
        [{"statistic": {"of": "late-stage-slope", "step": "last"}}, "straight line: 0"],
    );
    let all = course(&store);
    assert!(all.points.len() == 72 && all.points.iter().all(|own| own.sharpness.is_none()));
    assert!(
        all.stages
            .iter()
            .all(|own| own.slope.is_none() && own.exponent.is_some())
    );
}

/// Rate and sharpness of one network deviate together: where their noise cancels, the product of
/// every cell is 2.
#[test]
fn the_product_is_that_of_the_same_networks() {
    let course = course(&grid(0.3, |_, size, own| [size + own, 1.0 - size - own]));
    for stage in &course.stages {
        assert!(is_exactly(&of(&stage.levels, Course::Product), 1.0));
        let [low, high] = of(&stage.levels, Course::Rate).interval.unwrap();
        assert!(high - low > 0.1);
    }
    let mut points = course.points.iter();
    assert!(points.all(|own| close(own.rate.unwrap() * own.sharpness.unwrap(), 2.0)));
}
