use etastar_search::{EtaStar, Snapshot};
use proptest::prelude::*;

use super::synthetic::{Synthetic, cell, record, snapshot};
use super::*;

fn options() -> FitOptions {
    FitOptions {
        width_over_depth: vec![0.0],
        resamples: 100,
        ..FitOptions::default()
    }
}

fn of(snapshot: &Snapshot, law: Law, input_rate: Option<f64>) -> Fit {
    let fits = fit(snapshot, &options()).unwrap().fits;
    let hit = fits
        .into_iter()
        .find(|fit| fit.law == law && fit.input_rate == input_rate);
    hit.unwrap()
}

fn noisy(seed: u64, input_rates: Vec<f64>) -> Synthetic {
    Synthetic {
        noise: 0.3,
        seed,
        input_rates,
        ..Synthetic::default()
    }
}

#[test]
fn nothing_measured_is_an_error_that_says_what_to_do() {
    let error = fit(&snapshot(vec![record(cell(&[8, 8], 1.0), &[])]), &options()).unwrap_err();
    assert_eq!(error, FitError::NothingMeasured);
    assert!(error.to_string().contains("etastar sweep"));
}

#[test]
fn senseless_options_are_errors() {
    let sweep = Synthetic::default().snapshot(|_, _, _, _| 0.0);
    let with = |change: fn(&mut FitOptions)| {
        let mut options = options();
        change(&mut options);
        fit(&sweep, &options).unwrap_err()
    };
    assert_eq!(with(|o| o.confidence = 95.0), FitError::Confidence(95.0));
    assert_eq!(with(|o| o.width_over_depth = vec![]), FitError::NoFilter);
    assert_eq!(
        with(|o| o.width_over_depth = vec![1.0, -1.0]),
        FitError::WidthOverDepth(-1.0)
    );
}

#[test]
fn undetermined_laws_are_listed_with_their_reason() {
    let one_depth = Synthetic {
        depths: vec![4],
        widths: vec![32, 64, 128, 256],
        ..Synthetic::default()
    };
    let fits = fit(
        &one_depth.snapshot(|d, w, _, _| -(d * w).log2()),
        &options(),
    )
    .unwrap();
    assert_eq!(fits.fits.len(), 2);
    assert_eq!(fits.not_fitted.len(), 1);
    assert_eq!(fits.not_fitted[0].law, Law::Separate);
    assert_eq!(
        fits.not_fitted[0].reason,
        Reason::NoVariance { regressor: "depth" }
    );

    let tied = [(2, 16), (4, 32), (8, 64), (16, 128), (32, 256)];
    let cells = tied.map(|(d, w)| record(cell(&vec![w; d], 1.0), &[-(d as f64).log2()]));
    let fits = fit(&snapshot(cells.to_vec()), &options()).unwrap();
    assert_eq!(fits.not_fitted[0].reason, Reason::Collinear);

    let fits = fit(&snapshot(cells[..2].to_vec()), &options()).unwrap();
    assert!(fits.fits.is_empty());
    let reason = &fits.not_fitted[0].reason;
    assert_eq!(
        *reason,
        Reason::TooFewCells {
            cells: 2,
            needed: 3
        }
    );
}

#[test]
fn cells_of_unequal_widths_do_not_enter() {
    let mut sweep = noisy(1, vec![1.0]).snapshot(|d, w, _, _| -(d * w).log2());
    let before = of(&sweep, Law::DepthWidth, Some(1.0));
    sweep.cells.push(record(cell(&[64, 32], 1.0), &[9.0; 5]));
    sweep.cells.push(record(cell(&[], 1.0), &[9.0; 5]));
    assert_eq!(before, of(&sweep, Law::DepthWidth, Some(1.0)));
}

