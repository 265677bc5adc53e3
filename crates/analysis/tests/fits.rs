//! Laws of eta\*: what is recovered, which cells take part, what is censored, which law wins.

use crate::support;

use etastar_analysis::{
    Fit, FitError, Law, Network, NoFit, OptionsError, analyse, compare, eta_star_series, fit,
};
use etastar_search::{EtaStar, Snapshot, mock};
use proptest::prelude::*;
use support::{
    Store, below, close, cut_below, found_only, holds, is_exactly, options, searched, searches,
    variants,
};

fn of(snapshot: &Snapshot, law: Law, input_rate: Option<f64>) -> Fit {
    let mut fits = fit(snapshot, &options(&[0.0])).unwrap().fits;
    fits.retain(|fit| fit.law == law && fit.input_rate == input_rate);
    support::one(fits)
}

fn noisy(seed: u64, rates: &[f64]) -> Store {
    Store::with(|s| (s.noise, s.seed, s.input_rates) = (0.3, seed, rates.to_vec()))
}

fn half(d: f64, w: f64, _: f64, _: f64) -> f64 {
    -0.5 * (d * w).log2()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn exact_laws_are_recovered(c in -8.0..8.0f64, a in 0.2..2.0f64, b in -1.5..2.0f64) {
        let store = Store::with(|s| s.input_rates = vec![0.1, 0.3, 1.0]);
        let product = store.snapshot(|d, w, _, _| c - a * (d * w).log2());
        let separate = store.snapshot(|d, w, _, _| c - a * d.log2() - b * w.log2());
        let effective = store.snapshot(|d, w, n, mu| c - a * (mu * n + d * w).log2());
        let hidden = store.snapshot(|d, w, n, mu| c - a * (mu * n + (d - 1.0) * w).log2());
        let two_terms = |d: f64, w: f64, n: f64, mu: f64| {
            c - (mu * n + (4.0 * b).exp2() * (d - 1.0) * w.sqrt()).log2()
        };
        let two_term = store.snapshot(two_terms);
        let at = |size: f64| c - a * size.log2();
        for (fit, exponents, value) in [
            (of(&product, Law::DepthWidth, Some(0.1)), vec![a], at(300.0)),
            (of(&separate, Law::Separate, None), vec![a, b], at(3.0) - b * 100f64.log2()),
            (of(&effective, Law::EffectiveSize, None), vec![a], at(0.5 * 784.0 + 300.0)),
            (of(&hidden, Law::HiddenEffectiveSize, None), vec![a], at(0.5 * 784.0 + 200.0)),
            (of(&two_term, Law::TwoTerm, None), vec![], two_terms(3.0, 100.0, 784.0, 0.5)),
        ] {
            let ratio = fit.log2_ratio.map(|ratio| close(ratio.value, 4.0 * b));
            prop_assert_eq!(ratio, (fit.law == Law::TwoTerm).then_some(true), "{:?}", fit);
            prop_assert!(close(fit.log2_constant.value, c), "{:?}", fit);
            let network = Network::new(784, 3, 100, 0.5, 2.0);
            prop_assert!(close(fit.log2_value(&network), value));
            prop_assert!(fit.forward_error.unwrap() < 1e-6);
            prop_assert_eq!(fit.exponents.len(), exponents.len());
            let mut pairs = fit.exponents.iter().zip(exponents);
            prop_assert!(pairs.all(|(own, truth)| is_exactly(own, truth)), "{:?}", fit);
            prop_assert!(fit.rmse.value < 1e-9 && fit.leave_one_out.unwrap().value < 1e-9);
            prop_assert!(fit.r_squared.value > 1.0 - 1e-9 && fit.aicc.unwrap().is_finite());
            let rates = fit.leave_one_rate_out.map(|error| error.value < 1e-6);
            prop_assert_eq!(rates, fit.input_rate.is_none().then_some(true));
        }
        let gap = of(&separate, Law::Separate, Some(1.0)).exponent_gap.unwrap();
        prop_assert!(is_exactly(&gap, a - b));
        let wrong = of(&effective, Law::DepthWidth, None);
        let errors = [Some(wrong.rmse), wrong.leave_one_out, wrong.leave_one_rate_out];
        prop_assert!(errors.iter().all(|error| error.unwrap().value > 0.01));
    }
}

