use etastar_search::SharpnessCellRecord;
use etastar_search::statistics::{geometric_mean, mean};
use serde::Serialize;

use super::{Matrix, SharpnessOptions};

/// The top eigenvalue of a cell: its geometric mean over repeats.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Level {
    /// Geometric mean.
    pub value: f64,
    /// Bootstrap interval over repeats; absent below two.
    pub interval: Option<[f64; 2]>,
    /// Repeats.
    pub repeats: usize,
}

impl Level {
    /// Of a cell, unless no repeat has a positive eigenvalue.
    pub fn of(
        record: &SharpnessCellRecord,
        matrix: Matrix,
        options: &SharpnessOptions,
    ) -> Option<Self> {
        let logs: Vec<f64> = logarithms(record, matrix)
            .into_iter()
            .map(|(_, log2)| log2)
            .collect();
        let interval = options
            .bootstrap
            .interval_of_mean(&logs, options.confidence);
        Some(Self {
            value: geometric_mean(&logs)?,
            interval: interval.map(|ends| ends.map(f64::exp2)),
            repeats: logs.len(),
        })
    }
}

/// `log2 lambda_1` of each repeat, with its index.
pub(super) fn logarithms(record: &SharpnessCellRecord, matrix: Matrix) -> Vec<(usize, f64)> {
    record
        .repeats
        .iter()
        .map(|repeat| (repeat.repeat, matrix.largest(&repeat.sharpness).log2()))
        .filter(|(_, log2)| log2.is_finite())
        .collect()
}

/// Arithmetic mean of `lambda_1` over repeats, and its standard error where
/// there are two or more.
pub(super) fn mean_and_error(
    record: &SharpnessCellRecord,
    matrix: Matrix,
) -> Option<(f64, Option<f64>)> {
    let values: Vec<f64> = record
        .repeats
        .iter()
        .map(|repeat| matrix.largest(&repeat.sharpness))
        .collect();
    let centre = mean(&values)?;
    let n = values.len() as f64;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let error = (values.len() > 1).then(|| (squares / (n - 1.0) / n).sqrt());
    Some((centre, error))
}

/// The hidden layers' width, where it is the same in all.
pub(crate) fn constant_width(hidden: &[usize]) -> Option<usize> {
    let (first, rest) = hidden.split_first()?;
    rest.iter().all(|width| width == first).then_some(*first)
}
