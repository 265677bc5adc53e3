//! Statistics that compare variants.

use etastar_search::{CellRecord, EtaStar, Snapshot, VariantCells, Vary};
use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use super::support::{close, effect_of, findings_of, options, reason_of};
use crate::fit::synthetic::Synthetic;

fn sweep(noise: f64, seed: u64) -> Synthetic {
    Synthetic {
        input_rates: vec![0.1, 1.0],
        repeats: 6,
        noise,
        seed,
        ..Synthetic::default()
    }
}

/// Name, sweep, and what makes its cells this variant's.
type Variant<'a> = (&'a str, Snapshot, &'a dyn Fn(&mut CellRecord));

/// A store of variants, each made by changing the cells of a sweep of its own.
fn store(variants: Vec<Variant<'_>>) -> Snapshot {
    let mut whole: Option<Snapshot> = None;
    let mut named = Vec::new();
    for (name, mut snapshot, change) in variants {
        for record in &mut snapshot.cells {
            record.id = format!("{name}-{}", record.id);
            change(record);
        }
        named.push(VariantCells {
            name: name.to_owned(),
            eta_star: snapshot
                .cells
                .iter()
                .map(|record| record.id.clone())
                .collect(),
            sharpness: Vec::new(),
        });
        match &mut whole {
            Some(whole) => whole.cells.append(&mut snapshot.cells),
            None => whole = Some(snapshot),
        }
    }
    let mut whole = whole.unwrap();
    whole.manifest.variants = named;
    whole
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_common_shift_is_found_exactly(shift in -3.0..3.0f64, c in -6.0..2.0f64) {
        let store = store(vec![
            ("base", sweep(0.0, 1).snapshot(|d, w, _, _| c - (d * w).log2()), &|_| {}),
            ("small", sweep(0.0, 1).snapshot(|d, w, _, _| c + shift - (d * w).log2()), &|record| {
                record.cell.protocol.batch_size = 32;
            }),
        ]);
        let effect = effect_of(json!({"of": "shift", "variant": "small"}), &store);
        prop_assert!(close(effect.value, shift));
        let [low, high] = effect.interval.unwrap();
        prop_assert!(close(low, shift) && close(high, shift));
        prop_assert_eq!(effect.unit, Unit::Octaves);
        let all = shifts(&store, &options());
        prop_assert_eq!(all.len(), 1);
        prop_assert!(all[0].spread.unwrap() < 1e-8 && all[0].cells == 24);
    }
}

#[test]
fn the_spread_is_over_cells_and_the_interval_over_architectures() {
    let store = store(vec![
        ("base", sweep(0.0, 1).snapshot(|_, _, _, _| -4.0), &|_| {}),
        (
            "deep",
            // One octave up in half of the architectures, one down in the other.
            sweep(0.0, 1).snapshot(|d, _, _, _| if d > 4.0 { -3.0 } else { -5.0 }),
            &|record| record.cell.protocol.budget = 512,
        ),
    ]);
    let shift = &shifts(&store, &options())[0];
    assert!(close(shift.effect.unwrap().value, 0.0));
    // 24 differences of +-1: variance 24/23.
    assert!(close(shift.spread.unwrap(), (24.0f64 / 23.0).sqrt()));
    let [low, high] = shift.effect.unwrap().interval.unwrap();
    // Standard error of 12 architectures of +-1 is 0.30; of 24 independent
    // cells it would be 0.21.
    assert!(high - low > 1.0 && high - low < 1.8, "{low} {high}");
}

#[test]
fn a_variant_may_change_the_dataset_itself() {
    let store = store(vec![
        ("base", sweep(0.0, 1).snapshot(|_, _, _, _| -4.0), &|_| {}),
        (
            "more",
            sweep(0.0, 1).snapshot(|_, _, _, _| -3.5),
            &|record| {
                record.cell.dataset.train = Some(60_000);
            },
        ),
    ]);
    // One finding, of the dataset as the first variant has it.
    let findings = findings_of(json!({"of": "shift", "variant": "more"}), &store);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(close(findings[0].effect.unwrap().value, 0.5));
    let shifts = shifts(&store, &options());
    assert_eq!(
        (shifts.len(), shifts[0].cells, shifts[0].unpaired),
        (1, 24, 0)
    );
}

