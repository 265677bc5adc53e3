//! From records to the document.

use super::document::Report;
use super::study::Study;
use super::{ReportError, ReportInput, reproduction, single};

impl Report {
    /// The report of one store or several: of one without an analysis, its
    /// measurements; else the page of a reproduction, with the scoreboard of
    /// all criteria and a section for each experiment. `command` is the
    /// command line that made the report.
    ///
    /// # Errors
    ///
    /// When there is no store, or when estimates or fits do not belong to
    /// their snapshot.
    pub fn build(inputs: &[ReportInput<'_>], command: &str) -> Result<Self, ReportError> {
        let mut studied = Vec::with_capacity(inputs.len());
        for input in inputs {
            studied.push((input, Study::of(input)?));
        }
        match studied.as_slice() {
            [] => Err(ReportError::NoStore),
            [(input, studies)] if input.analysis.is_none() => {
                Ok(single::report(input, studies, command))
            }
            all => Ok(reproduction::report(all, command)),
        }
    }
}
