//! The statistics, each in a file of its own with its formula.

mod exponent;
mod law_cells;
mod measure;
mod noise_ratio;
mod quality;
mod shift;
mod view;

pub use exponent::{Exponent, Part};
pub use law_cells::LawCells;
pub use noise_ratio::NoiseRatio;
pub use quality::{QualityMeasure, RSquared, Rmse};
pub use shift::ShiftOf;

use serde::{Deserialize, Serialize};

use super::cells::DatasetCells;
use super::{AnalysisOptions, Effect, NotMeasured};
use measure::Measure;

/// What a criterion looks at. In files, the field `of` says which statistic,
/// the other fields are its own:
/// `{ of = "r-squared", law = "depth-width", input_rate = "slowest", width_over_depth = 8.0 }`.
///
/// Wherever a statistic has a `variant`, it looks at the cells of that variant
/// of the experiment; without one, at those of the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "kebab-case")]
pub enum Statistic {
    /// An exponent of a law of eta\*.
    Exponent(Exponent),
    /// Share of the variance that a law of eta\* explains.
    RSquared(RSquared),
    /// Residual of a law of eta\*.
    Rmse(Rmse),
    /// What a variant does to eta\*.
    Shift(ShiftOf),
    /// Noise of one variant over that of another.
    NoiseRatio(NoiseRatio),
}

impl Statistic {
    /// The statistic in words, in the markup of [`Text`](crate::figure::Text).
    pub fn words(&self) -> String {
        self.measure().words()
    }

    /// Whether it is about this dataset at all: where not, there is no finding.
    pub(crate) fn applies(&self, cells: &DatasetCells<'_>) -> bool {
        self.measure().applies(cells)
    }

    /// Its value on one dataset, with its interval.
    ///
    /// # Errors
    /// If the dataset's cells do not determine it.
    pub(crate) fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        self.measure().effect(cells, options)
    }

    fn measure(&self) -> &dyn Measure {
        match self {
            Self::Exponent(statistic) => statistic,
            Self::RSquared(statistic) => statistic,
            Self::Rmse(statistic) => statistic,
            Self::Shift(statistic) => statistic,
            Self::NoiseRatio(statistic) => statistic,
        }
    }
}
