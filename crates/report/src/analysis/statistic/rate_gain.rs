use serde::{Deserialize, Serialize};

use super::measure::Measure;
use super::quality::QualityMeasure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::points::{Points, coefficients, fit_law};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, read, resample, words};
use crate::fit::Law;

/// What slowing the input layer down adds to a law of eta\*: its quality at
/// the slowest input-layer rate, minus its quality at the fastest.
///
/// Two fits are compared, so the interval answers for the coefficients of
/// both.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateGain {
    /// Measured by what.
    pub measure: QualityMeasure,
    /// Which law.
    pub law: Law,
    /// Only cells with `width >= width_over_depth * depth` are fitted.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl Measure for RateGain {
    fn words(&self) -> String {
        words::with_conditions(
            &format!(
                "slowest minus fastest input layer: {} of the {}",
                self.measure.words(),
                words::law(self.law)
            ),
            &[words::filter(self.width_over_depth)],
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let points = Points::of(cells, self.variant.as_deref())?.wide(self.width_over_depth)?;
        let rates = points.rates();
        let [slowest, .., fastest] = rates.as_slice() else {
            return Err(NotMeasured::OneInputRate);
        };
        resample::effect(
            &points.groups,
            2 * coefficients(self.law),
            self.measure.unit(),
            options,
            |sample| {
                let at = |rate: f64| fit_law(self.law, sample, |point| point.input_rate == rate);
                Ok(self.measure.of(&at(*slowest)?) - self.measure.of(&at(*fastest)?))
            },
        )
    }
}
