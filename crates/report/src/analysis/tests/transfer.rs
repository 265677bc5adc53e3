//! Larger networks predicted from smaller ones.

use serde_json::{Value, json};

use super::super::*;
use super::support::{close, effect_of, reason_of};
use crate::fit::synthetic::Synthetic;

fn sweep() -> Synthetic {
    Synthetic {
        depths: vec![1, 2, 4, 8, 16],
        widths: vec![64, 128, 256, 512, 1024],
        input_rates: vec![0.1, 1.0],
        ..Synthetic::default()
    }
}

fn error(factor: f64, quantile: f64) -> Value {
    json!({"of": "transfer-error", "at_least_factor": factor, "quantile": quantile, "width_over_depth": 0.0})
}

fn coverage(of_what: &str) -> Value {
    json!({"of": "transfer-coverage", "at_least_factor": 1.0, "of_what": of_what, "width_over_depth": 0.0})
}

#[test]
fn only_larger_cells_are_predicted_and_each_split_leaves_six() {
    let store = sweep().snapshot(|d, w, _, _| -(d * w).log2());
    let groups = transfers(store.cells.iter(), 0.0, 0.95);
    let all: Vec<&Transferred> = groups.iter().flatten().collect();
    let sizes = |most: usize| {
        let cells = store
            .cells
            .iter()
            .filter(|cell| cell.cell.input_rate == 1.0);
        cells
            .filter(|c| c.cell.depth() * c.cell.hidden[0] <= most)
            .count()
    };
    assert!(
        all.iter()
            .all(|one| one.factor() > 1.0 && sizes(one.fitted) >= 6)
    );
    // 1, 2, 3, .. architectures of the sizes 64, 128, 256, ..: six up to 256.
    let least = all.iter().map(|one| one.fitted).min();
    assert_eq!(least, Some(256));
    assert_eq!(all.iter().filter(|one| one.fitted == 256).count(), 2 * 19);
    for group in &groups {
        let first = group[0];
        assert!(
            group
                .iter()
                .all(|one| (one.depth, one.width) == (first.depth, first.width))
        );
    }
    let wide = transfers(store.cells.iter(), 32.0, 0.95);
    let mut wide = wide.iter().flatten();
    assert!(wide.all(|one| one.width >= 32 * one.depth));
}

#[test]
fn an_exact_law_carries_over_exactly() {
    let store = sweep().snapshot(|d, w, _, mu| 3.0 * mu - 0.7 * (d * w).log2());
    for quantile in [0.5, 0.9] {
        let effect = effect_of(error(4.0, quantile), &store);
        assert!(effect.value < 1e-6 && effect.unit == Unit::Octaves);
    }
}

/// A law that bends at the largest sizes: by two octaves over those fitted.
#[test]
fn what_the_small_cells_cannot_know_is_an_error_of_known_size() {
    let store = sweep().snapshot(|d, w, _, _| {
        let bent = if d * w > 8000.0 { -2.0 } else { 0.0 };
        -0.5 * (d * w).log2() + bent
    });
    let groups = transfers(store.cells.iter(), 0.0, 0.95);
    let blind: Vec<f64> = groups
        .iter()
        .flatten()
        .filter(|one| one.fitted < 8000 && one.depth * one.width > 8000)
        .map(|one| one.error)
        .collect();
    assert!(
        !blind.is_empty() && blind.iter().all(|error| close_to(*error, 2.0)),
        "{blind:?}"
    );
}

fn close_to(a: f64, b: f64) -> bool {
    (a - b).abs() < 1e-6
}

/// 40 sweeps that obey the law: both intervals hold about their 95 %.
#[test]
fn the_intervals_cover_where_the_law_holds() {
    let (mut mean, mut single) = (0.0, 0.0);
    for seed in 0..40 {
        let grid = Synthetic {
            seed,
            noise: 0.3,
            misfit: 0.2,
            ..sweep()
        };
        let store = grid.snapshot(|d, w, _, _| -0.5 * (d * w).log2());
        mean += effect_of(coverage("mean"), &store).value / 40.0;
        single += effect_of(coverage("single"), &store).value / 40.0;
    }
    println!("mean {mean}, single {single}");
    assert!((0.85..0.99).contains(&mean), "{mean}");
    assert!((0.88..0.99).contains(&single), "{single}");
}

#[test]
fn intervals_resample_architectures() {
    let grid = Synthetic {
        seed: 1,
        noise: 0.3,
        misfit: 0.2,
        ..sweep()
    };
    let store = grid.snapshot(|d, w, _, _| -0.5 * (d * w).log2());
    let median = effect_of(error(2.0, 0.5), &store);
    let most = effect_of(error(2.0, 0.9), &store);
    assert!(median.value < most.value);
    let [low, high] = median.interval.unwrap();
    assert!(low < median.value && median.value < high, "{median:?}");
    let share = effect_of(coverage("mean"), &store);
    let [low, high] = share.interval.unwrap();
    assert!(0.0 <= low && high <= 1.0 && close(share.value, share.value.clamp(low, high)));
}

#[test]
fn nothing_that_far_is_not_measured_and_nonsense_is_refused() {
    let store = sweep().snapshot(|d, w, _, _| -(d * w).log2());
    assert!(reason_of(error(1e6, 0.5), &store).contains("that far beyond"));
    let few = Synthetic {
        depths: vec![2, 4],
        widths: vec![64, 128],
        ..sweep()
    };
    let reason = reason_of(error(1.0, 0.5), &few.snapshot(|d, w, _, _| -(d * w).log2()));
    assert!(reason.contains("at least 1"), "{reason}");
    for wrong in [
        error(4.0, 0.0),
        error(4.0, 1.0),
        error(-1.0, 0.5),
        coverage("both"),
    ] {
        assert!(serde_json::from_value::<Statistic>(wrong).is_err());
    }
}
