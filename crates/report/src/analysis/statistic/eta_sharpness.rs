use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::DatasetCells;
use crate::analysis::eta_sharpness::{Joined, Scope};
use crate::analysis::join::SharpnessKind;
use crate::analysis::line::Line;
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Rate, words};

/// The slope of `log2 eta*` on `log2 lambda_1` at initialisation, by ordinary
/// least squares: -1 where eta\* is inversely proportional to the sharpness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EtaSharpnessSlope(pub EtaSharpness);

/// Share of the variance of `log2 eta*` that this line explains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EtaSharpnessRSquared(pub EtaSharpness);

/// The line of `log2 eta*` on `log2 lambda_1`, and the cells it goes through.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EtaSharpness {
    /// Between what.
    pub scope: Scope,
    /// At which input-layer rate.
    pub input_rate: Rate,
    /// Which sharpness.
    #[serde(default)]
    pub sharpness: SharpnessKind,
    /// Of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl EtaSharpness {
    fn words(&self, statistic: &str) -> String {
        words::with_conditions(
            &format!(
                "{statistic} of log_{{2}} η* on log_{{2}} {}",
                self.sharpness.symbol()
            ),
            &[self.scope.words().to_owned(), self.input_rate.words()],
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
        of: impl Fn(&Line) -> f64,
    ) -> Result<Effect, NotMeasured> {
        Joined::of(cells, self.variant.as_deref(), self.sharpness)?
            .at(self.input_rate)?
            .effect(self.scope, options, of)
    }
}

impl Measure for EtaSharpnessSlope {
    fn words(&self) -> String {
        self.0.words("slope")
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        self.0.effect(cells, options, |line| line.slope)
    }
}

impl Measure for EtaSharpnessRSquared {
    fn words(&self) -> String {
        self.0.words("R^{2}")
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        self.0.effect(cells, options, |line| line.r_squared)
    }
}
