//! Samples in memory, the random order of mini-batches, and the values of a batch.
//!
//! Random permutations depend only on the generator's bits, so that they stay
//! the same whatever the version of `rand`.

use std::ops::Range;

use rand::Rng;

use crate::error::DataError;
use crate::targets::Targets;

/// Standardised samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    /// Inputs, `[samples, features]` row-major.
    pub inputs: Vec<f32>,
    /// What a network is to give for each.
    pub targets: Targets,
    /// Input features per sample.
    pub features: usize,
    /// Number of classes, or of real targets of a sample.
    pub outputs: usize,
}

impl Samples {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.targets.samples(self.outputs)
    }

    /// Whether there are no samples.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Consecutive samples, at most this many in each part.
    pub fn parts(&self, size: usize) -> impl Iterator<Item = Self> + '_ {
        let size = size.max(1);
        let starts = (0..self.len()).step_by(size);
        starts.map(move |start| self.part(start..self.len().min(start + size)))
    }

    /// The samples in a range; those beyond the last one are left out.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let range = range.start.min(self.len())..range.end.min(self.len());
        let rows = |width: usize| range.start * width..range.end * width;
        Self {
            inputs: self.inputs[rows(self.features)].to_vec(),
            targets: match &self.targets {
                Targets::Classes(classes) => Targets::Classes(classes[range.clone()].to_vec()),
                Targets::Reals(values) => Targets::Reals(values[rows(self.outputs)].to_vec()),
            },
            ..*self
        }
    }

    /// The outputs that a network should have, `[samples, outputs]` row-major: one-hot for classes.
    pub fn target_rows(&self) -> Vec<f32> {
        let mut rows = Vec::with_capacity(self.len() * self.outputs);
        for sample in 0..self.len() {
            // There is every sample below the number of samples.
            let _ = self.targets.push_row(sample, self.outputs, &mut rows);
        }
        rows
    }
}

/// An endless sequence of mini-batches of sample indices.
///
/// Every epoch is a fresh shuffle of all samples; what remains of an epoch
/// after its last complete batch is dropped. The sequence depends on nothing
/// but the sizes and the generator.
#[derive(Debug, Clone)]
pub struct BatchOrder<R> {
    order: Vec<u32>,
    batch_size: usize,
    position: usize,
    epochs: u64,
    rng: R,
}

impl<R: Rng> BatchOrder<R> {
    /// Batches of `batch_size` out of `samples` samples.
    ///
    /// # Errors
    /// [`DataError::BatchSize`] unless `1 <= batch_size <= samples`, or when
    /// there are more samples than `u32` counts.
    pub fn new(samples: usize, batch_size: usize, rng: R) -> Result<Self, DataError> {
        let bad = || DataError::BatchSize {
            batch_size,
            samples,
        };
        let count = u32::try_from(samples).map_err(|_| bad())?;
        if batch_size == 0 || batch_size > samples {
            return Err(bad());
        }
        Ok(Self {
            order: (0..count).collect(),
            batch_size,
            position: samples,
            epochs: 0,
            rng,
        })
    }

    /// The indices of the next batch, `batch_size` of them.
    pub fn next_batch(&mut self) -> &[u32] {
        if self.order.len() - self.position < self.batch_size {
            let amount = self.order.len();
            shuffle_front(&mut self.order, amount, &mut self.rng);
            self.position = 0;
            self.epochs += 1;
        }
        let start = self.position;
        self.position += self.batch_size;
        &self.order[start..self.position]
    }

    /// Epochs begun so far, 0 before the first batch.
    pub fn epochs(&self) -> u64 {
        self.epochs
    }

    /// Batches in an epoch, at least 1.
    pub fn batches_per_epoch(&self) -> usize {
        self.order.len() / self.batch_size
    }

    /// Samples in a batch.
    pub fn batch_size(&self) -> usize {
        self.batch_size
    }
}

/// Copies the samples at `indices` into `inputs` (`[indices, features]`
/// row-major) and the outputs that they should have into `targets`
/// (`[indices, outputs]`, one-hot for classes), replacing what they held and
/// reusing their memory.
///
/// # Errors
/// [`DataError::SampleIndex`] for an index beyond the last sample; the two
/// vectors then hold the samples before it.
pub fn gather(
    samples: &Samples,
    indices: &[u32],
    inputs: &mut Vec<f32>,
    targets: &mut Vec<f32>,
) -> Result<(), DataError> {
    inputs.clear();
    targets.clear();
    inputs.reserve(indices.len() * samples.features);
    targets.reserve(indices.len() * samples.outputs);
    for index in indices {
        let out_of_range = || DataError::SampleIndex {
            index: *index,
            samples: samples.len(),
        };
        let position = *index as usize;
        let start = position * samples.features;
        let row = samples
            .inputs
            .get(start..start + samples.features)
            .ok_or_else(out_of_range)?;
        let target = samples.targets.push_row(position, samples.outputs, targets);
        target.ok_or_else(out_of_range)?;
        inputs.extend_from_slice(row);
    }
    Ok(())
}

/// A number below `bound`, which must not be 0: the high half of a 64-bit draw
/// times `bound`. Its bias, `bound / 2^64`, is beyond detection.
fn below(bound: usize, rng: &mut (impl Rng + ?Sized)) -> usize {
    let product = u128::from(rng.next_u64()) * bound as u128;
    (product >> 64) as usize
}

