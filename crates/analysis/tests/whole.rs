//! A whole store: what its analysis holds, and every cell's own number.

use crate::support;

use etastar_analysis::{Centre, Estimate, StoreAnalysis, Variance, View, analyse};
use etastar_search::{EtaStar, Outcome, mock};
use serde_json::json;
use support::{Store, below, close, one, options, searched, searches};

#[test]
fn only_what_is_shown_is_computed_and_without_a_table_what_is_usual() {
    let of_eta_star = [
        View::DepthWidth,
        View::Laws,
        View::Searches,
        View::Cells,
        View::Protocol,
    ];
    let of_sharpness = [
        View::SharpnessGrowth,
        View::SharpnessExponents,
        View::SharpnessPrediction,
        View::SharpnessBounds,
    ];
    let options = options(&[0.0]);
    let mut store = Store::with(|s| s.spread = 0.3).joined(|_, size, own| [size + own, -size]);
    store.cells[0].repeats.truncate(2);
    let usual = analyse(&store, &options).unwrap();
    assert_eq!(
        usual.specification.show,
        [&of_eta_star[..], &of_sharpness].concat()
    );
    assert_eq!((usual.expected_repeats, usual.finished_repeats), (120, 117));
    assert_eq!((usual.eta_star.len(), usual.sharpness.len()), (1, 1));
    assert!(usual.findings.is_empty() && usual.proxies.is_empty() && usual.transfer.is_empty());
    assert!(usual.eta_sharpness.is_empty() && usual.variants.is_empty());
    let mut one = store.clone();
    one.cells.retain(|record| record.cell.sharpness().is_some());
    assert_eq!(
        analyse(&one, &options).unwrap().specification.show,
        of_sharpness
    );
    let none = analyse(&mock::store(Vec::new()), &options).unwrap();
    assert!(none.specification.show.is_empty() && none.eta_star.is_empty());
    // All of it is one value that can be kept.
    store.manifest.analysis = json!({"show": ["eta-sharpness", "proxies", "transfer"]});
    let all = analyse(&store, &options).unwrap();
    assert_eq!(
        (
            all.eta_sharpness.len(),
            all.proxies.len(),
            all.transfer.len()
        ),
        (1, 1, 1)
    );
    let kept = serde_json::to_value(&all).unwrap();
    assert_eq!(serde_json::from_value::<StoreAnalysis>(kept).unwrap(), all);
    store.manifest.analysis = json!({"criteria": [{"claim": "C1"}]});
    let error = analyse(&store, &options).unwrap_err().to_string();
    assert!(
        error.starts_with("[analysis], criterion 1: missing field"),
        "{error}"
    );
}

/// Cells with all repeats share their spread. One with censored repeats has its own median and
/// adds nothing to the others' spread.
#[test]
fn cells_have_the_spread_of_all_complete_cells() {
    let store = Store::with(|s| {
        (s.depths, s.noise, s.input_rates) = (vec![2, 4], 0.3, vec![0.1, 1.0]);
    });
    let mut store = store.snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    store.cells.push(searched(&[64, 32], 1.0, &[9.0]));
    searches([&mut store.cells[4]]).next().unwrap().eta_star = below(-20.0);
    store.cells[5].repeats.clear();
    let mut options = options(&[0.0]);
    options.confidence = 0.9;
    let series = one(analyse(&store, &options).unwrap().eta_star);
    let each = store
        .cells
        .iter_mut()
        .map(|record| searches([record]).map(|own| own.eta_star).collect());
    let ends: Vec<Vec<EtaStar>> = each.collect();
    let log2 = |end: &EtaStar| match end {
        EtaStar::Found { eta_star, .. } => Some(eta_star.log2()),
        _ => None,
    };
    let complete = ends
        .iter()
        .filter_map(|ends| ends.iter().map(log2).collect());
    let complete: Vec<Vec<f64>> = complete.collect();
    let variance = Variance::pooled(complete.iter().map(Vec::as_slice));
    assert_eq!((complete.len(), series.cells.len()), (12, 13));
    for (cell, ends) in series.cells.iter().zip(&ends) {
        assert_eq!(cell.estimate, Estimate::from_searches(ends, &variance, 0.9));
    }
    let [censored, empty, unequal] = [4, 5, 12].map(|index| &series.cells[index]);
    assert_eq!(
        (censored.estimate.centre, empty.estimate.value),
        (Centre::Median, None)
    );
    assert_eq!((censored.searches.found, empty.searches.cells), (4, 0));
    assert_eq!(
        (unequal.depth(), unequal.size(), unequal.width_over_depth()),
        (2, 96.0, 24.0)
    );
    assert!(close(unequal.effective_size(), 784.0 + 96.0));
    // One repeat has the others' spread.
    let [low, high] = unequal.estimate.interval.unwrap();
    assert!(low.unwrap() < 512.0 && 512.0 < high.unwrap());
    let all = series.searches;
    assert_eq!(
        (all.searches, all.found, all.cells, all.trials),
        (56, 55, 12, 112)
    );
}

#[test]
fn examples_are_the_narrowest_and_the_widest_cell_with_a_slow_input_layer() {
    let store = Store::with(|s| (s.input_rates, s.repeats) = (vec![1.0, 0.1], 2));
    let mut store = store.snapshot(|d, w, _, _| -(d * w).log2());
    let deep = store.cells.iter_mut().filter(|own| own.cell.depth() == 16);
    searches(deep).for_each(|search| search.eta_star = below(-20.0));
    let examples = one(analyse(&store, &options(&[0.0])).unwrap().eta_star).examples;
    let shapes = examples
        .iter()
        .map(|own| (own.depth, own.width, own.input_rate));
    assert_eq!(
        shapes.collect::<Vec<_>>(),
        [(16, 64.0, 0.1), (2, 256.0, 0.1)]
    );
    assert!(examples[0].repeats.len() == 2 && examples[0].repeats[0].0.is_none());
    let rate = 2f64.powi(-9);
    let trials = vec![
        (rate, Outcome::Success, 32),
        (rate * 1.0625, Outcome::NonFinite, 32),
    ];
    assert_eq!(examples[1].repeats[1], (Some(rate), trials));
}
