use etastar_search::{SharpnessCellRecord, Snapshot};
use proptest::prelude::*;

use super::synthetic::{Grid, network};
use super::*;
use crate::fit::synthetic::snapshot;

fn measured(grid: &Grid) -> Snapshot {
    let mut snapshot = snapshot(Vec::new());
    snapshot.sharpness = grid.records();
    snapshot
}

fn options() -> SharpnessOptions {
    let mut options = SharpnessOptions::default();
    options.bootstrap.resamples = 200;
    options
}

fn references(records: &[SharpnessCellRecord]) -> Vec<&SharpnessCellRecord> {
    records.iter().collect()
}

#[test]
fn nothing_measured_is_nothing_analysed() {
    assert!(analyse(&snapshot(Vec::new()), &options()).is_empty());
    let mut planned = measured(&Grid::default());
    for cell in &mut planned.sharpness {
        cell.repeats.clear();
    }
    let series = analyse(&planned, &options());
    assert_eq!(series.len(), 1);
    assert!(series[0].laws.is_empty() && series[0].tightness.is_empty());
    assert!(series[0].predictions.is_empty() && series[0].levels[0].is_none());
}

#[test]
fn series_are_of_one_dataset_and_loss() {
    let mut snapshot = measured(&Grid {
        losses: vec!["cross-entropy", "squared-error"],
        ..Grid::default()
    });
    let labels = |snapshot: &Snapshot| -> Vec<String> {
        let series = analyse(snapshot, &options());
        series.into_iter().map(|series| series.label).collect()
    };
    let expected = ["digits, cross-entropy", "digits, squared-error"];
    assert_eq!(labels(&snapshot), expected);
    snapshot.sharpness[0].cell.samples = 99;
    let expected = [
        "digits, cross-entropy (samples 99)",
        "digits, cross-entropy (samples 256)",
        "digits, squared-error",
    ];
    assert_eq!(labels(&snapshot), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn an_exact_law_is_recovered(exponent in -2.0..2.0f64, log2 in -8.0..8.0f64) {
        let records = Grid {
            exponent,
            constant: log2.exp2(),
            noise: 0.0,
            ..Grid::default()
        }
        .records();
        let laws = growth_laws(&references(&records), &options());
        // Two matrices, two input rates, two filters.
        prop_assert_eq!(laws.len(), 8);
        for law in laws {
            let gauss_newton = if law.matrix == Matrix::GaussNewton { 0.8f64.log2() } else { 0.0 };
            prop_assert!((law.exponent - exponent).abs() < 1e-9);
            prop_assert!((law.log2_constant - log2 - gauss_newton).abs() < 1e-8);
            prop_assert!(law.rmse_octaves < 1e-9);
            let [low, high] = law.interval.unwrap();
            prop_assert!((low - exponent).abs() < 1e-9 && (high - exponent).abs() < 1e-9);
        }
    }

    #[test]
    fn the_interval_holds_the_exponent_in_order(noise in 0.05..1.0f64, exponent in -1.0..2.0f64) {
        let records = Grid { exponent, noise, ..Grid::default() }.records();
        for law in growth_laws(&references(&records), &options()) {
            let [low, high] = law.interval.unwrap();
            prop_assert!(low < law.exponent && law.exponent < high);
        }
    }
}

#[test]
fn the_filter_leaves_out_narrow_cells() {
    let records = Grid::default().records();
    let options = SharpnessOptions {
        width_over_depth: vec![0.0, 8.0, 100.0],
        ..options()
    };
    let laws = growth_laws(&references(&records), &options);
    let cells: Vec<usize> = laws.iter().take(2).map(|law| law.cells).collect();
    // 100 leaves one cell, which has no law.
    assert_eq!((cells, laws.len()), (vec![6, 5], 8));
    assert!((laws[0].at(1.0).log2() - laws[0].log2_constant).abs() < 1e-12);
}

#[test]
fn one_repeat_has_no_interval() {
    let records = Grid {
        repeats: 1,
        ..Grid::default()
    }
    .records();
    let laws = growth_laws(&references(&records), &options());
    assert!(laws.iter().all(|law| law.interval.is_none()));
    let level = Level::of(&records[0], Matrix::Hessian, &options()).unwrap();
    assert_eq!((level.interval, level.repeats), (None, 1));
}

fn find<'a>(all: &'a [Tightness], matrix: Matrix, description: &str) -> &'a Tightness {
    let mut found = all
        .iter()
        .filter(|bound| bound.matrix == matrix && bound.description.starts_with(description));
    found.next().unwrap()
}

