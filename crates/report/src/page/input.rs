use etastar_search::Snapshot;
use etastar_search::statistics::Estimate;

use crate::fit::{Fit, NotFitted};
use crate::sharpness::SharpnessSeries;

/// What a report is made from.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The records.
    pub snapshot: &'a Snapshot,
    /// One estimate for each of the snapshot's cells, in the same order.
    pub estimates: &'a [Estimate],
    /// The fitted laws, of all datasets.
    pub fits: &'a [Fit],
    /// The laws that could not be fitted, of all datasets.
    pub not_fitted: &'a [NotFitted],
    /// The analysed sharpness of the same snapshot; empty where none was asked
    /// for.
    pub sharpness: &'a [SharpnessSeries<'a>],
    /// The command line that made the report.
    pub command: &'a str,
    /// How the intervals of eta\* were made, as a clause: `percentile bootstrap over
    /// repeats, 2000 resamples`.
    pub interval_method: &'a str,
}
