//! Training and validation samples: disjoint random subsets of the training
//! file, standardised with the training subset's mean and standard deviation.

use rand::Rng;

use crate::batches::{Samples, shuffle_front};
use crate::config::{DatasetConfig, Standardise};
use crate::dataset::{Dataset, Inputs};
use crate::error::DataError;
use crate::targets::Targets;

/// A dataset split into training and validation samples.
///
/// Unless the configuration says otherwise ([`Standardise`]), inputs are `(raw - mean) /
/// standard_deviation` with the two scalars taken over all values of the training samples, so that
/// the mean of `|x|^2` over the training samples is the number of features.
///
/// The real targets of a regression have mean 0 and variance 1 over the training samples, each
/// output by itself, however inputs are standardised.
#[derive(Debug, Clone, PartialEq)]
pub struct Split {
    /// Training samples, in random order.
    pub train: Samples,
    /// Validation samples, in random order.
    pub validation: Samples,
    /// Mean of the raw values of the training samples.
    pub mean: f64,
    /// Standard deviation of the raw values of the training samples.
    pub standard_deviation: f64,
}

impl Split {
    /// Draws a split: the configuration's number of validation samples (the dataset's default
    /// without one), then of training samples (all the others without).
    ///
    /// Validation is drawn first, so the same generator state gives the same
    /// validation samples whatever `train` is; fewer training samples are the
    /// first ones of more training samples.
    ///
    /// # Errors
    /// [`DataError::TooManySamples`] or [`DataError::NoSamples`] when the sizes
    /// do not fit, [`DataError::NotStandardisable`] when all training values
    /// are equal or not finite, [`DataError::ConstantTarget`] when real targets
    /// do not vary, [`DataError::InconsistentDataset`] when inputs and labels do
    /// not belong together.
    pub fn new(
        dataset: &Dataset,
        config: &DatasetConfig,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<Self, DataError> {
        let samples = dataset.samples();
        let (train, validation) = config.resolve_sizes(samples, dataset.default_validation)?;
        let inconsistent = || DataError::InconsistentDataset {
            dataset: dataset.name,
            inputs: dataset.inputs.len(),
            labels: samples,
            features: dataset.features,
        };
        let fits = samples.checked_mul(dataset.features) == Some(dataset.inputs.len());
        let count = u32::try_from(samples).map_err(|_| inconsistent())?;
        if !fits || dataset.features == 0 {
            return Err(inconsistent());
        }
        let mut indices: Vec<u32> = (0..count).collect();
        shuffle_front(&mut indices, validation + train, rng);
        let (validation, rest) = indices.split_at(validation);
        let train = rest.get(..train).unwrap_or(rest);

        let statistics = match (config.standardise, &dataset.inputs) {
            (Standardise::None, _) => Statistics::NONE,
            (_, Inputs::Bytes(values)) => Statistics::from_bytes(rows(values, dataset, train)),
            (_, Inputs::Reals(values)) => Statistics::from_reals(rows(values, dataset, train)),
        };
        let Statistics {
            mean,
            standard_deviation,
        } = statistics;
        if !(standard_deviation.is_finite() && standard_deviation > 0.0) {
            return Err(DataError::NotStandardisable {
                data: config.subject(),
                samples: train.len(),
                standard_deviation,
            });
        }
        let mut split = Self {
            train: select(dataset, train, &statistics),
            validation: select(dataset, validation, &statistics),
            mean,
            standard_deviation,
        };
        if config.standardise == Standardise::Feature {
            split.standardise_features();
        }
        split.standardise_targets()?;
        Ok(split)
    }
}

impl Split {
    /// Gives every feature mean 0 and variance 1 over the training samples; 0 where it does not
    /// vary.
    fn standardise_features(&mut self) {
        let features = self.train.features;
        for feature in 0..features {
            let column = self.train.inputs.iter().skip(feature).step_by(features);
            let statistics = Statistics::from_reals(column.map(std::slice::from_ref));
            for samples in [&mut self.train, &mut self.validation] {
                for value in samples.inputs.iter_mut().skip(feature).step_by(features) {
                    *value = match statistics.standard_deviation > 0.0 {
                        true => statistics.standardise(f64::from(*value)),
                        false => 0.0,
                    };
                }
            }
        }
    }

