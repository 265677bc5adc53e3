//! What variants shift, and where the noise comes from.

use crate::support;

use etastar_analysis::{Unit, VariantSummary};
use etastar_search::{Snapshot, Vary};
use proptest::prelude::*;
use serde_json::json;
use support::{
    Store, agree, below, close, effect_of, findings_of, holds, is_exactly, one, searches, shown,
    variants,
};

fn sweep(noise: f64, repeats: usize, law: impl Fn(f64, f64, f64, f64) -> f64) -> Snapshot {
    let rates = vec![0.1, 1.0];
    Store::with(|s| (s.input_rates, s.noise, s.repeats) = (rates, noise, repeats)).snapshot(law)
}

fn constant(log2: f64) -> Snapshot {
    sweep(0.0, 6, |_, _, _, _| log2)
}

/// The first variant and the other one.
fn summaries(store: &Snapshot) -> [VariantSummary; 2] {
    let all = shown(store, "shifts").variants;
    assert_eq!(all, shown(store, "noise").variants);
    let [first, other] = <[_; 2]>::try_from(all).unwrap();
    assert_eq!(
        (&first.against, first.shift, first.spread),
        (&None, None, None)
    );
    assert_eq!(other.against.as_ref(), Some(&first.variant));
    [first, other]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_common_shift_is_found_exactly(shift in -3.0..3.0f64, c in -6.0..2.0f64) {
        let law = |more: f64| sweep(0.0, 6, |d, w, _, _| c + more - (d * w).log2());
        let store = variants(vec![
            ("base", law(0.0), &|_| {}),
            ("small", law(shift), &|record| record.cell.protocol_mut().unwrap().batch_size = 32),
        ]);
        let small = summaries(&store)[1].clone();
        prop_assert!(small.spread.unwrap() < 1e-8 && small.pairs == 24);
        prop_assert!(is_exactly(&small.shift.unwrap(), shift));
        let effect = effect_of(&store, json!({"of": "shift", "variant": "small"}), json!({}));
        prop_assert_eq!((Some(effect), effect.unit), (small.shift, Unit::Octaves));
    }
}

#[test]
fn the_spread_is_over_cells_and_the_interval_over_architectures() {
    // One octave up in half of the architectures, one down in the other.
    let deep = sweep(0.0, 6, |d, _, _, _| if d > 4.0 { -3.0 } else { -5.0 });
    let change = |record: &mut etastar_search::CellRecord| {
        record.cell.protocol_mut().unwrap().budget = 512;
    };
    let store = variants(vec![
        ("base", constant(-4.0), &|_| {}),
        ("deep", deep, &change),
    ]);
    let [_, deep] = summaries(&store);
    assert!(close(deep.shift.unwrap().value, 0.0));
    // 24 differences of +-1: variance 24/23. The standard error of 12 architectures of +-1 is
    // 0.30; of 24 independent cells it would be 0.21.
    assert!(close(deep.spread.unwrap(), (24.0f64 / 23.0).sqrt()));
    let [low, high] = deep.shift.unwrap().interval.unwrap();
    assert!(high - low > 1.0 && high - low < 1.8, "{low} {high}");
}

#[test]
fn pairs_are_of_one_architecture_and_rate_also_where_the_dataset_changes() {
    let mut store = variants(vec![
        ("base", constant(-4.0), &|_| {}),
        ("more", constant(-3.5), &|record| {
            record.cell.dataset.train = Some(60_000);
            // Another rate than any of the first variant's.
            if record.cell.input_rate == 1.0 && record.cell.depth() == 2 {
                record.cell.input_rate = 0.5;
            }
        }),
    ]);
    searches(store.cells.last_mut()).for_each(|search| search.eta_star = below(-20.0));
    // One finding, of the dataset as the first variant has it.
    let criterion = json!({"statistic": {"of": "shift", "variant": "more"}});
    let finding = one(findings_of(&store, criterion));
    assert!(is_exactly(&finding.effect.unwrap(), 0.5));
    let [_, more] = summaries(&store);
    // Three widths at the other rate, and the cell without an eta*.
    assert_eq!(
        (more.pairs, more.unpaired, more.dataset),
        (20, 4, finding.dataset)
    );
    assert_eq!((more.searches.searches, more.searches.censored()), (144, 6));
    let unknown = json!({"statistic": {"of": "shift", "variant": "large"}});
    agree!(&store, [unknown, "there is no variant `large`"]);
}

#[test]
fn noise_is_that_which_was_put_in_and_none_cannot_be_compared() {
    let change = |record: &mut etastar_search::CellRecord| record.cell.vary = Vary::BatchOrder;
    let both = |one, two| variants(vec![("both", one, &|_| {}), ("order", two, &change)]);
    let noisy = |noise: f64| sweep(noise, 40, |d, w, _, _| -0.5 * (d * w).log2());
    let ratio = json!({"of": "noise-ratio", "variant": "order", "against": "both"});
    let store = both(noisy(0.4), noisy(0.1));
    let all = summaries(&store);
    for (own, truth) in all.iter().zip([0.4, 0.1]) {
        // 12 independent sets of 40 repeats: a standard error of 1/sqrt(2 * 468).
        let noise = own.noise.unwrap();
        assert!(
            (noise.value / truth - 1.0).abs() < 0.12 && holds(&noise, truth),
            "{noise:?}"
        );
        assert_eq!((own.noise_cells, own.searches.found), (24, 960));
    }
    assert_eq!(all[1].vary, Vary::BatchOrder);
    let octaves = effect_of(&store, ratio.clone(), json!({}));
    let [first, second] = all.map(|own| own.noise.unwrap().value);
    assert!(close(octaves.value, (second / first).log2()) && close(octaves.value, -2.0));

    let mut store = both(constant(-4.0), constant(-4.0));
    let criterion = json!({"statistic": ratio});
    agree!(&store, [criterion, "the number is not finite"]);
    store
        .cells
        .iter_mut()
        .for_each(|record| record.repeats.truncate(1));
    agree!(&store, [criterion, "two repeats"]);
    assert_eq!(
        (summaries(&store)[0].noise, summaries(&store)[0].noise_cells),
        (None, 0)
    );
}
