use crate::analysis::cells::DatasetCells;
use crate::analysis::{AnalysisOptions, Effect, NotMeasured};

/// What every statistic can do.
pub(super) trait Measure {
    /// The statistic in words.
    fn words(&self) -> String;

    /// Whether it is about this dataset at all.
    fn applies(&self, _cells: &DatasetCells<'_>) -> bool {
        true
    }

    /// Its value on one dataset, with its interval.
    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured>;
}
