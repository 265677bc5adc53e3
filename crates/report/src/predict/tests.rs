use etastar_search::{EtaStar, Snapshot};
use proptest::prelude::*;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use statrs::distribution::{ContinuousCDF, Normal};

use super::*;
use crate::fit::Law;
use crate::fit::synthetic::{Synthetic, cell, record, snapshot};

const NETWORK: NetworkShape = NetworkShape {
    depth: 4,
    width: 128,
    input_rate: 1.0,
};

fn sweep() -> Synthetic {
    Synthetic {
        depths: vec![2, 4, 8],
        widths: vec![64, 128, 256, 512],
        noise: 0.3,
        ..Synthetic::default()
    }
}

fn law(d: f64, w: f64) -> f64 {
    3.0 - 0.7 * (d * w).log2()
}

fn of(store: &Snapshot, network: NetworkShape) -> Result<Prediction, PredictError> {
    predict(store, None, &network, &PredictOptions::default())
}

/// Over 1,200 sweeps that obey the law with noise and misfit, both intervals
/// cover a new architecture at their confidence: 0.95 known to within 0.0063
/// (one standard error); the choice of the law costs up to two points.
#[test]
fn intervals_cover_at_their_confidence() {
    let normal = Normal::new(0.0, 1.0).unwrap();
    let (sweeps, noise, misfit) = (1200, 0.3, 0.2);
    let (mut mean_hits, mut network_hits) = (0, 0);
    for seed in 0..sweeps {
        let grid = Synthetic {
            seed,
            misfit,
            ..sweep()
        };
        let store = grid.snapshot(|d, w, _, _| law(d, w));
        let network = NetworkShape {
            depth: 6,
            width: 700,
            ..NETWORK
        };
        let prediction = of(&store, network).unwrap();
        let mut generator = ChaCha8Rng::seed_from_u64(seed + 1_000_000);
        let mut draw = || normal.inverse_cdf(generator.random_range(1e-15..1.0));
        let level = law(6.0, 700.0) + misfit * draw();
        let repeats: Vec<f64> = (0..5).map(|_| level + noise * draw()).collect();
        let mean = repeats.iter().sum::<f64>() / 5.0;
        let inside = |[low, high]: [f64; 2], y: f64| u32::from(low.log2() <= y && y <= high.log2());
        mean_hits += inside(prediction.mean_interval, mean);
        network_hits += inside(prediction.network_interval, repeats[0]);
    }
    let share = |hits: u32| f64::from(hits) / sweeps as f64;
    let (mean, network) = (share(mean_hits), share(network_hits));
    println!("mean {mean}, network {network}");
    assert!((0.92..0.97).contains(&mean), "{mean}");
    assert!((0.92..0.97).contains(&network), "{network}");
}

#[test]
fn the_law_that_made_the_data_is_chosen_and_says_so() {
    let grid = Synthetic {
        input_rates: vec![0.1, 0.3, 1.0],
        noise: 0.05,
        misfit: 0.05,
        ..sweep()
    };
    let separate = grid.snapshot(|d, w, _, mu| 2.0 * mu - 1.3 * d.log2() - 0.4 * w.log2());
    let prediction = of(&separate, NETWORK).unwrap();
    assert_eq!(
        (prediction.law, prediction.law_input_rate),
        (Law::Separate, Some(1.0))
    );
    let second = prediction.runner_up.unwrap();
    assert!(second.error_octaves > prediction.error_octaves);
    assert!((prediction.log2_eta_star - (2.0 - 1.3 * 2.0 - 0.4 * 7.0)).abs() < 0.2);
    assert_eq!((prediction.cells, prediction.width_over_depth), (12, 8.0));

    // Between rates only the pooled law is left.
    let effective = grid.snapshot(|d, w, n, mu| 5.0 - 0.9 * (mu * n + d * w).log2());
    let between = NetworkShape {
        input_rate: 0.2,
        ..NETWORK
    };
    let prediction = of(&effective, between).unwrap();
    assert_eq!(
        (prediction.law, prediction.law_input_rate),
        (Law::EffectiveSize, None)
    );
    assert_eq!(prediction.runner_up, None);
    assert!(
        prediction
            .warnings
            .contains(&Warning::UnmeasuredRate { rate: 0.2 })
    );
    let truth = 5.0 - 0.9 * (0.2f64 * 784.0 + 512.0).log2();
    assert!(
        (prediction.log2_eta_star - truth).abs() < 0.2,
        "{prediction:?}"
    );
}

