use serde::{Deserialize, Serialize};

use crate::analysis::cells::DatasetCells;
use crate::analysis::points::Points;
use crate::analysis::{NotMeasured, Rate, read, words};
use crate::fit::Law;

/// A law of eta\* and the cells it is fitted to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LawCells {
    /// Which law.
    pub law: Law,
    /// Those at which input-layer rate.
    pub input_rate: Rate,
    /// Those with `width >= width_over_depth * depth`.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Those of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl LawCells {
    pub(super) fn points(&self, cells: &DatasetCells<'_>) -> Result<Points, NotMeasured> {
        Points::of(cells, self.variant.as_deref())?
            .at(self.input_rate)?
            .wide(self.width_over_depth)
    }

    pub(super) fn words(&self, statistic: &str) -> String {
        words::with_conditions(
            &format!("{statistic} of the {}", words::law(self.law)),
            &[
                self.input_rate.words(),
                words::filter(self.width_over_depth),
            ],
            self.variant.as_deref(),
        )
    }
}
