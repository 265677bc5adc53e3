use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::points::{Points, coefficients, fit_law};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Rate, Unit, read, resample, words};
use crate::fit::Law;

/// `a - b` of the law `eta* = C depth^-a width^-b`: 0 where depth and width
/// count only by their product.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExponentGap {
    /// At which input-layer rate.
    pub input_rate: Rate,
    /// Only cells with `width >= width_over_depth * depth` are fitted.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Measure for ExponentGap {
    fn words(&self) -> String {
        words::with_conditions(
            "exponent of depth minus exponent of width",
            &[
                self.input_rate.words(),
                words::filter(self.width_over_depth),
            ],
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let points = Points::of(cells, self.variant.as_deref())?
            .at(self.input_rate)?
            .wide(self.width_over_depth)?;
        resample::effect(
            &points.groups,
            coefficients(Law::Separate),
            Unit::Plain,
            options,
            |sample| {
                let fit = fit_law(Law::Separate, sample, |_| true)?;
                Ok(fit.exponent(0)? - fit.exponent(1)?)
            },
        )
    }
}
