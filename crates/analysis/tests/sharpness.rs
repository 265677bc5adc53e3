//! Sharpness: its growth, bounds and predictions, and how it goes with eta\*.

use crate::support;

use etastar_analysis::{
    HoldsFor, Matrix, Method, Quantity, Scope, SharpnessSeries, Side, Tightness, Unit, analyse,
};
use etastar_model::{Loss, Method as Optimiser};
use etastar_search::{CellRecord, Measured, Measurement, SharpnessSettings, Snapshot, Vary, mock};
use etastar_sharpness::NetworkSharpness;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{
    Store, agree, close, effect_of, holds, is_exactly, noise, one, options, sharpness, shown,
};

/// A grid whose `lambda_1(H)` is `constant (depth * width)^exponent` times noise of so many
/// octaves; `lambda_1(G)` is 0.8 of it.
fn grid(losses: &[Loss], constant: f64, exponent: f64, deviation: f64) -> Snapshot {
    let mut draw = noise(11);
    let mut cells = Vec::new();
    for (&loss, rate) in losses.iter().flat_map(|loss| [(loss, 1.0), (loss, 0.0)]) {
        for (depth, width) in [(2, 16), (2, 64), (2, 256), (4, 16), (4, 64), (4, 256)] {
            let exact = constant * f64::from(depth * width).powf(exponent);
            let lambda = [(); 4].map(|()| exact * (deviation * draw()).exp2());
            let hidden = vec![width as usize; depth as usize];
            cells.push(mock::measured(
                mock::sharpness_cell(&hidden, rate, loss),
                &lambda,
            ));
        }
    }
    mock::store(cells)
}

const LOSS: [Loss; 1] = [Loss::SquaredError];

fn all_series(store: &Snapshot) -> Vec<SharpnessSeries> {
    analyse(store, &options(&[0.0])).unwrap().sharpness
}

fn network(record: &mut CellRecord, repeat: usize) -> &mut NetworkSharpness {
    match &mut record.repeats[repeat].result {
        Measured::Sharpness(own) => &mut own.sharpness,
        Measured::EtaStar(_) => panic!("a search"),
    }
}

fn settings(record: &mut CellRecord) -> &mut SharpnessSettings {
    match &mut record.cell.measurement {
        Measurement::Sharpness(settings) => settings,
        Measurement::EtaStar(_) => panic!("a search"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn an_exact_law_is_recovered(exponent in -2.0..2.0f64, log2 in -8.0..8.0f64) {
        let store = grid(&LOSS, log2.exp2(), exponent, 0.0);
        let series = one(all_series(&store));
        // Two matrices, two input rates.
        prop_assert_eq!((series.fits.len(), series.lines.len()), (4, 2));
        for fit in &series.fits {
            let factor = if fit.quantity == Quantity::GaussNewton { 0.8f64.log2() } else { 0.0 };
            prop_assert!(is_exactly(&fit.exponents[0], -exponent), "{:?}", fit);
            prop_assert!(close(fit.log2_constant.value, log2 + factor) && fit.rmse.value < 1e-9);
        }
        for matrix in Matrix::ALL {
            // The criterion has the exponent of a quantity that grows.
            let criterion = json!({"statistic": {"of": "sharpness-exponent", "matrix": matrix},
                                   "cells": {"input_rate": "fastest", "loss": "squared-error"}});
            agree!(&store, [criterion, [exponent]]);
        }
    }
}

#[test]
fn series_are_of_one_dataset_and_loss() {
    let mut store = grid(&[Loss::CrossEntropy, Loss::SquaredError], 0.25, 1.0, 0.2);
    let all = all_series(&store);
    let [cross_entropy, squared] =
        ["cross-entropy", "squared-error"].map(|loss| format!("fashion-mnist, {loss}"));
    assert_eq!((&all[0].label, &all[1].label), (&cross_entropy, &squared));
    let statistic = json!({"of": "sharpness-r-squared", "matrix": "hessian"});
    agree!(&store, [{"statistic": statistic, "cells": {"input_rate": 1.0}}, "differ in loss"]);
    // Criterion and series have one number.
    let fits = all[1].fits.iter();
    for fit in fits.filter(|fit| fit.quantity == Quantity::Hessian) {
        let cells = json!({"input_rate": fit.input_rate, "loss": "squared-error"});
        assert_eq!(effect_of(&store, statistic.clone(), cells), fit.r_squared);
        assert!(holds(&fit.r_squared, fit.r_squared.value));
    }
    settings(&mut store.cells[0]).samples = 99;
    let all = all_series(&store);
    assert_eq!(all[0].label, format!("{cross_entropy} (samples 99)"));
    assert_eq!((all[1].cells.len(), &all[2].label), (11, &squared));
    // Nothing measured is nothing analysed.
    store
        .cells
        .iter_mut()
        .for_each(|record| record.repeats.clear());
    for series in all_series(&store) {
        assert!(series.fits.is_empty() && series.tightness.is_empty());
        assert!(series.predictions.is_empty() && series.summaries.is_empty());
        assert!(
            series
                .cells
                .iter()
                .all(|cell| cell.estimate.value.is_none())
        );
    }
}

fn find<'a>(all: &'a [Tightness], matrix: Matrix, description: &str) -> &'a Tightness {
    let own = all.iter().filter(|bound| bound.matrix == matrix);
    let mut own = own.filter(|bound| bound.description.starts_with(description));
    own.next().unwrap()
}