    /// Gives the real targets of every output mean 0 and variance 1 over the training samples.
    fn standardise_targets(&mut self) -> Result<(), DataError> {
        let outputs = self.train.outputs;
        let (Targets::Reals(train), Targets::Reals(validation)) =
            (&mut self.train.targets, &mut self.validation.targets)
        else {
            return Ok(());
        };
        for output in 0..outputs {
            let column = train.iter().skip(output).step_by(outputs);
            let statistics = Statistics::from_reals(column.map(std::slice::from_ref));
            let named = [("training", &mut *train), ("validation", &mut *validation)];
            for (which, targets) in named {
                for value in targets.iter_mut().skip(output).step_by(outputs) {
                    *value = statistics.standardise(f64::from(*value));
                }
                let column = targets.iter().skip(output).step_by(outputs);
                if !(statistics.standard_deviation > 0.0 && varies(column)) {
                    return Err(DataError::ConstantTarget {
                        output,
                        which,
                        samples: targets.len() / outputs,
                    });
                }
            }
        }
        Ok(())
    }
}

/// Whether there are two different values.
fn varies<'a>(mut values: impl Iterator<Item = &'a f32>) -> bool {
    let first = values.next();
    values.any(|value| Some(value) != first)
}

/// The rows of `values` at `indices`.
fn rows<'a, T>(
    values: &'a [T],
    dataset: &Dataset,
    indices: &'a [u32],
) -> impl Iterator<Item = &'a [T]> + Clone {
    let features = dataset.features;
    indices.iter().filter_map(move |index| {
        let start = *index as usize * features;
        values.get(start..start + features)
    })
}

fn select(dataset: &Dataset, indices: &[u32], statistics: &Statistics) -> Samples {
    let mut inputs = Vec::with_capacity(indices.len() * dataset.features);
    match &dataset.inputs {
        Inputs::Bytes(values) => {
            let table = statistics.table();
            for row in rows(values, dataset, indices) {
                inputs.extend(row.iter().map(|value| table[usize::from(*value)]));
            }
        }
        Inputs::Reals(values) => {
            for row in rows(values, dataset, indices) {
                inputs.extend(
                    row.iter()
                        .map(|value| statistics.standardise(f64::from(*value))),
                );
            }
        }
    }
    Samples {
        inputs,
        targets: dataset.targets.select(indices, dataset.classes),
        features: dataset.features,
        outputs: dataset.classes,
    }
}

/// One mean and one standard deviation (of the population) for all values.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Statistics {
    mean: f64,
    standard_deviation: f64,
}

impl Statistics {
    /// Those that leave values as they are.
    const NONE: Self = Self {
        mean: 0.0,
        standard_deviation: 1.0,
    };

