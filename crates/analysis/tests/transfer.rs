//! Larger networks predicted from smaller ones.

use crate::support;

use etastar_analysis::{Law, SizeBy, Transfer, Unit, quantile};
use etastar_search::Snapshot;
use serde_json::{Value, json};
use support::{Store, agree, effect_of, holds, one, shown};

const WIDTHS: [usize; 5] = [64, 128, 256, 512, 1024];

fn sweep(depths: &[usize]) -> Store {
    Store::with(|s| {
        (s.depths, s.widths, s.input_rates) = (depths.to_vec(), WIDTHS.to_vec(), vec![0.1, 1.0]);
    })
}

fn noisy(seed: u64) -> Snapshot {
    let mut store = sweep(&[1, 2, 4, 8]);
    (store.noise, store.misfit, store.seed) = (0.3, 0.2, seed);
    store.snapshot(|d, w, n, mu| -0.5 * (mu * n + d * w).log2())
}

fn error(factor: f64, quantile: f64) -> Value {
    json!({"of": "transfer-error", "at_least_factor": factor, "quantile": quantile})
}

fn coverage(of_what: &str) -> Value {
    json!({"of": "transfer-coverage", "at_least_factor": 1.0, "of_what": of_what})
}

fn transfer(store: &Snapshot) -> Transfer {
    one(shown(store, "transfer").transfer)
}

#[test]
fn only_larger_wide_cells_are_predicted_and_each_split_leaves_six() {
    let store = sweep(&[1, 2, 4, 8, 16]).snapshot(|d, w, n, mu| -(mu * n + d * w).log2());
    let all = transfer(&store);
    assert_eq!((all.width_over_depth, all.confidence), (8.0, 0.95));
    let grid = [1, 2, 4, 8, 16].map(|d| WIDTHS.map(|w| (d, w)));
    let wide: Vec<(usize, usize)> = grid
        .into_iter()
        .flatten()
        .filter(|(d, w)| *w >= 8 * d)
        .collect();
    let fitted = |most: usize| wide.iter().filter(|(d, w)| d * w <= most).count();
    for one in &all.predictions {
        assert!(
            one.factor > 1.0
                && fitted(one.fitted as usize) >= 6
                && wide.contains(&(one.depth, one.width))
        );
    }
    // 1, 2, 3, .. architectures of the sizes 64, 128, 256, ..: six up to 256.
    let least = all.predictions.iter().map(|one| one.fitted);
    assert_eq!(least.fold(f64::INFINITY, f64::min), 256.0);
    let from_six = all.predictions.iter().filter(|one| one.fitted == 256.0);
    assert_eq!(from_six.count(), 2 * (wide.len() - 6));
    assert!(
        all.predictions
            .is_sorted_by_key(|one| (one.depth, one.width))
    );
    // Every prediction is in one range.
    let counts = all.ranges.iter().map(|own| own.predictions);
    assert_eq!(counts.sum::<usize>(), all.predictions.len());
    for own in &all.ranges {
        let is_in = |factor: f64| own.from <= factor && own.to.is_none_or(|to| factor < to);
        let count = all
            .predictions
            .iter()
            .filter(|one| is_in(one.factor))
            .count();
        assert!(
            own.predictions == count && own.ninth_decile < 1e-6,
            "{own:?}"
        );
    }
}