#[test]
fn ratios_and_violations_of_certified_bounds() {
    let mut store = grid(&LOSS, 0.25, 1.0, 0.2);
    let violations = json!({"of": "bound-violations"});
    let none = effect_of(&store, violations.clone(), json!({}));
    assert_eq!(
        (none.value, none.interval, none.unit),
        (0.0, None, Unit::Count)
    );
    let all = one(all_series(&store)).tightness;
    assert_eq!(all.len(), 13 + 12);
    for (matrix, description, ratio) in [
        (Matrix::GaussNewton, "Frobenius", 8.0),
        (Matrix::GaussNewton, "Gram", 0.9),
        (Matrix::Hessian, "the least", 1.5 * 0.8 + 2.0),
        (
            Matrix::Hessian,
            "tightest bound on G plus block norms by sample and",
            1.5 * 0.8 + 4.0,
        ),
        (Matrix::Hessian, "Rayleigh", 0.4),
        (Matrix::Hessian, "trace over the number", 1e-4),
    ] {
        let bound = find(&all, matrix, description);
        assert!(
            close(bound.median, ratio) && close(bound.worst, ratio),
            "{bound:?}"
        );
        assert_eq!((bound.count, bound.violations), (48, 0));
        assert_eq!(bound.side == Side::Lower, ratio < 1.0);
    }
    // Rounding is no violation, more than rounding is.
    for (repeat, upper, lower) in [(0, 0.99995, 1.00005), (1, 0.999, 1.001)] {
        let network = network(&mut store.cells[0], repeat);
        let top = network.gauss_newton.largest;
        let bounds = network.bounds.as_mut().unwrap();
        bounds.upper.gauss_newton.frobenius = upper * top;
        bounds.lower.gauss_newton.gradient = lower * top;
    }
    let all = one(all_series(&store)).tightness;
    for (description, worst) in [("Rayleigh", 0.5), ("Frobenius", 8.0)] {
        let bound = find(&all, Matrix::GaussNewton, description);
        assert!(
            bound.violations == 1 && close(bound.worst, worst),
            "{bound:?}"
        );
    }
    assert_eq!(effect_of(&store, violations.clone(), json!({})).value, 2.0);
    for record in &mut store.cells {
        (0..4).for_each(|repeat| network(record, repeat).bounds = None);
    }
    agree!(&store, [{"statistic": violations}, "certified bounds"]);
    assert_eq!(one(all_series(&store)).tightness.len(), 12);
}