#[test]
fn filters_keep_wide_cells() {
    let sweep = Synthetic::default().snapshot(|d, w, _, _| -(d * w).log2());
    let fits = fit(&sweep, &FitOptions::default()).unwrap().fits;
    let cells = |k: f64| {
        let hit = fits
            .iter()
            .find(|fit| fit.law == Law::DepthWidth && fit.width_over_depth == k);
        hit.unwrap().cells
    };
    assert_eq!([0.0, 2.0, 4.0, 8.0].map(cells), [12, 12, 12, 11]);
}

#[test]
fn censored_cells_and_repeats_enter_and_are_counted() {
    let mut sweep = noisy(2, vec![1.0]).snapshot(|d, w, _, _| -(d * w).log2());
    for repeat in &mut sweep.cells[3].repeats {
        repeat.eta_star = EtaStar::NothingSucceeds { lowest: 1e-6 };
    }
    for repeat in &mut sweep.cells[5].repeats[..4] {
        repeat.eta_star = EtaStar::NothingFails { highest: 64.0 };
    }
    let fit = of(&sweep, Law::Separate, Some(1.0));
    assert_eq!((fit.cells, fit.cells_without_eta_star), (11, 1));
    assert_eq!(fit.censored_repeats, 9);
    assert!(fit.width.unwrap().interval.is_some());
    let fits = super::fit(&sweep, &options()).unwrap();
    assert!(fit_table(&fits).contains("11 (+1 without eta*), 9 repeats censored"));
    assert_eq!(fit_json(&fits)["fits"][0]["censored_repeats"], 9);
}

/// A search that stops at `2^lowest`.
fn stopped_at(mut sweep: Snapshot, lowest: f64) -> Snapshot {
    let repeats = sweep.cells.iter_mut().flat_map(|cell| &mut cell.repeats);
    for repeat in repeats {
        if let EtaStar::Found { eta_star, .. } = repeat.eta_star
            && eta_star.log2() < lowest
        {
            repeat.eta_star = EtaStar::NothingSucceeds {
                lowest: lowest.exp2(),
            };
        }
    }
    sweep
}

/// With the lower third of all searches cut off, the intervals still hold the
/// exponent; dropping what was cut off makes it smaller by a quarter.
#[test]
fn exponents_of_censored_searches_are_not_biased() {
    let (mut ours, mut dropped, mut covered, mut loo) = (0.0, 0.0, 0, 0.0);
    for seed in 0..40 {
        let law = |d: f64, w: f64| 4.0 - 0.8 * (d * w).log2();
        let full = noisy(seed, vec![1.0]).snapshot(|d, w, _, _| law(d, w));
        let cut = stopped_at(full, -3.8);
        let fit = of(&cut, Law::DepthWidth, Some(1.0));
        assert!(fit.censored_repeats >= 10, "{fit:?}");
        let exponent = fit.joint.unwrap();
        let [low, high] = exponent.interval.unwrap();
        covered += u32::from(low <= 0.8 && 0.8 <= high);
        ours += exponent.value / 40.0;
        loo += fit.loo_rmse_octaves / 40.0;
        let mut without = cut;
        for cell in &mut without.cells {
            let found = |end: &EtaStar| matches!(end, EtaStar::Found { .. });
            cell.repeats.retain(|repeat| found(&repeat.eta_star));
        }
        dropped += of(&without, Law::DepthWidth, Some(1.0))
            .joint
            .unwrap()
            .value
            / 40.0;
    }
    println!("ours {ours}, dropped {dropped}, covered {covered} of 40, loo {loo}");
    assert!((ours - 0.8).abs() < 0.02, "{ours}");
    assert!(dropped < 0.72, "{dropped}");
    assert!(covered >= 34, "{covered}");
    assert!(loo > 0.05 && loo < 0.6, "{loo}");
}

/// With common noise at all rates and a law blind to the rate, pooling adds no
/// information: the intervals must be those of one rate. Resampling the rates
/// independently would shrink them.
#[test]
fn input_rates_of_an_architecture_are_resampled_together() {
    let sweep = noisy(3, vec![0.1, 0.3, 1.0]).snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    let one = of(&sweep, Law::DepthWidth, Some(0.3)).joint.unwrap();
    let pooled = of(&sweep, Law::DepthWidth, None).joint.unwrap();
    for (a, b) in one.interval.unwrap().iter().zip(pooled.interval.unwrap()) {
        assert!((a - b).abs() < 1e-9, "{one:?} {pooled:?}");
    }
}