#[test]
fn what_cannot_be_fitted_says_why() {
    let planned = mock::store(vec![searched(&[8, 8], 1.0, &[])]);
    let error = fit(&planned, &options(&[0.0])).unwrap_err();
    assert_eq!(error, FitError::NothingMeasured);
    assert!(error.to_string().contains("no finished search of eta*"));
    let store = Store::default().snapshot(half);
    for (confidence, filters, expected) in [
        (95.0, &[0.0][..], OptionsError::Confidence(95.0)),
        (0.95, &[], OptionsError::NoFilter),
        (0.95, &[1.0, -1.0], OptionsError::WidthOverDepth(-1.0)),
    ] {
        let mut options = options(filters);
        options.confidence = confidence;
        assert_eq!(fit(&store, &options), Err(FitError::Options(expected)));
    }
    let tied = [(2, 16), (4, 32), (8, 64), (16, 128), (32, 256)];
    let tied = tied.map(|(d, w)| searched(&vec![w; d], 1.0, &[-(d as f64)]));
    let one_depth = Store::with(|s| (s.depths, s.widths) = (vec![4], vec![32, 64, 128, 256]));
    let (few, regressor) = (
        |needed| NoFit::TooFewCells { cells: 2, needed },
        "depth".into(),
    );
    for (store, expected) in [
        (
            one_depth.snapshot(half),
            vec![NoFit::NoVariance { regressor }],
        ),
        (mock::store(tied.to_vec()), vec![NoFit::Collinear]),
        (
            mock::store(tied[..2].to_vec()),
            vec![few(3), few(4), few(3), few(3), few(3)],
        ),
    ] {
        let fits = fit(&store, &options(&[0.0])).unwrap();
        assert_eq!(fits.fits.len() + fits.not_fitted.len(), 6);
        let reasons = fits.not_fitted.into_iter().map(|one| one.reason);
        assert_eq!(reasons.collect::<Vec<_>>(), expected);
    }
}

#[test]
fn filters_keep_wide_cells_and_neither_order_nor_unequal_widths_matter() {
    let mut sweep = noisy(1, &[0.1, 1.0]).snapshot(half);
    let before = fit(&sweep, &options(&[0.0, 8.0, 32.0])).unwrap();
    let product = before.fits.iter().filter(|fit| fit.law == Law::DepthWidth);
    let cells: Vec<usize> = product.map(|fit| fit.cells).collect();
    // At 0.1, at 1, and at both.
    assert_eq!(cells, [12, 11, 6, 12, 11, 6, 24, 22, 12]);
    assert_eq!(before.fits[6].searches.searches, 55);
    sweep.cells.push(searched(&[64, 32], 1.0, &[9.0; 5]));
    sweep.cells.push(searched(&[], 1.0, &[9.0; 5]));
    sweep.cells.reverse();
    assert_eq!(fit(&sweep, &options(&[0.0, 8.0, 32.0])).unwrap(), before);
}

#[test]
fn censored_cells_and_repeats_enter_and_are_counted() {
    let mut sweep = noisy(2, &[1.0]).snapshot(half);
    let whole = of(&sweep, Law::Separate, Some(1.0));
    searches(&mut sweep.cells[3..4]).for_each(|search| search.eta_star = below(-20.0));
    for search in searches(&mut sweep.cells[5..6]).take(4) {
        search.eta_star = EtaStar::NothingFails { highest: 64.0 };
    }
    let fit = of(&sweep, Law::Separate, Some(1.0));
    assert_eq!((fit.cells, fit.cells_without_value), (11, 1));
    assert_eq!((fit.censored_repeats, fit.searches.nothing_fails), (9, 4));
    assert_ne!(fit.exponents, whole.exponents);
    assert!(fit.exponents.iter().all(|own| own.interval.is_some()));
}