/// A law that carries over exactly, and one that bends at the largest sizes: by two octaves over
/// those fitted.
#[test]
fn what_the_small_cells_cannot_know_is_an_error_of_known_size() {
    let sweep = sweep(&[1, 2, 4, 8]);
    let exact = sweep.snapshot(|d, w, n, mu| 3.0 - 0.7 * (mu * n + d * w).log2());
    let effect = effect_of(&exact, error(4.0, 0.9), json!({}));
    assert!(effect.value < 1e-6 && effect.unit == Unit::Octaves);
    let bend = |size: f64| if size > 4000.0 { 2.0 } else { 0.0 };
    let bent = sweep.snapshot(|d, w, n, mu| -0.5 * (mu * n + d * w).log2() - bend(d * w));
    let mut blind = transfer(&bent).predictions;
    blind.retain(|one| one.fitted < 4000.0 && one.depth * one.width > 4000);
    assert!(blind.len() > 20);
    for one in blind {
        assert!(
            (one.error - 2.0).abs() < 1e-6 && !one.mean_inside,
            "{one:?}"
        );
        assert_eq!((one.repeats_inside, one.repeats), (0, 5));
    }
    agree!(&exact, [{"statistic": error(1e6, 0.5)}, "that far beyond"]);
    // Of six architectures, no more than five are smaller than another.
    let few = Store::with(|s| (s.depths, s.widths) = (vec![1], vec![8, 16, 32, 64, 128, 256]));
    let few = few.snapshot(|d, w, _, _| -(d * w).log2());
    agree!(&few, [{"statistic": error(1.0, 0.5)}, "at least 1"]);
    assert!(shown(&few, "transfer").transfer.is_empty());
}

#[test]
fn statistics_are_of_the_predictions_and_resample_architectures() {
    let store = noisy(1);
    let predictions = transfer(&store).predictions;
    let (inside, all) = predictions.iter().fold((0, 0), |(inside, all), one| {
        (inside + one.repeats_inside, all + one.repeats)
    });
    let share = effect_of(&store, coverage("single"), json!({}));
    assert_eq!(share.value, inside as f64 / all as f64);
    assert!(
        holds(&share, share.value) && share.unit == Unit::Share,
        "{share:?}"
    );
    let far = predictions.iter().filter(|one| one.factor >= 2.0);
    let mut far: Vec<f64> = far.map(|one| one.error.abs()).collect();
    far.sort_by(f64::total_cmp);
    for p in [0.5, 0.9] {
        let effect = effect_of(&store, error(2.0, p), json!({}));
        assert_eq!(Some(effect.value), quantile(&far, p));
        assert!(holds(&effect, effect.value), "{effect:?}");
    }
}

/// By the effective size, networks of a slow rate foretell those of a fast one; and what is far is
/// counted among the predictions that are listed.
#[test]
fn far_networks_are_counted_by_either_size_and_without_the_fastest_rate() {
    let store = sweep(&[1, 2, 4, 8]).snapshot(|d, w, n, mu| 3.0 - 0.7 * (mu * n + d * w).log2());
    let all = transfer(&store);
    let far = |size_by, fastest_fitted, input_rate| {
        let mut own = all.far.iter().filter(|one| {
            (one.size_by, one.fastest_fitted, one.input_rate)
                == (size_by, fastest_fitted, input_rate)
        });
        own.next().cloned()
    };
    let listed = all.predictions.iter().filter(|one| one.factor >= 4.0);
    // Each architecture from the others, at both rates.
    let left_out = all.left_out.unwrap();
    assert!(left_out.ninth_decile < 1e-6 && left_out.means_inside == Some(1.0));
    let by_product = far(SizeBy::DepthWidth, true, None).unwrap();
    assert_eq!(by_product.errors.predictions, listed.count());
    for fast in [0.1, 1.0] {
        let own = far(SizeBy::DepthWidth, true, Some(fast)).unwrap();
        let listed = all.predictions.iter();
        let listed = listed.filter(|one| one.factor >= 4.0 && one.input_rate == fast);
        assert_eq!(own.errors.predictions, listed.count());
        assert!(own.errors.ninth_decile < 1e-6, "{own:?}");
    }
    assert_eq!(
        by_product.laws,
        [(Law::EffectiveSize, by_product.errors.predictions)]
    );
    assert!(by_product.runner_up_median.unwrap() > 1e-3);
    // The fastest rate's networks are larger than small ones of the slow rate, and foretold.
    let by_effective = far(SizeBy::EffectiveSize, true, Some(1.0)).unwrap();
    assert!(by_effective.errors.ninth_decile < 1e-6);
    // Where it is left out of the fits, it is not predicted either.
    assert!(far(SizeBy::DepthWidth, false, Some(0.1)).is_some());
    assert_eq!(far(SizeBy::DepthWidth, false, Some(1.0)), None);
}
