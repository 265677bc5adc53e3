use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::shifts::Differences;
use crate::analysis::{AnalysisOptions, Effect, NotMeasured};

/// Mean of `log2 eta*(variant) - log2 eta*(first variant)` over cells paired
/// by dataset name, architecture and input-layer rate, in octaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShiftOf {
    /// The variant.
    pub variant: String,
}

impl Measure for ShiftOf {
    fn words(&self) -> String {
        format!("shift of η* by the variant `{}`, in octaves", self.variant)
    }

    fn applies(&self, cells: &DatasetCells<'_>) -> bool {
        cells.is_of_first_variant()
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let variant = cells.variant(&self.variant)?;
        Differences::between(cells, variant, cells.first_variant()?).mean(options)
    }
}