#[test]
fn extrapolation_is_told_and_refused_beyond_16() {
    let store = sweep().snapshot(|d, w, _, _| law(d, w));
    let inside = of(&store, NETWORK).unwrap();
    assert_eq!(
        (inside.extrapolation.beyond, inside.warnings.len()),
        (1.0, 0)
    );
    // The largest fitted is 8 x 512.
    assert_eq!(inside.extrapolation.depth_width, 0.125);
    let at = |depth, width| {
        of(
            &store,
            NetworkShape {
                depth,
                width,
                ..NETWORK
            },
        )
    };
    let outside = at(8, 1024).unwrap();
    assert_eq!(outside.extrapolation.depth_width, 2.0);
    assert_eq!(outside.warnings, [Warning::Extrapolates { beyond: 2.0 }]);
    assert!(
        outside.mean_interval[0] / outside.eta_star < inside.mean_interval[0] / inside.eta_star
    );
    let narrow = at(16, 64).unwrap();
    assert!(narrow.warnings.contains(&Warning::Narrow {
        ratio: 4.0,
        asked: 8.0
    }));
    let error = at(8, 65_536).unwrap_err();
    assert!(matches!(error, PredictError::TooFar { .. }), "{error}");
    assert!(error.to_string().contains("--force"));
    let forced = PredictOptions {
        force: true,
        ..PredictOptions::default()
    };
    let far = NetworkShape {
        depth: 8,
        width: 65_536,
        ..NETWORK
    };
    assert!(predict(&store, None, &far, &forced).is_ok());
}

/// At the rate 1 the effective size of these networks ranges over a quarter of
/// an octave only, so that its law takes no part, however well it fits.
#[test]
fn laws_of_hardly_varying_regressors_take_no_part() {
    let grid = Synthetic {
        depths: vec![1, 2, 4],
        widths: vec![16, 32, 64],
        noise: 0.0,
        ..sweep()
    };
    let store = grid.snapshot(|d, w, n, mu| 9.0 - 4.0 * (mu * n + d * w).log2());
    let prediction = of(&store, NETWORK).unwrap();
    assert_ne!(prediction.law, Law::EffectiveSize);
    assert_ne!(prediction.runner_up.unwrap().law, Law::EffectiveSize);
}

#[test]
fn too_narrow_a_filter_is_relaxed_with_a_warning() {
    let grid = Synthetic {
        widths: vec![16, 32, 64],
        ..sweep()
    };
    let prediction = of(&grid.snapshot(|d, w, _, _| law(d, w)), NETWORK).unwrap();
    assert_eq!(prediction.width_over_depth, 8.0);
    let options = PredictOptions {
        width_over_depth: 32.0,
        ..PredictOptions::default()
    };
    let store = grid.snapshot(|d, w, _, _| law(d, w));
    let prediction = predict(&store, None, &NETWORK, &options).unwrap();
    let relaxed = Warning::Relaxed {
        asked: 32.0,
        used: 8.0,
    };
    assert!(prediction.warnings.contains(&relaxed), "{prediction:?}");
}