/// A cell with a missing repeat still shares the resamples of the others.
#[test]
fn resamples_without_a_cells_only_repeat_are_refitted() {
    let mut sweep = noisy(4, vec![0.1, 1.0]).snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    sweep.cells[0].repeats.truncate(1);
    let fit = of(&sweep, Law::EffectiveSize, None);
    assert_eq!(fit.cells, 24);
    assert!(fit.joint.unwrap().interval.is_some());
}

#[test]
fn one_repeat_gives_no_interval() {
    let sweep = Synthetic {
        repeats: 1,
        ..noisy(5, vec![1.0])
    };
    let snapshot = sweep.snapshot(|d, w, _, _| -(d * w).log2());
    assert_eq!(
        of(&snapshot, Law::DepthWidth, Some(1.0))
            .joint
            .unwrap()
            .interval,
        None
    );
}

#[test]
fn the_order_of_the_grid_does_not_matter() {
    let mut sweep = noisy(6, vec![0.1, 1.0]).snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    let before = fit(&sweep, &options()).unwrap();
    sweep.cells.reverse();
    assert_eq!(before, fit(&sweep, &options()).unwrap());
}

#[test]
fn cells_of_different_protocols_are_different_series() {
    let mut sweep = noisy(7, vec![1.0]).snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    assert_eq!(series(&sweep)[0].label, "fashion-mnist");
    let mut others = sweep.cells.clone();
    for other in &mut others {
        other.cell.protocol.threshold = 0.5;
        other.cell.dataset.train = Some(1000);
    }
    sweep.cells.extend(others);
    let labels: Vec<String> = series(&sweep).into_iter().map(|s| s.label).collect();
    assert_eq!(
        labels,
        [
            "fashion-mnist (threshold 0.3, train default)",
            "fashion-mnist (threshold 0.5, train 1000)"
        ]
    );
    let fits = fit(&sweep, &options()).unwrap().fits;
    assert_eq!(fits.len(), 6);
    assert!(fits.iter().all(|fit| fit.cells == 12));
}

#[test]
fn the_law_that_made_the_data_wins() {
    let sweep = Synthetic {
        input_rates: vec![0.1, 1.0],
        noise: 0.1,
        ..Synthetic::default()
    };
    let snapshot = sweep.snapshot(|d, w, inputs, mu| -0.9 * (mu * inputs + d * w).log2());
    let comparisons = compare(&fit(&snapshot, &options()).unwrap().fits);
    assert_eq!(comparisons.len(), 3);
    let pooled = comparisons.last().unwrap();
    assert_eq!(pooled.input_rate, None);
    assert_eq!(pooled.ranking[0].law, Law::EffectiveSize);
    assert_eq!(pooled.ranking[0].delta_aicc, Some(0.0));
    assert_eq!(pooled.best_by_leave_one_out, Law::EffectiveSize);
    assert!(pooled.ranking[1].delta_aicc.unwrap() > 10.0);
    assert!(pooled.ranking[1].delta_loo_octaves > 0.0);
}