#[test]
fn ratios_and_violations_of_certified_bounds() {
    let mut records = Grid::default().records();
    let all = tightness(&references(&records));
    assert_eq!(all.len(), 13 + 12);
    let frobenius = find(&all, Matrix::GaussNewton, "Frobenius");
    assert_eq!((frobenius.count, frobenius.violations), (48, 0));
    assert!((frobenius.median - 8.0).abs() < 1e-12 && (frobenius.worst - 8.0).abs() < 1e-12);
    let sum = find(&all, Matrix::Hessian, "the least");
    assert!((sum.median - (1.5 * 0.8 + 2.0)).abs() < 1e-12);

    // Rounding is none, more than rounding is.
    let bounds = |network: &mut etastar_sharpness::NetworkSharpness, upper: f64, lower: f64| {
        let top = network.gauss_newton.largest;
        let bounds = network.bounds.as_mut().unwrap();
        bounds.upper.gauss_newton.frobenius = upper * top;
        bounds.lower.gauss_newton.gradient = lower * top;
    };
    bounds(&mut records[0].repeats[0].sharpness, 0.99995, 1.00005);
    bounds(&mut records[0].repeats[1].sharpness, 0.999, 1.001);
    let all = tightness(&references(&records));
    let frobenius = find(&all, Matrix::GaussNewton, "Frobenius");
    assert_eq!(frobenius.violations, 1);
    let gradient = find(&all, Matrix::GaussNewton, "Rayleigh");
    assert_eq!((gradient.side, gradient.violations), (Side::Lower, 1));
    assert!((gradient.worst - 0.5).abs() < 1e-12);
}

#[test]
fn expectations_are_compared_with_means_and_probabilities_with_networks() {
    let mut records = Grid {
        noise: 0.0,
        constant: 1e-6,
        ..Grid::default()
    }
    .records();
    let all = tightness(&references(&records));
    let expectation = find(&all, Matrix::Hessian, "expectation, sum");
    assert_eq!((expectation.count, expectation.violations), (12, 0));
    let sharper = find(&all, Matrix::Hessian, "expectation, sharper");
    assert!(sharper.median <= expectation.median && expectation.median <= expectation.worst);
    let markov = find(&all, Matrix::Hessian, "Markov's inequality, sum");
    assert_eq!(markov.count, 48);
    assert!((markov.median / expectation.median - 20.0).abs() < 1e-9);

    // One network far out moves its cell's mean above the bound.
    records[0].repeats[0].sharpness = network(1e9, false);
    let all = tightness(&references(&records));
    assert_eq!(
        find(&all, Matrix::Hessian, "expectation, sum").violations,
        1
    );
    assert_eq!(find(&all, Matrix::Hessian, "Markov's").violations, 1);
    assert_eq!(find(&all, Matrix::Hessian, "the least").count, 47);
    // There are no such bounds for networks with biases.
    for record in &mut records {
        record.cell.bias = true;
    }
    assert_eq!(tightness(&references(&records)).len(), 13);
}

#[test]
fn ratios_to_predictions() {
    let records = Grid {
        noise: 0.0,
        ..Grid::default()
    }
    .records();
    let cells = predictions(&references(&records));
    assert_eq!(cells.len(), 12);
    for cell in &cells {
        let truth = 1.0 + cell.depth as f64 / cell.width;
        let plain = cell.ratio(Method::Plain).unwrap();
        assert!((plain.mean - truth).abs() < 1e-12);
        assert!(plain.standard_error.unwrap() < 1e-12);
        let layered = cell.ratio(Method::Layered).unwrap();
        assert!((layered.mean - truth / 1.2).abs() < 1e-12);
    }
    let summaries = summaries(&cells, &options());
    // Two input rates and both, three filters, three methods.
    assert_eq!(summaries.len(), 27);
    let wide = summaries
        .iter()
        .find(|s| s.width_over_depth == 64.0 && s.method == Method::Plain)
        .unwrap();
    // (2, 256) and (4, 256).
    assert_eq!((wide.input_rate, wide.cells), (Some(0.0), 2));
    assert!((wide.worst_deviation - 1.0 / 64.0).abs() < 1e-12);
    assert!((wide.median_deviation - 1.5 / 128.0).abs() < 1e-12);
}