/// With the lower third of all searches cut off, the intervals still hold the exponent; dropping
/// what was cut off makes it smaller by a tenth.
#[test]
fn exponents_of_censored_searches_are_not_biased() {
    let (mut ours, mut dropped, mut covered) = (0.0, 0.0, 0);
    for seed in 0..40 {
        let mut cut = noisy(seed, &[1.0]).snapshot(|d, w, _, _| 4.0 - 0.8 * (d * w).log2());
        cut_below(&mut cut, -3.8);
        let fit = of(&cut, Law::DepthWidth, Some(1.0));
        assert!(fit.censored_repeats >= 10, "{fit:?}");
        let left_out = fit.leave_one_out.unwrap().value;
        assert!(left_out > 0.01 && left_out < 1.0, "{left_out}");
        covered += u32::from(holds(&fit.exponents[0], 0.8));
        ours += fit.exponents[0].value / 40.0;
        let without = of(&found_only(cut), Law::DepthWidth, Some(1.0));
        dropped += without.exponents[0].value / 40.0;
    }
    println!("ours {ours}, dropped {dropped}, covered {covered} of 40");
    assert!((ours - 0.8).abs() < 0.02 && dropped < 0.72 && covered >= 34);
}

/// With common noise at all rates and a law blind to the rate, pooling adds no information: the
/// intervals must be those of one rate. Resampling the rates independently would shrink them.
#[test]
fn input_rates_of_an_architecture_are_resampled_together() {
    let mut sweep = noisy(3, &[0.1, 0.3, 1.0]).snapshot(half);
    let exponent = |sweep: &Snapshot, rate| of(sweep, Law::DepthWidth, rate).exponents[0];
    let (one, pooled) = (exponent(&sweep, Some(0.3)), exponent(&sweep, None));
    let mut ends = one.interval.into_iter().zip(pooled.interval);
    assert!(ends.all(|(a, b)| close(a[0], b[0]) && close(a[1], b[1]) && a[0] < a[1]));
    // A cell of a single repeat shares the resamples of the others.
    sweep.cells[0].repeats.truncate(1);
    assert!(exponent(&sweep, None).interval.is_some());
}

/// 300 sweeps know a coverage of 0.95 to within 0.013 (one standard error). Architectures deviate
/// from the law by as much as repeats from their mean: repeats alone would know nothing of it.
#[test]
fn the_interval_of_an_exponent_answers_for_misfit() {
    let covered = (0..300).filter(|&seed| {
        let store = Store::with(|s| (s.noise, s.misfit, s.seed) = (0.3, 0.3, seed));
        let mut options = options(&[0.0]);
        // Not the data's seed: data and resamples are independent.
        options.seed = seed + 1_000_000;
        holds(
            &fit(&store.snapshot(half), &options).unwrap().fits[0].exponents[0],
            0.5,
        )
    });
    let share = covered.count() as f64 / 300.0;
    println!("coverage: {share}");
    assert!((0.91..0.985).contains(&share), "{share}");
}

#[test]
fn the_law_that_made_the_data_wins() {
    let law = |d: f64, w: f64, n: f64, mu: f64| -0.9 * (mu * n + d * w).log2();
    let store = Store::with(|s| (s.noise, s.input_rates) = (0.1, vec![0.1, 1.0]));
    let fits = fit(&store.snapshot(law), &options(&[0.0])).unwrap().fits;
    let pooled = &compare(&fits)[2];
    assert_eq!((pooled.input_rate, pooled.cells), (None, 24));
    assert_eq!(pooled.ranking[0].law, Law::EffectiveSize);
    let errors = pooled.ranking.iter().map(|own| own.forward_error.unwrap());
    assert!(errors.is_sorted());
    let product = pooled.ranking.iter().find(|own| own.law == Law::DepthWidth);
    assert!(product.unwrap().delta_aicc.unwrap() > 10.0);
    assert!(product.unwrap().delta_leave_one_out.unwrap() > 0.0);
    // Four cells have no AICc but of the law of one constant: the error with which they are left out
    // ranks.
    let few = Store::with(|s| (s.depths, s.widths) = (vec![2, 8], vec![64, 256]));
    let few = &compare(&fit(&few.snapshot(law), &options(&[0.0])).unwrap().fits)[0];
    let without = few.ranking.iter().filter(|own| own.delta_aicc.is_none());
    assert_eq!(without.count(), few.ranking.len() - 1);
    assert_eq!(few.ranking[0].law, Law::EffectiveSize);
    assert_eq!(few.ranking[0].delta_leave_one_out, Some(0.0));
}