#[test]
fn json_has_the_documented_form() {
    let one_depth = record(cell(&[64; 3], 0.1), &[1.0]);
    let mut sweep = noisy(8, vec![0.3, 1.0]).snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    sweep.cells.push(one_depth);
    let fits = fit(&sweep, &options()).unwrap();
    let json = fit_json(&fits);
    let first = &json["fits"][0];
    assert_eq!(first["law"], "depth-width");
    assert_eq!(first["input_rate"], 0.3);
    assert_eq!(
        first["exponent"].as_f64(),
        Some(fits.fits[0].joint.unwrap().value)
    );
    assert_eq!(first["interval"].as_array().unwrap().len(), 2);
    assert!(first.get("exponents").is_none());
    let separate = &json["fits"][1];
    assert_eq!(separate["law"], "separate");
    assert!(separate["exponent"].is_null() && separate["interval"].is_null());
    assert!(separate["exponents"]["depth"].is_number());
    assert_eq!(separate["intervals"]["width"].as_array().unwrap().len(), 2);
    let last = json["fits"].as_array().unwrap().last().unwrap();
    assert!(last["input_rate"].is_null());
    assert_eq!(json["not_fitted"].as_array().unwrap().len(), 3);
    let reason = json["not_fitted"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("at least 3"), "{reason}");

    let table = fit_table(&fits);
    assert_eq!(table.lines().count(), 1 + fits.fits.len() + 3, "{table}");
    assert!(table.contains("not fitted: depth-width on fashion-mnist, input rate 0.1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn recovers_exact_laws(c in -8.0..8.0f64, a in -1.5..2.0f64, b in -1.5..2.0f64) {
        let sweep = Synthetic { input_rates: vec![0.1, 1.0], ..Synthetic::default() };

        let exact = of(&sweep.snapshot(|d, w, _, _| c - a * (d * w).log2()), Law::DepthWidth, Some(0.1));
        prop_assert!((exact.joint.unwrap().value - a).abs() < 1e-9);
        prop_assert!((exact.log2_constant - c).abs() < 1e-8);
        prop_assert!(exact.rmse_octaves < 1e-9 && exact.loo_rmse_octaves < 1e-9);
        prop_assert!(exact.aicc.unwrap().is_finite() && exact.r_squared.is_finite());

        let exact = of(
            &sweep.snapshot(|d, w, _, _| c - a * d.log2() - b * w.log2()), Law::Separate, None);
        prop_assert!((exact.depth.unwrap().value - a).abs() < 1e-9);
        prop_assert!((exact.width.unwrap().value - b).abs() < 1e-9);
        prop_assert!((exact.log2_eta_star(3, 100, 784, 1.0)
            - (c - a * 3f64.log2() - b * 100f64.log2())).abs() < 1e-8);

        let exact = of(
            &sweep.snapshot(|d, w, n, mu| c - a * (mu * n + d * w).log2()), Law::EffectiveSize, None);
        prop_assert!((exact.joint.unwrap().value - a).abs() < 1e-9);
        let [low, high] = exact.joint.unwrap().interval.unwrap();
        prop_assert!((low - a).abs() < 1e-9 && (high - a).abs() < 1e-9);
        prop_assert_eq!(exact.cells, 24);
    }

    #[test]
    fn scaling_every_rate_moves_only_the_constant(seed: u64, power in -6i32..6) {
        let shift = f64::from(power);
        let sweep = noisy(seed, vec![0.1, 1.0]);
        let law = |d: f64, w: f64| 1.0 - 0.6 * (d * w).log2();
        let before = fit(&sweep.snapshot(|d, w, _, _| law(d, w)), &options()).unwrap().fits;
        let after = fit(&sweep.snapshot(|d, w, _, _| law(d, w) + shift), &options()).unwrap().fits;
        let close = |a: f64, b: f64| (a - b).abs() < 1e-8;
        for (a, b) in before.iter().zip(&after) {
            prop_assert!(close(a.log2_constant + shift, b.log2_constant));
            prop_assert!(close(a.rmse_octaves, b.rmse_octaves));
            prop_assert!(close(a.r_squared, b.r_squared));
            for (a, b) in [(a.joint, b.joint), (a.depth, b.depth), (a.width, b.width)] {
                let (Some(a), Some(b)) = (a, b) else { continue };
                prop_assert!(close(a.value, b.value));
                for (a, b) in a.interval.unwrap().iter().zip(b.interval.unwrap()) {
                    prop_assert!(close(*a, b));
                }
            }
        }
    }
}