#[test]
fn expectations_are_compared_with_means_and_probabilities_with_networks() {
    let mut store = grid(&LOSS, 1e-6, 1.0, 0.0);
    let all = one(all_series(&store)).tightness;
    let sum = find(&all, Matrix::Hessian, "expectation, sum");
    assert_eq!(
        (sum.holds_for, sum.count, sum.violations),
        (HoldsFor::Expectation, 12, 0)
    );
    let sharper = find(&all, Matrix::Hessian, "expectation, sharper");
    assert!(sharper.median <= sum.median && sum.median <= sum.worst);
    let markov = find(&all, Matrix::Hessian, "Markov's inequality, sum");
    assert_eq!(
        (markov.holds_for, markov.count),
        (HoldsFor::Probability, 48)
    );
    assert!((markov.median / sum.median - 20.0).abs() < 1e-9);
    // One network far out moves its cell's mean above the bound.
    let mut far = mock::network(1e9);
    far.bounds = None;
    *network(&mut store.cells[0], 0) = far;
    let all = one(all_series(&store)).tightness;
    for (description, count) in [("expectation, sum", 12), ("Markov's inequality, sum", 48)] {
        let bound = find(&all, Matrix::Hessian, description);
        assert_eq!((bound.count, bound.violations), (count, 1));
    }
    assert_eq!(find(&all, Matrix::Hessian, "the least").count, 47);
    // There are no such bounds for networks with biases.
    store
        .cells
        .iter_mut()
        .for_each(|record| record.cell.bias = true);
    assert_eq!(one(all_series(&store)).tightness.len(), 13);
}

#[test]
fn ratios_to_predictions_without_a_network() {
    let series = one(all_series(&grid(&LOSS, 0.25, 1.0, 0.0)));
    assert_eq!(series.predictions.len(), 12);
    for cell in &series.predictions {
        for (method, factor) in Method::ALL.into_iter().zip([1.0, 1.1, 1.2]) {
            let ratio = cell.ratio(method).unwrap();
            assert!(close(
                ratio.mean,
                (1.0 + cell.depth as f64 / cell.width) / factor
            ));
            assert!(close(ratio.predicted * ratio.mean, cell.measured));
        }
    }
    // Two input rates and both, three filters, three methods.
    assert_eq!(series.summaries.len(), 27);
    let is_chosen = |k: f64, method| (k, method) == (64.0, Method::Plain);
    let mut wide = series
        .summaries
        .iter()
        .filter(|own| is_chosen(own.width_over_depth, own.method));
    let [first, _, both] = [(); 3].map(|()| wide.next().unwrap());
    // (2, 256) and (4, 256).
    assert_eq!(
        (first.input_rate, first.cells, both.input_rate, both.cells),
        (Some(0.0), 2, None, 4)
    );
    assert!(close(first.worst_deviation, 1.0 / 64.0) && close(first.median_deviation, 1.5 / 128.0));
    // Networks of 1, 2 and 3: the standard error of their mean is 1/sqrt(3).
    let cell = mock::sharpness_cell(&[8, 8], 1.0, LOSS[0]);
    let own = one(all_series(&mock::store(vec![mock::measured(
        cell,
        &[1.0, 2.0, 3.0],
    )])));
    let ratio = own.predictions[0].ratio(Method::Plain).unwrap();
    assert!(close(
        ratio.standard_error.unwrap() * ratio.predicted,
        0.8 / 3f64.sqrt()
    ));
}

fn two_rates(spread: f64) -> Store {
    Store::with(|s| (s.input_rates, s.spread) = (vec![0.1, 1.0], spread))
}

fn line(of: &str, scope: &str) -> Value {
    json!({"of": format!("eta-sharpness-{of}"), "scope": scope})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Means of networks' noise are in the cells' sharpness too, so the slope across cells is
    /// exact only where both slopes agree.
    #[test]
    fn exact_slopes(slope in -2.0..1.0f64, growth in 0.3..1.5f64) {
        let store = two_rates(0.3).joined(|_, size, own| {
            let lambda = growth * size + own;
            [lambda, 1.0 + slope * lambda]
        });
        for (scope, rate) in [
            ("across-cells", "slowest"),
            ("across-cells-corrected", "slowest"),
            ("within-cells", "all"),
        ] {
            let criterion = json!({"statistic": line("slope", scope), "cells": {"input_rate": rate}});
            agree!(&store, [criterion, [slope]]);
        }
        let relation = one(shown(&store, "eta-sharpness").eta_sharpness);
        // Two rates and both, in three scopes.
        prop_assert_eq!((relation.points.len(), relation.slopes.len()), (24, 9));
        for own in &relation.slopes {
            let cells = if own.input_rate.is_some() { 12 } else { 24 };
            prop_assert_eq!((own.cells, own.networks, &own.reason), (cells, 5 * cells, &None));
            prop_assert!(is_exactly(&own.slope.unwrap(), slope));
            let constant = own.log2_constant.map(|constant| close(constant, 1.0));
            prop_assert_eq!(constant, (own.scope != Scope::WithinCells).then_some(true));
        }
    }
}

