use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::noise::noise_ratio;
use crate::analysis::{AnalysisOptions, Effect, NotMeasured};

/// `log2 (s(variant) / s(against))`, with `s` the standard deviation of
/// `log2 eta*` between the repeats of a cell, pooled over cells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoiseRatio {
    /// The variant.
    pub variant: String,
    /// The variant it is compared with.
    pub against: String,
}

impl Measure for NoiseRatio {
    fn words(&self) -> String {
        format!(
            "log_{{2}} of the noise of `{}` over that of `{}`",
            self.variant, self.against
        )
    }

    fn applies(&self, cells: &DatasetCells<'_>) -> bool {
        cells.is_of_first_variant()
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let against = cells.variant(&self.against)?;
        noise_ratio(cells, cells.variant(&self.variant)?, against, options)
    }
}
