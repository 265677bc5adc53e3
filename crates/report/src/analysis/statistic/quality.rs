use serde::{Deserialize, Serialize};

use super::law_cells::LawCells;
use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::points::{LawFit, coefficients, fit_law};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Unit, resample};

/// `R^2 = 1 - RSS / TSS` of a law of eta\* over cells: the share of the
/// variance of their mean `log2 eta*` that it explains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RSquared(pub LawCells);

/// `sqrt(RSS / n)` of a law of eta\* over `n` cells, in octaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rmse(pub LawCells);

/// How well a law describes cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QualityMeasure {
    /// Share of the variance explained.
    RSquared,
    /// Root-mean-square residual, in octaves.
    Rmse,
}

impl QualityMeasure {
    pub(super) fn of(self, fit: &LawFit) -> f64 {
        match self {
            Self::RSquared => fit.quality.r_squared,
            Self::Rmse => fit.quality.rmse,
        }
    }

    pub(super) fn unit(self) -> Unit {
        match self {
            Self::RSquared => Unit::Plain,
            Self::Rmse => Unit::Octaves,
        }
    }

    pub(super) fn words(self) -> &'static str {
        match self {
            Self::RSquared => "R^{2}",
            Self::Rmse => "rms residual",
        }
    }

    fn effect(
        self,
        law_cells: &LawCells,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        let law = law_cells.law;
        resample::effect(
            &law_cells.points(cells)?.groups,
            coefficients(law),
            self.unit(),
            options,
            |sample| Ok(self.of(&fit_law(law, sample, |_| true)?)),
        )
    }
}

impl Measure for RSquared {
    fn words(&self) -> String {
        self.0.words(QualityMeasure::RSquared.words())
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        QualityMeasure::RSquared.effect(&self.0, cells, options)
    }
}

impl Measure for Rmse {
    fn words(&self) -> String {
        self.0.words(QualityMeasure::Rmse.words())
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        QualityMeasure::Rmse.effect(&self.0, cells, options)
    }
}
