//! The inputs of the data.

use super::PredictionError;

/// Samples of equal length, in double precision, one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Samples {
    values: Vec<f64>,
    inputs: usize,
}

impl Samples {
    /// Takes row-major `values`: one sample of `inputs` numbers after the
    /// other.
    ///
    /// # Errors
    /// If there is no sample, the last one is incomplete or a value is not
    /// finite.
    pub fn new<T: Copy + Into<f64>>(values: &[T], inputs: usize) -> Result<Self, PredictionError> {
        if inputs == 0 || !values.len().is_multiple_of(inputs) {
            return Err(PredictionError::Shape {
                values: values.len(),
                inputs,
            });
        }
        if values.is_empty() {
            return Err(PredictionError::NoSamples);
        }
        let values: Vec<f64> = values.iter().map(|&value| value.into()).collect();
        match values.iter().position(|value| !value.is_finite()) {
            Some(index) => Err(PredictionError::NotFinite { index }),
            None => Ok(Self { values, inputs }),
        }
    }

    /// Number of samples, `N`.
    pub fn count(&self) -> usize {
        self.values.len() / self.inputs
    }

    /// Numbers in a sample, `n_0`.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// `count` samples from sample `from` on.
    pub(super) fn rows(&self, from: usize, count: usize) -> &[f64] {
        &self.values[from * self.inputs..(from + count) * self.inputs]
    }

    /// At most `most` (and at least one) of the samples, evenly spaced.
    pub(super) fn spread(&self, most: usize) -> Self {
        let count = self.count();
        let kept = most.clamp(1, count);
        let values = (0..kept)
            .flat_map(|index| self.rows(index * count / kept, 1))
            .copied()
            .collect();
        Self {
            values,
            inputs: self.inputs,
        }
    }
}
