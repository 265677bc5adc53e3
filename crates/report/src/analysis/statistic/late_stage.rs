use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::join::SharpnessKind;
use crate::analysis::late_stage::{LateStage, Quantity, Step};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Rate, words};

/// By how many octaves a quantity is larger at the last checkpoint than at
/// step 0: the mean over cells of the change of their mean `log2`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateStageChange {
    /// Which quantity.
    pub quantity: Quantity,
    /// At which input-layer rate; at all of them where absent.
    #[serde(default = "all_rates")]
    pub input_rate: Rate,
    /// Which sharpness.
    #[serde(default)]
    pub sharpness: SharpnessKind,
}

/// The slope, across cells, of `log2` of the largest usable rate on `log2
/// lambda_1` at the same checkpoint: -1 where they are inversely proportional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateStageSlope {
    /// At which checkpoint.
    pub step: Step,
    /// At which input-layer rate; at all of them where absent.
    #[serde(default = "all_rates")]
    pub input_rate: Rate,
    /// Which sharpness.
    #[serde(default)]
    pub sharpness: SharpnessKind,
}

/// The exponent `a` of the largest usable rate `C (depth width)^-a` at the
/// last checkpoint minus that at step 0.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LateStageExponentChange {
    /// At which input-layer rate; at all of them where absent.
    #[serde(default = "all_rates")]
    pub input_rate: Rate,
}

fn all_rates() -> Rate {
    Rate::Pooled
}

impl Measure for LateStageChange {
    fn words(&self) -> String {
        words::with_conditions(
            &format!(
                "change of {} from step 0 to the last checkpoint",
                self.quantity.words()
            ),
            &[self.input_rate.words()],
            None,
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        LateStage::of(cells, self.input_rate, self.sharpness)?.change(self.quantity, options)
    }
}

impl Measure for LateStageSlope {
    fn words(&self) -> String {
        words::with_conditions(
            &format!(
                "slope of log_{{2}} rate on log_{{2}} {}",
                self.sharpness.symbol()
            ),
            &[self.step.words().to_owned(), self.input_rate.words()],
            None,
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let late = LateStage::of(cells, self.input_rate, self.sharpness)?;
        late.slope(late.stage(self.step), options)
    }
}

impl Measure for LateStageExponentChange {
    fn words(&self) -> String {
        words::with_conditions(
            "exponent of depth × width of the largest usable rate, last checkpoint minus step 0",
            &[self.input_rate.words()],
            None,
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        LateStage::of(cells, self.input_rate, SharpnessKind::default())?.exponent_change(options)
    }
}
