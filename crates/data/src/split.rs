//! Training and validation samples: disjoint random subsets of the training
//! file, standardised with the training subset's mean and standard deviation.

use rand::Rng;

use crate::config::DatasetName;
use crate::dataset::{Dataset, Inputs};
use crate::error::DataError;
use crate::shuffle::shuffle_front;
use crate::standardise::Statistics;

/// Standardised samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Inputs, `[samples, features]` row-major.
    pub inputs: Vec<f32>,
    /// Labels, `[samples]`, each smaller than `classes`.
    pub labels: Vec<u32>,
    /// Input features per sample.
    pub features: usize,
    /// Number of classes.
    pub classes: usize,
}

impl Samples {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}

/// A dataset split into training and validation samples.
///
/// Inputs are `(raw - mean) / standard_deviation` with the two scalars taken
/// over all values of the training samples, so that the mean of `|x|^2` over
/// the training samples is the number of features.
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
    /// Draws a split: `validation` samples (the dataset's default when `None`),
    /// then `train` samples (all the others when `None`).
    ///
    /// Validation is drawn first, so the same generator state gives the same
    /// validation samples whatever `train` is; fewer training samples are the
    /// first ones of more training samples.
    ///
    /// # Errors
    /// [`DataError::TooManySamples`] or [`DataError::NoSamples`] when the sizes
    /// do not fit, [`DataError::NotStandardisable`] when all training values
    /// are equal or not finite, [`DataError::InconsistentDataset`] when inputs
    /// and labels do not belong together.
    pub fn new(
        dataset: &Dataset,
        train: Option<usize>,
        validation: Option<usize>,
        rng: &mut (impl Rng + ?Sized),
    ) -> Result<Self, DataError> {
        let samples = dataset.samples();
        let (train, validation) = resolve_sizes(
            dataset.name,
            samples,
            dataset.default_validation,
            train,
            validation,
        )?;
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

        let statistics = match &dataset.inputs {
            Inputs::Bytes(values) => Statistics::of_bytes(rows(values, dataset, train)),
            Inputs::Reals(values) => Statistics::of_reals(rows(values, dataset, train)),
        };
        let Statistics {
            mean,
            standard_deviation,
        } = statistics;
        if !(standard_deviation.is_finite() && standard_deviation > 0.0) {
            return Err(DataError::NotStandardisable {
                dataset: dataset.name,
                samples: train.len(),
                standard_deviation,
            });
        }
        Ok(Self {
            train: select(dataset, train, &statistics),
            validation: select(dataset, validation, &statistics),
            mean,
            standard_deviation,
        })
    }
}

/// The numbers of training and validation samples asked for, defaults filled in.
pub(crate) fn resolve_sizes(
    dataset: DatasetName,
    available: usize,
    default_validation: usize,
    train: Option<usize>,
    validation: Option<usize>,
) -> Result<(usize, usize), DataError> {
    let validation = validation.unwrap_or(default_validation);
    let too_many = || DataError::TooManySamples {
        dataset,
        train: train.unwrap_or(0),
        validation,
        available,
    };
    let rest = available.checked_sub(validation).ok_or_else(too_many)?;
    let resolved = train.unwrap_or(rest);
    if resolved > rest || (train.is_none() && rest == 0) {
        return Err(too_many());
    }
    let which = match (resolved, validation) {
        (0, _) => "training",
        (_, 0) => "validation",
        _ => return Ok((resolved, validation)),
    };
    Err(DataError::NoSamples { dataset, which })
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
    let labels = rows_of_labels(dataset, indices);
    Samples {
        inputs,
        labels,
        features: dataset.features,
        classes: dataset.classes,
    }
}

fn rows_of_labels(dataset: &Dataset, indices: &[u32]) -> Vec<u32> {
    indices
        .iter()
        .filter_map(|index| dataset.labels.get(*index as usize))
        .map(|label| u32::from(*label))
        .collect()
}

#[cfg(test)]
#[path = "split_tests.rs"]
mod tests;
