use etastar_search::Snapshot;
use etastar_search::statistics::Estimate;

use crate::analysis::{Analysis, Finding};
use crate::fit::{Fit, NotFitted};
use crate::sharpness::SharpnessSeries;

/// One store, and everything computed from it.
#[derive(Debug, Clone, Copy)]
pub struct ReportInput<'a> {
    /// The store, as it was named: for messages and commands.
    pub store: &'a str,
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
    /// The experiment's analysis, where it has one.
    pub analysis: Option<&'a Analysis>,
    /// What the analysis came to.
    pub findings: &'a [Finding],
    /// How the intervals of eta\* were made, as a clause: `percentile bootstrap over
    /// repeats, 2000 resamples`.
    pub interval_method: &'a str,
}

impl ReportInput<'_> {
    /// The command that measured the store: that of its first session.
    pub(super) fn measured_by(&self) -> Option<&str> {
        let first = self.snapshot.sessions.first()?;
        Some(first.command.as_str()).filter(|command| !command.is_empty())
    }
}
