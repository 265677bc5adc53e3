use etastar_search::Snapshot;

use crate::fit::Fit;

/// eta\* of one cell, over its repeats.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CellEstimate {
    /// Mean of `log2 eta*` over the repeats that found one; absent where none
    /// did.
    pub log2_eta_star: Option<f64>,
    /// Geometric mean of eta\*, `2^log2_eta_star`.
    pub eta_star: Option<f64>,
    /// Interval of the geometric mean, as learning rates, `[low, high]`.
    pub interval: Option<[f64; 2]>,
    /// Confidence of the interval.
    pub confidence: f64,
    /// Repeats that found an eta\* in range.
    pub found: usize,
    /// Repeats in which no rate in range succeeded.
    pub nothing_succeeds: usize,
    /// Repeats in which no rate in range failed.
    pub nothing_fails: usize,
}

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The records.
    pub snapshot: &'a Snapshot,
    /// One estimate for each of the snapshot's cells, in the same order.
    pub estimates: &'a [CellEstimate],
    /// The fitted laws, of all datasets.
    pub fits: &'a [Fit],
    /// The command line that made the report.
    pub command: &'a str,
    /// How the intervals were made, as a clause: `percentile bootstrap over
    /// repeats, 2000 resamples`.
    pub interval_method: &'a str,
}
