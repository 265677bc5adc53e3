use std::collections::BTreeSet;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;
use crate::config::DatasetConfig;
use crate::folders::DataFolders;

/// 250 samples of 3 features that name their sample: 250 distinct first values.
fn tiny() -> Dataset {
    Dataset {
        name: DatasetName::Mnist,
        inputs: Inputs::Bytes((0..250).flat_map(|sample| [sample, 3, 200]).collect()),
        labels: (0..250).map(|sample| sample % 10).collect(),
        features: 3,
        classes: 10,
        default_validation: 40,
        fingerprints: Default::default(),
    }
}

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Which raw samples these are.
fn identities(split: &Split, samples: &Samples) -> Vec<u8> {
    samples
        .inputs
        .chunks(3)
        .map(|row| (f64::from(row[0]) * split.standard_deviation + split.mean).round() as u8)
        .collect()
}

fn mean_square_norm(samples: &Samples) -> f64 {
    let sum: f64 = samples.inputs.iter().map(|x| f64::from(*x).powi(2)).sum();
    sum / samples.len() as f64
}

#[test]
fn subsets_are_disjoint_and_labels_stay_with_inputs() {
    let split = Split::new(&tiny(), None, None, &mut rng(1)).unwrap();
    assert_eq!((split.train.len(), split.validation.len()), (210, 40));
    let mut seen = BTreeSet::new();
    for samples in [&split.train, &split.validation] {
        for (identity, label) in identities(&split, samples).into_iter().zip(&samples.labels) {
            assert!(seen.insert(identity), "{identity} twice");
            assert_eq!(u32::from(identity % 10), *label);
        }
    }
    assert_eq!(seen.len(), 250);
}

#[test]
fn validation_does_not_depend_on_the_training_size_and_training_is_nested() {
    let draw = |train| Split::new(&tiny(), train, Some(30), &mut rng(5)).unwrap();
    let (small, large) = (draw(Some(17)), draw(None));
    assert_eq!(
        identities(&small, &small.validation),
        identities(&large, &large.validation)
    );
    assert_eq!(
        identities(&small, &small.train),
        identities(&large, &large.train)[..17]
    );
    let other = Split::new(&tiny(), Some(17), Some(30), &mut rng(6)).unwrap();
    assert_ne!(
        identities(&small, &small.train),
        identities(&other, &other.train)
    );
}

#[test]
fn the_split_of_a_seed_never_changes() {
    let split = Split::new(&tiny(), Some(4), Some(3), &mut rng(0)).unwrap();
    assert_eq!(identities(&split, &split.validation), [177, 117, 175]);
    assert_eq!(identities(&split, &split.train), [17, 220, 139, 208]);
}

#[test]
fn mean_square_norm_of_training_inputs_is_the_number_of_features() {
    for name in [DatasetName::Digits, DatasetName::Gaussians] {
        let config = DatasetConfig::new(name);
        let dataset = Dataset::load(&config, &DataFolders::default()).unwrap();
        for train in [None, Some(100), Some(2)] {
            let split = Split::new(&dataset, train, None, &mut rng(3)).unwrap();
            let ratio = mean_square_norm(&split.train) / 64.0;
            assert!((ratio - 1.0).abs() < 1e-6, "{name} {train:?}: {ratio}");
            let mean: f64 = split.train.inputs.iter().map(|x| f64::from(*x)).sum();
            let mean = mean / split.train.inputs.len() as f64;
            assert!(mean.abs() < 1e-6, "{name} {train:?}: {mean}");
        }
        let defaults = Split::new(&dataset, None, None, &mut rng(3)).unwrap();
        let expected = match name {
            DatasetName::Digits => (1_500, 297),
            _ => (18_000, 2_000),
        };
        assert_eq!((defaults.train.len(), defaults.validation.len()), expected);
    }
}

#[test]
fn statistics_are_of_the_training_samples_alone() {
    let dataset = Dataset {
        inputs: Inputs::Bytes(vec![0, 255, 10, 10, 20, 20]),
        labels: vec![0, 1, 0, 1, 0, 1],
        features: 1,
        ..tiny()
    };
    for seed in 0..20 {
        let split = Split::new(&dataset, Some(3), Some(3), &mut rng(seed)).unwrap();
        let ratio = mean_square_norm(&split.train);
        assert!((ratio - 1.0).abs() < 1e-6, "{ratio}");
    }
}

#[test]
fn bytes_and_reals_agree() {
    let bytes = tiny();
    let Inputs::Bytes(values) = &bytes.inputs else {
        panic!("tiny is of bytes");
    };
    let reals = Dataset {
        inputs: Inputs::Reals(values.iter().map(|value| f32::from(*value)).collect()),
        ..bytes.clone()
    };
    let first = Split::new(&bytes, None, None, &mut rng(1)).unwrap();
    let second = Split::new(&reals, None, None, &mut rng(1)).unwrap();
    assert!((first.mean - second.mean).abs() < 1e-12);
    assert!((first.standard_deviation - second.standard_deviation).abs() < 1e-12);
    assert_eq!(first.train.labels, second.train.labels);
}

#[test]
fn impossible_sizes_say_how_many_samples_there_are() {
    for (train, validation) in [
        (Some(211), None),
        (Some(1), Some(250)),
        (None, Some(250)),
        (None, Some(251)),
        (Some(usize::MAX), Some(usize::MAX)),
    ] {
        let error = Split::new(&tiny(), train, validation, &mut rng(0)).unwrap_err();
        assert!(error.to_string().contains("has 250 samples"), "{error}");
    }
    for (train, validation) in [(Some(0), None), (None, Some(0)), (Some(0), Some(0))] {
        let error = Split::new(&tiny(), train, validation, &mut rng(0)).unwrap_err();
        assert!(matches!(error, DataError::NoSamples { .. }), "{error}");
    }
}

#[test]
fn constant_or_inconsistent_inputs_are_errors() {
    let constant = Dataset {
        inputs: Inputs::Bytes(vec![7; 750]),
        ..tiny()
    };
    let error = Split::new(&constant, None, None, &mut rng(0)).unwrap_err();
    assert!(
        error.to_string().contains("standard deviation is 0"),
        "{error}"
    );

    let infinite = Dataset {
        inputs: Inputs::Reals(vec![f32::INFINITY; 750]),
        ..tiny()
    };
    let error = Split::new(&infinite, None, None, &mut rng(0)).unwrap_err();
    assert!(
        matches!(error, DataError::NotStandardisable { .. }),
        "{error}"
    );

    let short = Dataset {
        inputs: Inputs::Bytes(vec![7; 749]),
        ..tiny()
    };
    let error = Split::new(&short, None, None, &mut rng(0)).unwrap_err();
    assert!(
        matches!(error, DataError::InconsistentDataset { .. }),
        "{error}"
    );
}
