//! The statistics, each in a file of its own with its formula.

mod bound_violations;
mod effective_size_gain;
mod eta_sharpness;
mod exponent;
mod exponent_gap;
mod filter_gain;
mod late_stage;
mod law_cells;
mod measure;
mod noise_ratio;
mod non_monotone;
mod proxy;
mod quality;
mod rate_gain;
mod sharpness;
mod shift;
mod transfer;
mod view;

pub use bound_violations::BoundViolations;
pub use effective_size_gain::{EffectiveSizeGain, GainMeasure};
pub(crate) use effective_size_gain::{leave_one_out, leave_one_rate_out};
pub use eta_sharpness::{EtaSharpness, EtaSharpnessRSquared, EtaSharpnessSlope};
pub use exponent::{Exponent, Part};
pub use exponent_gap::ExponentGap;
pub use filter_gain::FilterGain;
pub use late_stage::{LateStageChange, LateStageExponentChange, LateStageSlope};
pub use law_cells::LawCells;
pub use noise_ratio::NoiseRatio;
pub use non_monotone::{NonMonotone, NonMonotoneGap};
pub use proxy::{ProxyGain, ProxyRmse};
pub use quality::{QualityMeasure, RSquared, Rmse};
pub use rate_gain::RateGain;
pub use sharpness::{SharpnessExponent, SharpnessLaw, SharpnessRSquared};
pub use shift::ShiftOf;
pub use transfer::{Covered, TransferCoverage, TransferError};

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
    /// What a filter on width over depth adds to a law: claim C1 (i).
    FilterGain(FilterGain),
    /// What a slow input layer adds to a law: claim C1 (ii).
    RateGain(RateGain),
    /// Exponent of depth minus that of width.
    ExponentGap(ExponentGap),
    /// Share of searches that are not monotone.
    NonMonotone(NonMonotone),
    /// The same in narrow networks minus in wide ones.
    NonMonotoneGap(NonMonotoneGap),
    /// What the effective size adds to depth x width.
    EffectiveSizeGain(EffectiveSizeGain),
    /// Exponent of the growth of sharpness: claim C4.
    SharpnessExponent(SharpnessExponent),
    /// Share of the variance of sharpness that its power law explains.
    SharpnessRSquared(SharpnessRSquared),
    /// Violations of certified bounds.
    BoundViolations(BoundViolations),
    /// Slope of eta\* on the sharpness at initialisation: claim C3.
    EtaSharpnessSlope(EtaSharpnessSlope),
    /// Share of the variance of eta\* that the sharpness explains: claim C3.
    EtaSharpnessRSquared(EtaSharpnessRSquared),
    /// What training changes in a rate or sharpness: claim C2.
    LateStageChange(LateStageChange),
    /// Slope of the largest usable rate on the sharpness: claim C2.
    LateStageSlope(LateStageSlope),
    /// What training changes in the exponent of the rate: claim C2.
    LateStageExponentChange(LateStageExponentChange),
    /// What a variant does to eta\*.
    Shift(ShiftOf),
    /// Noise of one variant over that of another.
    NoiseRatio(NoiseRatio),
    /// Error of predictions of larger networks from smaller ones.
    TransferError(TransferError),
    /// How often their intervals hold what was measured.
    TransferCoverage(TransferCoverage),
    /// Error of what predicts eta\* at initialisation.
    ProxyRmse(ProxyRmse),
    /// How far one such error is below another.
    ProxyGain(ProxyGain),
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
            Self::FilterGain(statistic) => statistic,
            Self::RateGain(statistic) => statistic,
            Self::ExponentGap(statistic) => statistic,
            Self::NonMonotone(statistic) => statistic,
            Self::NonMonotoneGap(statistic) => statistic,
            Self::EffectiveSizeGain(statistic) => statistic,
            Self::SharpnessExponent(statistic) => statistic,
            Self::SharpnessRSquared(statistic) => statistic,
            Self::BoundViolations(statistic) => statistic,
            Self::EtaSharpnessSlope(statistic) => statistic,
            Self::EtaSharpnessRSquared(statistic) => statistic,
            Self::LateStageChange(statistic) => statistic,
            Self::LateStageSlope(statistic) => statistic,
            Self::LateStageExponentChange(statistic) => statistic,
            Self::Shift(statistic) => statistic,
            Self::NoiseRatio(statistic) => statistic,
            Self::TransferError(statistic) => statistic,
            Self::TransferCoverage(statistic) => statistic,
            Self::ProxyRmse(statistic) => statistic,
            Self::ProxyGain(statistic) => statistic,
        }
    }
}
