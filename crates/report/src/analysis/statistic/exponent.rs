use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::points::{Points, coefficients, fit_law};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Rate, Unit, read, resample, words};
use crate::fit::Law;

/// An exponent of a law of eta\*: `a` in `eta* = C x^-a`, by least squares of
/// the cells' mean `log2 eta*`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exponent {
    /// Which law.
    pub law: Law,
    /// Which of its exponents.
    pub part: Part,
    /// At which input-layer rate.
    pub input_rate: Rate,
    /// Only cells with `width >= width_over_depth * depth` are fitted.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// An exponent of a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The only one of a law with one regressor.
    Joint,
    /// Depth's own, of the law `separate`.
    Depth,
    /// Width's own, of the law `separate`.
    Width,
}

impl Part {
    /// Its index among the exponents of a law.
    fn index(self, law: Law) -> Result<usize, NotMeasured> {
        match (self, law) {
            (Self::Joint, Law::DepthWidth | Law::EffectiveSize) | (Self::Depth, Law::Separate) => {
                Ok(0)
            }
            (Self::Width, Law::Separate) => Ok(1),
            (Self::Joint, Law::Separate)
            | (Self::Depth | Self::Width, Law::DepthWidth | Law::EffectiveSize) => {
                Err(NotMeasured::Undetermined("the law has no such exponent"))
            }
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Joint => "exponent",
            Self::Depth => "exponent of depth",
            Self::Width => "exponent of width",
        }
    }
}

impl Measure for Exponent {
    fn words(&self) -> String {
        words::with_conditions(
            &format!("{} of the {}", self.part.words(), words::law(self.law)),
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
        let index = self.part.index(self.law)?;
        let points = Points::of(cells, self.variant.as_deref())?
            .at(self.input_rate)?
            .wide(self.width_over_depth)?;
        resample::effect(
            &points.groups,
            coefficients(self.law),
            Unit::Plain,
            options,
            |sample| fit_law(self.law, sample, |_| true)?.exponent(index),
        )
    }
}