/// Brings a uniformly random selection of `amount` elements, in random order,
/// to the front of `values` (Fisher-Yates, stopped early). One draw each.
///
/// The first `k` of them depend only on the generator and the length.
pub(crate) fn shuffle_front<T>(values: &mut [T], amount: usize, rng: &mut (impl Rng + ?Sized)) {
    let length = values.len();
    for position in 0..amount.min(length) {
        values.swap(position, position + below(length - position, rng));
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    fn order(samples: usize, batch_size: usize, seed: u64) -> BatchOrder<ChaCha8Rng> {
        BatchOrder::new(samples, batch_size, ChaCha8Rng::seed_from_u64(seed)).unwrap()
    }

    #[test]
    fn the_order_of_a_seed_never_changes() {
        let mut batches = order(10, 4, 0);
        let drawn: Vec<Vec<u32>> = (0..3).map(|_| batches.next_batch().to_vec()).collect();
        assert_eq!(drawn, [[7, 5, 0, 3], [9, 2, 4, 6], [1, 6, 4, 2]]);
    }

    #[test]
    fn an_epoch_serves_no_sample_twice_and_drops_the_rest() {
        let mut batches = order(103, 10, 3);
        assert_eq!((batches.batches_per_epoch(), batches.epochs()), (10, 0));
        let mut previous = Vec::new();
        for epoch in 1..=5 {
            let mut seen = Vec::new();
            for _ in 0..10 {
                seen.extend_from_slice(batches.next_batch());
                assert_eq!(batches.epochs(), epoch);
            }
            assert_ne!(seen, previous);
            previous = seen.clone();
            seen.sort_unstable();
            seen.dedup();
            assert_eq!(seen.len(), 100);
            assert!(seen.iter().all(|index| *index < 103));
        }
    }

    #[test]
    fn a_batch_of_everything_is_a_permutation() {
        let mut batches = order(5, 5, 0);
        for _ in 0..3 {
            let mut batch = batches.next_batch().to_vec();
            batch.sort_unstable();
            assert_eq!(batch, [0, 1, 2, 3, 4]);
        }
    }

    #[test]
    fn every_sample_is_dropped_equally_often() {
        let mut batches = order(7, 3, 9);
        let mut counts = [0_u32; 7];
        for _ in 0..14_000 {
            for index in batches.next_batch() {
                counts[*index as usize] += 1;
            }
        }
        // 7,000 epochs serve 6 of 7 samples each: 6,000 expected, deviation 29.
        assert!(
            counts.iter().all(|count| (5_850..6_150).contains(count)),
            "{counts:?}"
        );
    }

    #[test]
    fn impossible_batch_sizes_are_errors() {
        for (samples, batch_size) in [(10, 0), (10, 11), (0, 1), (0, 0)] {
            let rng = ChaCha8Rng::seed_from_u64(0);
            let error = BatchOrder::new(samples, batch_size, rng).unwrap_err();
            assert!(error.to_string().contains("batch size"), "{error}");
        }
    }

    #[test]
    fn gather_copies_rows_and_reuses_memory() {
        let samples = Samples {
            inputs: vec![0.0, 0.5, 1.0, 1.5, 2.0, 2.5],
            targets: Targets::Classes(vec![1, 0, 2]),
            features: 2,
            outputs: 3,
        };
        let reals = Samples {
            targets: Targets::Reals(vec![0.5, 1.5, 2.5, 3.5, 4.5, 5.5]),
            outputs: 2,
            ..samples.clone()
        };
        let mut inputs = vec![9.0; 50];
        let mut targets = vec![1.0; 50];
        gather(&reals, &[2, 0], &mut inputs, &mut targets).unwrap();
        assert_eq!(targets, [4.5, 5.5, 0.5, 1.5]);
        gather(&samples, &[2, 0, 2], &mut inputs, &mut targets).unwrap();
        assert_eq!(inputs, [2.0, 2.5, 0.0, 0.5, 2.0, 2.5]);
        assert_eq!(targets, [0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
        let error = gather(&samples, &[1, 3], &mut inputs, &mut targets).unwrap_err();
        assert_eq!(
            error.to_string(),
            "sample index 3 is out of range: there are 3 samples"
        );
    }

    #[test]
    fn parts_are_consecutive_and_together_are_the_whole() {
        for targets in [
            Targets::Classes(vec![1, 0, 1, 1, 0]),
            Targets::Reals((0..10).map(|value| value as f32).collect()),
        ] {
            let whole = Samples {
                inputs: (0..15).map(|value| value as f32).collect(),
                targets,
                features: 3,
                outputs: 2,
            };
            let parts: Vec<Samples> = whole.parts(2).collect();
            let sizes: Vec<usize> = parts.iter().map(Samples::len).collect();
            assert_eq!(sizes, [2, 2, 1]);
            let inputs: Vec<f32> = parts.iter().flat_map(|part| part.inputs.clone()).collect();
            assert_eq!(inputs, whole.inputs);
            let rows: Vec<f32> = parts.iter().flat_map(Samples::target_rows).collect();
            assert_eq!(rows, whole.target_rows());
            assert_eq!(whole.part(3..9).inputs, whole.inputs[9..]);
        }
    }

    #[test]
    fn is_a_permutation_and_every_order_is_equally_likely() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut counts = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut values = [0, 1, 2];
            shuffle_front(&mut values, 3, &mut rng);
            *counts.entry(values).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        for (order, count) in counts {
            assert!((900..1_100).contains(&count), "{order:?}: {count}");
        }
    }

    #[test]
    fn the_front_does_not_depend_on_how_much_is_shuffled() {
        let draw = |amount| {
            let mut values: Vec<u32> = (0..100).collect();
            shuffle_front(&mut values, amount, &mut ChaCha8Rng::seed_from_u64(2));
            values[..10].to_vec()
        };
        assert_eq!(draw(10), draw(1_000));
    }
}