#[test]
fn cells_without_a_counterpart_are_counted() {
    let mut store = store(vec![
        ("base", sweep(0.0, 1).snapshot(|_, _, _, _| -4.0), &|_| {}),
        (
            "small",
            sweep(0.0, 1).snapshot(|_, _, _, _| -5.0),
            &|record| {
                record.cell.protocol.batch_size = 32;
                // Another rate than any of the first variant's.
                if record.cell.input_rate == 1.0 && record.cell.depth() == 2 {
                    record.cell.input_rate = 0.5;
                }
            },
        ),
    ]);
    for repeat in &mut store.cells.last_mut().unwrap().repeats {
        repeat.eta_star = EtaStar::NothingSucceeds { lowest: 1e-6 };
    }
    let shift = &shifts(&store, &options())[0];
    assert!(close(shift.effect.unwrap().value, -1.0));
    // Three widths at the other rate, and the cell without an eta*.
    assert_eq!((shift.cells, shift.unpaired), (20, 4));
    assert_eq!((shift.repeats, shift.censored), (144, 6));
    let reason = reason_of(json!({"of": "shift", "variant": "large"}), &store);
    assert_eq!(reason, "there is no variant `large`");
}

#[test]
fn noise_is_that_which_was_put_in() {
    let law = |d: f64, w: f64, _: f64, _: f64| -0.5 * (d * w).log2();
    let deviation = |noise: f64, seed: u64| Synthetic {
        repeats: 40,
        ..sweep(noise, seed)
    };
    let store = store(vec![
        ("both", deviation(0.4, 2).snapshot(law), &|_| {}),
        ("order", deviation(0.1, 3).snapshot(law), &|record| {
            record.cell.vary = Vary::BatchOrder;
        }),
    ]);
    let noise = noise(&store, &options());
    assert_eq!(noise.len(), 2);
    for (one, truth) in noise.iter().zip([0.4, 0.1]) {
        // 12 independent sets of 40 repeats: a standard error of 1/sqrt(2 * 468).
        let effect = one.effect.unwrap();
        assert!((effect.value / truth - 1.0).abs() < 0.12, "{effect:?}");
        let [low, high] = effect.interval.unwrap();
        assert!(low < truth && truth < high, "{effect:?}");
        assert_eq!((one.cells, one.repeats, one.censored), (24, 960, 0));
    }
    assert_eq!(noise[1].vary, Vary::BatchOrder);
    let ratio = effect_of(
        json!({"of": "noise-ratio", "variant": "order", "against": "both"}),
        &store,
    );
    assert!((ratio.value + 2.0).abs() < 0.25, "{ratio:?}");
    let [low, high] = ratio.interval.unwrap();
    assert!(low < -2.0 && -2.0 < high && high < 0.0, "{ratio:?}");
    let of = |one: usize| noise[one].effect.unwrap().value;
    assert!(close(ratio.value, (of(1) / of(0)).log2()));
}

#[test]
fn no_noise_cannot_be_compared() {
    let exact = || sweep(0.0, 1).snapshot(|_, _, _, _| -4.0);
    let store = store(vec![
        ("both", exact(), &|_| {}),
        ("order", exact(), &|record| {
            record.cell.vary = Vary::BatchOrder
        }),
    ]);
    let ratio = json!({"of": "noise-ratio", "variant": "order", "against": "both"});
    assert_eq!(reason_of(ratio, &store), "the number is not finite");
    let mut single = exact();
    for record in &mut single.cells {
        record.repeats.truncate(1);
    }
    let store = self::store(vec![("one", single, &|_| {})]);
    let reason = noise(&store, &options())[0].reason.clone();
    assert!(reason.unwrap().contains("two repeats"));
}