    /// The statistics of bytes: sums are exact integers, rounding happens once at the end.
    fn from_bytes<'a>(rows: impl Iterator<Item = &'a [u8]>) -> Self {
        // Four histograms: runs of equal bytes, such as a black background,
        // would otherwise wait for one counter.
        let mut histograms = [[0_u64; 256]; 4];
        for row in rows {
            let (quadruples, rest) = row.as_chunks::<4>();
            for quadruple in quadruples {
                for (histogram, value) in histograms.iter_mut().zip(quadruple) {
                    histogram[usize::from(*value)] += 1;
                }
            }
            for value in rest {
                histograms[0][usize::from(*value)] += 1;
            }
        }
        let (mut count, mut sum, mut squares) = (0_u128, 0_u128, 0_u128);
        for value in 0..256 {
            let occurrences = histograms
                .iter()
                .map(|histogram| u128::from(histogram[value]))
                .sum::<u128>();
            let value = value as u128;
            count += occurrences;
            sum += value * occurrences;
            squares += value * value * occurrences;
        }
        let mean = sum as f64 / count as f64;
        // count^2 times the variance, never negative (Cauchy-Schwarz).
        let scaled = (count * squares).saturating_sub(sum * sum);
        Self {
            mean,
            standard_deviation: (scaled as f64).sqrt() / count as f64,
        }
    }

    /// The statistics of reals, in two passes.
    fn from_reals<'a>(rows: impl Iterator<Item = &'a [f32]> + Clone) -> Self {
        let (mut count, mut sum) = (0_usize, 0.0_f64);
        for row in rows.clone() {
            count += row.len();
            sum += row.iter().map(|value| f64::from(*value)).sum::<f64>();
        }
        let mean = sum / count as f64;
        let squares: f64 = rows
            .map(|row| {
                row.iter()
                    .map(|value| (f64::from(*value) - mean).powi(2))
                    .sum::<f64>()
            })
            .sum();
        Self {
            mean,
            standard_deviation: (squares / count as f64).sqrt(),
        }
    }

    /// A raw value, standardised and rounded to `f32`.
    fn standardise(&self, value: f64) -> f32 {
        ((value - self.mean) / self.standard_deviation) as f32
    }

    /// The standardised value of each byte.
    fn table(&self) -> [f32; 256] {
        std::array::from_fn(|value| self.standardise(value as f64))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;
    use crate::catalogue::DatasetName;
    use crate::config::DatasetConfig;
    use crate::folders::DataFolders;

    /// 250 samples of 3 features that name their sample: 250 distinct first values.
    fn tiny() -> Dataset {
        Dataset {
            name: DatasetName::Mnist,
            inputs: Inputs::Bytes((0..250).flat_map(|sample| [sample, 3, 200]).collect()),
            targets: Targets::Classes((0..250).map(|sample| sample % 10).collect()),
            features: 3,
            classes: 10,
            class_names: Vec::new(),
            default_validation: 40,
            fingerprints: Default::default(),
        }
    }

    fn sizes(train: Option<usize>, validation: Option<usize>) -> DatasetConfig {
        DatasetConfig {
            train,
            validation,
            ..DatasetConfig::new(DatasetName::Mnist)
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
        let split = Split::new(&tiny(), &sizes(None, None), &mut rng(1)).unwrap();
        assert_eq!((split.train.len(), split.validation.len()), (210, 40));
        let mut seen = BTreeSet::new();
        for samples in [&split.train, &split.validation] {
            let labels = samples.targets.classes().unwrap();
            for (identity, label) in identities(&split, samples).into_iter().zip(labels) {
                assert!(seen.insert(identity), "{identity} twice");
                assert_eq!(u32::from(identity % 10), *label);
            }
        }
        assert_eq!(seen.len(), 250);
    }

    #[test]
    fn validation_does_not_depend_on_the_training_size_and_training_is_nested() {
        let draw = |train| Split::new(&tiny(), &sizes(train, Some(30)), &mut rng(5)).unwrap();
        let (small, large) = (draw(Some(17)), draw(None));
        assert_eq!(
            identities(&small, &small.validation),
            identities(&large, &large.validation)
        );
        assert_eq!(
            identities(&small, &small.train),
            identities(&large, &large.train)[..17]
        );
        let other = Split::new(&tiny(), &sizes(Some(17), Some(30)), &mut rng(6)).unwrap();
        assert_ne!(
            identities(&small, &small.train),
            identities(&other, &other.train)
        );
    }

    #[test]
    fn the_split_of_a_seed_never_changes() {
        let split = Split::new(&tiny(), &sizes(Some(4), Some(3)), &mut rng(0)).unwrap();
        assert_eq!(identities(&split, &split.validation), [177, 117, 175]);
        assert_eq!(identities(&split, &split.train), [17, 220, 139, 208]);
    }

    #[test]
    fn mean_square_norm_of_training_inputs_is_the_number_of_features() {
        for name in [DatasetName::Digits, DatasetName::Gaussians] {
            let config = DatasetConfig::new(name);
            let dataset = Dataset::load(&config, &DataFolders::default()).unwrap();
            for train in [None, Some(100), Some(2)] {
                let split = Split::new(&dataset, &sizes(train, None), &mut rng(3)).unwrap();
                let ratio = mean_square_norm(&split.train) / 64.0;
                assert!((ratio - 1.0).abs() < 1e-6, "{name} {train:?}: {ratio}");
                let mean: f64 = split.train.inputs.iter().map(|x| f64::from(*x)).sum();
                let mean = mean / split.train.inputs.len() as f64;
                assert!(mean.abs() < 1e-6, "{name} {train:?}: {mean}");
            }
            let defaults = Split::new(&dataset, &sizes(None, None), &mut rng(3)).unwrap();
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
            targets: Targets::Classes(vec![0, 1, 0, 1, 0, 1]),
            features: 1,
            ..tiny()
        };
        for seed in 0..20 {
            let split = Split::new(&dataset, &sizes(Some(3), Some(3)), &mut rng(seed)).unwrap();
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
        let first = Split::new(&bytes, &sizes(None, None), &mut rng(1)).unwrap();
        let second = Split::new(&reals, &sizes(None, None), &mut rng(1)).unwrap();
        assert!((first.mean - second.mean).abs() < 1e-12);
        assert!((first.standard_deviation - second.standard_deviation).abs() < 1e-12);
        assert_eq!(first.train.targets, second.train.targets);
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
            let error = Split::new(&tiny(), &sizes(train, validation), &mut rng(0)).unwrap_err();
            assert!(error.to_string().contains("has 250 samples"), "{error}");
        }
        for (train, validation) in [(Some(0), None), (None, Some(0)), (Some(0), Some(0))] {
            let error = Split::new(&tiny(), &sizes(train, validation), &mut rng(0)).unwrap_err();
            assert!(matches!(error, DataError::NoSamples { .. }), "{error}");
        }
    }

    #[test]
    fn constant_or_inconsistent_inputs_are_errors() {
        let constant = Dataset {
            inputs: Inputs::Bytes(vec![7; 750]),
            ..tiny()
        };
        let error = Split::new(&constant, &sizes(None, None), &mut rng(0)).unwrap_err();
        assert!(
            error.to_string().contains("standard deviation is 0"),
            "{error}"
        );

        let infinite = Dataset {
            inputs: Inputs::Reals(vec![f32::INFINITY; 750]),
            ..tiny()
        };
        let error = Split::new(&infinite, &sizes(None, None), &mut rng(0)).unwrap_err();
        assert!(
            matches!(error, DataError::NotStandardisable { .. }),
            "{error}"
        );

        let short = Dataset {
            inputs: Inputs::Bytes(vec![7; 749]),
            ..tiny()
        };
        let error = Split::new(&short, &sizes(None, None), &mut rng(0)).unwrap_err();
        assert!(
            matches!(error, DataError::InconsistentDataset { .. }),
            "{error}"
        );
    }

    #[test]
    fn real_targets_are_standardised_by_the_training_samples_and_stay_with_inputs() {
        let raw = |sample: u8, output: usize| [f32::from(sample), -1e6 * f32::from(sample)][output];
        let dataset = Dataset {
            targets: Targets::Reals((0..250).flat_map(|i| [raw(i, 0), raw(i, 1)]).collect()),
            classes: 2,
            ..tiny()
        };
        let split = Split::new(&dataset, &sizes(None, None), &mut rng(1)).unwrap();
        let classes = Split::new(&tiny(), &sizes(None, None), &mut rng(1)).unwrap();
        assert_eq!(split.train.inputs, classes.train.inputs);
        let rows = [&split.train, &split.validation].map(Samples::target_rows);
        let count = split.train.len() as f64;
        for output in 0..2 {
            let column = |part: &Vec<f32>| -> Vec<f64> {
                let own = part.iter().skip(output).step_by(2);
                own.map(|value| f64::from(*value)).collect()
            };
            let train = column(&rows[0]);
            let mean = train.iter().sum::<f64>() / count;
            let variance = train.iter().map(|value| value * value).sum::<f64>() / count;
            assert!(mean.abs() < 1e-6 && (variance - 1.0).abs() < 1e-6);
            // One line through all samples, those of validation included.
            let own: Vec<u8> = identities(&split, &split.train);
            let (first, last) = (own[0], own[1]);
            let slope = (train[1] - train[0]) / f64::from(raw(last, output) - raw(first, output));
            let held_out = identities(&split, &split.validation);
            for (sample, found) in held_out.into_iter().zip(column(&rows[1])) {
                let step = f64::from(raw(sample, output) - raw(first, output));
                assert!((found - train[0] - slope * step).abs() < 1e-4);
            }
        }
    }

    #[test]
    fn real_targets_that_do_not_vary_are_named() {
        let message = |targets: Vec<f32>, validation| {
            let dataset = Dataset {
                targets: Targets::Reals(targets),
                classes: 2,
                ..tiny()
            };
            let config = sizes(None, Some(validation));
            let error = Split::new(&dataset, &config, &mut rng(1)).unwrap_err();
            error.to_string()
        };
        let second_is_constant = (0..500).map(|i| if i % 2 == 0 { i as f32 } else { 0.1 });
        let text = message(second_is_constant.collect(), 30);
        assert!(
            text.contains("target 1 is the same in all 220 training samples"),
            "{text}"
        );
        let text = message((0..500).map(|i| i as f32).collect(), 1);
        assert!(
            text.contains("target 0 is the same in all 1 validation samples"),
            "{text}"
        );
    }

    #[test]
    fn bytes_of_any_row_length_agree_with_reals() {
        for features in 1..10 {
            let bytes: Vec<u8> = (0..features * 7).map(|i| (i * 37 % 256) as u8).collect();
            let reals: Vec<f32> = bytes.iter().map(|byte| f32::from(*byte)).collect();
            let exact = Statistics::from_bytes(bytes.chunks(features));
            let summed = Statistics::from_reals(reals.chunks(features));
            assert!((exact.mean - summed.mean).abs() < 1e-12);
            let difference = exact.standard_deviation - summed.standard_deviation;
            assert!(difference.abs() < 1e-12, "{difference}");
        }
    }

    #[test]
    fn the_mean_and_deviation_of_two_values_are_exact() {
        let statistics = Statistics::from_bytes([&[10, 20][..]].into_iter());
        assert_eq!(statistics.mean, 15.0);
        assert_eq!(statistics.standard_deviation, 5.0);
        assert_eq!(statistics.table()[20], 1.0);
    }
}
