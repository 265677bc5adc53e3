use etastar_model::Loss;
use etastar_search::SharpnessCellRecord;
use serde::{Deserialize, Serialize};

use super::measure::Measure;
use crate::analysis::cells::{DatasetCells, of_one_kind};
use crate::analysis::points::{LawFit, Points, coefficients, fit_law};
use crate::analysis::{AnalysisOptions, Effect, NotMeasured, Rate, Unit, read, resample, words};
use crate::fit::{Law, constants, kebab};
use crate::sharpness::{Matrix, point};

/// The exponent `b` of `lambda_1 = C (depth width)^b`, by least squares of the
/// cells' mean `log2 lambda_1`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SharpnessExponent(pub SharpnessLaw);

/// Share of the variance of the cells' mean `log2 lambda_1` that the power law
/// in depth x width explains.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SharpnessRSquared(pub SharpnessLaw);

/// The power law of sharpness in depth x width, and the cells it is fitted
/// to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharpnessLaw {
    /// Whose top eigenvalue.
    pub matrix: Matrix,
    /// Those at which input-layer rate.
    pub input_rate: Rate,
    /// Those with which loss; may be left out where there is only one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loss: Option<Loss>,
    /// Those with `width >= width_over_depth * depth`.
    #[serde(default, deserialize_with = "read::not_negative")]
    pub width_over_depth: f64,
    /// Those of which variant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

impl SharpnessLaw {
    fn points(&self, cells: &DatasetCells<'_>) -> Result<Points, NotMeasured> {
        let cells = cells.of_variant(self.variant.as_deref())?;
        let groups: Vec<Vec<&SharpnessCellRecord>> = cells
            .architectures
            .iter()
            .map(|architecture| {
                let records = architecture.sharpness.iter().copied();
                let own = records.filter(|r| self.loss.is_none_or(|loss| r.cell.loss == loss));
                own.collect()
            })
            .collect();
        of_one_kind(groups.iter().flatten().map(|r| constants(&r.cell, &r.id)))?;
        let groups = groups.iter().map(|records| {
            let points = records
                .iter()
                .filter_map(|record| point(record, self.matrix));
            points.collect()
        });
        Points::of_groups(groups)
            .ok_or(NotMeasured::NoCells("sharpness"))?
            .at(self.input_rate)?
            .wide(self.width_over_depth)
    }

    fn words(&self, statistic: &str) -> String {
        let loss = self.loss.map(|loss| kebab(&loss).replace('-', " "));
        let conditions: Vec<String> = loss
            .into_iter()
            .chain([
                self.input_rate.words(),
                words::filter(self.width_over_depth),
            ])
            .collect();
        words::with_conditions(
            &format!(
                "{statistic} of the power law of λ_{{1}}({}) in depth × width",
                self.matrix.symbol()
            ),
            &conditions,
            self.variant.as_deref(),
        )
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
        of: impl Fn(&LawFit) -> Result<f64, NotMeasured>,
    ) -> Result<Effect, NotMeasured> {
        let law = Law::DepthWidth;
        let points = self.points(cells)?;
        resample::effect(
            &points.groups,
            coefficients(law),
            Unit::Plain,
            options,
            |sample| of(&fit_law(law, sample, |_| true)?),
        )
    }
}

impl Measure for SharpnessExponent {
    fn words(&self) -> String {
        self.0.words("exponent")
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        // The law is written with the exponent of a quantity that falls.
        self.0.effect(cells, options, |fit| Ok(-fit.exponent(0)?))
    }
}

impl Measure for SharpnessRSquared {
    fn words(&self) -> String {
        self.0.words("R^{2}")
    }

    fn effect(
        &self,
        cells: &DatasetCells<'_>,
        options: &AnalysisOptions,
    ) -> Result<Effect, NotMeasured> {
        self.0
            .effect(cells, options, |fit| Ok(fit.quality.r_squared))
    }
}