#[test]
fn the_two_scopes_are_told_apart() {
    let mut grid = two_rates(0.3);
    grid.noise = 0.02;
    let store = grid.joined(|_, size, own| [0.8 * size + own, 0.5 * own - 0.9 * 0.8 * size]);
    let [across, within] = ["across-cells", "within-cells"].map(|scope| {
        let share = effect_of(
            &store,
            line("r-squared", scope),
            json!({"input_rate": "slowest"}),
        );
        assert!((0.5..1.0).contains(&share.value), "{share:?}");
        effect_of(&store, line("slope", scope), json!({}))
    });
    assert!((across.value + 0.9).abs() < 0.2 && (within.value - 0.5).abs() < 0.05);
    assert!(across.interval.unwrap()[1] < 0.0 && within.interval.unwrap()[0] > 0.0);
}

#[test]
fn only_sharpness_of_the_same_networks_is_joined() {
    let whole = two_rates(0.3).joined(|_, size, own| [size + own, -size]);
    let across = line("slope", "across-cells");
    type Change = fn(&mut CellRecord);
    let changes: [Change; 6] = [
        |record| settings(record).optimiser = Optimiser::Adam,
        |record| record.cell.bias = true,
        |record| record.cell.output_gain = 1.0,
        |record| record.cell.input_rate = 0.5,
        |record| settings(record).loss = Loss::SquaredError,
        |record| record.repeats.clear(),
    ];
    for change in changes {
        let mut store = whole.clone();
        sharpness(&mut store).for_each(change);
        agree!(&store, [{"statistic": across}, "same networks"]);
        assert!(shown(&store, "eta-sharpness").eta_sharpness.is_empty());
    }
    // The plain Hessian is that of input rate 1, whatever the training's.
    let mut store = whole.clone();
    store
        .cells
        .retain(|own| own.cell.sharpness().is_none() || own.cell.input_rate == 1.0);
    let mut plain = across.clone();
    plain["sharpness"] = json!("plain");
    let slowest = json!({"input_rate": "slowest"});
    agree!(&store, [{"statistic": across, "cells": slowest}, "same networks"]);
    assert!(effect_of(&store, plain, slowest).value < 0.0);
    // Repeats that vary the batch order alone are all of network 0.
    let mut store = whole;
    store
        .cells
        .iter_mut()
        .for_each(|record| record.cell.vary = Vary::BatchOrder);
    agree!(&store, [{"statistic": line("slope", "within-cells")}, "does not vary"]);
}

/// 300 stores know a coverage of 0.95 to within 0.013 (one standard error).
#[test]
fn the_interval_of_a_slope_holds_its_confidence() {
    let covered = (0..300).filter(|&seed| {
        let store = Store::with(|s| {
            (s.noise, s.misfit, s.spread, s.seed) = (0.3, 0.3, 0.3, seed);
            s.analysis = json!({"show": ["eta-sharpness"]});
        });
        let store = store.joined(|_, size, own| [0.8 * size + own, -0.6 * (0.8 * size + own)]);
        let mut options = options(&[1e9]);
        // Not the data's seed: data and resamples are independent.
        options.seed = seed + 1_000_000;
        let relation = one(analyse(&store, &options).unwrap().eta_sharpness);
        holds(&relation.slopes[0].slope.unwrap(), -0.6)
    });
    let share = covered.count() as f64 / 300.0;
    println!("coverage of the slope: {share}");
    assert!((0.91..0.985).contains(&share), "{share}");
}