#[test]
fn refusals_say_what_to_do() {
    let store = sweep().snapshot(|d, w, _, _| law(d, w));
    let refused = |store: &Snapshot, dataset, network| {
        predict(store, dataset, &network, &PredictOptions::default()).unwrap_err()
    };
    let unmeasured = NetworkShape {
        input_rate: 0.5,
        ..NETWORK
    };
    assert!(
        refused(&store, None, unmeasured)
            .to_string()
            .contains("(measured: 1)")
    );
    let mnist = refused(&store, Some("mnist"), NETWORK);
    assert!(mnist.to_string().contains("it has `fashion-mnist`"));
    let empty = snapshot(vec![record(cell(&[8, 8], 1.0), &[])]);
    assert_eq!(
        refused(&empty, None, NETWORK),
        PredictError::NothingMeasured
    );
    let few = snapshot(vec![record(cell(&[8, 8], 1.0), &[1.0, 2.0])]);
    let needed = PredictError::TooFewCells {
        found: 1,
        needed: 3,
    };
    assert_eq!(refused(&few, None, NETWORK), needed);
    let mut lost = few.clone();
    lost.cells[0].repeats[0].eta_star = EtaStar::NothingSucceeds { lowest: 0.1 };
    lost.cells[0].repeats.truncate(1);
    assert!(matches!(
        refused(&lost, None, NETWORK),
        PredictError::TooFewCells { found: 0, .. }
    ));
    let mut two = store.clone();
    for mut other in store.cells.clone() {
        other.cell.protocol.threshold = 0.5;
        two.cells.push(other);
    }
    for name in [None, Some("fashion-mnist")] {
        let several = refused(&two, name, NETWORK).to_string();
        assert!(
            several.contains("`fashion-mnist (threshold 0.5)`"),
            "{several}"
        );
    }
    let named = predict(
        &two,
        Some("fashion-mnist (threshold 0.5)"),
        &NETWORK,
        &PredictOptions::default(),
    );
    assert_eq!(
        named.unwrap().eta_star,
        of(&store, NETWORK).unwrap().eta_star
    );
    let mut wanted = store.cells[0].cell.clone();
    wanted.hidden = vec![99; 3];
    wanted.protocol.ladder = vec![1.0];
    assert_eq!(
        matching_series(&two, &wanted).unwrap().label,
        "fashion-mnist (threshold 0.3)"
    );
    wanted.protocol.budget += 1;
    assert!(matching_series(&two, &wanted).is_none());
    for options in [
        PredictOptions {
            confidence: 1.0,
            ..PredictOptions::default()
        },
        PredictOptions {
            width_over_depth: f64::NAN,
            ..PredictOptions::default()
        },
    ] {
        assert!(predict(&store, None, &NETWORK, &options).is_err());
    }
}

/// Where the larger half of the searches ended below their range, the bounds
/// still pull the prediction down; without them it is too high.
#[test]
fn censored_searches_take_part() {
    let full = sweep().snapshot(|d, w, _, _| law(d, w));
    let mut cut = full.clone();
    for repeat in cut.cells.iter_mut().flat_map(|cell| &mut cell.repeats) {
        if let EtaStar::Found { eta_star, .. } = repeat.eta_star
            && eta_star.log2() < -3.5
        {
            repeat.eta_star = EtaStar::NothingSucceeds {
                lowest: (-3.5f64).exp2(),
            };
        }
    }
    let large = NetworkShape {
        depth: 8,
        width: 512,
        ..NETWORK
    };
    let prediction = of(&cut, large).unwrap();
    assert!(prediction.censored_repeats > 10);
    let truth = law(8.0, 512.0);
    assert!(
        (prediction.log2_eta_star - truth).abs() < 0.3,
        "{prediction:?}"
    );
    for cell in &mut cut.cells {
        cell.repeats
            .retain(|r| matches!(r.eta_star, EtaStar::Found { .. }));
    }
    let dropped = of(&cut, large).unwrap();
    assert!(
        dropped.log2_eta_star > prediction.log2_eta_star + 0.1,
        "{dropped:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn an_exact_law_is_predicted_exactly(
        c in -4.0..4.0f64, a in -1.0..1.5f64, depth in 1usize..9, width in 32usize..2000,
    ) {
        let grid = Synthetic { noise: 0.0, ..sweep() };
        let store = grid.snapshot(|d, w, _, _| c - a * (d * w).log2());
        let prediction = of(&store, NetworkShape { depth, width, ..NETWORK }).unwrap();
        let truth = c - a * ((depth * width) as f64).log2();
        prop_assert!((prediction.log2_eta_star - truth).abs() < 1e-6);
        prop_assert!(prediction.mean_interval[0] <= prediction.eta_star);
    }

    /// One network varies more than the mean of several, and both intervals
    /// are centred in octaves.
    #[test]
    fn intervals_are_nested_and_grow_with_confidence(seed: u64) {
        let grid = Synthetic { seed, misfit: 0.2, ..sweep() };
        let store = grid.snapshot(|d, w, _, _| law(d, w));
        let at = |confidence| {
            let options = PredictOptions { confidence, ..PredictOptions::default() };
            predict(&store, None, &NETWORK, &options).unwrap()
        };
        let (usual, low) = (at(0.95), at(0.5));
        prop_assert!(low.mean_interval[1] < usual.mean_interval[1]);
        let [a, b] = usual.mean_interval;
        prop_assert!(((a * b).sqrt() / usual.eta_star - 1.0).abs() < 1e-9);
        let [c, d] = usual.network_interval;
        prop_assert!(d / c > 1.0 && b / a > 1.0);
    }
}