/// Over 200 sweeps: the two tests reject a true law at their nominal rate, and the misfit is what
/// architectures deviate by, beyond the noise of repeats.
#[test]
fn tests_of_fit_are_calibrated_and_the_misfit_is_without_noise() {
    let product = |seed, misfit| {
        let store = Store::with(|s| (s.noise, s.misfit, s.seed) = (0.3, misfit, seed));
        let snapshot = store.snapshot(half);
        let mut options = options(&[0.0]);
        options.resamples = 0;
        let fits = fit(&snapshot, &options).unwrap().fits;
        let find = |law| fits.iter().find(|fit| fit.law == law).unwrap().clone();
        (find(Law::DepthWidth), find(Law::Separate))
    };
    let (mut lack, mut unequal, mut squares) = (0, 0, 0.0);
    for seed in 0..200 {
        let (exact, separate) = product(seed, 0.0);
        lack += usize::from(exact.lack_of_fit.unwrap().p_value < 0.05);
        unequal += usize::from(separate.equal_exponents.unwrap().p_value < 0.05);
        let (misses, _) = product(seed, 0.4);
        squares += misses.misfit.unwrap().value.powi(2) / 200.0;
        assert!(misses.noise_ceiling.unwrap() > misses.r_squared.value);
    }
    println!(
        "lack of fit {lack}, unequal {unequal} of 200; misfit {}",
        squares.sqrt()
    );
    assert!((3..=19).contains(&lack) && (3..=19).contains(&unequal));
    assert!((squares.sqrt() - 0.4).abs() < 0.03);
    let store = Store::with(|s| s.noise = 0.1);
    let unequal = of(
        &store.snapshot(|d, w, _, _| -d.log2() - 0.5 * w.log2()),
        Law::Separate,
        Some(store.input_rates[0]),
    );
    assert!(unequal.equal_exponents.unwrap().p_value < 1e-6);
}

/// A line passes through an exact law, over the sizes of all cells, narrow ones too.
#[test]
fn lines_are_of_the_fits_and_reach_over_all_cells() {
    let store = Store::with(|s| s.input_rates = vec![0.1, 1.0]).snapshot(half);
    let series = support::one(
        analyse(&store, &options(&[0.0, 8.0, 32.0]))
            .unwrap()
            .eta_star,
    );
    let lines = series.lines.iter();
    let sets = lines.map(|line| (line.law, line.input_rate, line.width_over_depth));
    let of_set = |law, rate| [0.0, 32.0].map(|k| (law, rate, k));
    let [slow, fast] = [0.1, 1.0].map(|rate| of_set(Law::DepthWidth, Some(rate)));
    let expected = [slow, fast, of_set(Law::EffectiveSize, None)].concat();
    assert_eq!(sets.collect::<Vec<_>>(), expected);
    for line in &series.lines[..4] {
        assert!(close(line.places[0].x, 128.0) && close(line.places[16].x, 4096.0));
        for place in &line.places {
            let truth = place.x.powf(-0.5);
            assert!(close(place.y, truth) && close(place.interval.unwrap()[0], truth));
        }
    }
    assert!(close(series.lines[4].places[0].x, 78.4 + 128.0));
}

#[test]
fn cells_of_different_protocols_are_different_series_and_variants_name_them() {
    let labels = |snapshot: &Snapshot| -> Vec<String> {
        let all = eta_star_series(snapshot).into_iter();
        all.map(|series| series.label).collect()
    };
    let store = noisy(7, &[1.0]).snapshot(half);
    let mut both = variants(vec![
        ("Fashion-MNIST", store.clone(), &|_| {}),
        ("other", store, &|record| {
            record.cell.protocol_mut().unwrap().threshold = 0.5;
            record.cell.dataset.train = Some(1000);
        }),
    ]);
    // A variant that names the dataset stands alone.
    assert_eq!(labels(&both), ["Fashion-MNIST", "fashion-mnist (other)"]);
    let fits = fit(&both, &options(&[0.0])).unwrap().fits;
    assert!(fits.len() == 12 && fits.iter().all(|fit| fit.cells == 12));
    // Two kinds of cells in one variant: the constants tell them apart.
    let second = both.manifest.variants.remove(1).cells;
    both.manifest.variants[0].cells.extend(second);
    let by_constants = [
        "fashion-mnist (threshold 0.3, train default)",
        "fashion-mnist (threshold 0.5, train 1000)",
    ];
    assert_eq!(labels(&both), by_constants);
}
