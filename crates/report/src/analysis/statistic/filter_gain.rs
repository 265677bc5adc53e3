use serde::{Deserialize, Serialize};

use super::law_cells::LawCells;
use super::measure::Measure;
use super::quality::QualityMeasure;
use crate::analysis::cells::{DatasetCells, is_wide};
use crate::analysis::points::{Points, coefficients, fit_law};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Rate, read, resample};
use crate::fit::{Law, Point};

/// What the filter `width >= width_over_depth * depth` adds to a law of
/// eta\*: its quality on the cells that pass, minus its quality on all cells.
/// A law that holds in wide networks only gains `R^2` and loses residual.
///
/// Two fits are compared, so the interval answers for the coefficients of
/// both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilterGain {
    /// Measured by what.
    pub measure: QualityMeasure,
    /// Which law.
    pub law: Law,
    /// At which input-layer rate.
    pub input_rate: Rate,
    /// The filter.
    #[serde(deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Measure for FilterGain {
    fn words(&self) -> String {
        let cells = LawCells {
            law: self.law,
            input_rate: self.input_rate,
            width_over_depth: self.width_over_depth,
            variant: self.variant.clone(),
        };
        cells.words(&format!(
            "with the filter on width minus without it: {}",
            self.measure.words()
        ))
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let points = Points::of(cells, self.variant.as_deref())?.at(self.input_rate)?;
        let passes = |point: &Point| is_wide(point.depth, point.width, self.width_over_depth);
        if points.groups.iter().flatten().all(passes) {
            return Err(NotMeasured::Undetermined(
                "the filter on width leaves out no cell",
            ));
        }
        resample::effect(
            &points.groups,
            2 * coefficients(self.law),
            self.measure.unit(),
            options,
            |sample| {
                let wide = fit_law(self.law, sample, passes)?;
                let all = fit_law(self.law, sample, |_| true)?;
                Ok(self.measure.of(&wide) - self.measure.of(&all))
            },
        )
    }
}
